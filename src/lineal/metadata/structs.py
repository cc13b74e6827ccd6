"""Dictionaries as ML Metadata keeps them: a protobuf Struct, in base64, behind a prefix."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING

from lineal.errors import Corrupt, InvalidInput

if TYPE_CHECKING:
    from google.protobuf import struct_pb2

__all__ = ["STRUCT_PREFIX", "damaged", "pack", "pack_struct", "unpack", "unpack_struct"]

STRUCT_PREFIX = "mlmd-struct::"

_MOST_LEVELS = 30  # protobuf reads messages of 100 levels, and a Struct takes three for one
_EXACT = 2**53  # numbers are doubles, which hold every integer up to here


def pack(name: str, value: dict[str, object]) -> str:
    """Return the text that holds `value`, a dictionary of what JSON can say.

    Raises `InvalidInput`, naming the property `name`, for what a Struct would lose or refuse.
    """
    data = pack_struct(f"the property {name!r}", value)
    return STRUCT_PREFIX + base64.b64encode(data).decode()


def pack_struct(field: str, value: dict[str, object]) -> bytes:
    """Return `value` as a serialized Struct; `field` names it in errors."""
    from google.protobuf import struct_pb2

    struct = struct_pb2.Struct()
    _fill_struct(struct, value, field, 1)
    return struct.SerializeToString(deterministic=True)


def damaged(node: str, field: str, reason: object) -> Corrupt:
    """Return the error that tells which value of which node can't be read."""
    return Corrupt(
        f"{field} of {node} can't be read: {reason}; correct it in the database, or restore that "
        "from a copy"
    )


def unpack(text: str) -> dict[str, object]:
    """Return the dictionary that `pack`, or the wheel, wrote."""
    try:
        data = base64.b64decode(text[len(STRUCT_PREFIX) :])
    except ValueError as error:
        raise Corrupt(
            f"a stored property claims to be a Struct but is not: {text[:60]!r}"
        ) from error
    return unpack_struct(data)


def unpack_struct(data: bytes) -> dict[str, object]:
    """Return the dictionary of a serialized Struct."""
    from google.protobuf import struct_pb2
    from google.protobuf.message import DecodeError

    try:
        struct = struct_pb2.Struct.FromString(data)
    except DecodeError as error:
        raise Corrupt(
            f"a stored property claims to be a Struct but is not: {data[:60]!r}"
        ) from error
    return {key: _read(held) for key, held in struct.fields.items()}


def _fill_struct(
    struct: struct_pb2.Struct, value: dict[str, object], field: str, level: int
) -> None:
    for key, inner in value.items():
        if not isinstance(key, str):
            raise InvalidInput(f"{field} has the key {key!r}; keys must be text")
        _check_text(field, key)
        _fill(struct.fields[key], inner, field, level)


def _fill(target: struct_pb2.Value, value: object, field: str, level: int) -> None:
    if level > _MOST_LEVELS:
        raise InvalidInput(f"{field} is nested deeper than {_MOST_LEVELS} levels")
    if value is None:
        target.null_value = 0  # type: ignore[assignment] # an enum's only member
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = _number(field, value)
    elif isinstance(value, str):
        _check_text(field, value)
        target.string_value = value
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        _fill_struct(target.struct_value, value, field, level + 1)
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for inner in value:
            _fill(target.list_value.values.add(), inner, field, level + 1)
    else:
        raise InvalidInput(
            f"{field} can't hold {type(value).__name__}; "
            "a dict may hold numbers, text, bools, None, lists and dicts"
        )


def _number(field: str, value: float) -> float:
    if isinstance(value, int) and abs(value) > _EXACT:
        raise InvalidInput(f"{field} holds {value}, which a dict would round")
    if math.isnan(value):
        raise InvalidInput(f"{field} holds NaN, which can't be stored; use None")
    return float(value)


def _check_text(field: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{field} holds broken text: {text[:60]!r}") from error


def _read(value: struct_pb2.Value) -> object:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return {key: _read(held) for key, held in value.struct_value.fields.items()}
    if kind == "list_value":
        return [_read(held) for held in value.list_value.values]
    if kind is None or kind == "null_value":
        return None
    held: object = getattr(value, kind)
    return int(held) if isinstance(held, float) and held.is_integer() else held
