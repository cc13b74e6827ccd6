"""The methods of a store that read edges, and follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.mlmd.metadata_store.asking import needed
from lineal.mlmd.metadata_store.calling import Caller, Local
from lineal.mlmd.proto import metadata_store_pb2 as pb
from lineal.mlmd.proto import metadata_store_service_pb2 as sv

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from lineal.mlmd.metadata_store.options import ExtraOptions

__all__ = ["EdgeGets"]

_PARTS = tuple(field.name for field in pb.LineageGraph.DESCRIPTOR.fields)


class EdgeGets(Caller):
    """The methods that return events and lineage."""

    def get_events_by_execution_ids(
        self, execution_ids: Iterable[int], extra_options: ExtraOptions | None = None
    ) -> list[pb.Event]:
        """Return the events of these executions."""
        request = sv.GetEventsByExecutionIDsRequest(
            execution_ids=needed("execution_ids", execution_ids)
        )
        response = self._call(
            "GetEventsByExecutionIDs", request, sv.GetEventsByExecutionIDsResponse
        )
        return list(response.events)

    def get_events_by_artifact_ids(
        self, artifact_ids: Iterable[int], extra_options: ExtraOptions | None = None
    ) -> list[pb.Event]:
        """Return the events of these artifacts."""
        request = sv.GetEventsByArtifactIDsRequest(
            artifact_ids=needed("artifact_ids", artifact_ids)
        )
        response = self._call("GetEventsByArtifactIDs", request, sv.GetEventsByArtifactIDsResponse)
        return list(response.events)

    def get_lineage_subgraph(
        self,
        query_options: pb.LineageSubgraphQueryOptions | None,
        field_mask_paths: Sequence[str] | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> pb.LineageGraph:
        """Return what is reached from some nodes: whole nodes, their types, and what ties them.

        `field_mask_paths` names the parts wanted, by default all: `artifacts`, `artifact_types`,
        `executions`, `execution_types`, `contexts`, `context_types`, `events`, `attributions` and
        `associations`. Raises `InvalidArgumentError` without a filter for the starting nodes, and
        `NotFoundError` if no node fits it.
        """
        wanted = set(field_mask_paths or _PARTS)
        if query_options is None:
            query_options = pb.LineageSubgraphQueryOptions()  # refused, as one that is empty
        if isinstance(self._end, Local):
            return self._end.lineage(query_options, wanted)
        request = sv.GetLineageSubgraphRequest(lineage_subgraph_query_options=query_options)
        # The types come with the nodes: a server would send all types that it has.
        asked = {path.removesuffix("_types") + "s" * path.endswith("_types") for path in wanted}
        request.read_mask.paths.extend(sorted(asked))
        response = self._call("GetLineageSubgraph", request, sv.GetLineageSubgraphResponse)
        skeleton, graph = response.lineage_subgraph, pb.LineageGraph()
        self._add_artifacts(graph, [each.id for each in skeleton.artifacts], wanted)
        self._add_executions(graph, [each.id for each in skeleton.executions], wanted)
        self._add_contexts(graph, [each.id for each in skeleton.contexts], wanted)
        for part in ("events", "attributions", "associations"):
            if part in wanted:
                getattr(graph, part).MergeFrom(getattr(skeleton, part))
        return graph

    def _add_artifacts(
        self, graph: pb.LineageGraph, ids: Sequence[int], wanted: Collection[str]
    ) -> None:
        if not ids:
            return
        request = sv.GetArtifactsByIDRequest(
            artifact_ids=ids, populate_artifact_types="artifact_types" in wanted
        )
        found = self._call("GetArtifactsByID", request, sv.GetArtifactsByIDResponse)
        if "artifacts" in wanted:
            graph.artifacts.MergeFrom(found.artifacts)
        graph.artifact_types.MergeFrom(found.artifact_types)

    def _add_executions(
        self, graph: pb.LineageGraph, ids: Sequence[int], wanted: Collection[str]
    ) -> None:
        if not ids:
            return
        request = sv.GetExecutionsByIDRequest(execution_ids=ids)
        found = self._call("GetExecutionsByID", request, sv.GetExecutionsByIDResponse).executions
        if "executions" in wanted:
            graph.executions.MergeFrom(found)
        if "execution_types" in wanted:
            of = sorted({each.type_id for each in found})
            types = sv.GetExecutionTypesByIDRequest(type_ids=of)
            answer = self._call("GetExecutionTypesByID", types, sv.GetExecutionTypesByIDResponse)
            graph.execution_types.MergeFrom(answer.execution_types)

    def _add_contexts(
        self, graph: pb.LineageGraph, ids: Sequence[int], wanted: Collection[str]
    ) -> None:
        if not ids:
            return
        request = sv.GetContextsByIDRequest(context_ids=ids)
        found = self._call("GetContextsByID", request, sv.GetContextsByIDResponse).contexts
        if "contexts" in wanted:
            graph.contexts.MergeFrom(found)
        if "context_types" in wanted:
            of = sorted({each.type_id for each in found})
            types = sv.GetContextTypesByIDRequest(type_ids=of)
            answer = self._call("GetContextTypesByID", types, sv.GetContextTypesByIDResponse)
            graph.context_types.MergeFrom(answer.context_types)
