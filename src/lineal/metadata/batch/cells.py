"""Property values on their way: plain values, cells, and the typed columns that hold them.

A cell is what both doors make of a property. Its class says which of the six kinds it is, and
so in which column it stands: numbers and booleans in their own; text, and Structs as base64
behind a prefix, in `string_value`; other messages as base64 text in `proto_value`.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from lineal.errors import Corrupt, InvalidInput
from lineal.metadata.batch.forms import ProtoCell, StructCell
from lineal.metadata.model import PropertyType, Proto
from lineal.metadata.structs import STRUCT_PREFIX, pack_struct, unpack_struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata.batch.forms import Cell, Kind
    from lineal.metadata.model import Value

__all__ = [
    "TYPE_OF_CELL",
    "VALUE_COLUMNS",
    "cell_of",
    "check_text",
    "columns_of",
    "decode",
    "encode",
    "kept",
    "kept_value",
    "revived",
    "shown",
    "value_of",
]

Row = tuple[int | None, float | None, str | None, str | None, bool | None]

VALUE_COLUMNS = ("int_value", "double_value", "string_value", "proto_value", "bool_value")
"""The columns that `encode` fills and `decode` reads, in this order."""

TYPE_OF_CELL: Mapping[type, int] = {
    int: int(PropertyType.INT),
    float: int(PropertyType.DOUBLE),
    str: int(PropertyType.STRING),
    StructCell: int(PropertyType.STRUCT),
    ProtoCell: int(PropertyType.PROTO),
    bool: int(PropertyType.BOOLEAN),
}
"""The number of the property type whose values are cells of a class."""

_NULL = "__MLMD_NULL__"  # ML Metadata's clients read this text as no value at all
_GIVE = "give an int, float, str, bool, dict or Proto"
_LEAST, _GREATEST = -(2**63), 2**63 - 1


def columns_of(kind: Kind) -> tuple[str, ...]:
    """Return the columns of the property table of `kind` that a row of ours fills."""
    return (f"{kind}_id", "name", "is_custom_property", *VALUE_COLUMNS)


def encode(name: str, cell: Cell | None) -> Row:
    """Return what stands in `VALUE_COLUMNS` for `cell`, the value of the property `name`.

    Raises `InvalidInput` for an unset value, NaN, an integer beyond 64 bits, and text that a
    client of ML Metadata would cut or misread.
    """
    kind = type(cell)
    if kind is str:
        check_text(name, cell, of="the property")  # type: ignore[arg-type] # `kind` says so
        return (None, None, cell, None, None)  # type: ignore[return-value]
    if kind is int:
        if not _LEAST <= cell <= _GREATEST:  # type: ignore[operator]
            raise InvalidInput(
                f"the property {name!r} is {shown(cell)}, which does not fit 64 bits"
            )
        return (cell, None, None, None, None)  # type: ignore[return-value]
    if kind is float:
        if cell != cell:  # NaN, told in the quickest way
            raise InvalidInput(
                f"the property {name!r} is NaN, which a database takes for no value; leave it out"
            )
        return (None, cell, None, None, None)  # type: ignore[return-value]
    if kind is bool:
        return (None, None, None, None, cell)  # type: ignore[return-value]
    if kind is StructCell:
        text = base64.b64encode(cell).decode("ascii")  # type: ignore[arg-type]
        return (None, None, STRUCT_PREFIX + text, None, None)
    if kind is ProtoCell:
        text = base64.b64encode(cell).decode("ascii")  # type: ignore[arg-type]
        return (None, None, None, text, None)
    if cell is None:
        raise InvalidInput(f"the property {name!r} has no value; set one, or leave it out")
    raise InvalidInput(f"the property {name!r} can't hold {kind.__name__}; {_GIVE}")


def decode(
    int_value: int | None,
    double_value: float | None,
    string_value: str | None,
    proto_value: str | bytes | memoryview | None,
    bool_value: bool | int | None,
) -> Cell | None:
    """Return the cell that these columns hold; None if they hold none."""
    if string_value is not None:
        if string_value.startswith(STRUCT_PREFIX):
            return StructCell(_bytes_of(string_value[len(STRUCT_PREFIX) :]))
        return string_value
    if int_value is not None:
        return int_value
    if double_value is not None:
        return float(double_value)
    if bool_value is not None:
        return bool(bool_value)
    if proto_value is not None:
        return ProtoCell(_bytes_of(proto_value))
    return None


def cell_of(name: str, value: Value) -> Cell:
    """Return the cell of a plain value; raise `InvalidInput`, naming it, if there is none."""
    kind = type(value)
    if kind is str or kind is int or kind is float or kind is bool:
        return value  # type: ignore[return-value] # the class says so
    if isinstance(value, dict):
        return StructCell(pack_struct(f"the property {name!r}", value))
    if isinstance(value, Proto):
        return ProtoCell(_any_of(value))
    for plain in (int, float, str):  # a subclass, such as an enum or a numpy.float64
        if isinstance(value, plain):
            return plain(value)
    item = getattr(value, "item", None)  # numpy's scalars give the Python value that they hold
    if callable(item) and getattr(value, "ndim", 1) == 0:
        return cell_of(name, item())
    raise InvalidInput(f"the property {name!r} can't hold {kind.__name__}; {_GIVE}")


def value_of(cell: Cell) -> Value:
    """Return the plain value of a cell."""
    if isinstance(cell, StructCell):
        return unpack_struct(cell)
    if isinstance(cell, ProtoCell):
        return _proto_of(cell)
    return cell


def kept_value(cell: Cell) -> object:
    """Return how the value of a replaced cell is kept in JSON, as `kept` says."""
    return kept(value_of(cell))


def kept(value: Value) -> object:
    """Return how a replaced value is kept in JSON: as itself, a Proto as a list of its parts.

    No property is a list, so that none is mistaken for one.
    """
    if isinstance(value, Proto):
        return [value.type_url, base64.b64encode(value.value).decode("ascii")]
    return value


def revived(kept: object) -> object:
    """Return the value that `kept_value` made JSON of."""
    if isinstance(kept, list):
        type_url, text = kept
        return Proto(str(type_url), base64.b64decode(str(text)))
    return kept


def check_text(field: str, text: str, *, of: str = "") -> None:
    """Refuse text that the database or a client of ML Metadata would cut, misread or choke on.

    `field` names it in errors; with `of`, that is `of` and the quoted field.
    """
    if "\0" in text:
        raise InvalidInput(
            f"{_field(field, of)} holds a NUL character, at which text ends: {shown(text)}"
        )
    if text.startswith(STRUCT_PREFIX) or text == _NULL:
        meaning = "no value" if text == _NULL else "the beginning of a Struct"
        raise InvalidInput(
            f"{_field(field, of)} holds {shown(text)}, which ML Metadata's clients take for "
            f"{meaning}; put another character before it, or leave it out"
        )
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(f"{_field(field, of)} holds broken text: {shown(text)}") from error


def shown(value: object) -> str:
    """Return `value` as a message tells it, however long it is."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text)} characters)"


def _field(field: str, of: str) -> str:
    return f"{of} {field!r}" if of else field


def _bytes_of(text: str | bytes | memoryview) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except (ValueError, binascii.Error) as error:
        raise Corrupt(f"a stored property should be base64, but is {shown(text)}") from error


def _any_of(value: Proto) -> bytes:
    from google.protobuf import any_pb2

    held = any_pb2.Any(type_url=value.type_url, value=value.value)
    return held.SerializeToString(deterministic=True)


def _proto_of(cell: bytes) -> Proto:
    from google.protobuf import any_pb2
    from google.protobuf.message import DecodeError

    try:
        held = any_pb2.Any.FromString(cell)
    except DecodeError as error:
        raise Corrupt(f"a stored property should be a message, but is {shown(cell)}") from error
    return Proto(held.type_url, held.value)
