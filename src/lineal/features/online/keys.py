"""Turn the keys of entities into one value each that an online store looks up.

A single whole number stays what it is, so that it can be a row id. All else becomes bytes: for
each key, sorted by its name, a type byte and the value, texts with their length before them.
Different keys can't give equal bytes, as joined text could ("a|b" + "c", "a" + "b|c").
"""

from __future__ import annotations

import operator
import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, SupportsIndex

from lineal.errors import InvalidInput
from lineal.features.online.codecs import raw_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

__all__ = [
    "Key",
    "KeyKind",
    "KeyLayout",
    "arrow_type",
    "encode_batch",
    "encode_values",
    "key_kind",
    "parse_key",
]

Key = int | bytes
"""What a store looks up."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -(2**63), 2**63 - 1


class KeyKind(StrEnum):
    """The kinds of value that identify an entity."""

    INTEGER = "integer"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BYTES = "bytes"


_TAGS = {
    KeyKind.INTEGER: b"i",
    KeyKind.TEXT: b"t",
    KeyKind.BOOLEAN: b"b",
    KeyKind.DATE: b"d",
    KeyKind.TIMESTAMP: b"s",
    KeyKind.BYTES: b"y",
}


@dataclass(frozen=True)
class KeyLayout:
    """The keys of a view, sorted by name, and what they are."""

    names: tuple[str, ...]
    kinds: tuple[KeyKind, ...]

    @classmethod
    def of(cls, kinds: Mapping[str, KeyKind]) -> KeyLayout:
        """Return the layout of keys of these kinds, whatever order they are given in."""
        names = tuple(sorted(kinds))
        return cls(names, tuple(kinds[name] for name in names))

    @property
    def is_row_id(self) -> bool:
        """Whether the key is one whole number."""
        return self.kinds == (KeyKind.INTEGER,)


def key_kind(arrow: pa.DataType, *, owner: str) -> KeyKind:
    """Return what kind of key a column of this type is; `owner` names it in messages."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(arrow):
        return key_kind(arrow.value_type, owner=owner)
    tests = {
        KeyKind.INTEGER: (types.is_integer,),
        KeyKind.TEXT: (types.is_string, types.is_large_string, types.is_string_view),
        KeyKind.BOOLEAN: (types.is_boolean,),
        KeyKind.DATE: (types.is_date,),
        KeyKind.TIMESTAMP: (types.is_timestamp,),
        KeyKind.BYTES: (
            types.is_binary,
            types.is_large_binary,
            types.is_binary_view,
            types.is_fixed_size_binary,
        ),
    }
    for kind, accepts in tests.items():
        if any(accept(arrow) for accept in accepts):
            return kind
    raise InvalidInput(
        f"{owner} is {arrow}, which can't be a key; keys are whole numbers, texts, bytes, "
        "booleans, dates or timestamps"
    )


def arrow_type(kind: KeyKind) -> pa.DataType:
    """Return the type of a column of keys of this kind."""
    import pyarrow as pa

    return {
        KeyKind.INTEGER: pa.int64(),
        KeyKind.TEXT: pa.string(),
        KeyKind.BOOLEAN: pa.bool_(),
        KeyKind.DATE: pa.date32(),
        KeyKind.TIMESTAMP: pa.timestamp("us", "UTC"),
        KeyKind.BYTES: pa.binary(),
    }[kind]


def encode_batch(layout: KeyLayout, batch: pa.RecordBatch) -> pa.Array:
    """Return the key of each row, `int64` or `binary`; null where one of the columns is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not layout.names:
        return pa.array([b""] * batch.num_rows, pa.binary())
    if layout.is_row_id:
        return batch.column(layout.names[0]).cast(pa.int64())
    parts: list[pa.Array] = []
    for name, kind in zip(layout.names, layout.kinds, strict=True):
        parts.append(pa.scalar(_TAGS[kind], pa.binary()))
        parts.extend(_column_parts(kind, batch.column(name)))
    return pc.binary_join_element_wise(*parts, pa.scalar(b"", pa.binary()))


def encode_values(layout: KeyLayout, columns: Mapping[str, Sequence[object]]) -> list[Key | None]:
    """Return the key of each row of a request; None where one of the values is None.

    Every key must be there, with the same number of values. Raises `InvalidInput` for a value
    that is not of the key's kind: the text "1" is no whole number.
    """
    encoders = [
        [_encode(name, kind, value, layout.is_row_id) for value in columns[name]]
        for name, kind in zip(layout.names, layout.kinds, strict=True)
    ]
    if layout.is_row_id:
        return encoders[0]
    return [
        None if None in row else b"".join(one for one in row if isinstance(one, bytes))
        for row in zip(*encoders, strict=True)
    ]


def parse_key(kind: KeyKind, text: str, *, name: str) -> object:
    """Return the value that `text` spells, for keys that come from a command line."""
    try:
        match kind:
            case KeyKind.INTEGER:
                return int(text)
            case KeyKind.BOOLEAN:
                return {"true": True, "false": False}[text.lower()]
            case KeyKind.DATE:
                return date.fromisoformat(text)
            case KeyKind.TIMESTAMP:
                return datetime.fromisoformat(text)
            case KeyKind.BYTES:
                return bytes.fromhex(text)
            case KeyKind.TEXT:
                return text
    except (ValueError, KeyError) as error:
        raise InvalidInput(f"key {name!r} is a {kind}; {text!r} is not one") from error


def _column_parts(kind: KeyKind, column: pa.Array) -> list[pa.Array]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind in (KeyKind.TEXT, KeyKind.BYTES):
        data = column.cast(pa.string() if kind is KeyKind.TEXT else pa.binary()).cast(pa.binary())
        return [raw_bytes(pc.binary_length(data).cast(pa.int32())), data]
    narrow = {
        KeyKind.BOOLEAN: pa.uint8(),
        KeyKind.DATE: pa.int32(),
        KeyKind.TIMESTAMP: pa.timestamp("us"),
    }
    if kind is KeyKind.DATE:
        column = column.cast(pa.date32())
    return [raw_bytes(column.cast(narrow.get(kind, pa.int64())))]


def _encode(name: str, kind: KeyKind, value: object, row_id: bool) -> Key | None:
    if value is None:
        return None
    match kind:
        case KeyKind.INTEGER if isinstance(value, SupportsIndex) and not isinstance(value, bool):
            number = operator.index(value)
            if not _FIRST <= number <= _LAST:
                raise InvalidInput(f"key {name!r} is a 64-bit number; {number} does not fit")
            return number if row_id else b"i" + struct.pack("<q", number)
        case KeyKind.TEXT if isinstance(value, str):
            data = value.encode()
            return b"t" + struct.pack("<i", len(data)) + data
        case KeyKind.BYTES if isinstance(value, bytes):
            return b"y" + struct.pack("<i", len(value)) + value
        case KeyKind.BOOLEAN if isinstance(value, bool):
            return b"b" + struct.pack("<?", value)
        case KeyKind.TIMESTAMP if isinstance(value, datetime):
            return b"s" + struct.pack("<q", _microseconds(name, value))
        case KeyKind.DATE if isinstance(value, date) and not isinstance(value, datetime):
            return b"d" + struct.pack("<i", (value - _EPOCH.date()).days)
    raise InvalidInput(f"key {name!r} is a {kind}; {value!r} ({type(value).__name__}) is not one")


def _microseconds(name: str, moment: datetime) -> int:
    if moment.tzinfo is None:
        raise InvalidInput(f"key {name!r}: the time {moment} has no zone; give it one (UTC)")
    return (moment - _EPOCH) // timedelta(microseconds=1)
