"""The methods of a store that write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.mlmd.metadata_store.asking import asked, needed, shallow
from lineal.mlmd.metadata_store.calling import Caller
from lineal.mlmd.proto import metadata_store_service_pb2 as sv

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lineal.mlmd.metadata_store.options import ExtraOptions
    from lineal.mlmd.proto import metadata_store_pb2 as pb

__all__ = ["Puts"]

Pair = tuple["pb.Artifact | None", "pb.Event | None"] | tuple["pb.Artifact"] | tuple[()]


class Puts(Caller):
    """The methods whose names begin with put; each call is one transaction."""

    # Types

    def put_artifact_type(
        self,
        artifact_type: pb.ArtifactType,
        can_add_fields: bool = False,
        can_omit_fields: bool = False,
        extra_options: ExtraOptions | None = None,
    ) -> int:
        """Make a type of artifacts or evolve it; return its id.

        A type is known by its name and version. Properties may be added with `can_add_fields`,
        and stored ones left out with `can_omit_fields`; they stay. Raises `AlreadyExistsError`
        where that isn't allowed, or where a property has another kind of value.
        """
        request = asked(
            sv.PutArtifactTypeRequest,
            artifact_type=artifact_type,
            can_add_fields=can_add_fields,
            can_omit_fields=can_omit_fields,
        )
        return self._call("PutArtifactType", request, sv.PutArtifactTypeResponse).type_id

    def put_execution_type(
        self,
        execution_type: pb.ExecutionType,
        can_add_fields: bool = False,
        can_omit_fields: bool = False,
        extra_options: ExtraOptions | None = None,
    ) -> int:
        """Make a type of executions or evolve it, as `put_artifact_type`; return its id."""
        request = asked(
            sv.PutExecutionTypeRequest,
            execution_type=execution_type,
            can_add_fields=can_add_fields,
            can_omit_fields=can_omit_fields,
        )
        return self._call("PutExecutionType", request, sv.PutExecutionTypeResponse).type_id

    def put_context_type(
        self,
        context_type: pb.ContextType,
        can_add_fields: bool = False,
        can_omit_fields: bool = False,
        extra_options: ExtraOptions | None = None,
    ) -> int:
        """Make a type of contexts or evolve it, as `put_artifact_type`; return its id."""
        request = asked(
            sv.PutContextTypeRequest,
            context_type=context_type,
            can_add_fields=can_add_fields,
            can_omit_fields=can_omit_fields,
        )
        return self._call("PutContextType", request, sv.PutContextTypeResponse).type_id

    # Nodes

    def put_artifacts(
        self,
        artifacts: Sequence[pb.Artifact],
        field_mask_paths: Sequence[str] | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> list[int]:
        """Insert artifacts, and update those that have an id; return the ids in order.

        An update replaces everything but the name, or with `field_mask_paths` only what these
        name: `uri`, `state`, `external_id`, `properties`, `properties.NAME`, and so on.
        """
        request = asked(sv.PutArtifactsRequest, artifacts=needed("artifacts", artifacts))
        request.update_mask.paths.extend(field_mask_paths or ())
        response = self._call("PutArtifacts", request, sv.PutArtifactsResponse)
        return list(response.artifact_ids)

    def put_executions(
        self,
        executions: Sequence[pb.Execution],
        field_mask_paths: Sequence[str] | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> list[int]:
        """Insert or update executions, as `put_artifacts`; return their ids in order."""
        request = asked(sv.PutExecutionsRequest, executions=needed("executions", executions))
        request.update_mask.paths.extend(field_mask_paths or ())
        response = self._call("PutExecutions", request, sv.PutExecutionsResponse)
        return list(response.execution_ids)

    def put_contexts(
        self,
        contexts: Sequence[pb.Context],
        field_mask_paths: Sequence[str] | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> list[int]:
        """Insert or update contexts, as `put_artifacts`; return their ids in order.

        A context needs a name, which an update may change.
        """
        request = asked(sv.PutContextsRequest, contexts=needed("contexts", contexts))
        request.update_mask.paths.extend(field_mask_paths or ())
        response = self._call("PutContexts", request, sv.PutContextsResponse)
        return list(response.context_ids)

    # Edges

    def put_events(
        self, events: Sequence[pb.Event], extra_options: ExtraOptions | None = None
    ) -> None:
        """Insert events; raise `AlreadyExistsError` for one that is there already."""
        request = asked(sv.PutEventsRequest, events=needed("events", events))
        self._call("PutEvents", request, sv.PutEventsResponse)

    def put_attributions_and_associations(
        self,
        attributions: Sequence[pb.Attribution],
        associations: Sequence[pb.Association],
        extra_options: ExtraOptions | None = None,
    ) -> None:
        """Put artifacts and executions into contexts; those that are in stay so."""
        request = asked(
            sv.PutAttributionsAndAssociationsRequest,
            attributions=needed("attributions", attributions),
            associations=needed("associations", associations),
        )
        response = sv.PutAttributionsAndAssociationsResponse
        self._call("PutAttributionsAndAssociations", request, response)

    def put_parent_contexts(
        self,
        parent_contexts: Sequence[pb.ParentContext],
        extra_options: ExtraOptions | None = None,
    ) -> None:
        """Put contexts into contexts; raise `AlreadyExistsError` for one that is in already."""
        request = asked(
            sv.PutParentContextsRequest, parent_contexts=needed("parent_contexts", parent_contexts)
        )
        self._call("PutParentContexts", request, sv.PutParentContextsResponse)

    # Nodes and edges together

    def put_execution(
        self,
        execution: pb.Execution,
        artifact_and_events: Iterable[Pair],
        contexts: Sequence[pb.Context] | None,
        reuse_context_if_already_exist: bool = False,
        reuse_artifact_if_already_exist_by_external_id: bool = False,
        force_reuse_context: bool = False,
        force_update_time: bool = False,
        extra_options: ExtraOptions | None = None,
    ) -> tuple[int, list[int], list[int]]:
        """Insert or update an execution with its artifacts, events and contexts.

        Each pair is an artifact and the event that ties it to the execution; either may be
        missing. The contexts are tied to the execution and to every artifact. Returns the id of
        the execution, those of the artifacts and those of the contexts.
        """
        request = asked(
            sv.PutExecutionRequest,
            execution=execution,
            contexts=contexts,
            options=sv.PutExecutionRequest.Options(
                reuse_context_if_already_exist=reuse_context_if_already_exist,
                reuse_artifact_if_already_exist_by_external_id=(
                    reuse_artifact_if_already_exist_by_external_id
                ),
                force_reuse_context=force_reuse_context,
                force_update_time=force_update_time,
            ),
        )
        with shallow():
            for pair in needed("artifact_and_events", artifact_and_events):
                if pair:
                    event = pair[1] if len(pair) == 2 else None
                    request.artifact_event_pairs.add(artifact=pair[0], event=event)
        response = self._call("PutExecution", request, sv.PutExecutionResponse)
        return response.execution_id, list(response.artifact_ids), list(response.context_ids)

    def put_lineage_subgraph(
        self,
        executions: Sequence[pb.Execution],
        artifacts: Sequence[pb.Artifact],
        contexts: Sequence[pb.Context],
        event_edges: Iterable[tuple[int | None, int | None, pb.Event | None]],
        reuse_context_if_already_exist: bool = False,
        reuse_artifact_if_already_exist_by_external_id: bool = False,
        extra_options: ExtraOptions | None = None,
    ) -> tuple[list[int], list[int], list[int]]:
        """Insert or update a piece of the graph.

        An edge is the index of its execution in `executions`, that of its artifact in
        `artifacts`, and the event; an index is None if the event has the id. Every context is
        tied to every node. Returns the ids of the executions, artifacts and contexts.
        """
        request = asked(
            sv.PutLineageSubgraphRequest,
            executions=executions,
            artifacts=artifacts,
            contexts=contexts,
            options=sv.PutLineageSubgraphRequest.Options(
                reuse_context_if_already_exist=reuse_context_if_already_exist,
                reuse_artifact_if_already_exist_by_external_id=(
                    reuse_artifact_if_already_exist_by_external_id
                ),
            ),
        )
        for execution_index, artifact_index, event in needed("event_edges", event_edges):
            request.event_edges.add(
                execution_index=execution_index, artifact_index=artifact_index, event=event
            )
        response = self._call("PutLineageSubgraph", request, sv.PutLineageSubgraphResponse)
        return (
            list(response.execution_ids),
            list(response.artifact_ids),
            list(response.context_ids),
        )
