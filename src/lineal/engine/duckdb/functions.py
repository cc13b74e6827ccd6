"""Define the functions of `lineal.engine.functions` in DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.engine.duckdb.strict import converted, looks_like
from lineal.engine.text_types import TEXT_TYPES

if TYPE_CHECKING:
    import duckdb

__all__ = ["define_functions"]

_MACROS = {
    "lineal_text_bytes(text)": "strlen(text)",
    "lineal_bytes(bytes)": "octet_length(bytes)",
    "lineal_text(bytes)": "TRY(decode(bytes))",
    "lineal_distinct(list)": "list_distinct(list)",
    "lineal_microseconds(time)": "epoch_us(time)",
}


def define_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros in the database that the engine's sessions share."""
    macros = dict(_MACROS)
    for number, arrow in enumerate(TEXT_TYPES):
        macros[f"lineal_is_{number}(cell)"] = f"coalesce({looks_like('cell', arrow)}, false)"
        macros[f"lineal_number_{number}(cell)"] = _number(converted("cell", arrow), arrow)
    for name, body in macros.items():
        connection.execute(f"CREATE MACRO {name} AS {body}")


def _number(value: str, arrow: pa.DataType) -> str:
    """Return SQL for a value as a float: days for dates, microseconds for times."""
    if pa.types.is_date(arrow):
        return f"CAST(date_diff('day', DATE '1970-01-01', {value}) AS DOUBLE)"
    if pa.types.is_timestamp(arrow):
        zone = "TIMESTAMPTZ" if arrow.tz else "TIMESTAMP"
        return f"CAST(epoch_us(CAST({value} AS {zone})) AS DOUBLE)"
    if pa.types.is_time(arrow):
        return f"CAST(epoch_us({value}) AS DOUBLE)"
    return f"CAST({value} AS DOUBLE)"
