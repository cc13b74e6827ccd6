"""Read files with one JSON object a line as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.engine.duckdb.text import literal, literal_list, type_text

if TYPE_CHECKING:
    from lineal.engine.protocol import JsonLinesFiles

__all__ = ["json_lines_text"]


def json_lines_text(source: JsonLinesFiles) -> str:
    """Return SQL that reads the files in their order."""
    options = [literal_list(source.paths), "format = 'newline_delimited'"]
    if source.columns is None:
        options.append("sample_size = -1")
    else:
        columns = ", ".join(
            f"{literal(name)}: {literal(type_text(arrow))}"
            for name, arrow in source.columns.items()
        )
        options.append(f"columns = {{{columns}}}")
    return f"read_json({', '.join(options)})"
