"""How property values stand in ML Metadata's tables, one typed column each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata.batch import cells
from lineal.metadata.integers import is_int64
from lineal.metadata.model import PropertyType, Proto, Value
from lineal.metadata.structs import STRUCT_PREFIX, pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["decode", "encode_all", "split", "storable"]

_NULL = "__MLMD_NULL__"  # the wheel reads this text as no value, and then nothing else at all
_COLUMNS = ("int_value", "double_value", "string_value", "proto_value", "bool_value")


def split(
    values: Mapping[str, Value], declared: Mapping[str, PropertyType]
) -> tuple[dict[str, Value], dict[str, Value]]:
    """Return the values that a type declares, checked, and the others, as custom properties.

    Raises `InvalidInput` for a value that isn't of its declared type.
    """
    properties: dict[str, Value] = {}
    custom: dict[str, Value] = {}
    for name, value in values.items():
        wanted = declared.get(name)
        if wanted is None:
            custom[name] = value
        elif wanted == PropertyType.DOUBLE and type(value) is int:
            properties[name] = float(value)
        elif _type_of(name, value) != wanted:
            raise InvalidInput(
                f"the property {name!r} is declared {wanted.name}, but {value!r} is "
                f"{_type_of(name, value).name}"
            )
        else:
            properties[name] = value
    return properties, custom


def encode_all(
    node: str, node_id: int, properties: Mapping[str, Value], *, custom: bool
) -> list[dict[str, object]]:
    """Return the rows of `properties` for the property table of `node` ("artifact", ...)."""
    return [
        {
            f"{node}_id": node_id,
            "name": name,
            "is_custom_property": int(custom),
            **dict.fromkeys(_COLUMNS),
            **_encode(name, value),
        }
        for name, value in properties.items()
    ]


def storable(text: str) -> str:
    """Return any text as one that can be stored, with what can't be told by its escape."""
    text = text.replace("\0", "\\0").encode(errors="backslashreplace").decode()
    return f" {text}" if text.startswith(STRUCT_PREFIX) or text == _NULL else text


def decode(row: Mapping[str, object]) -> Value | None:
    """Return the value of a property row; None if it holds none."""
    cell = cells.decode(*(row[column] for column in cells.VALUE_COLUMNS))  # type: ignore[arg-type]
    return None if cell is None else cells.value_of(cell)


def _type_of(name: str, value: Value) -> PropertyType:
    kinds: Iterable[tuple[type, PropertyType]] = (
        (bool, PropertyType.BOOLEAN),  # before int, which it is a kind of
        (int, PropertyType.INT),
        (float, PropertyType.DOUBLE),
        (str, PropertyType.STRING),
        (dict, PropertyType.STRUCT),
        (Proto, PropertyType.PROTO),
    )
    for python, kind in kinds:
        if isinstance(value, python):
            return kind
    raise InvalidInput(
        f"the property {name!r} can't hold {type(value).__name__}; "
        "give an int, float, str, bool, a dict of those, or a Proto"
    )


def _encode(name: str, value: Value) -> dict[str, object]:
    _check_text(name, name)
    kind = _type_of(name, value)
    if isinstance(value, dict):
        return {"string_value": pack(name, value)}
    if isinstance(value, Proto):
        *_, text, _ = cells.encode(name, cells.cell_of(name, value))
        return {"proto_value": str(text).encode()}
    if isinstance(value, str):
        _check_text(name, value)
        return {"string_value": value}
    if isinstance(value, float) and math.isnan(value):
        raise InvalidInput(f"the property {name!r} holds NaN, which the database takes for nothing")
    if kind == PropertyType.INT and isinstance(value, int) and not is_int64(value):
        raise InvalidInput(f"the property {name!r} holds {value}, which does not fit 64 bits")
    column = {PropertyType.BOOLEAN: "bool_value", PropertyType.INT: "int_value"}
    return {column.get(kind, "double_value"): value}


def _check_text(name: str, text: str) -> None:
    """Refuse text that ML Metadata's clients would cut, misread, or stumble over."""
    if "\0" in text:
        raise InvalidInput(f"the property {name!r} holds a NUL character, which text can't carry")
    if text.startswith(STRUCT_PREFIX) or text == _NULL:
        meaning = "no value" if text == _NULL else "the beginning of a Struct"
        raise InvalidInput(
            f"the property {name!r} holds {text[:40]!r}, which ML Metadata's clients take for "
            f"{meaning}; put another character before it, or leave it out"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"the property {name!r} holds broken text: {text[:60]!r}") from error
