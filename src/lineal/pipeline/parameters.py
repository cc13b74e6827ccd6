"""A component's parameters: plain data, checked against their annotations, read from text.

Plain are numbers, text, booleans, None, dates and spans of time, paths, enums, frozen
dataclasses, and lists, tuples, sets and dictionaries of those.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path

from lineal.errors import InvalidInput

__all__ = ["check", "from_text", "is_plain", "spell"]

_SCALARS = (int, float, str, bool, type(None), date, datetime, timedelta, Path)
_SEQUENCES = (list, tuple, set, frozenset, Sequence)
_MAPPINGS = (dict, Mapping)
_TRUE, _FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
_SPANS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "w": "weeks"}


def is_plain(annotation: object) -> bool:
    """Say whether values of that annotation are plain data."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return is_plain(args[0])
    if origin is typing.Literal:
        return True
    if origin in (typing.Union, types.UnionType):
        return all(is_plain(each) for each in args)
    if origin in _SEQUENCES or origin in _MAPPINGS:
        return all(each is Ellipsis or is_plain(each) for each in args)
    if annotation is None or annotation in _SCALARS or annotation in _SEQUENCES + _MAPPINGS:
        return True
    return isinstance(annotation, type) and (
        issubclass(annotation, Enum) or _is_frozen_dataclass(annotation)
    )


