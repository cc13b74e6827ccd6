"""An export as Parquet: a typed file for each table, with the columns that the table has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from lineal.errors import Corrupt
from lineal.metadata.exchange.contents import BATCH, Batch, columns_of, stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["read", "schema_of", "write"]


def schema_of(table: sa.Table) -> pa.Schema:
    """Return the columns of a table's file."""
    return pa.schema([pa.field(str(one.name), _type_of(one)) for one in table.columns])


def write(connection: sa.Connection, table: sa.Table, folder: Path) -> int:
    """Write the table's file; return how many rows it has."""
    schema = schema_of(table)
    count = 0
    path = folder / f"{table.name}.parquet"
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in stream(connection, table):
            columns = [
                pa.array(values, type=one.type)
                for values, one in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
            count += len(rows)
    return count


def read(table: sa.Table, folder: Path) -> Iterator[Batch]:
    """Yield the rows of the table's file, if there is one."""
    path = folder / f"{table.name}.parquet"
    if not path.exists():
        return
    try:
        with pq.ParquetFile(path) as file:
            found = {one.name: one.type for one in file.schema_arrow}
            wanted = {one.name: one.type for one in schema_of(table)}
            if found != wanted:
                odd = sorted(
                    name for name in {*found, *wanted} if found.get(name) != wanted.get(name)
                )
                raise Corrupt(f"{path} has other columns than an export: {', '.join(odd)}")
            for part in file.iter_batches(batch_size=BATCH, columns=list(columns_of(table))):
                columns = [column.to_pylist() for column in part.columns]
                yield Batch(table, list(zip(*columns, strict=True)))
    except (pa.ArrowException, OSError) as error:
        raise Corrupt(f"{path} is damaged ({error}); export again") from error


def _type_of(column: sa.Column[object]) -> pa.DataType:
    name, kind = str(column.name), column.type
    if name in ("is_custom_property", "is_index_step") or isinstance(kind, sa.Boolean):
        return pa.bool_()
    if name in ("proto_value", "byte_value"):
        return pa.binary()
    if isinstance(kind, sa.Float):
        return pa.float64()
    return pa.int64() if isinstance(kind, sa.Integer) else pa.string()
