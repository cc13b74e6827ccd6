"""Open what a load reads: CSV, JSON lines, Parquet and Arrow files, also zipped or gzipped."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal, Protocol

from lineal.errors import InvalidInput
from lineal.lake.disk import disk_errors, private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

    import pyarrow as pa

    from lineal.engine import Engine, Source

__all__ = ["Format", "ParseOptions", "SourceFile", "SourceReader", "open_source", "plain_source"]

Format = Literal["csv", "jsonl", "parquet", "arrow"]
_FORMATS: tuple[Format, ...] = ("csv", "jsonl", "parquet", "arrow")
_COPY_BLOCK = 1 << 20


@dataclass(frozen=True)
class ParseOptions:
    """How a source is read; None where the source itself tells.

    `na_values` are the texts that mean "no value" in a CSV file. `member` chooses a file in a zip.
    """

    format: Format | None = None
    delimiter: str | None = None
    na_values: tuple[str, ...] | None = None
    member: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no reader could follow."""
        if self.format is not None and self.format not in _FORMATS:
            raise InvalidInput(f"format={self.format!r} is none of {', '.join(_FORMATS)}")
        if self.delimiter is not None and (
            len(self.delimiter) != 1 or self.delimiter in '\r\n"' or not self.delimiter.isascii()
        ):
            raise InvalidInput(
                f"delimiter={self.delimiter!r} must be one ASCII character, no quote or line end"
            )
        if isinstance(self.na_values, str):
            raise InvalidInput(f"na_values is a list of texts: [{self.na_values!r}]")


@dataclass(frozen=True)
class SourceFile:
    """Bytes that lie in the lake, and what messages call them."""

    path: Path
    label: str


