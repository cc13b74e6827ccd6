"""Read CSV and JSON lines through the engine, which converts strictly or tells the place."""

from __future__ import annotations

import csv
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.engine import CsvFiles, JsonLinesFiles
from lineal.errors import InvalidInput, LinealError
from lineal.warehouse.names import check_columns
from lineal.warehouse.types import describe, storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lineal.engine import Engine, Source
    from lineal.warehouse.sources import ParseOptions, SourceFile

__all__ = ["CsvReader", "JsonLinesReader", "csv_delimiter", "csv_types"]

_MISSING = ("", "NA", "N/A", "NULL", "null", "\\N")
"""What stands for no value in files that nobody said anything about."""
_BAD_VALUE = re.compile(
    r"column '(?P<column>.*?)': (?P<value>'.*?'|\".*?\") is no (?P<type>.*?);.*", re.DOTALL
)


def csv_delimiter(source: SourceFile, options: ParseOptions) -> str:
    """Return what parts a CSV file's fields: as it was said, or as the file's name says."""
    suffix = source.label.lower().rpartition(".")[2]
    return options.delimiter or ("\t" if suffix in ("tsv", "tab") else ",")


def csv_types(
    engine: Engine, path: str, delimiter: str, na_values: tuple[str, ...] | None
) -> tuple[pa.Schema, tuple[str, ...]]:
    """Return the types that fit every value of a CSV file, and which texts mean no value.

    If nobody said so: a mark like NA does where it stands between numbers or times. A file
    without such a column keeps it as text.
    """

    def found(na_values: tuple[str, ...]) -> pa.Schema:
        return engine.schema(CsvFiles((path,), delimiter=delimiter, na_values=na_values))

    if na_values is not None:
        return found(na_values), na_values
    plain = found(("",))
    texts = [field.name for field in plain if pa.types.is_string(field.type)]
    marked = found(_MISSING) if texts else plain
    if any(not pa.types.is_string(marked.field(name).type) for name in texts):
        return marked, _MISSING
    return plain, ("",)


