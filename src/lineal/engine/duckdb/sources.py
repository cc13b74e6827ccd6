"""Make each kind of source something that a query can select from."""

from __future__ import annotations

import uuid
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


def relation_text(session: Session, source: Source, *, once: bool = False) -> str:
    """Return SQL to select from, which may be read as often as the query needs, or `once`.

    A stream can't be read twice, and text is costly to: they are copied unless read once.
    """
    match source:
        case ParquetFiles():
            return parquet_text(session, source)
        case ArrowData():
            data = _readable(as_arrow(source.data))
            name = session.register(data)
            return name if once or isinstance(data, pa.Table) else _kept(session, name)
        case CsvFiles():
            text = csv_text(session, source)
        case JsonLinesFiles():
            text = json_lines_text(session, source)
        case _:
            raise InvalidInput(f"{type(source).__qualname__} is no source that DuckDB can read")
    return text if once else _kept(session, text)


def numbered_text(session: Session, source: Source) -> tuple[str, str]:
    """Return SQL as `relation_text` does, with one more column, and that column's name.

    The column grows with the order of the files and of the rows in each.
    """
    position = f"lineal_{uuid.uuid4().hex}"  # no column of the data is called so
    if isinstance(source, ParquetFiles):
        return parquet_text(session, source, position=position), position
    if isinstance(source, ArrowData):
        data = as_arrow(source.data)
        if isinstance(data, pa.Table):
            numbers = pa.arange(0, data.num_rows)
            return session.register(_readable(data).append_column(position, numbers)), position
        source = ArrowData(data)
    kept = relation_text(session, source)
    return f"(SELECT *, rowid AS {position} FROM {kept})", position


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
