"""Read files with one JSON object a line as one table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from lineal.engine.duckdb.arrow import check_names
from lineal.engine.duckdb.cells import broken_json, cell_or_error
from lineal.engine.duckdb.files import by_compression, text_files
from lineal.engine.duckdb.text import literal, literal_list, quoted, type_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.engine.duckdb.files import TextFile
    from lineal.engine.duckdb.session import Session
    from lineal.engine.protocol import JsonLinesFiles

__all__ = ["json_lines_text"]

_RENAMED = re.compile(r"(?P<name>.+)_\d+")


def json_lines_text(session: Session, source: JsonLinesFiles) -> str:
    """Return SQL that reads the files in their order; a key that an object lacks is null.

    Keys outside `columns` are left out. A nested value is converted as DuckDB casts it.
    """
    files = text_files(source.paths, "JSON lines")
    columns = source.columns if source.columns is not None else _inferred(session, files)
    check_names(list(columns), "the JSON objects")
    cells = ", ".join(
        f"{_cell(name, f'c{number}', arrow)} AS {quoted(name)}"
        for number, (name, arrow) in enumerate(columns.items())
    )
    keys = ", ".join(f"{quoted(name)} AS c{number}" for number, name in enumerate(columns))
    kinds = ", ".join(
        f"{literal(name)}: {literal(type_text(arrow) if pa.types.is_nested(arrow) else 'JSON')}"
        for name, arrow in columns.items()
    )
    reads = " UNION ALL ".join(
        f"SELECT {keys}, filename AS filename FROM {_read(run, f'columns = {{{kinds}}}')} AS lines"
        for run in by_compression(files)
    )
    return f"(SELECT {cells} FROM ({reads}))"


def _cell(name: str, column: str, arrow: pa.DataType) -> str:
    if pa.types.is_nested(arrow):
        return column
    text = f"({column} ->> '$')"
    return cell_or_error("json", name, text, arrow)


def _read(files: Sequence[TextFile], *options: str) -> str:
    fixed = [
        literal_list(file.path for file in files),
        "format = 'newline_delimited'",
        f"compression = {literal(files[0].compression)}",
    ]
    return f"read_json({', '.join([*fixed, *options])})"


def _inferred(session: Session, files: Sequence[TextFile]) -> Mapping[str, pa.DataType]:
    """Let DuckDB look at every value; what has no one type, or one too wide, is text."""
    found: dict[str, pa.DataType] = {}
    for run in by_compression(files):
        read = _read(
            run,
            "records = true",
            "sample_size = -1",
            "map_inference_threshold = -1",
            "field_appearance_threshold = 0",
        )
        try:
            relation = session.relation(f"SELECT * FROM {read} LIMIT 0")
        except duckdb.BinderException as error:
            # DuckDB tells neither file nor line where a line is no object.
            raise broken_json([file.path for file in run], str(error)) from error
        _check_case(session, run, relation.columns)
        kinds = [str(kind) for kind in relation.types]
        for field, kind in zip(relation.schema(), kinds, strict=True):
            known = found.setdefault(field.name, _plain(field.type, kind))
            if known != _plain(field.type, kind):
                found[field.name] = pa.string()
    return found


def _plain(arrow: pa.DataType, kind: str) -> pa.DataType:
    if kind in {"HUGEINT", "UHUGEINT", "JSON", "UUID"}:
        return pa.string()
    return _without_null(arrow)


def _without_null(arrow: pa.DataType) -> pa.DataType:
    """Take what was never seen with a value as text, inside nested types too."""
    if pa.types.is_null(arrow):
        return pa.string()
    if pa.types.is_struct(arrow):
        return pa.struct([(field.name, _without_null(field.type)) for field in arrow])
    if pa.types.is_list(arrow):
        return pa.list_(_without_null(arrow.value_type))
    return arrow


def _check_case(session: Session, files: Sequence[TextFile], columns: Sequence[str]) -> None:
    """Refuse keys that differ only in case: DuckDB would rename the second to `a_1`."""
    known = {column.casefold() for column in columns}
    renamed = [match["name"] for match in map(_RENAMED.fullmatch, columns) if match]
    if not any(name.casefold() in known for name in renamed):
        return
    read = _read(files, "records = false", "columns = {json: 'JSON'}")
    keys = session.rows(f"SELECT DISTINCT unnest(json_keys(json)) FROM {read}")
    check_names([str(key) for (key,) in keys], "the JSON objects")
