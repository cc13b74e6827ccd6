"""Read CSV files as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.engine.duckdb.text import literal, literal_list, type_text

if TYPE_CHECKING:
    from lineal.engine.protocol import CsvFiles

__all__ = ["csv_text"]


def csv_text(source: CsvFiles) -> str:
    """Return SQL that reads the files in their order."""
    options = [
        literal_list(source.paths),
        "header = true",
        f"delim = {literal(source.delimiter)}",
        "quote = '\"'",
        "escape = '\"'",
        f"nullstr = {literal_list(source.na_values)}",
    ]
    if source.columns is None:
        options.append("sample_size = -1")
    else:
        columns = ", ".join(
            f"{literal(name)}: {literal(type_text(arrow))}"
            for name, arrow in source.columns.items()
        )
        options += ["auto_detect = false", f"columns = {{{columns}}}"]
    return f"read_csv({', '.join(options)})"
