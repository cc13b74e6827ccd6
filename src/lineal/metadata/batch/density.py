"""Which way SQLite goes to a page of a filtered list: by the hits, or along the order.

`id IN (SELECT …)` finds all hits first and sorts them: right for few, hopeless for the first page
of five million. `EXISTS` goes along the order and asks of each node: right for many, hopeless for
few. SQLite keeps no statistics that tell, so the hits of each part of a filter are counted by its
index, up to where both ways cost the same: with h hits among n nodes, a page of p is filled after
h rows the one way, after p * n / h the other. The other databases know by themselves.
"""

from __future__ import annotations

from functools import partial
from math import isqrt
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators, visitors

from lineal.metadata import tables
from lineal.metadata.batch.assembly import TABLES
from lineal.metadata.batch.choosing import NUMBERS
from lineal.metadata.batch.selects import Query, Slots, fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

    from sqlalchemy.sql.compiler import SQLCompiler

    from lineal.metadata.batch.forms import Kind

    Conditions = Callable[[Slots], Sequence[sa.ColumnElement[bool]]]

__all__ = ["along_the_order", "dense_parts", "has_dense_hits", "in_order", "of_any_type"]

_FEWEST_MANY = 1_000
_MOST_KEPT = 2_000
_counts: dict[tuple[Hashable, ...], int] = {}
_LONGEST_PAGE = 100_000  # who asks for more wants all
_SMALL = 20_000  # a list this short is sorted in no time


def dense_parts(
    connection: sa.Connection,
    kind: Kind,
    key: tuple[Hashable, ...],
    conditions: Conditions,
    values: Mapping[str, object],
) -> frozenset[int]:
    """Return which of the lists of hits among the conditions are long, by their places.

    `values` hold the `limit` of the page.
    """
    many = _worth_counting(connection, kind, values)
    if many is None:
        return frozenset()
    count = _counts.get(key)
    if count is None:
        if len(_counts) >= _MOST_KEPT:
            _counts.clear()
        count = _counts[key] = len(_parts(kind, conditions(Slots.of(connection))))
    return frozenset(
        place
        for place in range(count)
        if fetch(
            connection,
            ("hits", place, *key),
            partial(_hits, kind, conditions, place),
            {**values, "many": many + 1},
        )[0][0]
        > many
    )


def has_dense_hits(
    connection: sa.Connection,
    kind: Kind,
    key: tuple[Hashable, ...],
    source: sa.FromClause,
    conditions: Conditions,
    values: Mapping[str, object],
) -> bool:
    """Return whether joined tables have so many rows that fit that the order is better.

    `values` hold the `limit` of the page.
    """
    many = _worth_counting(connection, kind, values)
    if many is None:
        return False

    def some(slots: Slots) -> Query:
        row: sa.Select[Any] = (
            sa.select(sa.literal_column("1")).select_from(source).where(*conditions(slots))
        )
        return sa.select(sa.func.count()).select_from(row.limit(slots.number("many")).subquery())

    found = fetch(connection, ("rows", *key), some, {**values, "many": many + 1})
    return bool(found[0][0] > many)


class _InOrder(sa.Join):
    """A join whose left side SQLite goes along, and looks the right side up for each row."""

    inherit_cache = True


@compiles(_InOrder)
def _compile_in_order(join: _InOrder, compiler: SQLCompiler, **options: Any) -> str:
    inside = {**options, "asfrom": True}
    left, right = (compiler.process(side, **inside) for side in (join.left, join.right))
    tie = compiler.process(cast("sa.ColumnElement[bool]", join.onclause), **options)
    return f"{left} CROSS JOIN {right} ON {tie}"


def in_order(source: sa.FromClause) -> sa.FromClause:
    """Return inner joins such that SQLite begins with the nodes, as they are ordered."""
    if not isinstance(source, sa.Join):
        return source
    return _InOrder(in_order(source.left), source.right, source.onclause)


def along_the_order(
    kind: Kind, conditions: Sequence[sa.ColumnElement[bool]], dense: Collection[int]
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions with the lists of hits at these places asked of each node instead."""
    if not dense:
        return list(conditions)
    parts = _parts(kind, conditions)
    asked = {id(parts[place]): _asked(parts[place]) for place in dense}

    def replace(element: Any, **_options: object) -> Any:
        return asked.get(id(element))

    return [visitors.replacement_traverse(each, {}, replace) for each in conditions]


def of_any_type(kind: Kind, where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool] | None:
    """Return the condition that lets the index by type and name serve, if `where` says a name.

    There is none by name alone; that a node is of one of the few types is no condition, but for
    the index it is one.
    """
    table, types = TABLES[kind][0], tables.type_
    both = isinstance(where, sa.BooleanClauseList) and where.operator is operators.and_
    for part in where.clauses if both else [where]:
        if (
            isinstance(part, sa.BinaryExpression)
            and part.operator is operators.eq
            and part.left is table.c.name
        ):
            return table.c.type_id.in_(
                sa.select(types.c.id).where(types.c.type_kind == NUMBERS[kind])
            )
    return None


def _worth_counting(
    connection: sa.Connection, kind: Kind, values: Mapping[str, object]
) -> int | None:
    """Return how many hits are many; None where it makes no difference."""
    limit = cast("int", values["limit"])
    if connection.dialect.name != "sqlite" or limit > _LONGEST_PAGE:
        return None
    size = _greatest_id(connection, kind)
    many = _many(size, limit)
    return None if size < max(_SMALL, many) else many


def _many(size: int, limit: int) -> int:
    """Return with how many hits among `size` nodes both ways to `limit` of them cost the same."""
    return max(_FEWEST_MANY, isqrt(size * limit))


def _greatest_id(connection: sa.Connection, kind: Kind) -> int:
    node_id = TABLES[kind][0].c.id
    rows = fetch(connection, ("greatest", kind), lambda _: sa.select(sa.func.max(node_id)), {})
    return rows[0][0] or 0


def _parts(
    kind: Kind, conditions: Sequence[sa.ColumnElement[bool]]
) -> list[sa.BinaryExpression[bool]]:
    """Return every `column IN (SELECT …)` about the nodes themselves."""
    table = TABLES[kind][0]
    return [
        part
        for each in conditions
        for part in visitors.iterate(each)
        if isinstance(part, sa.BinaryExpression)
        and part.operator is operators.in_op
        and getattr(part.left, "table", None) is table
        and isinstance(_select_of(part), sa.Select)
    ]


def _select_of(part: sa.BinaryExpression[bool]) -> object:
    return getattr(part.right, "element", None)


def _hits(kind: Kind, conditions: Conditions, place: int, slots: Slots) -> Query:
    part = _parts(kind, conditions(slots))[place]
    found = cast("sa.Select[Any]", _select_of(part))
    table = TABLES[kind][0]
    if part.left is not table.c.id:  # a type is one row, but many nodes are of it
        found = sa.select(table.c.id).where(part.left.in_(found))
    # What is found of the rows doesn't count, so the index alone serves.
    row: sa.Select[Any] = found.with_only_columns(
        sa.literal_column("1"), maintain_column_froms=True
    )
    some = row.limit(slots.number("many")).subquery()
    return sa.select(sa.func.count()).select_from(some)


def _asked(part: sa.BinaryExpression[bool]) -> sa.ColumnElement[bool]:
    found = cast("sa.Select[Any]", _select_of(part))
    (column,) = found.selected_columns
    one: sa.Select[Any] = found.with_only_columns(
        sa.literal_column("1"), maintain_column_froms=True
    )
    return one.where(column == part.left).correlate(part.left.table).exists()
