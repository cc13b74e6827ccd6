"""Write streams of Arrow batches as Parquet files that are equal when their rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.lake.disk import disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

__all__ = ["rebatched", "write_parquet"]

_ROWS_A_GROUP = 122_880


def write_parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch], path: Path) -> int:
    """Write the batches to `path` in bounded memory; return the number of rows.

    Row groups have one size, however the rows were cut into batches, so that the same rows give
    the same bytes.
    """
    import pyarrow.parquet as pq

    rows = 0
    with (
        disk_errors(f"write {path.name}"),
        pq.ParquetWriter(path, schema, compression="zstd") as writer,
    ):
        for table in rebatched(schema, batches, _ROWS_A_GROUP):
            writer.write_table(table, row_group_size=_ROWS_A_GROUP)
            rows += table.num_rows
    return rows


def rebatched(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], rows: int
) -> Iterator[pa.Table]:
    """Cut a stream of batches anew, into tables of `rows` rows each but the last."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += batch.num_rows
        if count < rows:
            continue
        table = pa.Table.from_batches(waiting, schema)
        whole = count - count % rows
        for start in range(0, whole, rows):
            yield table.slice(start, rows)
        waiting, count = table.slice(whole).to_batches(), count - whole
    if count:
        yield pa.Table.from_batches(waiting, schema)
