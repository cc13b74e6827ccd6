"""Read CSV files as one table, each value converted strictly or refused with its place."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from lineal.engine.duckdb.arrow import check_names
from lineal.engine.duckdb.cells import cell_or_error
from lineal.engine.duckdb.files import by_compression, text_files
from lineal.engine.duckdb.inference import inferred_types
from lineal.engine.duckdb.text import literal, literal_list, quoted
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.engine.duckdb.files import TextFile
    from lineal.engine.duckdb.session import Session
    from lineal.engine.protocol import CsvFiles

__all__ = ["csv_names", "csv_text"]

_HEADER_BYTES = 1 << 20


def csv_text(session: Session, source: CsvFiles) -> str:
    """Return SQL that reads the files in their order.

    Every file must begin with the same header. Raises `InvalidInput` for a header that is missing,
    has empty or double names, or is not the one of `columns`.
    """
    if len(source.delimiter) != 1:
        raise InvalidInput(f"a CSV delimiter is one character, not {source.delimiter!r}")
    files = text_files(source.paths, "CSV")
    names = _common_header(files, source)
    raw = [f"c{number}" for number in range(len(names))]
    table = _raw_table(files, source, raw)
    types = (
        inferred_types(session, table, raw)
        if source.columns is None
        else list(source.columns.values())
    )
    mark = f"csv{source.delimiter}"
    cells = ", ".join(
        f"{cell_or_error(mark, name, column, arrow)} AS {quoted(name)}"
        for name, column, arrow in zip(names, raw, types, strict=True)
    )
    return f"(SELECT {cells} FROM {table})"


def csv_names(source: CsvFiles) -> list[str]:
    """Return the names in the header; errors as for `csv_text`."""
    return _common_header(text_files(source.paths, "CSV"), source)


def _raw_table(files: Sequence[TextFile], source: CsvFiles, columns: Sequence[str]) -> str:
    texts = ", ".join(f"{column}: 'VARCHAR'" for column in columns)
    reads = [
        f"SELECT *, filename FROM read_csv({literal_list(file.path for file in run)}, "
        f"auto_detect = false, header = true, delim = {literal(source.delimiter)}, "
        f"quote = '\"', escape = '\"', nullstr = {literal_list(source.na_values)}, "
        f"compression = {literal(run[0].compression)}, columns = {{{texts}}})"
        for run in by_compression(files)
    ]
    return f"({' UNION ALL '.join(reads)})"


def _common_header(files: Sequence[TextFile], source: CsvFiles) -> list[str]:
    wanted = None if source.columns is None else list(source.columns)
    for file in files:
        # Python has no zstd before 3.14: such a file can be read where its columns are given.
        if not file.readable:
            if wanted is None:
                raise InvalidInput(f"{file.path} is compressed by zstd: give its columns, or gzip")
            continue
        found = _header(file, source.delimiter)
        wanted = wanted or found
        if found != wanted:
            raise InvalidInput(f"{file.path}, line 1: {_difference(found, wanted)}")
    return wanted or []


def _header(file: TextFile, delimiter: str) -> list[str]:
    try:
        with file.open() as opened:
            start = opened.read(_HEADER_BYTES)
    except (EOFError, OSError) as error:
        raise InvalidInput(f"{file.path} can't be read to its first line: {error}") from error
    text = start.decode("utf-8-sig", errors="surrogateescape")
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise InvalidInput(f"{file.path}, line 1: {error}; is it a CSV file?") from error
    if not names:
        raise InvalidInput(f"{file.path} is empty: its first line must name the columns")
    for number, name in enumerate(names, start=1):
        if any("\udc80" <= character <= "\udcff" for character in name):
            raise InvalidInput(
                f"{file.path}, line 1, column {number}: the name is not UTF-8; save the file as "
                "UTF-8"
            )
        if "\n" in name or "\r" in name:
            # DuckDB takes the header for one line, and would lose the first row.
            raise InvalidInput(
                f"{file.path}, line 1, column {number}: the name has a line break in it; rename it"
            )
    check_names(names, f"{file.path}, line 1")
    return names


def _difference(found: Sequence[str], wanted: Sequence[str]) -> str:
    missing = [name for name in wanted if name not in found]
    unknown = [name for name in found if name not in wanted]
    parts = []
    if missing:
        parts.append(f"columns missing: {', '.join(map(repr, missing))}")
    if unknown:
        parts.append(f"columns not expected: {', '.join(map(repr, unknown))}")
    return "; ".join(parts) or f"columns in another order; expected {', '.join(wanted)}"
