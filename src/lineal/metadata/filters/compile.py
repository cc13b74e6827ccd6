"""A filter as a query, compiled once for each text and database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import InvalidInput
from lineal.metadata.filters.joined import joined
from lineal.metadata.filters.neighbourhood import node_table
from lineal.metadata.filters.parser import read
from lineal.metadata.filters.within import within

if TYPE_CHECKING:
    from lineal.metadata.filters.fitting import Meaning
    from lineal.metadata.filters.syntax import NodeKindName

__all__ = ["Compiled", "compile_filter"]

_DIALECTS = ("sqlite", "postgresql", "mysql", "mariadb")
_LONGEST_KEPT = 10_000


@dataclass(frozen=True)
class Compiled:
    """Select from `source`, which begins with the table of the nodes, where `where` holds.

    With `repeats` a node comes once for each row that is joined to it: select it DISTINCT. All
    columns of `tables.artifact` (`execution`, `context`) may be selected and compared.
    """

    kind: NodeKindName
    source: sa.FromClause
    where: sa.ColumnElement[bool]
    repeats: bool

    def ids(self) -> sa.Select[tuple[int]]:
        """Return the query of the ids of the nodes that match, each once, in no order."""
        query = sa.select(node_table(self.kind).c.id).select_from(self.source).where(self.where)
        return query.distinct() if self.repeats else query

    def condition(self, id_column: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        """Return the condition that a column holds the id of a node that matches.

        For a column of the node table itself, `source` and `where` make a query that can go
        along an order and stop early; this one finds all matching nodes first.
        """
        return id_column.in_(self.ids())


def compile_filter(
    text: str, kind: NodeKindName, *, meaning: Meaning = "lineal", dialect: str = "sqlite"
) -> Compiled:
    """Return the query of the nodes that a filter matches; the empty filter matches all.

    `dialect` is the name of an SQLAlchemy dialect. Raises `InvalidFilter`.
    """
    if dialect not in _DIALECTS:
        raise InvalidInput(
            f"filters can't be compiled for {dialect!r}; choose one of {', '.join(_DIALECTS)}"
        )
    if len(text) > _LONGEST_KEPT:
        return _compiled(text, kind, meaning, dialect)
    return _kept(text, kind, meaning, dialect)


def _compiled(text: str, kind: NodeKindName, meaning: Meaning, dialect: str) -> Compiled:
    node = read(text, kind, meaning)
    table = node_table(kind)
    if node is None:
        return Compiled(kind, table, sa.true(), repeats=False)
    if meaning == "mlmd":
        source, where, repeats = joined(node, kind, dialect)
        return Compiled(kind, source, where, repeats)
    return Compiled(kind, table, within(node, kind, table, dialect), repeats=False)


_kept = lru_cache(maxsize=1024)(_compiled)
