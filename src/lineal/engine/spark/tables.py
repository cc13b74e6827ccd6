"""Give a user's query its tables, by the names the user knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot as sg
import sqlglot.expressions as sge
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lineal.engine.protocol import Source

__all__ = ["with_views"]

_ALONE = "EXPLAIN"


def with_views(query: str, sources: Mapping[str, Source], view_of: Callable[[Source], str]) -> str:
    """Return the query with each table that is one of `sources` replaced by its view.

    The rest stays as the user wrote it. Raises `InvalidInput` unless it is one statement that
    reads, `NotFound` for a table that is not there.
    """
    before, text = _split(query)
    known = {name.casefold(): name for name in sources}
    views: dict[str, str] = {}
    places: list[tuple[int, int, str]] = []
    for table in _tables(_parsed(text)):
        parts = [part for part in table.parts if isinstance(part, sge.Identifier)]
        wanted = ".".join(part.name for part in parts)
        name = known.get(wanted.casefold())
        if name is None:
            if _is_file(table):
                continue
            hint = ", ".join(sorted(sources)[:10]) or "none"
            raise NotFound.among("no table", wanted, sources, remedy=f"tables: {hint}")
        if name not in views:
            views[name] = view_of(sources[name])
        view = views[name]
        alias = "" if table.alias else f" AS {_escaped(parts[-1].name)}"
        places.append((parts[0].meta["start"], parts[-1].meta["end"], view + alias))
    for start, end, replacement in sorted(places, reverse=True):
        text = text[:start] + replacement + text[end + 1 :]
    return before + text


def _split(query: str) -> tuple[str, str]:
    """Return `EXPLAIN` and what it explains."""
    stripped = query.lstrip()
    word = stripped[: len(_ALONE)]
    if word.upper() == _ALONE and stripped[len(_ALONE) :][:1].isspace():
        return word + " ", stripped[len(_ALONE) :]
    return "", query


def _parsed(text: str) -> sge.Query | sge.Values:
    try:
        found = [each for each in sg.parse(text, dialect="spark") if each is not None]
    except SqlglotError as error:
        raise InvalidInput(f"the query is not understood: {_plain(str(error))}") from error
    if len(found) != 1 or not isinstance(found[0], sge.Query | sge.Values):
        kinds = ", ".join(each.key.upper() for each in found) or "none"
        raise InvalidInput(
            "the query must be one statement that reads (SELECT, FROM, WITH, VALUES, EXPLAIN), "
            f"found: {kinds}; tables change by ingest and save only"
        )
    return found[0]


def _tables(query: sge.Query | sge.Values) -> Iterable[sge.Table]:
    """Return the tables that are no names of the query's own."""
    seen: dict[int, sge.Table] = {}
    for scope in traverse_scope(query):
        for source in scope.sources.values():
            if isinstance(source, sge.Table) and isinstance(source.this, sge.Identifier):
                seen[id(source)] = source
    return seen.values()


def _is_file(table: sge.Table) -> bool:
    return table.db.casefold() in {"parquet", "csv", "json", "orc", "text"}


def _escaped(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _plain(text: str) -> str:
    return text.replace("\033[4m", "").replace("\033[0m", "")
