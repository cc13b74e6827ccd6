"""The content of a value in memory, so that two processes can tell whether it is the same.

Plain data is described structure by structure, without regard to the order of sets; any other
object by what `pickle` would keep of it, where the functions and classes inside are handed to the
caller, who compares their code.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import pickle
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import partial
from pathlib import PurePath
from types import (
    BuiltinFunctionType,
    FunctionType,
    GenericAlias,
    MappingProxyType,
    MethodType,
    ModuleType,
)
from typing import TYPE_CHECKING, TypeVar, get_args, get_origin

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Code", "Unidentified", "describe", "digest"]

Code = FunctionType | type | ModuleType
"""What has code rather than content."""

_PRINTED = (date, time, timedelta, PurePath, range, complex)


class Unidentified(Exception):  # noqa: N818 - a finding that the caller turns into a reason
    """A value that can't be compared between processes; the text says why."""


def digest(described: object) -> str:
    """Return the SHA-256 of what `describe` returned."""
    text = json.dumps(described, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def describe(value: object, code: Callable[[Code], str]) -> object:
    """Return what `value` holds as nested lists of text, equal for equal content.

    `code` names a function, class or module that is met on the way. Raises `Unidentified`.
    """
    plain = _plain(value)
    if plain is not None:
        return plain
    if isinstance(value, Code):
        return ["code", code(value)]
    if isinstance(value, Enum):
        return ["enum", code(type(value)), value.name]
    if isinstance(value, (list, tuple, set, frozenset, dict, MappingProxyType)):
        return _container(value, code)
    parts = _parts(value)
    if parts is not None:
        return [type(value).__name__, *([name, describe(part, code)] for name, part in parts)]
    return ["object", _pickled(value, code)]


def _parts(value: object) -> list[tuple[str, object]] | None:
    """Take apart what consists of named parts: dataclasses, bound functions, generic types."""
    if hasattr(type(value), "__lineal_function__"):  # a component stands for its function
        return [("function", getattr(value, "__lineal_function__", None))]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return [("class", type(value)), *((name, getattr(value, name)) for name in names)]
    if isinstance(value, partial):
        return [("func", value.func), ("args", value.args), ("keywords", value.keywords)]
    if isinstance(value, MethodType):
        return [("name", value.__name__), ("self", value.__self__)]
    if isinstance(value, BuiltinFunctionType) and isinstance(value.__self__, ModuleType):
        return [("module", value.__module__), ("name", value.__qualname__)]
    if isinstance(value, TypeVar):
        return [("name", value.__name__)]
    if isinstance(value, GenericAlias) or type(value).__module__ == "typing":
        origin = get_origin(value)
        return None if origin is None else [("origin", origin), ("args", get_args(value))]
    return None


def _plain(value: object) -> object | None:
    """Describe what neither holds other values nor differs from its printed form."""
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return [kind.__name__, str(value)]
    if isinstance(value, float) and kind is float:
        return ["float", value.hex()]
    if isinstance(value, (bytes, bytearray)):
        return [kind.__name__, hashlib.sha256(value).hexdigest()]
    if isinstance(value, datetime):
        return ["datetime", value.isoformat(), str(value.tzinfo), value.fold]
    if isinstance(value, _PRINTED):
        return [kind.__name__, repr(value)]
    return None


def _container(value: object, code: Callable[[Code], str]) -> object:
    kind = code(type(value))
    try:
        if isinstance(value, (set, frozenset)):
            return [kind, sorted((describe(item, code) for item in value), key=json.dumps)]
        if isinstance(value, (dict, MappingProxyType)):
            pairs = [[describe(key, code), describe(item, code)] for key, item in value.items()]
            factory = getattr(value, "default_factory", None)
            return [kind, pairs] if factory is None else [kind, pairs, describe(factory, code)]
        assert isinstance(value, (list, tuple))  # noqa: S101 - the caller tested it
        return [kind, [describe(item, code) for item in value]]
    except RecursionError as error:
        raise Unidentified("it contains itself") from error


class _Pickler(pickle.Pickler):
    """Pickles without sharing, hands code to the caller, and puts sets in order."""

    def __init__(self, file: io.BytesIO, code: Callable[[Code], str]) -> None:
        super().__init__(file, protocol=5)
        # Sharing depends on which equal strings happen to be one object in this process.
        self.fast = True
        self._code = code

    def persistent_id(self, obj: object) -> object:
        if isinstance(obj, Code):
            return ["code", self._code(obj)]
        if isinstance(obj, (set, frozenset)):
            return describe(obj, self._code)
        return None


def _pickled(value: object, code: Callable[[Code], str]) -> str:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    file = io.BytesIO()
    try:
        _Pickler(file, code).dump(value)
    except Unidentified:
        raise
    # Whatever an object's own pickling raises, the finding is the same: it can't be compared.
    except Exception as error:
        raise Unidentified(f"a {kind} can't be compared by its content ({error})") from error
    return hashlib.sha256(file.getvalue()).hexdigest()