class SourceReader(Protocol):
    """A source that is open: what it holds, and its rows in batches."""

    label: str
    options: ParseOptions
    """The options with everything that was found out filled in."""
    is_text: bool
    """Whether values are written out as text, so that a type may be found by trying."""
    has_header: bool
    """Whether the source says which columns it has; JSON lines only show which they fill."""
    dictionaries: frozenset[str]
    """Columns that come as `TEXT_DICTIONARY`, and may be written as they are."""

    def columns(self, expected: Mapping[str, pa.DataType]) -> pa.Schema:
        """Return the source's columns and types, told what a table expects of some of them."""
        ...

    def batches(self, wanted: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        """Give the rows with the columns `wanted`, in order."""
        ...

    def place(self, row: int) -> str:
        """Return where row number `row`, from 0, is found: `flights.parquet, row 17`."""
        ...


@contextmanager
def open_source(
    source: SourceFile,
    options: ParseOptions,
    *,
    engine: Engine,
    temporary: Path,
    lossy: bool = False,
) -> Iterator[SourceReader]:
    """Open a source for reading; what has to be unpacked lies under `temporary` meanwhile.

    Raises `InvalidInput` that names the file for what no format explains.
    """
    with private_folder(temporary) as folder:
        plain, options = _unpack(source, options, folder)
        yield _reader(plain, options, engine, lossy)


def _reader(source: SourceFile, options: ParseOptions, engine: Engine, lossy: bool) -> SourceReader:
    from lineal.warehouse.columnar import ArrowReader, ParquetReader
    from lineal.warehouse.text import CsvReader, JsonLinesReader

    kind = options.format or _detect(source)
    if kind == "parquet":
        return ParquetReader(source, options)
    if kind == "arrow":
        return ArrowReader(source, options)
    if kind == "jsonl":
        return JsonLinesReader(source, options, engine, lossy=lossy)
    return CsvReader(source, options, engine, lossy=lossy)


def _detect(source: SourceFile) -> Format:
    """Tell the format by the first bytes; a file's suffix decides nothing that they contradict."""
    with source.path.open("rb") as file:
        head = file.read(65536)
    if not head:
        raise InvalidInput(f"{source.label} is empty; there is nothing to load")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "arrow"
    if head.startswith(b"FEA1"):
        raise InvalidInput(
            f"{source.label} is a Feather file of version 1, which nothing writes any more; "
            "write it again as Feather 2 (Arrow IPC) or Parquet"
        )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInput(
            f"{source.label} is encoded as UTF-16; convert it to UTF-8 "
            "(iconv -f UTF-16 -t UTF-8) and load it again"
        )
    if b"\0" in head:
        raise InvalidInput(
            f"{source.label} is no CSV, JSON lines, Parquet or Arrow file: it holds binary data; "
            "say format= if it is one of them"
        )
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if begins.startswith(b"{"):
        return "jsonl"
    if begins.startswith(b"[") and PurePosixPath(source.label).suffix.lower() == ".json":
        raise InvalidInput(
            f"{source.label} is one JSON array; write it as JSON lines, one object a line "
            f"(jq -c '.[]' {PurePosixPath(source.label).name})"
        )
    return "csv"


def _unpack(
    source: SourceFile, options: ParseOptions, folder: Path
) -> tuple[SourceFile, ParseOptions]:
    """Return the file itself, or what it holds if it is zipped or gzipped."""
    with source.path.open("rb") as file:
        head = file.read(4)
    if head.startswith(b"\x1f\x8b"):
        return _gunzip(source, folder), options
    if head in (b"PK\x03\x04", b"PK\x05\x06"):
        return _unzip(source, options, folder)
    return source, options


def _gunzip(source: SourceFile, folder: Path) -> SourceFile:
    target = folder / "unpacked"
    try:
        with gzip.open(source.path, "rb") as packed:
            _copy(packed, target, source.label)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidInput(
            f"{source.label} is a damaged gzip file ({error}); get it again"
        ) from error
    return SourceFile(target, source.label.removesuffix(".gz"))


def _unzip(
    source: SourceFile, options: ParseOptions, folder: Path
) -> tuple[SourceFile, ParseOptions]:
    target = folder / "unpacked"
    try:
        with zipfile.ZipFile(source.path) as archive:
            member = _member(archive, options.member, source.label)
            with archive.open(member) as packed:
                _copy(packed, target, source.label)
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise InvalidInput(f"{source.label} is a damaged zip file ({error})") from error
    except (RuntimeError, NotImplementedError) as error:
        raise InvalidInput(
            f"{source.label} can't be unpacked ({error}); unpack it yourself and load what it holds"
        ) from error
    return SourceFile(target, f"{source.label}/{member}"), options


def _member(archive: zipfile.ZipFile, wanted: str | None, label: str) -> str:
    names = [
        info.filename
        for info in archive.infolist()
        if not info.is_dir() and not info.filename.startswith("__MACOSX/")
    ]
    if wanted is not None and wanted not in names:
        raise InvalidInput(f"{label} holds no {wanted!r}; it holds {', '.join(names[:10])}")
    if wanted is None and len(names) != 1:
        held = ", ".join(names[:10]) or "nothing"
        raise InvalidInput(
            f"{label} must hold one file to be loaded, it holds {held}; choose one with member="
        )
    return wanted or names[0]


def _copy(packed: IO[bytes] | gzip.GzipFile, target: Path, label: str) -> None:
    with disk_errors(f"unpack {label}"), target.open("wb") as file:
        try:
            shutil.copyfileobj(packed, file, _COPY_BLOCK)
        except gzip.BadGzipFile as error:  # an OSError, but not of the disk
            raise EOFError(str(error)) from error


@contextmanager
def plain_source(
    source: SourceFile, options: ParseOptions, *, engine: Engine, temporary: Path
) -> Iterator[Source]:
    """Give a file to the engine as it is, for looking at it; unpacked meanwhile if need be.

    What means no value in a CSV file is found out as a load does, unless `options` say it.
    """
    import pyarrow as pa

    from lineal.engine import ArrowData, CsvFiles, JsonLinesFiles, ParquetFiles
    from lineal.warehouse.columnar import ArrowReader
    from lineal.warehouse.text import csv_delimiter, csv_types

    with private_folder(temporary) as folder:
        plain, options = _unpack(source, options, folder)
        kind, paths = _detect(plain), (str(plain.path),)
        if kind == "parquet":
            yield ParquetFiles(paths)
        elif kind == "jsonl":
            yield JsonLinesFiles(paths)
        elif kind == "arrow":
            reader = ArrowReader(plain, ParseOptions())
            fields = {field.name: field.type for field in reader.schema}
            batches = reader.batches(fields)
            yield ArrowData(pa.RecordBatchReader.from_batches(reader.schema, batches))
        else:
            delimiter, na_values = csv_delimiter(plain, options), options.na_values
            if na_values is None:
                try:
                    _, na_values = csv_types(engine, *paths, delimiter, None)
                except InvalidInput as error:
                    told = str(error).replace(paths[0], source.label)
                    raise InvalidInput(told) from error
            yield CsvFiles(paths, delimiter=delimiter, na_values=na_values)