class _TextReader:
    """What both readers share: the engine reads, and errors name the file as its owner does."""

    is_text = True
    has_header = True
    dictionaries: frozenset[str] = frozenset()
    options: ParseOptions

    def __init__(self, source: SourceFile, engine: Engine, *, lossy: bool) -> None:
        self.label = source.label
        self._path = str(source.path)
        self._engine = engine
        self._lossy = lossy

    def place(self, row: int) -> str:
        """Return the row's number, from 1."""
        return f"{self.label}, row {row + 1}"

    def _rows(self, source: Source, wanted: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        with self._told():
            for batch in self._engine.sql("SELECT * FROM source", {"source": source}):
                yield batch.select(list(wanted))

    def _read_as(self, stored: pa.DataType) -> pa.DataType:
        # What may be lost is read in full, so that it can be counted.
        if self._lossy and pa.types.is_timestamp(stored):
            return pa.timestamp("ns", tz=stored.tz)
        return stored

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say of the engine's errors which file they mean, and what to do."""
        try:
            yield
        except LinealError as error:
            message = str(error).replace(self._path, self.label)
            found = _BAD_VALUE.search(message)
            if found is not None:
                message = message[: found.start()] + _bad_value(found)
            raise type(error)(message) from error


class CsvReader(_TextReader):
    """Reads a CSV file with a header, in UTF-8, quoted as RFC 4180 says."""

    def __init__(
        self, source: SourceFile, options: ParseOptions, engine: Engine, *, lossy: bool = False
    ) -> None:
        super().__init__(source, engine, lossy=lossy)
        self._delimiter = csv_delimiter(source, options)
        self.options = replace(options, format="csv", delimiter=self._delimiter)
        self._names = _header(source, self._delimiter)
        check_columns(self._names, where=source.label)

    def columns(self, expected: Mapping[str, pa.DataType]) -> pa.Schema:
        """Return the columns: those `expected` as that, since they are read so or refused."""
        if self.options.na_values is not None and all(name in expected for name in self._names):
            found = pa.schema([(name, pa.string()) for name in self._names])
        else:
            found = self._inferred()
        return pa.schema(
            [(field.name, _expected(expected.get(field.name), field.type)) for field in found]
        )

    def batches(self, wanted: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        """Give the rows with the columns `wanted`, each value converted strictly."""
        types = {name: self._read_as(wanted.get(name, pa.string())) for name in self._names}
        source = CsvFiles(
            (self._path,),
            columns=types,
            delimiter=self._delimiter,
            na_values=self.options.na_values or ("",),
        )
        yield from self._rows(source, wanted)

    def _inferred(self) -> pa.Schema:
        """Return the types that fit every value, and settle which texts mean no value."""
        with self._told():
            found, na_values = csv_types(
                self._engine, self._path, self._delimiter, self.options.na_values
            )
        self.options = replace(self.options, na_values=na_values)
        return found


class JsonLinesReader(_TextReader):
    """Reads a file with one JSON object a line; a key that a line lacks is no value."""

    has_header = False

    def __init__(
        self, source: SourceFile, options: ParseOptions, engine: Engine, *, lossy: bool = False
    ) -> None:
        super().__init__(source, engine, lossy=lossy)
        self.options = replace(options, format="jsonl")
        with self._told():
            self._inferred = engine.schema(JsonLinesFiles((self._path,)))
        check_columns(self._inferred.names, where=source.label)

    def columns(self, expected: Mapping[str, pa.DataType]) -> pa.Schema:
        """Return the columns: those `expected` as that, since they are read so or refused."""
        return pa.schema(
            [
                (field.name, _expected(expected.get(field.name), field.type))
                for field in self._inferred
            ]
        )

    def batches(self, wanted: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        """Give the rows with the columns `wanted`, each value converted strictly."""
        types = {
            name: self._inferred.field(name).type
            if pa.types.is_nested(stored)
            else self._read_as(stored)
            for name, stored in wanted.items()
        }
        yield from self._rows(JsonLinesFiles((self._path,), types), wanted)


def _expected(expected: pa.DataType | None, found: pa.DataType) -> pa.DataType:
    if expected is None or pa.types.is_nested(expected) or pa.types.is_nested(found):
        return found
    return expected


def _header(source: SourceFile, delimiter: str) -> list[str]:
    try:
        with source.path.open(encoding="utf-8-sig", newline="", errors="surrogateescape") as file:
            header = next(csv.reader(file, delimiter=delimiter), None)
    except csv.Error as error:
        raise InvalidInput(f"{source.label}, line 1: the header can't be read: {error}") from error
    if not header:
        raise InvalidInput(f"{source.label}, line 1 is empty; a header with names belongs there")
    for number, name in enumerate(header, start=1):
        if any("\udc80" <= character <= "\udcff" for character in name):
            raise InvalidInput(
                f"{source.label}, line 1, column {number}: the name is not encoded as UTF-8; "
                "convert the file (iconv -f LATIN1 -t UTF-8, if that is what it is)"
            )
    return header


def _bad_value(found: re.Match[str]) -> str:
    column, value = found["column"], found["value"]
    return (
        f"column {column!r}: {value} is no {_spelled(found['type'])}; nothing was loaded. Correct "
        f"it at its source; or say na_values=[{value}] (--missing) if it means no value, "
        "lossy=True (--lossy) if digits beyond the microsecond may go; or give the column another "
        f"type (lineal schema type TABLE {column} TYPE)"
    )


def _spelled(arrow: str) -> str:
    """Return Iceberg's word for the type that the engine calls by Arrow's."""
    for known in (pa.bool_(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.date32()):
        if str(known) == arrow:
            return describe(storage(known, column="").type)
    return "timestamp" if arrow.startswith("timestamp") else arrow
