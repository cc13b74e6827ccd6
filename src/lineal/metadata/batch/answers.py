"""What the graph answers, each question one function where the database is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import InvalidInput
from lineal.metadata import tables
from lineal.metadata.backends import backend_of
from lineal.metadata.batch import reading
from lineal.metadata.batch.assembly import TABLES
from lineal.metadata.batch.choosing import given
from lineal.metadata.batch.forms import Link
from lineal.metadata.batch.listing import limit_of, list_given, page_rows
from lineal.metadata.batch.selects import CHUNK
from lineal.metadata.batch.subgraph import Ending, Subgraph, lineage_subgraph
from lineal.metadata.batch.told import event_of, node_of, type_of
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from lineal.metadata.batch.forms import Kind, PageRequest
    from lineal.metadata.batch.subgraph import Direction, Side
    from lineal.metadata.model import Artifact, Context, Event, Execution, NodeType
    from lineal.metadata.store import Store

__all__ = ["chosen", "events", "links", "nodes", "relatives", "subgraph", "table", "types"]


@served()
def nodes(
    store: Store, kind: Kind, request: PageRequest, values: Mapping[str, object]
) -> tuple[list[Artifact | Execution | Context], str]:
    """Return a page of nodes, now or as they were, and the token to go on with."""
    if store.at is not None:
        from lineal.metadata.batch.then import nodes_then

        return nodes_then(store, kind, request, values, limit=limit_of(request, None))
    with store.reading() as (connection, _):
        page = list_given(connection, kind, request, values, filter_meaning="lineal", most=None)
    return [node_of(kind, form) for form in page.nodes], page.token


@served()
def table(store: Store, kind: Kind, request: PageRequest, values: Mapping[str, object]) -> pa.Table:
    """Return the same nodes as an Arrow table."""
    from lineal.metadata.batch import frames

    if store.at is not None:
        found, _ = nodes(store, kind, request, values)
        return frames.of_nodes(kind, found)
    with store.reading() as (connection, _at):
        rows, _ = page_rows(connection, kind, request, values, filter_meaning="lineal", most=None)
        return frames.arrow(connection, kind, rows)


@served()
def types(
    store: Store,
    kind: Kind,
    *,
    ids: Sequence[int] | None = None,
    name: str | None = None,
    version: str | None = None,
    external_ids: Sequence[str] | None = None,
) -> list[NodeType]:
    """Return the types that fit everything given; without a version, every version."""
    with store.reading() as (connection, _):
        found = reading.types(
            connection,
            kind,
            ids=ids,
            name=name,
            version=version,
            every_version=version is None,
            external_ids=external_ids,
        )
    return [type_of(kind, form) for form in found]


@served()
def events(
    store: Store,
    *,
    artifact_ids: Sequence[int] | None = None,
    execution_ids: Sequence[int] | None = None,
) -> list[Event]:
    """Return the events of these artifacts and of these executions, now or as they were."""
    if store.at is not None:
        found = {
            event.id: event
            for asked in ({"artifact_ids": artifact_ids}, {"execution_ids": execution_ids})
            for event in (store.events(**asked) if None not in asked.values() else ())
        }
        return [found[number] for number in sorted(found, key=lambda n: n or 0)]
    with store.reading() as (connection, _):
        forms = reading.events(connection, artifact_ids=artifact_ids, execution_ids=execution_ids)
    return [event_of(form) for form in forms]


@served()
def links(store: Store, kind: Kind, ids: Sequence[int], contexts: Sequence[int]) -> list[Link]:
    """Return the attributions of artifacts, or associations of executions, and of contexts."""
    if store.at is None:
        with store.reading() as (connection, _):
            if kind == "artifact":
                return reading.attributions(connection, artifact_ids=ids, context_ids=contexts)
            return reading.associations(connection, execution_ids=ids, context_ids=contexts)
    link = tables.attribution if kind == "artifact" else tables.association
    mine = link.c[f"{kind}_id"]
    found: dict[int, Link] = {}
    with store.reading() as (connection, at):
        for column, wanted in ((mine, ids), (link.c.context_id, contexts)):
            for start in range(0, len(wanted), CHUNK):
                query = sa.select(link.c.id, link.c.context_id, mine).where(
                    column.in_(wanted[start : start + CHUNK])
                )
                if at is not None:
                    query = query.where(at.visible(link.name.lower()))
                found |= {row[0]: Link(row[1], row[2]) for row in connection.execute(query)}
    return [found[number] for number in sorted(found)]


@served()
def relatives(
    store: Store, context_ids: Sequence[int], *, children: bool
) -> dict[int, list[Context]]:
    """Return of each of these contexts the ones that it holds, or that hold it."""
    near, far = ("parent_context_id", "context_id")[:: 1 if children else -1]
    pairs: list[tuple[int, int]] = []
    link = tables.parent_context
    with store.reading() as (connection, at):
        backend = backend_of(connection)
        for start in range(0, len(context_ids), CHUNK):
            among = backend.among(link.c[near], context_ids[start : start + CHUNK])
            query = sa.select(link.c[near], link.c[far]).where(among)
            if at is not None:
                from lineal.metadata.batch.then import parent_dated

                query = query.where(parent_dated(at))
            pairs += [(row[0], row[1]) for row in connection.execute(query.order_by(link.c[far]))]
    there = {context.id: context for context in store.contexts(ids={far for _, far in pairs})}
    found: dict[int, list[Context]] = {context_id: [] for context_id in context_ids}
    for one, other in pairs:
        if other in there:
            found[one].append(there[other])
    return found


@served()
def subgraph(
    store: Store,
    starting: Side,
    starting_filter: str,
    *,
    max_hops: int | None,
    direction: Direction,
    ending_artifacts: Ending | None,
    ending_executions: Ending | None,
) -> Subgraph:
    """Return what is reached from the nodes that fit a filter, however far."""
    if store.at is not None:
        raise InvalidInput(
            "a subgraph can't be cut out of the past; follow lineage there instead "
            "(ws.at(…).lineage(…)), or cut it out of the present"
        )
    with store.reading() as (connection, _):
        return lineage_subgraph(
            connection,
            starting=starting,
            starting_filter=starting_filter,
            max_hops=max_hops,
            direction=direction,
            ending_artifacts=ending_artifacts,
            ending_executions=ending_executions,
            filter_meaning="lineal",
            most_hops=None,
            most_starts=None,
        )


def chosen(kind: Kind, values: Mapping[str, object]) -> dict[str, object]:
    """Return `choosing.given` of what this kind of node has; raise `InvalidInput` for others."""
    known = {
        "artifact": {"uris", "context_id"},
        "execution": {"context_id"},
        "context": {"artifact_id", "execution_id"},
    }
    asked = {name for name, value in values.items() if value is not None}
    foreign = asked & {"uris", "context_id", "artifact_id", "execution_id"} - known[kind]
    if foreign:
        raise InvalidInput(f"{TABLES[kind][0].name.lower()}s can't be chosen by {min(foreign)}")
    return given(**values)  # type: ignore[arg-type] # of the kinds that its callers declare
