"""The types that Spark keeps values in, told from those that the data has.

Spark has no unsigned numbers, no times of day, no durations that it counts with, and no
nanoseconds. Such values are carried in a type that holds every one of them, and get their own
type back when the result leaves Spark.
"""

from __future__ import annotations

import pyarrow as pa

from lineal.errors import InvalidInput

__all__ = ["carried", "field_id", "is_direct", "restored", "spark_type"]

_FIELD_ID = b"PARQUET:field_id"
_MOST_DIGITS = 38

_PLAIN: tuple[tuple[object, pa.DataType], ...] = (
    (pa.types.is_boolean, pa.bool_()),
    (pa.types.is_int8, pa.int8()),
    (pa.types.is_int16, pa.int16()),
    (pa.types.is_int32, pa.int32()),
    (pa.types.is_int64, pa.int64()),
    (pa.types.is_uint8, pa.int16()),
    (pa.types.is_uint16, pa.int32()),
    (pa.types.is_uint32, pa.int64()),
    (pa.types.is_uint64, pa.decimal128(20, 0)),
    (pa.types.is_float64, pa.float64()),
    (pa.types.is_floating, pa.float32()),
    (pa.types.is_date, pa.date32()),
    # As microseconds, which `lineal_microseconds` takes them for.
    (pa.types.is_time, pa.int64()),
    (pa.types.is_duration, pa.int64()),
    (pa.types.is_null, pa.string()),
)
_TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_BYTES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
_LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)


def carried(arrow: pa.DataType) -> pa.DataType:
    """Return the type that values are carried in; raise `InvalidInput` where there is none."""
    types = pa.types
    if isinstance(arrow, pa.BaseExtensionType):
        is_uuid = arrow.extension_name == "arrow.uuid"
        return pa.string() if is_uuid else carried(arrow.storage_type)
    if types.is_dictionary(arrow) or types.is_run_end_encoded(arrow):
        return carried(arrow.value_type)
    if any(test(arrow) for test in _TEXTS):
        return pa.string()
    if any(test(arrow) for test in _BYTES):
        return pa.binary()
    if types.is_timestamp(arrow):
        return pa.timestamp("us", None if arrow.tz is None else "UTC")
    if types.is_decimal(arrow) and arrow.precision <= _MOST_DIGITS and arrow.scale >= 0:
        return pa.decimal128(arrow.precision, arrow.scale)
    if types.is_nested(arrow):
        return _nested(arrow)
    for test, plain in _PLAIN:
        if test(arrow):  # type: ignore[operator]
            return plain
    raise InvalidInput(f"Spark has no type for Arrow's {arrow}; cast the column before")


def _nested(arrow: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(arrow) and arrow.num_fields:
        return pa.struct([_field(field) for field in arrow])
    if pa.types.is_map(arrow):
        return pa.map_(_inner(arrow.key_type), _inner(arrow.item_type))
    if any(test(arrow) for test in _LISTS):
        return pa.list_(_inner(arrow.value_type))
    raise InvalidInput(f"Spark has no type for Arrow's {arrow}; cast the column before")


def _field(field: pa.Field) -> pa.Field:
    return pa.field(field.name, _inner(field.type), metadata=field.metadata)


def _inner(arrow: pa.DataType) -> pa.DataType:
    types = pa.types
    fine = types.is_timestamp(arrow) and arrow.unit == "ns"
    if fine or types.is_time(arrow) or types.is_duration(arrow):
        raise InvalidInput(
            f"Spark can't keep {arrow} inside lists, maps and structs; cast it before, or "
            "take it out of there"
        )
    return carried(arrow)


def is_direct(arrow: pa.DataType) -> bool:
    """Tell whether Spark reads Parquet's values of this type as what they are."""
    types = pa.types
    if types.is_timestamp(arrow):
        return bool(arrow.unit != "ns")
    if types.is_struct(arrow):
        return arrow.num_fields > 0 and all(is_direct(field.type) for field in arrow)
    if types.is_map(arrow):
        return is_direct(arrow.key_type) and is_direct(arrow.item_type)
    if types.is_list(arrow) or types.is_large_list(arrow):
        return is_direct(arrow.value_type)
    if any(test(arrow) for test in (*_TEXTS, *_BYTES)):
        return True
    if types.is_decimal(arrow):
        return bool(arrow.precision <= _MOST_DIGITS and arrow.scale >= 0)
    return bool(
        types.is_boolean(arrow)
        or types.is_signed_integer(arrow)
        or types.is_float32(arrow)
        or types.is_float64(arrow)
        or types.is_date32(arrow)
    )


def field_id(field: pa.Field) -> int | None:
    """Return the Iceberg field id that the field carries."""
    known = (field.metadata or {}).get(_FIELD_ID)
    return None if known is None else int(known)


_NAMES = {
    pa.bool_(): "boolean",
    pa.int8(): "byte",
    pa.int16(): "short",
    pa.int32(): "integer",
    pa.int64(): "long",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.string(): "string",
    pa.binary(): "binary",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp_ntz",
    pa.timestamp("us", "UTC"): "timestamp",
}


def spark_type(arrow: pa.DataType) -> object:
    """Return a carried type as the JSON that Spark reads its types from."""
    types = pa.types
    if types.is_decimal(arrow):
        return f"decimal({arrow.precision},{arrow.scale})"
    if types.is_struct(arrow):
        return {"type": "struct", "fields": [_spark_field(field) for field in arrow]}
    if types.is_map(arrow):
        return {
            "type": "map",
            "keyType": spark_type(arrow.key_type),
            "valueType": spark_type(arrow.item_type),
            "valueContainsNull": True,
        }
    if types.is_list(arrow):
        inner = spark_type(arrow.value_type)
        return {"type": "array", "elementType": inner, "containsNull": True}
    return _NAMES[arrow]


def _spark_field(field: pa.Field) -> dict[str, object]:
    number = field_id(field)
    return {
        "name": field.name,
        "type": spark_type(field.type),
        "nullable": True,
        "metadata": {} if number is None else {"parquet.field.id": number},
    }


def restored(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    """Return a column of a result in the type that it should have; refuse to lose anything."""
    types = pa.types
    if column.type == wanted:
        return column
    if types.is_null(wanted):
        return pa.chunked_array([pa.nulls(len(column))])
    if types.is_time(wanted) and types.is_integer(column.type):
        column = column.cast(pa.time64("us"))
    if types.is_duration(wanted) and types.is_integer(column.type):
        column = column.cast(pa.duration("us"))
    try:
        return column.cast(wanted)
    except pa.ArrowException as error:
        raise InvalidInput(
            f"the result is out of the range of {wanted}, which the expression promises: {error}"
        ) from error
