"""The conversion table: how data of each Arrow type is stored in a table.

Everything that enters the warehouse passes through here before PyIceberg sees it, since
PyIceberg fails late on some types, and takes others in silently (unsigned integers over the
signed range). Iceberg's format version 2 has these types, spelled here as Arrow has them:

    Arrow                                   stored as            noted in the execution
    bool                                    boolean
    int8 16 32, uint8 16                    int
    int64, uint32                           long
    uint64                                  long                 values over 2^63-1 refused
    float16, float32                        float
    float64                                 double
    decimal32 to 256, up to 38 digits       decimal(p, s)
    date32, date64                          date                 date64 within a day refused
    time32, time64                          time                 nanosecond digits refused
    timestamp with a zone                   timestamptz          other zones: kept as instants
    timestamp without                       timestamptz          read as UTC
    timestamp[ns]                           timestamptz          nanosecond digits refused
    duration (not inside another type)      long                 whole microseconds
    string, large_string, string_view       string
    binary, large_binary, binary_view       binary
    fixed_size_binary                       fixed
    null                                    string               no values: taken as text
    dictionary, run_end_encoded             as their values
    list and its variants                   list                 a fixed size is not kept
    struct (not empty), map                 struct, map
    extension types                         as their storage     the extension's name
    union, interval, empty struct           refused

What is "refused" above is taken with `lossy=True`, and then noted with the number of values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["INSTANT", "Storage", "describe", "is_list", "parse_type", "storage"]

INSTANT = pa.timestamp("us", tz="UTC")
"""How a moment is stored."""


@dataclass(frozen=True)
class Storage:
    """How a column is stored: in which Arrow type, and what of it is worth recording."""

    type: pa.DataType
    notes: tuple[str, ...] = ()


def storage(given: pa.DataType, *, column: str) -> Storage:
    """Return how data of the type `given` is stored; raise `InvalidInput` if it can't be."""
    if isinstance(given, pa.BaseExtensionType):
        inner = storage(given.storage_type, column=column)
        note = f"{given.extension_name} kept as {describe(inner.type)}"
        return Storage(inner.type, (note, *inner.notes))
    if pa.types.is_dictionary(given) or pa.types.is_run_end_encoded(given):
        return storage(given.value_type, column=column)
    for test, convert in _NESTED:
        if test(given):
            return convert(given, column)
    for test, stored in _PLAIN:
        if test(given):
            return stored(given)
    raise InvalidInput(
        f"column {column!r} is of type {given}, which no Iceberg table can hold; "
        "cast or split it before loading"
    )


def describe(stored: pa.DataType) -> str:
    """Return how Iceberg spells a stored type."""
    if is_list(stored):
        return f"list<{describe(stored.value_type)}>"
    if pa.types.is_map(stored):
        return f"map<{describe(stored.key_type)}, {describe(stored.item_type)}>"
    if pa.types.is_struct(stored):
        return "struct<" + ", ".join(f"{f.name}: {describe(f.type)}" for f in stored) + ">"
    if pa.types.is_decimal(stored):
        return f"decimal({stored.precision}, {stored.scale})"
    if pa.types.is_fixed_size_binary(stored):
        return f"fixed[{stored.byte_width}]"
    if pa.types.is_timestamp(stored):
        return "timestamp" if stored.tz is None else "timestamptz"
    return _SPELLED.get(str(stored), str(stored))


def parse_type(text: str) -> pa.DataType:
    """Return the stored type that Iceberg spells `text`, for types without an inside.

    Raises `InvalidInput` that lists what there is.
    """
    plain = text.strip().lower()
    if plain.startswith("decimal"):
        digits = [part.strip() for part in plain[len("decimal") :].strip(" ()").split(",")]
        if len(digits) == 2 and all(part.isdecimal() for part in digits):
            return _decimal(int(digits[0]), int(digits[1]), text)
    for arrow, name in _SPELLED.items():
        if name == plain:
            return _BY_NAME[arrow]
    if plain in ("timestamptz", "timestamp"):
        return INSTANT
    known = ", ".join([*_SPELLED.values(), "timestamptz", "decimal(p, s)"])
    raise InvalidInput(f"{text!r} is no type of a column; there are {known}")


def is_list(given: pa.DataType) -> bool:
    """Whether the type is a list, of whatever layout."""
    return any(test(given) for test in _LISTS)


_LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)
_BY_NAME: dict[str, pa.DataType] = {
    str(t): t
    for t in (
        pa.bool_(),
        pa.int32(),
        pa.int64(),
        pa.float32(),
        pa.float64(),
        pa.date32(),
        pa.time64("us"),
        pa.string(),
        pa.binary(),
    )
}
_SPELLED = dict(
    zip(
        _BY_NAME,
        ("boolean", "int", "long", "float", "double", "date", "time", "string", "binary"),
        strict=True,
    )
)


def _inner(given: pa.DataType, column: str) -> Storage:
    if pa.types.is_duration(given):
        raise InvalidInput(f"{column!r} holds durations inside another type; cast them to integers")
    return storage(given, column=column)


def _list(given: pa.DataType, column: str) -> Storage:
    inner = _inner(given.value_type, f"{column}.element")
    notes = inner.notes
    if pa.types.is_fixed_size_list(given):
        notes = (f"lists of the fixed size {given.list_size} kept as lists of any size", *notes)
    return Storage(pa.list_(pa.field("element", inner.type)), notes)


def _map(given: pa.DataType, column: str) -> Storage:
    key = _inner(given.key_type, f"{column}.key")
    value = _inner(given.item_type, f"{column}.value")
    return Storage(
        pa.map_(
            pa.field("key", key.type, nullable=False),
            pa.field("value", value.type),
        ),
        (*key.notes, *value.notes),
    )


def _struct(given: pa.DataType, column: str) -> Storage:
    if given.num_fields == 0:
        raise InvalidInput(
            f"column {column!r} is a struct without fields, which no Parquet file can hold; "
            "leave the column out"
        )
    names = [field.name for field in given]
    if len({name.lower() for name in names}) != len(names) or not all(n.strip() for n in names):
        raise InvalidInput(
            f"the fields of the struct {column!r} are not distinct and named: {', '.join(names)}"
        )
    inner = [_inner(field.type, f"{column}.{field.name}") for field in given]
    return Storage(
        pa.struct([pa.field(n, s.type) for n, s in zip(names, inner, strict=True)]),
        tuple(note for s in inner for note in s.notes),
    )


def _timestamp(given: pa.DataType) -> Storage:
    if given.tz is None:
        return Storage(INSTANT, ("no time zone: read as UTC",))
    if given.tz.upper() in ("UTC", "Z", "+00:00", "ETC/UTC"):
        return Storage(INSTANT)
    return Storage(INSTANT, (f"times of the zone {given.tz} kept as instants in UTC",))


def _decimal(precision: int, scale: int, given: object) -> pa.DataType:
    scale, precision = (0, precision - scale) if scale < 0 else (scale, precision)
    if not 1 <= precision <= 38 or scale > precision:
        raise InvalidInput(
            f"{given} has more digits than the 38 that a table can hold; cast it before loading"
        )
    return pa.decimal128(precision, scale)


def _as(stored: pa.DataType, *notes: str) -> Callable[[pa.DataType], Storage]:
    return lambda _: Storage(stored, notes)


_NESTED: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.DataType, str], Storage]], ...] = (
    (is_list, _list),
    (pa.types.is_map, _map),
    (pa.types.is_struct, _struct),
)
_NARROW = {pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16()}
_PLAIN: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.DataType], Storage]], ...] = (
    (pa.types.is_boolean, _as(pa.bool_())),
    (lambda t: t in _NARROW, _as(pa.int32())),
    (pa.types.is_integer, _as(pa.int64())),
    (pa.types.is_float16, _as(pa.float32())),
    (pa.types.is_float32, _as(pa.float32())),
    (pa.types.is_float64, _as(pa.float64())),
    (pa.types.is_decimal, lambda t: Storage(_decimal(t.precision, t.scale, t))),
    (pa.types.is_date, _as(pa.date32())),
    (pa.types.is_time, _as(pa.time64("us"))),
    (pa.types.is_timestamp, _timestamp),
    (pa.types.is_duration, _as(pa.int64(), "durations kept as whole microseconds")),
    (
        lambda t: (
            pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_string_view(t)
        ),
        _as(pa.string()),
    ),
    (
        lambda t: (
            pa.types.is_binary(t) or pa.types.is_large_binary(t) or pa.types.is_binary_view(t)
        ),
        _as(pa.binary()),
    ),
    (pa.types.is_fixed_size_binary, lambda t: Storage(pa.binary(t.byte_width))),
    (pa.types.is_null, _as(pa.string(), "no values: taken as text")),
)
