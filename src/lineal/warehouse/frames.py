"""Store a frame by content: equal values give equal bytes, so that a re-load is noticed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.errors import InvalidInput
from lineal.lake.disk import disk_errors, private_folder
from lineal.warehouse.files import parquet_writer
from lineal.warehouse.names import check_columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineal.lake import Lake
    from lineal.metadata import Artifact

__all__ = ["FRAME_LABEL", "is_frame", "store_frame"]

FRAME_LABEL = "the frame"
_CHUNK_ROWS = 122_880
_PARQUET = "application/vnd.apache.parquet"
_ARROW = "application/vnd.apache.arrow.file"


def is_frame(data: object) -> bool:
    """Whether `data` gives its rows as Arrow: Arrow's own tables, pandas, Polars and others."""
    return (
        isinstance(data, pa.Table | pa.RecordBatch | pa.RecordBatchReader)
        or hasattr(data, "__arrow_c_stream__")
        or _is_pandas(data)
    )


def store_frame(lake: Lake, data: object, *, temporary: Path) -> Artifact:
    """Put the rows of `data` into the lake as one object, and return its artifact.

    Where Parquet has all its types, nulls and the cut into chunks leave no trace in the bytes; nor
    do the layouts of text that libraries differ in.
    """
    reader = _stream(data)
    schema = pa.schema([pa.field(f.name, _common(f.type)) for f in reader.schema])
    check_columns(schema.names, where=FRAME_LABEL)
    if not schema.names:
        raise InvalidInput("the frame has no columns; there is nothing to load")
    exact = all(_is_exact_in_parquet(field.type) for field in schema)
    with private_folder(temporary) as folder:
        path = folder / ("frame.parquet" if exact else "frame.arrow")
        with disk_errors("store the frame"), _frame_errors():
            (_write_parquet if exact else _write_arrow)(path, schema, reader)
        # By its descriptor, not its path, which nobody should take for where the frame came from.
        with open(os.open(path, os.O_RDONLY), "rb") as file:  # noqa: PTH123
            return lake.store_plain(file, media_type=_PARQUET if exact else _ARROW)


@contextmanager
def _frame_errors() -> Iterator[None]:
    """Say that it is the frame which can't become Arrow."""
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise InvalidInput(f"the frame does not become an Arrow table: {error}") from error


def _write_parquet(path: Path, schema: pa.Schema, reader: pa.RecordBatchReader) -> None:
    with parquet_writer(path, schema, compression="lz4", write_statistics=False) as writer:
        for chunk in _chunks(reader, schema):
            writer.write_table(chunk, row_group_size=_CHUNK_ROWS)


def _write_arrow(path: Path, schema: pa.Schema, reader: pa.RecordBatchReader) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4", emit_dictionary_deltas=True)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as out:
        for batch in reader:
            out.write_batch(batch.cast(schema))


def _chunks(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.Table]:
    """Give the rows in chunks of one length, however they come."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in reader:
        waiting.append(batch if batch.schema.equals(schema) else batch.cast(schema))
        count += batch.num_rows
        while count >= _CHUNK_ROWS:
            whole = pa.Table.from_batches(waiting, schema)
            yield whole.slice(0, _CHUNK_ROWS).combine_chunks()
            rest = whole.slice(_CHUNK_ROWS)
            waiting, count = rest.to_batches(), rest.num_rows
    if count:
        yield pa.Table.from_batches(waiting, schema).combine_chunks()


def _stream(data: object) -> pa.RecordBatchReader:
    with _frame_errors():
        if isinstance(data, pa.RecordBatchReader):
            return data
        if isinstance(data, pa.RecordBatch):
            return pa.Table.from_batches([data]).to_reader()
        if isinstance(data, pa.Table):
            return data.to_reader()
        if _is_pandas(data):
            return _from_pandas(data).to_reader()
        if hasattr(data, "__arrow_c_stream__"):
            return pa.RecordBatchReader.from_stream(data)
    raise InvalidInput(
        f"a {type(data).__name__} can't be loaded; give a path, a file of the lake, or a frame "
        "(pandas, Polars, Arrow, anything with __arrow_c_stream__)"
    )


def _is_pandas(data: object) -> bool:
    return type(data).__module__.split(".")[0] == "pandas" and hasattr(data, "columns")


def _from_pandas(frame: object) -> pa.Table:
    names = [str(name) for name in getattr(frame, "columns", ())]
    check_columns(names, where="the pandas frame")
    # An index without a name only counts rows; one with a name holds data.
    index = getattr(frame, "index", None)
    named = any(name is not None for name in getattr(index, "names", [None]))
    try:
        return pa.Table.from_pandas(frame, preserve_index=named)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InvalidInput(
            f"the pandas frame does not become an Arrow table: {error}; give each column one type"
        ) from error


def _common(kind: pa.DataType) -> pa.DataType:
    """Return one type for those that differ in layout alone: frames of all kinds then compare."""
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return pa.binary()
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _common(kind.value_type), kind.ordered)
    if pa.types.is_struct(kind):
        return pa.struct([_common_field(field) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(_common_field(kind.value_field))
    if pa.types.is_large_list(kind):
        return pa.large_list(_common_field(kind.value_field))
    return kind


def _common_field(field: pa.Field) -> pa.Field:
    return field.with_type(_common(field.type))


def _is_exact_in_parquet(kind: pa.DataType) -> bool:
    """Whether Parquet gives a column of this type back as it was."""
    if pa.types.is_list(kind):
        return _is_exact_in_parquet(kind.value_type)
    if pa.types.is_struct(kind):
        return kind.num_fields > 0 and all(_is_exact_in_parquet(field.type) for field in kind)
    if pa.types.is_dictionary(kind):
        return bool(pa.types.is_string(kind.value_type))
    if pa.types.is_timestamp(kind):
        return str(kind.unit) in ("ms", "us", "ns")
    return any(bool(test(kind)) for test in _EXACT)


_EXACT = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_float32,
    pa.types.is_float64,
    pa.types.is_decimal128,
    pa.types.is_date32,
    pa.types.is_time64,
    pa.types.is_string,
    pa.types.is_binary,
)
