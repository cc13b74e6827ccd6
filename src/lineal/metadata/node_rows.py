"""Read nodes by what is known of them, and by what they are tied to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from lineal.metadata import rows, tables
from lineal.metadata.backends import backend_of
from lineal.metadata.integers import ids_of
from lineal.metadata.model import Artifact, Context, Execution

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lineal.metadata.criteria import Criteria
    from lineal.metadata.history import Horizon

__all__ = ["children_of", "chunks", "nodes"]

_CHUNK = 10_000  # ids in one statement
_Node = TypeVar("_Node", Artifact, Execution, Context)


def nodes(
    connection: sa.Connection,
    at: Horizon | None,
    wanted: Criteria,
    ids: Iterable[int] | None,
    type_name: str | None,
    links: Iterable[tuple[sa.Table, str, int | None]],
    load: rows.Loader[_Node],
) -> list[_Node]:
    """Return the nodes wanted; of `links`, those that tie them to the other nodes given."""
    kind = wanted.kind
    table: sa.Table = getattr(tables, kind)
    conditions: list[sa.ColumnElement[bool]] = (
        wanted.conditions() if at is None else [at.visible(kind)]
    )
    if type_name is not None:
        conditions.append(rows.is_of_type(table, kind, type_name))
    for link, column, node_id in links:
        if node_id is None:
            continue
        there = [] if at is None else [at.visible(link.name.lower())]
        mine = "context_id" if kind == "context" else f"{kind}_id"
        tied = sa.select(link.c[mine]).where(link.c[column] == node_id, *there)
        conditions.append(table.c.id.in_(tied))
    found: list[_Node] = []
    if ids is None:
        found += load(connection, conditions, at)
    among = backend_of(connection).among
    for chunk in chunks(ids or ()):
        found += load(connection, [*conditions, among(table.c.id, chunk)], at)
    if at is not None:
        found = [node for node in found if wanted.fit(node)]
    return sorted(found, key=lambda node: node.id or 0)


def children_of(
    connection: sa.Connection, at: Horizon | None, execution_ids: Sequence[int]
) -> list[tuple[int, int]]:
    """Return each of these executions with one that began inside of it, by the latter's ids."""
    table = tables.execution_property
    query = sa.select(table.c.int_value, table.c.execution_id).where(
        table.c.name == "lineal_parent",
        table.c.is_custom_property == 1,  # so that the index by value serves
        backend_of(connection).among(table.c.int_value, execution_ids),
    )
    if at is not None:
        known = sa.select(tables.execution.c.id).where(at.visible("execution"))
        query = query.where(table.c.execution_id.in_(known))
    found = connection.execute(query.order_by(table.c.execution_id))
    return [(parent, child) for parent, child in found]


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield the ids, each once, in order, as many at a time as a statement may be given."""
    wanted = ids_of(ids)
    for start in range(0, len(wanted), _CHUNK):
        yield wanted[start : start + _CHUNK]
