"""The calls that read events, parents of contexts, and lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import sqlalchemy as sa

from lineal.errors import InvalidInput
from lineal.metadata import tables
from lineal.metadata.batch import reading, subgraph
from lineal.metadata.faults import Unsupported
from lineal.mlmd.convert import fill_event
from lineal.mlmd.proto import metadata_store_pb2 as pb
from lineal.mlmd.proto import metadata_store_service_pb2 as sv
from lineal.mlmd.service.nodes import add_nodes
from lineal.mlmd.service.types import add_types

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from lineal.metadata import Store
    from lineal.metadata.batch.forms import Kind

__all__ = ["GraphReads"]

_PARTS = frozenset(field.name for field in pb.LineageGraph.DESCRIPTOR.fields)


class GraphReads:
    """The calls of the service that answer with edges, or follow them."""

    _store: Store

    def GetEventsByArtifactIDs(
        self, request: sv.GetEventsByArtifactIDsRequest
    ) -> sv.GetEventsByArtifactIDsResponse:
        """Return the events of these artifacts."""
        response = sv.GetEventsByArtifactIDsResponse()
        with self._store.reading() as (connection, _):
            found = reading.events(connection, artifact_ids=request.artifact_ids)
        for form in found:
            fill_event(response.events.add(), form)
        return response

    def GetEventsByExecutionIDs(
        self, request: sv.GetEventsByExecutionIDsRequest
    ) -> sv.GetEventsByExecutionIDsResponse:
        """Return the events of these executions."""
        response = sv.GetEventsByExecutionIDsResponse()
        with self._store.reading() as (connection, _):
            found = reading.events(connection, execution_ids=request.execution_ids)
        for form in found:
            fill_event(response.events.add(), form)
        return response

    # Contexts of contexts

    def GetParentContextsByContext(
        self, request: sv.GetParentContextsByContextRequest
    ) -> sv.GetParentContextsByContextResponse:
        """Return the contexts that hold a context."""
        response = sv.GetParentContextsByContextResponse()
        with self._store.reading() as (connection, _):
            found = reading.parents(connection, [request.context_id])
        add_nodes("context", response.contexts, found.get(request.context_id, []))
        return response

    def GetChildrenContextsByContext(
        self, request: sv.GetChildrenContextsByContextRequest
    ) -> sv.GetChildrenContextsByContextResponse:
        """Return the contexts that a context holds."""
        response = sv.GetChildrenContextsByContextResponse()
        with self._store.reading() as (connection, _):
            found = reading.children(connection, [request.context_id])
        add_nodes("context", response.contexts, found.get(request.context_id, []))
        return response

    def GetParentContextsByContexts(
        self, request: sv.GetParentContextsByContextsRequest
    ) -> sv.GetParentContextsByContextsResponse:
        """Return the contexts that hold each of these contexts."""
        _check_asked(request.context_ids)
        response = sv.GetParentContextsByContextsResponse()
        with self._store.reading() as (connection, _):
            found = reading.parents(connection, request.context_ids)
        for context_id, contexts in found.items():
            add_nodes("context", response.contexts[context_id].parent_contexts, contexts)
        return response

    def GetChildrenContextsByContexts(
        self, request: sv.GetChildrenContextsByContextsRequest
    ) -> sv.GetChildrenContextsByContextsResponse:
        """Return the contexts that each of these contexts holds."""
        _check_asked(request.context_ids)
        response = sv.GetChildrenContextsByContextsResponse()
        with self._store.reading() as (connection, _):
            found = reading.children(connection, request.context_ids)
        for context_id, contexts in found.items():
            add_nodes("context", response.contexts[context_id].children_contexts, contexts)
        return response

    # Lineage

    def GetLineageGraph(self, request: sv.GetLineageGraphRequest) -> sv.GetLineageGraphResponse:
        """Refuse, as every server of ML Metadata does."""
        raise Unsupported(
            "GetLineageGraph is not offered, as in ML Metadata; call GetLineageSubgraph"
        )

    def GetLineageSubgraph(
        self, request: sv.GetLineageSubgraphRequest
    ) -> sv.GetLineageSubgraphResponse:
        """Return the skeleton of a piece of lineage: nodes with their ids only, whole edges.

        Without a mask all of it; types, if asked for, are all that the store has.
        """
        mask = set(request.read_mask.paths)
        parts = mask & _PARTS if mask else _PARTS
        response = sv.GetLineageSubgraphResponse()
        graph = response.lineage_subgraph
        graph.SetInParent()
        with self._store.reading() as (connection, _):
            found = _walk(connection, request.lineage_subgraph_query_options, parts)
            _add_types(connection, graph, parts)
        _add_skeleton(graph, found, parts)
        return response

    def lineage(
        self, options: pb.LineageSubgraphQueryOptions, wanted: AbstractSet[str]
    ) -> pb.LineageGraph:
        """Return a piece of lineage, its nodes whole and with the types that they are of.

        Not a call of the protocol: its clients ask for the nodes and types of the skeleton anew.
        """
        graph = pb.LineageGraph()
        parts = {part.removesuffix("_types") + "s" * part.endswith("_types") for part in wanted}
        with self._store.reading() as (connection, _):
            found = _walk(connection, options, parts)
            _add_nodes(connection, graph, found, wanted)
        _add_skeleton(graph, found, wanted & {"events", "attributions", "associations"})
        return graph


def _add_nodes(
    connection: sa.Connection,
    graph: pb.LineageGraph,
    found: subgraph.Subgraph,
    wanted: AbstractSet[str],
) -> None:
    kinds: Sequence[tuple[Kind, Sequence[int]]] = (
        ("artifact", found.artifact_ids),
        ("execution", found.execution_ids),
        ("context", found.context_ids),
    )
    for kind, ids in kinds:
        if not ids or not wanted & {f"{kind}s", f"{kind}_types"}:
            continue
        nodes = reading.nodes(connection, kind, ids=ids)
        if f"{kind}s" in wanted:
            add_nodes(kind, getattr(graph, f"{kind}s"), nodes)
        if f"{kind}_types" in wanted:
            of = {node.type_id for node in nodes if node.type_id is not None}
            types = reading.types(connection, kind, ids=of)
            add_types(getattr(graph, f"{kind}_types"), types)


def _walk(
    connection: sa.Connection,
    options: pb.LineageSubgraphQueryOptions,
    parts: AbstractSet[str],
) -> subgraph.Subgraph:
    start = options.WhichOneof("starting_nodes")
    starting: subgraph.Side
    if start == "starting_artifacts":
        starting, first = "artifact", options.starting_artifacts.filter_query
    elif start == "starting_executions":
        starting, first = "execution", options.starting_executions.filter_query
    else:
        raise InvalidInput("neither starting_artifacts nor starting_executions is given")
    return subgraph.lineage_subgraph(
        connection,
        starting=starting,
        starting_filter=first,
        max_hops=options.max_num_hops if options.HasField("max_num_hops") else None,
        direction=_DIRECTIONS[options.direction],
        ending_artifacts=_ending(options.ending_artifacts),
        ending_executions=_ending(options.ending_executions),
        parts=[part for part in get_args(subgraph.Part) if part in parts | _links(parts)],
    )


def _links(parts: AbstractSet[str]) -> AbstractSet[str]:
    """Return the edges that contexts are found by."""
    return {"attributions", "associations"} if "contexts" in parts else set()


_DIRECTIONS: Mapping[int, subgraph.Direction] = {
    0: "both",
    1: "upstream",
    2: "downstream",
    3: "both",
}


def _ending(nodes: pb.LineageSubgraphQueryOptions.EndingNodes) -> subgraph.Ending | None:
    return (
        subgraph.Ending(nodes.filter_query, nodes.include_ending_nodes)
        if nodes.filter_query
        else None
    )


def _add_types(connection: sa.Connection, graph: pb.LineageGraph, parts: AbstractSet[str]) -> None:
    """Add all types of the kinds asked for, the simple ones included."""
    if not parts & {"artifact_types", "execution_types", "context_types"}:
        return
    ids = connection.scalars(sa.select(tables.type_.c.id)).all()
    if "artifact_types" in parts:
        add_types(graph.artifact_types, reading.types(connection, "artifact", ids=ids))
    if "execution_types" in parts:
        add_types(graph.execution_types, reading.types(connection, "execution", ids=ids))
    if "context_types" in parts:
        add_types(graph.context_types, reading.types(connection, "context", ids=ids))


def _add_skeleton(
    graph: pb.LineageGraph, found: subgraph.Subgraph, parts: AbstractSet[str]
) -> None:
    for name, ids in (
        ("artifacts", found.artifact_ids),
        ("executions", found.execution_ids),
        ("contexts", found.context_ids),
    ):
        into = getattr(graph, name)
        for node_id in ids if name in parts else ():
            into.add().id = node_id
    for event in found.events if "events" in parts else ():
        fill_event(graph.events.add(), event)
    for link in found.attributions if "attributions" in parts else ():
        graph.attributions.add(context_id=link.first, artifact_id=link.second)
    for link in found.associations if "associations" in parts else ():
        graph.associations.add(context_id=link.first, execution_id=link.second)


def _check_asked(context_ids: Sequence[int]) -> None:
    if not context_ids:
        raise InvalidInput("context_ids is empty; give the contexts asked about")
