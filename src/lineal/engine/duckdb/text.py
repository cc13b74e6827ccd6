"""Write names, texts and types as DuckDB's SQL spells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["literal", "literal_list", "quoted", "type_text"]


def quoted(name: str) -> str:
    """Return `name` as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as a string literal."""
    return "'" + text.replace("'", "''") + "'"


def literal_list(texts: Iterable[str]) -> str:
    """Return `texts` as a list literal."""
    return "[" + ", ".join(literal(text) for text in texts) + "]"


_TIMESTAMPS = {"s": "TIMESTAMP_S", "ms": "TIMESTAMP_MS", "us": "TIMESTAMP", "ns": "TIMESTAMP_NS"}

# Asked in order: the first test that holds gives the name.
_PLAIN = (
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_int8, "TINYINT"),
    (pa.types.is_int16, "SMALLINT"),
    (pa.types.is_int32, "INTEGER"),
    (pa.types.is_int64, "BIGINT"),
    (pa.types.is_uint8, "UTINYINT"),
    (pa.types.is_uint16, "USMALLINT"),
    (pa.types.is_uint32, "UINTEGER"),
    (pa.types.is_uint64, "UBIGINT"),
    (pa.types.is_float16, "FLOAT"),
    (pa.types.is_float32, "FLOAT"),
    (pa.types.is_float64, "DOUBLE"),
    (pa.types.is_string, "VARCHAR"),
    (pa.types.is_large_string, "VARCHAR"),
    (pa.types.is_string_view, "VARCHAR"),
    (pa.types.is_binary, "BLOB"),
    (pa.types.is_large_binary, "BLOB"),
    (pa.types.is_binary_view, "BLOB"),
    (pa.types.is_fixed_size_binary, "BLOB"),
    (pa.types.is_date, "DATE"),
    (pa.types.is_time, "TIME"),
    (pa.types.is_duration, "INTERVAL"),
    (pa.types.is_interval, "INTERVAL"),
    (pa.types.is_null, '"NULL"'),
)


def type_text(arrow: pa.DataType) -> str:
    """Return the DuckDB type that holds every value of an Arrow type.

    Raises `InvalidInput` where DuckDB has none (unions, decimals of more than 38 digits).
    """
    if isinstance(arrow, pa.BaseExtensionType):
        is_uuid = arrow.extension_name == "arrow.uuid"
        return "UUID" if is_uuid else type_text(arrow.storage_type)
    text = _parametrised(arrow) or next((text for test, text in _PLAIN if test(arrow)), None)
    if text is None:
        raise InvalidInput(f"DuckDB has no type for Arrow's {arrow}; cast the column before")
    return text


def _parametrised(arrow: pa.DataType) -> str | None:
    types = pa.types
    if types.is_timestamp(arrow):
        if arrow.tz is None:
            return _TIMESTAMPS[arrow.unit]
        return "TIMESTAMPTZ_NS" if arrow.unit == "ns" else "TIMESTAMPTZ"
    if types.is_decimal(arrow) and arrow.precision <= 38:
        return f"DECIMAL({arrow.precision}, {arrow.scale})"
    if types.is_dictionary(arrow) or types.is_run_end_encoded(arrow):
        return type_text(arrow.value_type)
    return _nested(arrow)


def _nested(arrow: pa.DataType) -> str | None:
    types = pa.types
    if types.is_map(arrow):
        return f"MAP({type_text(arrow.key_type)}, {type_text(arrow.item_type)})"
    if types.is_fixed_size_list(arrow):
        return f"{type_text(arrow.value_type)}[{arrow.list_size}]"
    if any(test(arrow) for test in _LISTS):
        return f"{type_text(arrow.value_type)}[]"
    if types.is_struct(arrow) and arrow.num_fields:
        return "STRUCT(" + ", ".join(f"{quoted(f.name)} {type_text(f.type)}" for f in arrow) + ")"
    return None


_LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)
