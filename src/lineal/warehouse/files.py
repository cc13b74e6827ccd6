"""Write a table's data files: Parquet with Iceberg's field ids, in bounded memory.

PyIceberg's own append holds a table whole in memory; this streams, and hashes what it writes.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from lineal.lake.disk import disk_errors
from lineal.warehouse.locations import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    import pyarrow.parquet as pq

__all__ = ["WrittenFile", "parquet_writer", "remove_files", "write_files"]

_ROW_GROUP_ROWS = 122_880
_FILE_BYTES = 128 << 20
"""Of a file's rows in memory, before they are encoded."""
_WRITERS = 2


@dataclass(frozen=True)
class WrittenFile:
    """A data file that is complete and synced."""

    path: Path
    size: int
    rows: int
    sha256: str
    footer: pq.FileMetaData = field(repr=False, compare=False)


def write_files(
    folder: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, writer: str
) -> list[WrittenFile]:
    """Write `batches`, in order, as Parquet files in `folder`; if that fails, none of them stays.

    They bear the name of their `writer`, an execution's UUID, so that those of one that died are
    found. Files are written side by side, while the rows of the next are read. Raises
    `Unavailable` when the disk is full.
    """
    paths: list[Path] = []
    written: list[Future[WrittenFile]] = []
    try:
        with disk_errors(f"write data files in {folder}"), ThreadPoolExecutor(_WRITERS) as pool:
            is_new = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True)
            for tables in _by_file(batches):
                paths.append(folder / f"{writer}-{len(paths):05}.parquet")
                written.append(pool.submit(_write, paths[-1], schema, tables))
                if len(written) >= _WRITERS:
                    written[-_WRITERS].result()  # no more rows wait in memory than are written
            files = [future.result() for future in written]
            sync_folder(folder)
            if is_new:
                sync_folder(folder.parent)
    except BaseException:
        remove_files(paths)
        raise
    return files


def remove_files(paths: Iterable[Path]) -> None:
    """Remove data files that no commit refers to."""
    for path in paths:
        path.unlink(missing_ok=True)


def _by_file(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.Table]]:
    """Gather batches to row groups, and these to files of a bounded size in memory."""
    group: list[pa.RecordBatch] = []
    groups: list[pa.Table] = []
    rows = size = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        group.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= _ROW_GROUP_ROWS or size >= _FILE_BYTES:
            groups.append(pa.Table.from_batches(group))
            group, rows = [], 0
        if size >= _FILE_BYTES:
            yield groups
            groups, size = [], 0
    if group:
        groups.append(pa.Table.from_batches(group))
    if groups:
        yield groups


def _write(path: Path, schema: pa.Schema, tables: list[pa.Table]) -> WrittenFile:
    """Write one file, a row group a table; each is let go once it is written."""
    rows = 0
    with _HashedFile(path) as sink:
        # Without Arrow's own schema, which would tell readers how the rows lay in our memory.
        with parquet_writer(
            sink, schema, compression="zstd", compression_level=1, store_schema=False
        ) as writer:
            while tables:
                table = tables.pop(0)
                writer.write_table(table, row_group_size=_ROW_GROUP_ROWS)
                rows += table.num_rows
        footer = writer.writer.metadata
        sink.sync()
    return WrittenFile(path, sink.size, rows, sink.digest.hexdigest(), footer)


@contextmanager
def parquet_writer(
    sink: _HashedFile | Path, schema: pa.Schema, **options: object
) -> Iterator[pq.ParquetWriter]:
    """Open a Parquet writer; if the block raises, nothing more is written, not even a footer."""
    import pyarrow.parquet as pq

    writer = pq.ParquetWriter(
        sink, schema, store_decimal_as_integer=True, write_page_checksum=True, **options
    )
    try:
        yield writer
    except BaseException:
        writer.is_open = False  # else its end writes a footer into what is being removed
        raise
    writer.close()


class _HashedFile:
    """A new file that counts and hashes what is written to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes | memoryview) -> int:
        """Append `data`."""
        view = memoryview(data).cast("B")
        written = 0
        while written < len(view):
            written += self._file.write(view[written:])
        self.digest.update(view)
        self.size += len(view)
        return len(view)

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self.size

    def flush(self) -> None:
        """Do nothing: what is written is with the operating system already."""

    def sync(self) -> None:
        """Make what is written survive a loss of power."""
        os.fsync(self._file.fileno())

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
        return self._file.closed

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def readable(self) -> bool:
        """Return False."""
        return False

    def writable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return False: it only grows."""
        return False

    def __enter__(self) -> Self:
        """Close the file at the block's end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()
