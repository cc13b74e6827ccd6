"""Read nodes, types and what ties them, by their ids and names, many at once.

What isn't there is left out; nodes come in the order of their ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.batch.assembly import TABLES, assemble, node_columns
from lineal.metadata.batch.choosing import conditions, given
from lineal.metadata.batch.forms import EventForm, Kind, Link, NodeForm
from lineal.metadata.batch.selects import CHUNK, Query, Row, Slots, fetch
from lineal.metadata.batch.type_rows import types
from lineal.metadata.integers import ids_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lineal.metadata.model import Path

__all__ = [
    "add_paths",
    "associations",
    "attributions",
    "children",
    "events",
    "node_rows",
    "nodes",
    "parents",
    "paths",
    "types",
]

# Nodes


def nodes(
    connection: sa.Connection,
    kind: Kind,
    *,
    ids: Iterable[int] | None = None,
    external_ids: Iterable[str] | None = None,
    uris: Iterable[str] | None = None,
    type_name: str | None = None,
    type_version: str | None = None,
    every_version: bool = False,
    name: str | None = None,
    context_id: int | None = None,
    artifact_id: int | None = None,
    execution_id: int | None = None,
) -> list[NodeForm]:
    """Return the nodes that fit everything given, which `choosing.given` explains."""
    values = given(
        external_ids=external_ids,
        uris=uris,
        type_name=type_name,
        type_version=type_version,
        every_version=every_version,
        name=name,
        context_id=context_id,
        artifact_id=artifact_id,
        execution_id=execution_id,
    )
    if ids is None:
        return assemble(connection, kind, node_rows(connection, kind, values))
    found: list[NodeForm] = []
    for chunk in _chunks(ids):
        rows = node_rows(connection, kind, {**values, "ids": chunk})
        found += assemble(connection, kind, rows)
    return found


def node_rows(connection: sa.Connection, kind: Kind, values: Mapping[str, object]) -> list[Row]:
    """Return the rows of `node_columns` of the nodes that have what `given` returned."""
    names = frozenset(values)

    def build(slots: Slots) -> Query:
        query = sa.select(*node_columns(kind)).where(*conditions(kind, slots, names))
        return query.order_by(TABLES[kind][0].c.id)

    return fetch(connection, ("nodes", kind, names), build, values)


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    wanted = ids_of(ids)
    for start in range(0, len(wanted), CHUNK):
        yield wanted[start : start + CHUNK]


# What ties nodes together


def events(
    connection: sa.Connection,
    *,
    artifact_ids: Iterable[int] | None = None,
    execution_ids: Iterable[int] | None = None,
) -> list[EventForm]:
    """Return the events of these artifacts and of these executions, in the order of their ids."""
    table = tables.event
    found: dict[int, EventForm] = {}
    for column, ids in (("artifact_id", artifact_ids), ("execution_id", execution_ids)):
        near = table.c[column]

        def build(slots: Slots, near: sa.ColumnElement[int] = near) -> Query:
            names = ("artifact_id", "execution_id", "type", "milliseconds_since_epoch", "id")
            return sa.select(*(table.c[name] for name in names)).where(slots.among(near, "ids"))

        for chunk in _chunks(ids or ()):
            rows = fetch(connection, ("events", column), build, {"ids": chunk})
            for artifact, execution, kind, time, event_id in rows:
                found[event_id] = EventForm(artifact, execution, kind, (), time, event_id)
    add_paths(connection, found)
    return [found[event_id] for event_id in sorted(found)]


def add_paths(connection: sa.Connection, found: Mapping[int, EventForm]) -> None:
    """Fill in the paths of these events, given by their ids."""
    for event_id, path in paths(connection, found).items():
        found[event_id].path = path


def paths(connection: sa.Connection, event_ids: Iterable[int]) -> dict[int, Path]:
    """Return the paths of those of these events that have one."""
    path = tables.event_path

    def build(slots: Slots) -> Query:
        names = ("event_id", "is_index_step", "step_index", "step_key")
        query = sa.select(*(path.c[name] for name in names)).where(
            slots.among(path.c.event_id, "ids")
        )
        return cast("Query", slots.backend.steps_in_order(query))

    steps: dict[int, list[str | int]] = {}
    for chunk in _chunks(event_ids):
        for event_id, is_index, index, key in fetch(connection, ("paths",), build, {"ids": chunk}):
            steps.setdefault(event_id, []).append(index if is_index else key)
    return {event_id: tuple(taken) for event_id, taken in steps.items()}


def attributions(
    connection: sa.Connection,
    *,
    context_ids: Iterable[int] | None = None,
    artifact_ids: Iterable[int] | None = None,
) -> list[Link]:
    """Return context and artifact of the attributions of these nodes, in order of their ids."""
    asked = {"context_id": context_ids, "artifact_id": artifact_ids}
    return _links(connection, tables.attribution, asked)


def associations(
    connection: sa.Connection,
    *,
    context_ids: Iterable[int] | None = None,
    execution_ids: Iterable[int] | None = None,
) -> list[Link]:
    """Return context and execution of the associations of these nodes, in order of their ids."""
    asked = {"context_id": context_ids, "execution_id": execution_ids}
    return _links(connection, tables.association, asked)


def _links(
    connection: sa.Connection, table: sa.Table, asked: Mapping[str, Iterable[int] | None]
) -> list[Link]:
    found: dict[int, Link] = {}
    columns = [table.c.id, *(table.c[column] for column in asked)]
    for column, ids in asked.items():
        near = table.c[column]

        def build(slots: Slots, near: sa.ColumnElement[int] = near) -> Query:
            return sa.select(*columns).where(slots.among(near, "ids"))

        for chunk in _chunks(ids or ()):
            rows = fetch(connection, ("links", table.name, column), build, {"ids": chunk})
            for link_id, first, second in rows:
                found[link_id] = Link(first, second)
    return [found[link_id] for link_id in sorted(found)]


def parents(connection: sa.Connection, context_ids: Iterable[int]) -> dict[int, list[NodeForm]]:
    """Return of each of these contexts the ones that hold it; of one without, an empty list."""
    return _relatives(connection, context_ids, "context_id", "parent_context_id")


def children(connection: sa.Connection, context_ids: Iterable[int]) -> dict[int, list[NodeForm]]:
    """Return of each of these contexts the ones that it holds; of one without, an empty list."""
    return _relatives(connection, context_ids, "parent_context_id", "context_id")


def _relatives(
    connection: sa.Connection, context_ids: Iterable[int], near: str, far: str
) -> dict[int, list[NodeForm]]:
    link = tables.parent_context

    def build(slots: Slots) -> Query:
        query = sa.select(link.c[near], link.c[far]).where(slots.among(link.c[near], "ids"))
        return query.order_by(link.c[near], link.c[far])

    wanted = list(context_ids)
    pairs: list[tuple[int, int]] = []
    for chunk in _chunks(wanted):
        rows = fetch(connection, ("relatives", near), build, {"ids": chunk})
        pairs += rows
    by_id = {
        node.id: node for node in nodes(connection, "context", ids=(other for _, other in pairs))
    }
    found: dict[int, list[NodeForm]] = {context_id: [] for context_id in wanted}
    for one, other in pairs:
        if other in by_id:
            found[one].append(by_id[other])
    return found
