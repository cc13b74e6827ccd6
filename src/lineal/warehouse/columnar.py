"""Read Parquet and Arrow files, with exactly the types that they hold."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.errors import InvalidInput
from lineal.warehouse.names import check_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow.parquet as pq

    from lineal.warehouse.sources import ParseOptions, SourceFile

__all__ = ["BATCH_ROWS", "ArrowReader", "ParquetReader"]

BATCH_ROWS = 122_880
_SMALL_DICTIONARY_BYTES = 64 << 10


class _ColumnarReader:
    """What both readers share: rows are told by their number, there are no lines."""

    is_text = False
    has_header = True
    dictionaries: frozenset[str] = frozenset()

    def __init__(self, label: str, schema: pa.Schema, options: ParseOptions) -> None:
        self.label = label
        self.schema = schema.remove_metadata()
        self.options = options
        check_columns(schema.names, where=label)

    def columns(self, expected: Mapping[str, pa.DataType]) -> pa.Schema:  # noqa: ARG002
        """Return the columns as the file has them, whatever is expected."""
        return self.schema

    def place(self, row: int) -> str:
        """Return the row's number, from 1."""
        return f"{self.label}, row {row + 1}"


class ParquetReader(_ColumnarReader):
    """Reads a Parquet file, a part of a row group at a time."""

    def __init__(self, source: SourceFile, options: ParseOptions) -> None:
        import pyarrow.parquet as pq

        with _readable(source):
            self.dictionaries = _dictionaries(pq.read_metadata(source.path, memory_map=True))
            self._file = pq.ParquetFile(
                source.path, memory_map=True, read_dictionary=sorted(self.dictionaries)
            )
            schema = self._file.schema_arrow
        self._source = source
        super().__init__(source.label, schema, replace(options, format="parquet"))

    def batches(self, wanted: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        """Give the rows with the columns `wanted`, in order."""
        # Chosen here and not in the file: pyarrow takes dotted names there for nested fields.
        every = len(wanted) == len(self.schema)
        with _readable(self._source):
            # Without threads of its own: it is read ahead in one, beside those that write.
            for batch in self._file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                yield batch if every else batch.select(list(wanted))


class ArrowReader(_ColumnarReader):
    """Reads an Arrow IPC file or stream (Feather 2 is one), a record batch at a time."""

    def __init__(self, source: SourceFile, options: ParseOptions) -> None:
        self._source = source
        with _readable(source), pa.memory_map(str(source.path)) as file:
            schema = self._open(file).schema
        super().__init__(source.label, schema, replace(options, format="arrow"))

    def batches(self, wanted: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        """Give the rows with the columns `wanted`, in order."""
        with _readable(self._source), pa.memory_map(str(self._source.path)) as file:
            for batch in self._batches(file):
                chosen = batch.select(list(wanted))
                for start in range(0, chosen.num_rows, BATCH_ROWS):
                    yield chosen.slice(start, BATCH_ROWS)

    def _batches(self, file: pa.NativeFile) -> Iterator[pa.RecordBatch]:
        opened = self._open(file)
        if isinstance(opened, pa.ipc.RecordBatchStreamReader):
            yield from opened
            return
        for index in range(opened.num_record_batches):
            yield opened.get_batch(index)

    def _open(
        self, file: pa.NativeFile
    ) -> pa.ipc.RecordBatchFileReader | pa.ipc.RecordBatchStreamReader:
        is_file = file.read(6) == b"ARROW1"
        file.seek(0)
        return pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)


def _dictionaries(footer: pq.FileMetaData) -> frozenset[str]:
    """Return the columns of text that the file keeps as small dictionaries throughout.

    They are handed on so, and neither spelled out nor gathered again: a quarter of the work.
    """
    texts = {
        column.path
        for column in map(footer.schema.column, range(footer.num_columns))
        if column.physical_type == "BYTE_ARRAY"
        and str(column.logical_type) == "String"
        and "." not in column.path
    }
    large = {
        chunk.path_in_schema
        for group in map(footer.row_group, range(footer.num_row_groups))
        for chunk in map(group.column, range(footer.num_columns))
        if chunk.path_in_schema in texts and not _has_small_dictionary(chunk)
    }
    return frozenset(texts - large)


def _has_small_dictionary(chunk: pq.ColumnChunkMetaData) -> bool:
    if not chunk.has_dictionary_page:
        return False
    return bool(chunk.data_page_offset - chunk.dictionary_page_offset <= _SMALL_DICTIONARY_BYTES)


@contextmanager
def _readable(source: SourceFile) -> Iterator[None]:
    """Say which file it is that can't be read."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise InvalidInput(
            f"{source.label} can't be read, it is damaged or cut short: {error}"
        ) from error
