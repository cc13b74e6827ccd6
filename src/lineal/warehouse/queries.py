"""Give a query its tables: each opened when the engine asks for it, all as of one moment."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from lineal.errors import LinealError, NotFound
from lineal.metadata import parse
from lineal.warehouse.graph import TABLE
from lineal.warehouse.table import Table

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

    from lineal.engine import Source
    from lineal.warehouse.table import TableVersion
    from lineal.warehouse.warehouse import Warehouse

__all__ = ["Sources", "named_tables", "quoted_references"]

_QUOTED_DOT = re.compile(r'"[^"]*\.')
_EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?", re.IGNORECASE)


class Sources(Mapping[str, "Source"]):
    """The tables by name, as they are at the moment this was made."""

    def __init__(self, warehouse: Warehouse, references: Mapping[str, str]) -> None:
        """Know all tables, and by their stand-in names those that are referred to at a version."""
        self._warehouse = warehouse
        self._references = references
        # One query: so all tables are seen at the same commit.
        rows = warehouse.store.newest_versions(type=TABLE.name)
        self._rows = {row.name: row for row in rows}

    def __getitem__(self, name: str) -> Source:
        """Open one; it becomes an input of the open run."""
        return self._version(name).source(provenance=True)

    def __iter__(self) -> Iterator[str]:
        return iter([*self._rows, *self._references])

    def __len__(self) -> int:
        return len(self._rows) + len(self._references)

    def _version(self, name: str) -> TableVersion:
        if name in self._references:
            text = self._references[name]
            if text in self._rows:  # by its whole name, be there an @ in it or not
                return self._warehouse.version(self._rows[text])
            found = self._warehouse[text]
            return found.newest if isinstance(found, Table) else found
        if name not in self._rows:
            raise NotFound.among("there is no table", name, self._rows)
        return self._warehouse.version(self._rows[name])


def quoted_references(query: str, tables: Collection[str]) -> tuple[str, dict[str, str]]:
    """Return the query with stand-in names for `"ops.flights@3"`, and what each stands for.

    Only where a table can stand: what is wholly in double quotes there and is the name of one of
    the `tables`, or parses as a name with or without a selector. All else stays as it is, also a
    query that can't be parsed: the engine then says what is wrong with it.
    """
    if _QUOTED_DOT.search(query) is None:
        return query, {}
    found = [
        (start, end, name)
        for start, end, name in _table_names(query)
        if _is_reference(name, tables)
    ]
    texts = list(dict.fromkeys(name for _, _, name in found))
    stand_ins = {text: f"lineal_version_{number}" for number, text in enumerate(texts, start=1)}
    for start, end, name in sorted(found, reverse=True):
        query = query[:start] + stand_ins[name] + query[end:]
    return query, {stand_in: text for text, stand_in in stand_ins.items()}


def named_tables(query: str) -> set[str]:
    """Return the tables that the query names as `ops.flights`; none if it can't be parsed."""
    from sqlglot import exp

    explained = _EXPLAIN.match(query)
    trees = _parsed(query[explained.end() :] if explained else query)
    return {
        f"{table.db}.{table.name}" if table.db else table.name
        for tree in trees
        for table in tree.find_all(exp.Table)
    }


def _parsed(query: str) -> list[Expr]:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        return [tree for tree in sqlglot.parse(query, dialect="duckdb") if tree]
    except (SqlglotError, RecursionError):
        return []


def _table_names(query: str) -> list[tuple[int, int, str]]:
    """Return where the query names a table, or a column of it, by one quoted name, and which."""
    from sqlglot import exp

    # The parser does not look into what is to be explained.
    explained = _EXPLAIN.match(query)
    before = explained.end() if explained else 0
    trees = _parsed(query[before:])
    own = {alias.name.casefold() for tree in trees for alias in tree.find_all(exp.TableAlias)}
    tables = [
        table.this
        for tree in trees
        for table in tree.find_all(exp.Table)
        if isinstance(table.this, exp.Identifier) and not table.args.get("db")
    ]
    known = {identifier.name for identifier in tables}
    qualifiers = [
        column.args["table"]
        for tree in trees
        for column in tree.find_all(exp.Column)
        if column.table in known and not column.args.get("db")
    ]
    return [
        (before + each.meta["start"], before + each.meta["end"] + 1, each.name)
        for each in (*tables, *qualifiers)
        if each.quoted and "start" in each.meta and each.name.casefold() not in own
    ]


def _is_reference(text: str, tables: Collection[str]) -> bool:
    if "." not in text:
        return False
    try:
        found = parse(text)
    except LinealError:
        return text in tables
    return text in tables or (found.name.count(".") == 1 and found.kind is None)
