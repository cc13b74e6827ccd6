"""Read nodes, types and what ties them, by their ids and names, many at once.

What isn't there is left out; nodes come in the order of their ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from lineal.errors import InvalidInput
from lineal.metadata import tables
from lineal.metadata.batch.assembly import (
    TABLES,
    assemble,
    fill,
    forms,
    node_columns,
    property_rows,
)
from lineal.metadata.batch.forms import EventForm, Kind, Link, NodeForm, TypeForm
from lineal.metadata.batch.selects import CHUNK, Query, Row, Slots, fetch
from lineal.metadata.model import NodeKind

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from lineal.metadata.model import Path

__all__ = [
    "NUMBERS",
    "add_paths",
    "associations",
    "attributions",
    "belongs",
    "children",
    "events",
    "nodes",
    "of_type",
    "parents",
    "types",
]

NUMBERS: Mapping[Kind, int] = {
    "artifact": int(NodeKind.ARTIFACT),
    "execution": int(NodeKind.EXECUTION),
    "context": int(NodeKind.CONTEXT),
}
"""What `Type.type_kind` holds for each kind of node."""

_SIMPLE = frozenset(name for name, _ in tables.SIMPLE_TYPES)
_INT64 = range(-(2**63), 2**63)


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
    """Return the nodes that fit everything given.

    Without a `type_version` the type is the one without a version, or with `every_version` any
    one of that name. Artifacts and executions may be those of a context, contexts those of an
    artifact or an execution.
    """
    given: dict[str, object] = {
        "external_ids": None if external_ids is None else _external_ids(external_ids),
        "uris": None if uris is None else sorted(set(uris)),
        "type_name": type_name,
        "type_version": None if type_name is None else type_version or "",
        "name": name,
        "context_id": context_id,
        "artifact_id": artifact_id,
        "execution_id": execution_id,
    }
    if every_version:
        given["type_version"] = None
    values = {key: value for key, value in given.items() if value is not None}
    if ids is None:
        return assemble(connection, kind, _node_rows(connection, kind, values))
    found: list[NodeForm] = []
    for chunk in _chunks(ids):
        rows = _node_rows(connection, kind, {**values, "ids": chunk})
        if values:
            found += assemble(connection, kind, rows)
            continue
        made = forms(rows)
        fill({cast("int", node.id): node for node in made}, property_rows(connection, kind, chunk))
        found += made
    return found


def of_type(kind: Kind, slots: Slots, names: Iterable[Hashable]) -> sa.ColumnElement[bool] | None:
    """Return the condition that a node is of the type `type_name`, if that is among `names`."""
    asked = set(names)
    if "type_name" not in asked:
        return None
    types = tables.type_
    wanted = sa.select(types.c.id).where(
        types.c.name == slots.text("type_name"), types.c.type_kind == NUMBERS[kind]
    )
    if "type_version" in asked:
        wanted = wanted.where(sa.func.coalesce(types.c.version, "") == slots.text("type_version"))
    return TABLES[kind][0].c.type_id.in_(wanted)


def belongs(kind: Kind, slots: Slots, names: Iterable[Hashable]) -> sa.ColumnElement[bool] | None:
    """Return the condition that a node is tied to those nodes whose ids are among `names`."""
    conditions = [
        TABLES[kind][0].c.id.in_(
            sa.select(link.c[mine]).where(link.c[other] == slots.number(other))
        )
        for link, mine, other in _LINKS[kind]
        if other in set(names)
    ]
    return sa.and_(*conditions) if conditions else None


def _node_rows(connection: sa.Connection, kind: Kind, values: Mapping[str, object]) -> list[Row]:
    table = TABLES[kind][0]
    names = frozenset(values)

    def build(slots: Slots) -> Query:
        query = sa.select(*node_columns(kind)).order_by(table.c.id)
        for key, column in (("ids", "id"), ("external_ids", "external_id"), ("uris", "uri")):
            if key in names:
                query = query.where(slots.among(table.c[column], key))
        if "name" in names:
            query = query.where(table.c.name == slots.text("name"))
        is_of_type = of_type(kind, slots, names)
        if is_of_type is not None:
            query = query.where(is_of_type)
        belonging = belongs(kind, slots, names)
        return query if belonging is None else query.where(belonging)

    return fetch(connection, ("nodes", kind, names), build, values)


_LINKS: Mapping[Kind, Sequence[tuple[sa.Table, str, str]]] = {
    "artifact": [(tables.attribution, "artifact_id", "context_id")],
    "execution": [(tables.association, "execution_id", "context_id")],
    "context": [
        (tables.attribution, "context_id", "artifact_id"),
        (tables.association, "context_id", "execution_id"),
    ],
}


def _external_ids(given: Iterable[str]) -> list[str]:
    wanted = sorted(set(given))
    if wanted and not wanted[0]:
        raise InvalidInput("external_ids holds an empty one; leave it out")
    return wanted


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    wanted = sorted({number for number in ids if number in _INT64})
    for start in range(0, len(wanted), CHUNK):
        yield wanted[start : start + CHUNK]


# Types


def types(
    connection: sa.Connection,
    kind: Kind,
    *,
    ids: Iterable[int] | None = None,
    name: str | None = None,
    version: str | None = None,
    every_version: bool = False,
    external_ids: Iterable[str] | None = None,
) -> list[TypeForm]:
    """Return the types that fit everything given, in the order of their ids.

    ML Metadata's simple types are left out when nothing is asked for.
    """
    given: dict[str, object] = {
        "ids": None if ids is None else sorted({each for each in ids if each in _INT64}),
        "external_ids": None if external_ids is None else _external_ids(external_ids),
        "name": name,
        "version": None if name is None or every_version else version or "",
    }
    values = {key: value for key, value in given.items() if value is not None}
    found = [
        TypeForm(
            name=called,
            version=versioned,
            description=description,
            properties={},
            external_id=external_id,
            input_type=input_type,
            output_type=output_type,
            id=type_id,
        )
        for type_id, called, versioned, description, external_id, input_type, output_type in (
            cast(
                "list[tuple[int, str, str, str, str, str, str]]",
                _type_rows(connection, kind, values),
            )
        )
        if values or called not in _SIMPLE
    ]
    _complete(connection, found)
    return found


def _type_rows(connection: sa.Connection, kind: Kind, values: Mapping[str, object]) -> list[Row]:
    table = tables.type_
    names = frozenset(values)

    def build(slots: Slots) -> Query:
        columns = ("id", "name", "version", "description", "external_id")
        query = (
            sa.select(*(table.c[name] for name in columns), table.c.input_type, table.c.output_type)
            .where(table.c.type_kind == NUMBERS[kind])
            .order_by(table.c.id)
        )
        for key, column in (("ids", "id"), ("external_ids", "external_id")):
            if key in names:
                query = query.where(slots.among(table.c[column], key))
        if "name" in names:
            query = query.where(table.c.name == slots.text("name"))
        if "version" in names:
            query = query.where(sa.func.coalesce(table.c.version, "") == slots.text("version"))
        return query

    return fetch(connection, ("types", kind, names), build, values)


def _complete(connection: sa.Connection, found: Sequence[TypeForm]) -> None:
    """Fill in the types' properties and bases."""
    if not found:
        return
    by_id = {cast("int", each.id): each for each in found}
    held, above, base = tables.type_property, tables.parent_type, tables.type_.alias("base")

    def build_properties(slots: Slots) -> Query:
        return (
            sa.select(held.c.type_id, held.c.name, held.c.data_type)
            .where(slots.among(held.c.type_id, "ids"))
            .order_by(held.c.type_id, held.c.name)
        )

    def build_bases(slots: Slots) -> Query:
        return (
            sa.select(above.c.type_id, base.c.name)
            .join(base, base.c.id == above.c.parent_type_id)
            .where(slots.among(above.c.type_id, "ids"))
        )

    ids = {"ids": list(by_id)}
    for type_id, name, number in fetch(connection, ("type properties",), build_properties, ids):
        cast("dict[str, int]", by_id[type_id].properties)[name] = number
    for type_id, name in fetch(connection, ("type bases",), build_bases, ids):
        by_id[type_id].base = name


# What ties nodes together

# A path's steps have no column that says their order; where rows stand does. MySQL's index holds
# equal rows in the order that they came in.
_AS_INSERTED: Mapping[str, Sequence[sa.ColumnElement[Any]]] = {
    "sqlite": [sa.literal_column("rowid")],
    "postgresql": [sa.literal_column("ctid")],
    "mysql": [],
}


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
    path = tables.event_path

    def build(slots: Slots) -> Query:
        names = ("event_id", "is_index_step", "step_index", "step_key")
        query = sa.select(*(path.c[name] for name in names)).where(
            slots.among(path.c.event_id, "ids")
        )
        return query.order_by(path.c.event_id, *_AS_INSERTED[slots.backend.name])

    steps: dict[int, list[str | int]] = {}
    for chunk in _chunks(found):
        rows = fetch(connection, ("paths",), build, {"ids": chunk})
        for event_id, is_index, index, key in rows:
            steps.setdefault(event_id, []).append(index if is_index else key)
    for event_id, taken in steps.items():
        whole: Path = tuple(taken)
        found[event_id].path = whole


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
