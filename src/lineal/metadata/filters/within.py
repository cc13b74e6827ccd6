"""Lineal's meaning: absent is NULL, a neighbour is an EXISTS, and NOT is the contrary.

NOT is first moved inwards. Then NULL and false are the same for every comparison, so that one on
a property alone can be the query of the property's index: `id IN (SELECT artifact_id …)`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.filters.expressions import Expressions, all_of, any_of
from lineal.metadata.filters.names import ANY_NUMBER
from lineal.metadata.filters.neighbourhood import (
    Beside,
    beside,
    node_table,
    property_table,
    property_tie,
    type_name,
)
from lineal.metadata.filters.scopes import scoped
from lineal.metadata.filters.syntax import (
    And,
    Attribute,
    Between,
    Call,
    Cast,
    Compare,
    Exists,
    Has,
    In,
    Is,
    Like,
    Node,
    NodeKindName,
    Not,
    Or,
    Reach,
    Source,
    Value,
    walk,
)
from lineal.metadata.filters.walks import reached

if TYPE_CHECKING:
    from typing import Any

    Column = sa.ColumnElement[Any]
    Condition = sa.ColumnElement[bool]

__all__ = ["within"]

_STRICT = (Attribute, Value, Compare, In, Between, Like, Cast)
_LENIENT_CALLS = frozenset(("COALESCE", "IFNULL", "IF", "NULLIF"))


def within(node: Node, kind: NodeKindName, root: sa.FromClause, dialect: str) -> Condition:
    """Return the condition on the rows of `root`, the table of such nodes or an alias of it."""
    return _Scope(kind, root, dialect, {}).condition(scoped(node))


class _Scope:
    """One node's row, and the rows beside it that are bound further out."""

    def __init__(
        self,
        kind: NodeKindName,
        root: sa.FromClause,
        dialect: str,
        bound: dict[Source, Beside],
        alone: Column | None = None,
    ) -> None:
        self.kind = kind
        self.root = root
        self.dialect = dialect
        self.bound = bound
        self.alone = alone  # what the only attribute of a query by index is
        self.expressions = Expressions(self, dialect, same_everywhere=True)

    def condition(self, node: Node, *, negated: bool = False) -> Condition:
        """Return what is true where the node is; false or NULL elsewhere, which is all one."""
        match node:
            case Not():
                return self.condition(node.part, negated=not negated)
            case And() | Or():
                parts = [self.condition(part, negated=negated) for part in node.parts]
                together = all_of if isinstance(node, And) != negated else any_of
                return together(parts)
            case Exists():
                return self._negated(node) if negated else self._exists(node)
            case Is(what=None) if negated:
                return self.condition(replace(node, negated=not node.negated))
        found = self._by_index(node, negated=negated)
        return self._plain(node, negated=negated) if found is None else found

    def attribute(self, attribute: Attribute) -> Column:
        """Return the column of an attribute, NULL where the node has no such thing."""
        if self.alone is not None:
            return self.alone
        source = attribute.source
        if source.is_neighbour:
            return self.bound[source].column(attribute.column)
        if source.of == "node":
            if attribute.column == "type":
                return type_name(self.root.c.type_id, self.root)
            return self.root.c[attribute.column]
        held, owner, ties = self._held(source)
        value = (
            sa.func.coalesce(held.c.int_value, held.c.double_value)
            if attribute.column == ANY_NUMBER
            else held.c[attribute.column]
        )
        found = sa.select(value).where(owner == self.root.c.id, *ties)
        return found.correlate(self.root).scalar_subquery()

    def special(self, node: Node) -> Condition:
        """Return the condition of a `Has` or a `Reach`."""
        match node:
            case Exists():
                return self._exists(node)
            case Reach():
                return self.root.c.id.in_(self._reached(node))
            case Has() if node.source.is_neighbour:
                return sa.true()  # there is the row: it is bound
            case Has():
                _, owner, ties = self._held(node.source)
                return self.root.c.id.in_(sa.select(owner).where(*ties))
        raise AssertionError(f"no condition: {type(node).__name__}")

    def _plain(self, node: Node, *, negated: bool) -> Condition:
        value = self.expressions.value(node)
        return sa.not_(value) if negated else value

    def _held(
        self, source: Source
    ) -> tuple[sa.FromClause, sa.ColumnElement[int], tuple[Condition, ...]]:
        """Return the rows of a property or of versions, whose they are, and which are meant."""
        if source.of == "version":
            held = tables.version.alias()
            return held, held.c.artifact_id, ()
        held = property_table(self.kind).alias()
        return held, held.c[f"{self.kind}_id"], property_tie(held, source)

    def _by_index(self, node: Node, *, negated: bool) -> Condition | None:
        """Return a comparison of one property, version or type as a query by its index."""
        attribute = _only(node)
        if attribute is None:
            return None
        source = attribute.source
        if attribute.column == "type":
            of = self.root if source.of == "node" else self.bound[source].far
            if of is None:
                return None
            type_ = tables.type_.alias()
            test = self._alone(node, type_.c.name, negated=negated)
            return of.c.type_id.in_(sa.select(type_.c.id).where(test))
        if source.of == "node" or source.is_neighbour:
            return None
        held, owner, ties = self._held(source)
        columns = (
            ("int_value", "double_value") if attribute.column == ANY_NUMBER else (attribute.column,)
        )
        found = [
            sa.and_(held.c[name].is_not(None), self._alone(node, held.c[name], negated=negated))
            for name in columns
        ]
        return self.root.c.id.in_(sa.select(owner).where(*ties, sa.or_(*found)))

    def _alone(self, node: Node, column: Column, *, negated: bool) -> Condition:
        scope = _Scope(self.kind, self.root, self.dialect, {}, column)
        value = scope.expressions.value(node)
        return sa.not_(value) if negated else value

    def _exists(self, node: Exists) -> Condition:
        """Return the EXISTS; from the neighbours' side if they alone are asked."""
        rows = self._rows(node)
        body = self._inside(rows).condition(node.body)
        first, *others = rows.values()
        if not others and not _asks_more(node):
            return self.root.c.id.in_(sa.select(first.node_id).select_from(first.rows).where(body))
        return self._correlated(rows, body)

    def _negated(self, node: Exists) -> Condition:
        rows = self._rows(node)
        return sa.not_(self._correlated(rows, self._inside(rows).condition(node.body)))

    def _correlated(self, rows: dict[Source, Beside], body: Condition) -> Condition:
        query: sa.Select[Any] = sa.select(sa.literal_column("1")).where(
            *(each.node_id == self.root.c.id for each in rows.values()), body
        )
        query = query.select_from(*(each.rows for each in rows.values()))
        outer = [table for each in self.bound.values() for table in each.tables]
        return sa.exists(query.correlate(self.root, *outer))

    def _rows(self, node: Exists) -> dict[Source, Beside]:
        columns: dict[Source, set[str]] = {source: set() for source in node.sources}
        for each in walk(node.body):
            if isinstance(each, Attribute) and each.source in columns:
                columns[each.source].add(each.column)
        return {source: beside(self.kind, source, columns[source]) for source in node.sources}

    def _inside(self, rows: dict[Source, Beside]) -> _Scope:
        return _Scope(self.kind, self.root, self.dialect, {**self.bound, **rows})

    def _reached(self, node: Reach) -> sa.Select[tuple[int]]:
        root = node_table(node.found).alias()
        start = sa.select(root.c.id)
        if node.condition is not None:
            start = start.where(within(node.condition, node.found, root, self.dialect))
        return reached(node, self.kind, start)


def _only(node: Node) -> Attribute | None:
    """Return the only attribute of a condition that is NULL, or false, where the attribute is."""
    if isinstance(node, Is):
        return _only(node.value) if node.what is None and node.negated else None
    found: Attribute | None = None
    for each in walk(node):
        match each:
            case Attribute():
                if found is not None and (each.source, each.column) != (found.source, found.column):
                    return None
                found = each
            case Call(name=name):
                if name in _LENIENT_CALLS:
                    return None
            case In(options=options) if any(map(_mentions, options)):
                return None
            case Between(low=low, high=high) if _mentions(low) or _mentions(high):
                return None
            case _ if not isinstance(each, _STRICT):
                return None
    return found


def _mentions(node: Node) -> bool:
    return any(isinstance(each, Attribute) for each in walk(node))


def _asks_more(node: Exists) -> bool:
    """Whether the rows' own attributes don't answer it: the node's are asked for, too."""
    return any(
        isinstance(each, Reach)
        or (isinstance(each, Attribute | Has) and each.source not in node.sources)
        for each in walk(node.body)
    )