def spell(annotation: object) -> str:
    """Return an annotation as a reader would write it."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__qualname__.replace("<locals>.", "")
    return str(annotation).replace("typing.", "").replace("NoneType", "None")


def check(value: object, annotation: object, what: str) -> object:
    """Return `value` as its annotation says, an int for a float made one; else `InvalidInput`.

    `what` names the parameter in the message.
    """
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return check(value, args[0], what)
    if origin in (typing.Union, types.UnionType):
        return _check_union(value, args, annotation, what)
    if origin is typing.Literal:
        if value not in args or type(value) not in {type(each) for each in args}:
            raise InvalidInput(f"{what} must be one of {_listed(args)}, not {value!r}")
        return value
    if origin in _SEQUENCES or annotation in _SEQUENCES:
        return _check_sequence(value, origin or annotation, args, what)
    if origin in _MAPPINGS or annotation in _MAPPINGS:
        return _check_mapping(value, args, annotation, what)
    return _check_scalar(value, annotation, what)


def _check_union(value: object, args: tuple[object, ...], annotation: object, what: str) -> object:
    # An exact type goes before a conversion: 1 stays an int where `float | int` is allowed.
    for each in sorted(args, key=lambda kind: type(value) is not kind):
        try:
            return check(value, each, what)
        except InvalidInput:
            continue
    raise _wrong(value, annotation, what)


def _check_sequence(value: object, origin: object, args: tuple[object, ...], what: str) -> object:
    wanted = Sequence if origin is Sequence else origin
    if not isinstance(wanted, type) or not isinstance(value, wanted) or isinstance(value, str):
        raise _wrong(value, origin, what)
    items = list(typing.cast("typing.Iterable[object]", value))
    kinds: list[object] = list(args[:1] or (object,)) * len(items)
    if origin is tuple and args and args[-1] is not Ellipsis:
        if len(items) != len(args):
            raise InvalidInput(f"{what} must have {len(args)} items, not {len(items)}")
        kinds = list(args)
    checked = [
        _check_any(item, kind, f"{what}[{index}]")
        for index, (item, kind) in enumerate(zip(items, kinds, strict=True))
    ]
    if isinstance(value, (set, frozenset)):
        return type(value)(checked)
    return tuple(checked) if isinstance(value, tuple) else checked


def _check_mapping(
    value: object, args: tuple[object, ...], annotation: object, what: str
) -> object:
    if not isinstance(value, Mapping):
        raise _wrong(value, annotation, what)
    keys, values = args or (object, object)
    return {
        _check_any(key, keys, f"a key of {what}"): _check_any(item, values, f"{what}[{key!r}]")
        for key, item in value.items()
    }


def _check_any(value: object, annotation: object, what: str) -> object:
    if annotation is not object:
        return check(value, annotation, what)
    if not is_plain(type(value)):
        raise InvalidInput(f"{what} is a {spell(type(value))}, which is no plain data")
    return check(value, type(value), what)


def _check_scalar(value: object, annotation: object, what: str) -> object:
    if annotation is None or annotation is type(None):
        if value is None:
            return None
    elif annotation is float and type(value) is int:
        return float(value)
    elif annotation is date and isinstance(value, datetime):
        raise InvalidInput(f"{what} must be a date, not the time {value.isoformat()}")
    elif annotation is Path and isinstance(value, str):
        return Path(value)
    elif isinstance(annotation, type) and isinstance(value, annotation):
        if isinstance(value, datetime) and value.tzinfo is None:
            raise InvalidInput(
                f"{what} is the time {value.isoformat()} without a zone; "
                "give an aware one, as datetime(..., tzinfo=UTC)"
            )
        if not (isinstance(value, bool) and annotation is int):
            return value
    raise _wrong(value, annotation, what)


def from_text(text: str, annotation: object, what: str) -> object:
    """Return the value that `text` stands for, as from a command line; else `InvalidInput`.

    Spans of time are written `90s`, `15m`, `2h`, `1d`, `4w`; lists `1,2,3` or as JSON; enums by
    name or value; dictionaries and dataclasses as JSON; None as `none`.
    """
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return from_text(text, args[0], what)
    if origin in (typing.Union, types.UnionType):
        return _union_from_text(text, args, annotation, what)
    if origin is typing.Literal:
        for each in args:
            if text == str(each):
                return each
        raise InvalidInput(f"{what} must be one of {_listed(args)}, not {text!r}")
    if origin in _SEQUENCES or annotation in _SEQUENCES:
        return _sequence_from_text(text, annotation, what)
    if origin in _MAPPINGS or annotation in _MAPPINGS or _is_frozen_dataclass(annotation):
        return _from_json(_json(text, annotation, what), annotation, what)
    return _scalar_from_text(text, annotation, what)


def _union_from_text(text: str, args: tuple[object, ...], annotation: object, what: str) -> object:
    if type(None) in args and text.lower() in ("none", "null", ""):
        return None
    # Text fits every word, so it is tried last.
    for each in sorted(args, key=lambda kind: kind in (str, type(None))):
        try:
            return from_text(text, each, what)
        except InvalidInput:
            continue
    raise _wrong(text, annotation, what)


def _sequence_from_text(text: str, annotation: object, what: str) -> object:
    if text.lstrip().startswith("["):
        return _from_json(_json(text, annotation, what), annotation, what)
    items = [item.strip() for item in text.split(",")] if text.strip() else []
    return _from_json(items, annotation, what)


def _from_json(value: object, annotation: object, what: str) -> object:
    """Turn what JSON can say into what the annotation wants, then check it."""
    origin, args = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType) and value is None and type(None) in args:
        return None
    if isinstance(value, str):
        return from_text(value, annotation, what) if annotation is not object else value
    if isinstance(value, list) and origin in _SEQUENCES:
        fixed = origin is tuple and bool(args) and args[-1] is not Ellipsis
        kinds = list(args) if fixed else list(args[:1] or (object,)) * len(value)
        if len(kinds) != len(value):
            raise InvalidInput(f"{what} must have {len(kinds)} items, not {len(value)}")
        items = [
            _from_json(item, kind, f"{what}[{index}]")
            for index, (item, kind) in enumerate(zip(value, kinds, strict=True))
        ]
        made = origin if origin in (tuple, set, frozenset) else list
        return typing.cast("typing.Callable[[list[object]], object]", made)(items)
    if isinstance(value, dict) and origin in _MAPPINGS:
        keys, values = args or (object, object)
        return {
            _from_json(key, keys, f"a key of {what}"): _from_json(item, values, f"{what}[{key!r}]")
            for key, item in value.items()
        }
    if isinstance(value, dict) and _is_frozen_dataclass(annotation):
        return _dataclass_from_json(value, typing.cast("type", annotation), what)
    return _check_any(value, annotation, what)


def _dataclass_from_json(value: dict[str, object], annotation: type, what: str) -> object:
    hints = typing.get_type_hints(annotation, include_extras=True)
    fields = [field.name for field in dataclasses.fields(annotation) if field.init]
    for name in value:
        if name not in fields:
            raise InvalidInput(
                f"{what} has no field {name!r}; {spell(annotation)} has {', '.join(fields)}"
            )
    given = {name: _from_json(each, hints[name], f"{what}.{name}") for name, each in value.items()}
    try:
        made: object = annotation(**given)
    except TypeError as error:
        raise InvalidInput(f"{what} is no {spell(annotation)}: {error}") from error
    return made


def _scalar_from_text(text: str, annotation: object, what: str) -> object:
    if annotation is bool:
        if text.lower() not in _TRUE | _FALSE:
            raise InvalidInput(f"{what} must be true or false, not {text!r}")
        return text.lower() in _TRUE
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _enum_from_text(text, annotation, what)
    if annotation is timedelta:
        return _span_from_text(text, what)
    readers: dict[object, typing.Callable[[str], object]] = {
        int: int,
        float: float,
        str: str,
        Path: Path,
        date: date.fromisoformat,
        datetime: datetime.fromisoformat,
    }
    reader = readers.get(annotation)
    if reader is None:
        raise _wrong(text, annotation, what)
    try:
        return check(reader(text), annotation, what)
    except ValueError as error:
        raise _wrong(text, annotation, what) from error


def _enum_from_text(text: str, annotation: type[Enum], what: str) -> object:
    for member in annotation:
        if text in (member.name, str(member.value)):
            return member
    names = [member.name for member in annotation]
    raise InvalidInput(f"{what} must be one of {_listed(names)}, not {text!r}")


def _span_from_text(text: str, what: str) -> timedelta:
    try:
        return timedelta(**{_SPANS[text[-1:].lower()]: float(text[:-1])})
    except (KeyError, ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{what} must be a span of time, as 90s, 15m, 2h or 1d, not {text!r}"
        ) from error


def _json(text: str, annotation: object, what: str) -> object:
    try:
        read: object = json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            f"{what} must be JSON for {spell(annotation)}, which {text!r} is not: {error}"
        ) from error
    return read


def _is_frozen_dataclass(annotation: object) -> bool:
    params = getattr(annotation, "__dataclass_params__", None)
    return isinstance(annotation, type) and params is not None and bool(params.frozen)


def _listed(values: typing.Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)


def _wrong(value: object, annotation: object, what: str) -> InvalidInput:
    return InvalidInput(f"{what} must be {spell(annotation)}, not {value!r}")
