"""The calls that write: each is one transaction, one numbered commit.

The database may undo it to let another go first; then it is done again, from the same forms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata.batch import compound, edges, nodes, types
from lineal.metadata.faults import Unsupported
from lineal.mlmd.convert import (
    artifact_form,
    edge_form,
    event_form,
    execution_form,
    forms_of,
    link_of,
    type_form,
)
from lineal.mlmd.proto import metadata_store_service_pb2 as sv

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lineal.metadata import Store
    from lineal.metadata.batch.forms import EventForm, Kind, NodeForm
    from lineal.mlmd.convert import Node, NodeType

__all__ = ["Writes"]

TypeRequest = sv.PutArtifactTypeRequest | sv.PutExecutionTypeRequest | sv.PutContextTypeRequest


class Writes:
    """The calls of the service whose names begin with Put."""

    _store: Store

    # Types

    def PutArtifactType(self, request: sv.PutArtifactTypeRequest) -> sv.PutArtifactTypeResponse:
        """Make a type of artifacts, or evolve it."""
        made = self._put_type("artifact", request.artifact_type, request)
        return sv.PutArtifactTypeResponse(type_id=made)

    def PutExecutionType(self, request: sv.PutExecutionTypeRequest) -> sv.PutExecutionTypeResponse:
        """Make a type of executions, or evolve it."""
        made = self._put_type("execution", request.execution_type, request)
        return sv.PutExecutionTypeResponse(type_id=made)

    def PutContextType(self, request: sv.PutContextTypeRequest) -> sv.PutContextTypeResponse:
        """Make a type of contexts, or evolve it."""
        made = self._put_type("context", request.context_type, request)
        return sv.PutContextTypeResponse(type_id=made)

    def PutTypes(self, request: sv.PutTypesRequest) -> sv.PutTypesResponse:
        """Make or evolve types of all kinds, all or none."""
        _check_fields_match(request)
        sent: list[tuple[Kind, Iterable[NodeType]]] = [
            ("artifact", request.artifact_types),
            ("execution", request.execution_types),
            ("context", request.context_types),
        ]
        made = self._store.transact(
            lambda transaction: [
                types.put_types(
                    transaction,
                    kind,
                    [type_form(each) for each in messages],
                    can_add_fields=request.can_add_fields,
                    can_omit_fields=request.can_omit_fields,
                )
                for kind, messages in sent
            ]
        )
        return sv.PutTypesResponse(
            artifact_type_ids=made[0], execution_type_ids=made[1], context_type_ids=made[2]
        )

    def _put_type(self, kind: Kind, message: NodeType, request: TypeRequest) -> int:
        _check_fields_match(request)
        return self._store.transact(
            lambda transaction: types.put_types(
                transaction,
                kind,
                [type_form(message)],
                can_add_fields=request.can_add_fields,
                can_omit_fields=request.can_omit_fields,
            )
        )[0]

    # Nodes

    def PutArtifacts(self, request: sv.PutArtifactsRequest) -> sv.PutArtifactsResponse:
        """Insert or update artifacts, all or none."""
        expected = None
        if request.options.abort_if_latest_updated_time_changed:
            expected = [
                each.last_update_time_since_epoch if each.HasField("id") else None
                for each in request.artifacts
            ]
        fields = request.update_mask.paths
        made = self._put_nodes("artifact", request.artifacts, fields, expected)
        return sv.PutArtifactsResponse(artifact_ids=made)

    def PutExecutions(self, request: sv.PutExecutionsRequest) -> sv.PutExecutionsResponse:
        """Insert or update executions, all or none."""
        made = self._put_nodes("execution", request.executions, request.update_mask.paths)
        return sv.PutExecutionsResponse(execution_ids=made)

    def PutContexts(self, request: sv.PutContextsRequest) -> sv.PutContextsResponse:
        """Insert or update contexts, all or none."""
        made = self._put_nodes("context", request.contexts, request.update_mask.paths)
        return sv.PutContextsResponse(context_ids=made)

    def _put_nodes(
        self,
        kind: Kind,
        messages: Iterable[Node],
        fields: Iterable[str],
        expected: Sequence[int | None] | None = None,
    ) -> list[int]:
        sent, paths = forms_of(kind, messages), list(fields) or None
        return self._store.transact(
            lambda transaction: nodes.put_nodes(
                transaction, kind, sent, fields=paths, expected_updates=expected
            )
        )

    # Edges

    def PutEvents(self, request: sv.PutEventsRequest) -> sv.PutEventsResponse:
        """Insert events, all or none."""
        sent = [event_form(each) for each in request.events]
        self._store.transact(lambda transaction: edges.put_events(transaction, sent))
        return sv.PutEventsResponse()

    def PutAttributionsAndAssociations(
        self, request: sv.PutAttributionsAndAssociationsRequest
    ) -> sv.PutAttributionsAndAssociationsResponse:
        """Put artifacts and executions into contexts, each once."""
        attributions = [link_of(each) for each in request.attributions]
        associations = [link_of(each) for each in request.associations]
        self._store.transact(
            lambda transaction: edges.put_links(transaction, attributions, associations)
        )
        return sv.PutAttributionsAndAssociationsResponse()

    def PutParentContexts(
        self, request: sv.PutParentContextsRequest
    ) -> sv.PutParentContextsResponse:
        """Put contexts into contexts."""
        links = [link_of(each) for each in request.parent_contexts]
        self._store.transact(lambda transaction: edges.put_parents(transaction, links))
        return sv.PutParentContextsResponse()

    # Nodes and edges together

    def PutExecution(self, request: sv.PutExecutionRequest) -> sv.PutExecutionResponse:
        """Insert or update an execution with its artifacts, events and contexts, all or none."""
        if not request.HasField("execution"):
            raise InvalidInput("the request has no execution; give one")
        execution = execution_form(request.execution)
        pairs = [_pair(each) for each in request.artifact_event_pairs]
        contexts = forms_of("context", request.contexts)
        options = request.options
        execution_id, artifact_ids, context_ids = self._store.transact(
            lambda transaction: compound.put_execution(
                transaction,
                execution,
                pairs,
                contexts,
                reuse_context=options.reuse_context_if_already_exist,
                reuse_artifact=options.reuse_artifact_if_already_exist_by_external_id,
                force_reuse_context=options.force_reuse_context,
                force_update_time=options.force_update_time,
            )
        )
        return sv.PutExecutionResponse(
            execution_id=execution_id, artifact_ids=artifact_ids, context_ids=context_ids
        )

    def PutLineageSubgraph(
        self, request: sv.PutLineageSubgraphRequest
    ) -> sv.PutLineageSubgraphResponse:
        """Insert or update a whole piece of the graph, all or none."""
        executions = forms_of("execution", request.executions)
        artifacts = forms_of("artifact", request.artifacts)
        contexts = forms_of("context", request.contexts)
        sent = [edge_form(each) for each in request.event_edges]
        execution_ids, artifact_ids, context_ids = self._store.transact(
            lambda transaction: compound.put_subgraph(
                transaction,
                executions,
                artifacts,
                contexts,
                sent,
                reuse_context=request.options.reuse_context_if_already_exist,
                reuse_artifact=request.options.reuse_artifact_if_already_exist_by_external_id,
            )
        )
        return sv.PutLineageSubgraphResponse(
            execution_ids=execution_ids, artifact_ids=artifact_ids, context_ids=context_ids
        )


def _pair(
    message: sv.PutExecutionRequest.ArtifactAndEvent,
) -> tuple[NodeForm | None, EventForm | None]:
    return (
        artifact_form(message.artifact) if message.HasField("artifact") else None,
        event_form(message.event) if message.HasField("event") else None,
    )


def _check_fields_match(request: TypeRequest | sv.PutTypesRequest) -> None:
    if not request.all_fields_match:
        raise Unsupported(
            "all_fields_match = false is not offered, as in ML Metadata; "
            "say can_add_fields or can_omit_fields instead"
        )
