"""ML Metadata's meaning: every property and neighbour that is mentioned is an inner join."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NoReturn

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.filters.expressions import Expressions
from lineal.metadata.filters.neighbourhood import (
    Beside,
    beside,
    node_table,
    property_table,
    property_tie,
)
from lineal.metadata.filters.syntax import Attribute, Node, NodeKindName, Source, walk

if TYPE_CHECKING:
    from typing import Any

    Column = sa.ColumnElement[Any]

__all__ = ["joined"]


def joined(
    node: Node, kind: NodeKindName, dialect: str
) -> tuple[sa.FromClause, sa.ColumnElement[bool], bool]:
    """Return what to select from, the condition, and whether a node may come more than once."""
    joins = _Joins(node, kind)
    condition = Expressions(joins, dialect, same_everywhere=False).value(node)
    return joins.rows, condition, joins.repeats


class _Joins:
    """The node's table and all that is joined to it."""

    def __init__(self, node: Node, kind: NodeKindName) -> None:
        self.root = node_table(kind)
        self.rows: sa.FromClause = self.root
        self.repeats = False
        self.held: dict[Source, sa.FromClause] = {}
        self.beside: dict[Source, Beside] = {}
        self.types: dict[Source, sa.FromClause] = {}
        mentioned: dict[Source, set[str]] = defaultdict(set)
        for each in walk(node):
            if isinstance(each, Attribute):
                mentioned[each.source].add(each.column)
        for source, columns in mentioned.items():
            self._join(kind, source, columns)

    def attribute(self, attribute: Attribute) -> Column:
        source, column = attribute.source, attribute.column
        if column == "type" and source in self.types:
            return self.types[source].c.name
        if source in self.held:
            return self.held[source].c[column]
        if source in self.beside:
            return self.beside[source].column(column)
        return self.root.c[column]

    def special(self, node: Node) -> NoReturn:
        raise AssertionError(f"ML Metadata has no {type(node).__name__}")

    def _join(self, kind: NodeKindName, source: Source, columns: set[str]) -> None:
        if source.is_neighbour:
            neighbour = beside(kind, source, columns)
            self.beside[source] = neighbour
            self.rows = self.rows.join(neighbour.rows, neighbour.node_id == self.root.c.id)
            self.repeats = True
            if "type" in columns and neighbour.far is not None:
                self._join_type(source, neighbour.far)
        elif source.of == "node":
            if "type" in columns:
                self._join_type(source, self.root)
        else:
            held = property_table(kind).alias()
            self.held[source] = held
            tie = sa.and_(held.c[f"{kind}_id"] == self.root.c.id, *property_tie(held, source))
            self.rows = self.rows.join(held, tie)

    def _join_type(self, source: Source, of: sa.FromClause) -> None:
        type_ = tables.type_.alias()
        self.types[source] = type_
        self.rows = self.rows.join(type_, type_.c.id == of.c.type_id)
