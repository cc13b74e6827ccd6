"""Give a user's query its tables, by the names the user knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lineal.engine.duckdb.session import ROOT
from lineal.engine.duckdb.text import quoted
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.engine.duckdb.session import Session
    from lineal.engine.protocol import Source

__all__ = ["open_tables"]

_READING = {"SELECT", "EXPLAIN", "MULTI"}  # MULTI: PIVOT, which first collects its columns
_LISTING = re.compile(r"^\s*show\b|information_schema|duckdb_(tables|views|columns)", re.IGNORECASE)


def open_tables(session: Session, query: str, sources: Mapping[str, Source]) -> None:
    """Create a view for each source that `query` can mean; refuse a query that does not read."""
    kinds = session.statements(query)
    if len(kinds) != 1 or kinds[0] not in _READING:
        found = ", ".join(kinds) or "none"
        raise InvalidInput(
            f"the query must be one statement that reads (SELECT, FROM, WITH, SUMMARIZE, "
            f"DESCRIBE, SHOW, EXPLAIN), found: {found}; tables change by ingest and save only"
        )
    catalog = session.open_catalog()
    for name in _meant(query, sources):
        schema, _, table = name.rpartition(".")
        if schema.casefold() in {"temp", "system", ROOT}:
            raise InvalidInput(f"DuckDB keeps {schema!r} for itself: {name} can't be used in SQL")
        place = f"{catalog}.{quoted(schema or 'main')}"
        session.execute(f"CREATE SCHEMA IF NOT EXISTS {place}")
        relation = session.bind(sources[name])
        session.execute(f"CREATE VIEW {place}.{quoted(table)} AS SELECT * FROM {relation}")


def _meant(query: str, sources: Mapping[str, Source]) -> list[str]:
    if _LISTING.search(query):
        return list(sources)
    text = query.casefold()
    return [name for name in sources if _occurs(name.rpartition(".")[2].casefold(), text)]


def _occurs(table: str, text: str) -> bool:
    word = re.escape(table.replace('"', '""'))
    return re.search(rf"(?<!\w){word}(?!\w)", text) is not None
