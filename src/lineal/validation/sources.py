"""Make a source for the engine of whatever people have."""

from __future__ import annotations

from collections.abc import Sized
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.engine import ArrowData, CsvFiles, JsonLinesFiles, ParquetFiles
from lineal.errors import Corrupt, InvalidInput, NotFound

if TYPE_CHECKING:
    import pyarrow as pa

    from lineal.engine import Source
    from lineal.validation.options import StatisticsOptions

__all__ = ["as_source", "rereadable"]

_CSV = frozenset({".csv", ".tsv", ".txt"})
_JSON_LINES = frozenset({".jsonl", ".ndjson"})
_PARQUET = frozenset({".parquet", ".pq"})
_ARROW = frozenset({".arrow", ".feather", ".ipc", ".arrows"})


def as_source(data: object, options: StatisticsOptions) -> Source:
    """Return the source that `data` is; a text or a path is a file, told by its suffix."""
    if isinstance(data, ArrowData | CsvFiles | JsonLinesFiles | ParquetFiles):
        return data
    if isinstance(data, str | Path):
        return _file(Path(data), options)
    return ArrowData(data)


def rereadable(source: Source) -> Source:
    """Return a source that can be read again: a stream is kept in memory."""
    if not isinstance(source, ArrowData) or isinstance(source.data, Sized):
        return source
    import pyarrow as pa

    if isinstance(source.data, pa.RecordBatchReader):
        return ArrowData(source.data.read_all())
    return ArrowData(pa.RecordBatchReader.from_stream(source.data).read_all())


def _file(path: Path, options: StatisticsOptions) -> Source:
    if not path.exists():
        raise NotFound(f"no file {path}")
    if not path.is_file():
        raise InvalidInput(f"{path} is no file; give one CSV, JSON lines, Parquet or Arrow file")
    if path.stat().st_size == 0:
        raise InvalidInput(f"{path} is empty: it has neither columns nor rows")
    suffix = _suffix(path)
    if suffix in _CSV:
        delimiter = options.delimiter or ("\t" if suffix == ".tsv" else ",")
        na_values = ("",) if options.na_values is None else options.na_values
        return CsvFiles((str(path),), delimiter=delimiter, na_values=na_values)
    if suffix in _JSON_LINES:
        return JsonLinesFiles((str(path),))
    if suffix in _PARQUET:
        return ParquetFiles((str(path),))
    if suffix in _ARROW:
        return ArrowData(_arrow_reader(path))
    known = ", ".join(sorted(_CSV | _JSON_LINES | _PARQUET | _ARROW))
    raise InvalidInput(
        f"{path}: the kind of data can't be told from its name; these are read: {known} "
        "(texts gzipped too, with .gz)"
    )


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return Path(name.removesuffix(".gz")).suffix


def _arrow_reader(path: Path) -> pa.RecordBatchReader:
    """Return the batches of an Arrow file or stream, read as they are asked for."""
    import pyarrow as pa

    try:
        mapped = pa.memory_map(str(path))
        try:
            file = pa.ipc.open_file(mapped)
        except pa.ArrowInvalid:
            mapped.seek(0)
            return pa.ipc.open_stream(mapped)
        batches = (file.get_batch(number) for number in range(file.num_record_batches))
        return pa.RecordBatchReader.from_batches(file.schema, batches)
    except (pa.ArrowException, OSError) as error:
        raise Corrupt(f"{path} holds no Arrow data: {error}") from error
