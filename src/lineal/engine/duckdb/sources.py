"""Make each kind of source something that a query can select from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.engine.duckdb.arrow import as_arrow
from lineal.engine.duckdb.csv import csv_text
from lineal.engine.duckdb.jsonlines import json_lines_text
from lineal.engine.duckdb.parquet import parquet_text
from lineal.engine.protocol import ArrowData, CsvFiles, JsonLinesFiles, ParquetFiles
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from lineal.engine.duckdb.session import Session
    from lineal.engine.protocol import Source

__all__ = ["numbered_text", "relation_text"]


def relation_text(session: Session, source: Source) -> str:
    """Return SQL to select from, which reads `source` as often as the query needs it."""
    match source:
        case ArrowData():
            return _arrow_text(session, source)
        case ParquetFiles():
            return parquet_text(source)
        case CsvFiles():
            return csv_text(source)
        case JsonLinesFiles():
            return json_lines_text(source)
    raise InvalidInput(f"{type(source).__qualname__} is no source that DuckDB can read")


def numbered_text(session: Session, source: Source) -> tuple[str, str]:
    """Return SQL as `relation_text` does, with one more column, and that column's name.

    The column grows with the order of the files and of the rows in each.
    """
    position = session.new_name()
    if isinstance(source, ParquetFiles):
        return parquet_text(source, position=position), position
    if isinstance(source, ArrowData):
        data = _readable(as_arrow(source.data))
        if isinstance(data, pa.Table):
            numbers = pa.arange(0, data.num_rows)
            return session.register(data.append_column(position, numbers)), position
        return (
            f"(SELECT *, rowid AS {position} FROM {_kept(session, session.register(data))})",
            position,
        )
    kept = _kept(session, relation_text(session, source))
    return f"(SELECT *, rowid AS {position} FROM {kept})", position


def _arrow_text(session: Session, source: ArrowData) -> str:
    data = _readable(as_arrow(source.data))
    name = session.register(data)
    if isinstance(data, pa.Table):
        return name
    # A stream can be read once, and a query may scan it twice.
    return _kept(session, name)


def _kept(session: Session, text: str) -> str:
    """Copy what `text` selects to where it can be scanned again, on disk where it is large."""
    name = session.new_name()
    session.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM {text}")
    return f"temp.main.{name}"


def _readable(data: pa.Table | pa.RecordBatchReader) -> pa.Table | pa.RecordBatchReader:
    """Widen what DuckDB can't scan: half-precision floats."""
    if not any(pa.types.is_float16(field.type) for field in data.schema):
        return data
    wide = pa.schema(
        [
            field.with_type(pa.float32()) if pa.types.is_float16(field.type) else field
            for field in data.schema
        ]
    )
    return data.cast(wide)
