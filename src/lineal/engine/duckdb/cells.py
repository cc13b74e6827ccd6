"""Convert one cell or fail with its place; and find that place in the file for the message.

The failing expression names file, column and text; only then is the file read once more, to find
the line.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

from lineal.engine.duckdb.files import text_files
from lineal.engine.duckdb.strict import converted
from lineal.engine.duckdb.text import literal
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

__all__ = ["bad_cell", "broken_json", "cell_or_error", "unreadable_text"]

_SEPARATOR = "\x1f"
_SHOWN = 200

_BAD_CELL = re.compile(
    r"lineal-cell\x1f(?P<mark>.*?)\x1f(?P<path>.*?)\x1f(?P<name>.*?)\x1f(?P<type>.*?)\x1f"
    r"(?P<text>.*?)\x1fend",
    re.DOTALL,
)
_CSV_ERROR = re.compile(r"CSV Error on Line: (?P<line>\d+)")
_CSV_FILE = re.compile(r"^\s+file = (?P<path>.*)$", re.MULTILINE)
_CSV_DELIMITER = re.compile(r"^\s+delimiter = (?P<delimiter>.+?) \(", re.MULTILINE)
_JSON_ERROR = re.compile(r'(?:Malformed JSON|JSON transform error) in file "(?P<path>.*?)", ')


def cell_or_error(mark: str, name: str, text: str, arrow: pa.DataType) -> str:
    """Return SQL for the value of `text`, which fails where it is none; `mark` tells the format.

    The row must have the file's path in a column `filename`.
    """
    value = converted(text, arrow)
    if value == text:
        return text
    head = f"lineal-cell{_SEPARATOR}{mark}{_SEPARATOR}"
    column = f"{_SEPARATOR}{name}{_SEPARATOR}{arrow}{_SEPARATOR}"
    message = (
        f"{literal(head)} || filename || {literal(column)} || substr({text}, 1, {_SHOWN}) "
        f"|| {literal(_SEPARATOR + 'end')}"
    )
    return f"coalesce({value}, CASE WHEN {text} IS NOT NULL THEN error({message}) END)"


def bad_cell(message: str) -> InvalidInput | None:
    """Return the error for a cell that did not convert, with its line; None if it is another."""
    found = _BAD_CELL.search(message)
    if found is None:
        return None
    path, name, text = found["path"], found["name"], found["text"]
    line = (
        _csv_line(path, found["mark"][3:], name, text)
        if found["mark"] != "json"
        else (_json_line(path, name, text))
    )
    place = f", line {line}" if line else ""
    return InvalidInput(
        f"{path}{place}, column {name!r}: {text!r} is no {found['type']}; correct the file, "
        "or give the column another type"
    )


def unreadable_text(message: str) -> InvalidInput | None:
    """Return the error for a file whose structure is broken; None if it is another error."""
    broken = _JSON_ERROR.search(message)
    if broken is not None:
        detail = message[broken.end() :].split("\n", 1)[0]
        return broken_json([broken["path"]], detail)
    counted, file = _CSV_ERROR.search(message), _CSV_FILE.search(message)
    if counted is None or file is None:
        return None
    delimiter = _CSV_DELIMITER.search(message)
    return _broken_csv(
        file["path"], delimiter["delimiter"] if delimiter else ",", message, counted["line"]
    )


def broken_json(paths: list[str], detail: str) -> InvalidInput:
    """Return the error for the first line of the files that is no JSON object."""
    for path in paths:
        number = 0
        for number, line in _json_lines(path):
            try:
                value = json.loads(line)
            except (UnicodeDecodeError, json.JSONDecodeError) as error:
                return InvalidInput(f"{path}, line {number}: this is no JSON: {error}")
            if not isinstance(value, dict):
                kind = type(value).__name__
                return InvalidInput(f"{path}, line {number}: a JSON object is needed, found {kind}")
            if "" in value:
                return InvalidInput(f"{path}, line {number}: a key is empty; give it a name")
        if not number:
            return InvalidInput(f"{path} is empty: nothing tells its columns; name them")
    return InvalidInput(f"{', '.join(paths)}: {detail}")


def _broken_csv(path: str, delimiter: str, message: str, counted: str) -> InvalidInput:
    try:
        for line, row, header in _csv_rows(path, delimiter, strict=True):
            for name, cell in zip(header, row, strict=False):
                if _is_mangled(cell):
                    return InvalidInput(
                        f"{path}, line {line}, column {name!r}: the text is not UTF-8; save the "
                        "file as UTF-8"
                    )
            if row and len(row) != len(header):
                return InvalidInput(
                    f"{path}, line {line}: {len(header)} columns expected ({header[0]!r} to "
                    f"{header[-1]!r}), {len(row)} found; is a delimiter not quoted, or is the "
                    "line cut off?"
                )
    except _UnreadableError as error:
        return InvalidInput(
            f"{path}, line {error.line}: a quote is not closed, or text follows it ({error})"
        )
    reasons = [text for text in message.split("\n")[1:] if not text.startswith("Original Line")]
    return InvalidInput(f"{path}, record {counted}: {reasons[0] if reasons else message}")


class _UnreadableError(Exception):
    """Python's CSV reader gives up too, on the record that begins at `line`."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def _csv_line(path: str, delimiter: str, name: str, text: str) -> int | None:
    for line, row, header in _csv_rows(path, delimiter):
        at = header.index(name) if name in header else len(row)
        if at < len(row) and row[at][:_SHOWN] == text:
            return line
    return None


def _csv_rows(
    path: str, delimiter: str, *, strict: bool = False
) -> Iterator[tuple[int, list[str], list[str]]]:
    """Give the line where each record begins, the record, and the header."""
    file = text_files([path], "CSV")[0]
    if not file.readable:
        return
    with file.open() as opened:
        text = io.TextIOWrapper(opened, "utf-8-sig", errors="surrogateescape", newline="")
        reader = csv.reader(text, delimiter=delimiter, strict=strict)
        header = next(reader, [])
        begins = reader.line_num + 1
        try:
            for row in reader:
                yield begins, row, header
                begins = reader.line_num + 1
        except csv.Error as error:
            raise _UnreadableError(str(error), begins) from error


def _json_line(path: str, name: str, text: str) -> int | None:
    for number, line in _json_lines(path):
        cell = json.loads(line).get(name)
        shown = cell if isinstance(cell, str) else json.dumps(cell, separators=(",", ":"))
        if shown[:_SHOWN] == text:
            return number
    return None


def _json_lines(path: str) -> Iterator[tuple[int, bytes]]:
    file = text_files([path], "JSON lines")[0]
    if not file.readable:
        return
    with file.open() as opened:
        for number, line in enumerate(opened, start=1):
            if line.strip():
                yield number, line.removeprefix(b"\xef\xbb\xbf")


def _is_mangled(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)
