"""Define the functions of `lineal.engine.functions` in DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

__all__ = ["define_functions"]

_MACROS = {
    "lineal_text_bytes(text)": "strlen(text)",
    "lineal_bytes(bytes)": "octet_length(bytes)",
    "lineal_text(bytes)": "TRY(decode(bytes))",
    "lineal_microseconds(time)": "epoch_us(time)",
}


def define_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros in the database that the engine's sessions share."""
    for name, body in _MACROS.items():
        connection.execute(f"CREATE MACRO {name} AS {body}")
