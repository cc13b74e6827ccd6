"""The calls that read nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.batch import listing, reading
from lineal.metadata.batch.forms import PageRequest
from lineal.mlmd.convert import FILLERS, fill_artifact, fill_context, fill_execution
from lineal.mlmd.proto import metadata_store_pb2 as pb
from lineal.mlmd.proto import metadata_store_service_pb2 as sv
from lineal.mlmd.service.types import add_types, check_external_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.protobuf.internal.containers import RepeatedCompositeFieldContainer as Messages

    from lineal.metadata import Store
    from lineal.metadata.batch.forms import Kind, NodeForm, OrderBy, Page

__all__ = ["NodeReads", "add_nodes"]

_Node = TypeVar("_Node", pb.Artifact, pb.Execution, pb.Context)

_ORDERS: dict[int, OrderBy] = {1: "create_time", 2: "last_update_time", 3: "id"}


class NodeReads:
    """The calls of the service that answer with nodes."""

    _store: Store
    _longest_page: int | None

    # Pages

    def GetArtifacts(self, request: sv.GetArtifactsRequest) -> sv.GetArtifactsResponse:
        """Return a page of artifacts, or all of them if no options are given."""
        response = sv.GetArtifactsResponse()
        page = self._page("artifact", request)
        return _answer(response, "artifact", response.artifacts, page)

    def GetExecutions(self, request: sv.GetExecutionsRequest) -> sv.GetExecutionsResponse:
        """Return a page of executions, or all of them if no options are given."""
        response = sv.GetExecutionsResponse()
        page = self._page("execution", request)
        return _answer(response, "execution", response.executions, page)

    def GetContexts(self, request: sv.GetContextsRequest) -> sv.GetContextsResponse:
        """Return a page of contexts, or all of them if no options are given."""
        response = sv.GetContextsResponse()
        page = self._page("context", request)
        return _answer(response, "context", response.contexts, page)

    def GetArtifactsByType(
        self, request: sv.GetArtifactsByTypeRequest
    ) -> sv.GetArtifactsByTypeResponse:
        """Return artifacts of a type; none of an unknown one."""
        response = sv.GetArtifactsByTypeResponse()
        page = self._of_type("artifact", request)
        return _answer(response, "artifact", response.artifacts, page)

    def GetExecutionsByType(
        self, request: sv.GetExecutionsByTypeRequest
    ) -> sv.GetExecutionsByTypeResponse:
        """Return executions of a type; none of an unknown one."""
        response = sv.GetExecutionsByTypeResponse()
        page = self._of_type("execution", request)
        return _answer(response, "execution", response.executions, page)

    def GetContextsByType(
        self, request: sv.GetContextsByTypeRequest
    ) -> sv.GetContextsByTypeResponse:
        """Return contexts of a type; none of an unknown one."""
        response = sv.GetContextsByTypeResponse()
        page = self._of_type("context", request)
        return _answer(response, "context", response.contexts, page)

    def GetArtifactsByContext(
        self, request: sv.GetArtifactsByContextRequest
    ) -> sv.GetArtifactsByContextResponse:
        """Return artifacts that a context holds; none of an unknown one."""
        response = sv.GetArtifactsByContextResponse()
        page = self._page("artifact", request, context_id=request.context_id)
        return _answer(response, "artifact", response.artifacts, page)

    def GetExecutionsByContext(
        self, request: sv.GetExecutionsByContextRequest
    ) -> sv.GetExecutionsByContextResponse:
        """Return executions that a context holds; none of an unknown one."""
        response = sv.GetExecutionsByContextResponse()
        page = self._page("execution", request, context_id=request.context_id)
        return _answer(response, "execution", response.executions, page)

    def _page(self, kind: Kind, request: _Listing, *, context_id: int | None = None) -> Page:
        with self._store.reading() as (connection, _):
            return listing.list_nodes(
                connection, kind, _wanted(request), context_id=context_id, most=self._longest_page
            )

    def _of_type(
        self,
        kind: Kind,
        request: sv.GetArtifactsByTypeRequest
        | sv.GetExecutionsByTypeRequest
        | sv.GetContextsByTypeRequest,
    ) -> Page:
        with self._store.reading() as (connection, _):
            return listing.list_nodes(
                connection,
                kind,
                _wanted(request),
                type_name=request.type_name,
                type_version=request.type_version,
                most=self._longest_page,
            )

    # By what they are called

    def GetArtifactsByID(self, request: sv.GetArtifactsByIDRequest) -> sv.GetArtifactsByIDResponse:
        """Return the artifacts with these ids, in their order, and their types if asked."""
        response = sv.GetArtifactsByIDResponse()
        with self._store.reading() as (connection, _):
            found = reading.nodes(connection, "artifact", ids=request.artifact_ids)
            add_nodes("artifact", response.artifacts, found)
            if request.populate_artifact_types:
                ids = {each.type_id for each in found if each.type_id is not None}
                add_types(response.artifact_types, reading.types(connection, "artifact", ids=ids))
        return response

    def GetExecutionsByID(
        self, request: sv.GetExecutionsByIDRequest
    ) -> sv.GetExecutionsByIDResponse:
        """Return the executions with these ids, in the order of the ids."""
        response = sv.GetExecutionsByIDResponse()
        with self._store.reading() as (connection, _):
            found = reading.nodes(connection, "execution", ids=request.execution_ids)
        add_nodes("execution", response.executions, found)
        return response

    def GetContextsByID(self, request: sv.GetContextsByIDRequest) -> sv.GetContextsByIDResponse:
        """Return the contexts with these ids, in the order of the ids."""
        response = sv.GetContextsByIDResponse()
        with self._store.reading() as (connection, _):
            found = reading.nodes(connection, "context", ids=request.context_ids)
        add_nodes("context", response.contexts, found)
        return response

    def GetArtifactByTypeAndName(
        self, request: sv.GetArtifactByTypeAndNameRequest
    ) -> sv.GetArtifactByTypeAndNameResponse:
        """Return the artifact of a type and a name, if there is one."""
        response = sv.GetArtifactByTypeAndNameResponse()
        kind, version = request.type_name, request.type_version
        for form in self._named("artifact", kind, version, request.artifact_name):
            fill_artifact(response.artifact, form)
        return response

    def GetExecutionByTypeAndName(
        self, request: sv.GetExecutionByTypeAndNameRequest
    ) -> sv.GetExecutionByTypeAndNameResponse:
        """Return the execution of a type and a name, if there is one."""
        response = sv.GetExecutionByTypeAndNameResponse()
        kind, version = request.type_name, request.type_version
        for form in self._named("execution", kind, version, request.execution_name):
            fill_execution(response.execution, form)
        return response

    def GetContextByTypeAndName(
        self, request: sv.GetContextByTypeAndNameRequest
    ) -> sv.GetContextByTypeAndNameResponse:
        """Return the context of a type and a name, if there is one."""
        response = sv.GetContextByTypeAndNameResponse()
        kind, version = request.type_name, request.type_version
        for form in self._named("context", kind, version, request.context_name):
            fill_context(response.context, form)
        return response

    def GetArtifactsByURI(
        self, request: sv.GetArtifactsByURIRequest
    ) -> sv.GetArtifactsByURIResponse:
        """Return the artifacts with exactly one of these URIs."""
        from google.protobuf.unknown_fields import UnknownFieldSet

        unknown = UnknownFieldSet(request)
        if any(unknown[index].field_number == 1 for index in range(len(unknown))):
            raise InvalidInput("the request has the old field 1, `uri`; send `uris` instead")
        response = sv.GetArtifactsByURIResponse()
        with self._store.reading() as (connection, _):
            # No stored text has a NUL, at which SQLite would cut what is asked for.
            uris = [uri for uri in request.uris if "\0" not in uri]
            found = reading.nodes(connection, "artifact", uris=uris)
        add_nodes("artifact", response.artifacts, found)
        return response

    def GetArtifactsByExternalIds(
        self, request: sv.GetArtifactsByExternalIdsRequest
    ) -> sv.GetArtifactsByExternalIdsResponse:
        """Return the artifacts with these external ids; raise `NotFound` if there are none."""
        response = sv.GetArtifactsByExternalIdsResponse()
        self._add_external("artifact", response.artifacts, request.external_ids)
        return response

    def GetExecutionsByExternalIds(
        self, request: sv.GetExecutionsByExternalIdsRequest
    ) -> sv.GetExecutionsByExternalIdsResponse:
        """Return the executions with these external ids; raise `NotFound` if there are none."""
        response = sv.GetExecutionsByExternalIdsResponse()
        self._add_external("execution", response.executions, request.external_ids)
        return response

    def GetContextsByExternalIds(
        self, request: sv.GetContextsByExternalIdsRequest
    ) -> sv.GetContextsByExternalIdsResponse:
        """Return the contexts with these external ids; raise `NotFound` if there are none."""
        response = sv.GetContextsByExternalIdsResponse()
        self._add_external("context", response.contexts, request.external_ids)
        return response

    # By what they are tied to

    def GetContextsByArtifact(
        self, request: sv.GetContextsByArtifactRequest
    ) -> sv.GetContextsByArtifactResponse:
        """Return the contexts that hold an artifact; raise `NotFound` if none does."""
        response = sv.GetContextsByArtifactResponse()
        with self._store.reading() as (connection, _):
            found = reading.nodes(connection, "context", artifact_id=request.artifact_id)
        if not found:
            raise NotFound(f"no context holds artifact/{request.artifact_id}, if there is one")
        add_nodes("context", response.contexts, found)
        return response

    def GetContextsByExecution(
        self, request: sv.GetContextsByExecutionRequest
    ) -> sv.GetContextsByExecutionResponse:
        """Return the contexts that hold an execution; raise `NotFound` if none does."""
        response = sv.GetContextsByExecutionResponse()
        with self._store.reading() as (connection, _):
            found = reading.nodes(connection, "context", execution_id=request.execution_id)
        if not found:
            raise NotFound(f"no context holds execution/{request.execution_id}, if there is one")
        add_nodes("context", response.contexts, found)
        return response

    # Inside

    def _named(self, kind: Kind, type_name: str, version: str, name: str) -> list[NodeForm]:
        with self._store.reading() as (connection, _):
            return reading.nodes(
                connection, kind, type_name=type_name, type_version=version, name=name
            )

    def _add_external(self, kind: Kind, into: Messages[_Node], external_ids: Sequence[str]) -> None:
        if not external_ids:
            return
        with self._store.reading() as (connection, _):
            found = reading.nodes(connection, kind, external_ids=external_ids)
        check_external_ids(kind, external_ids, found)
        add_nodes(kind, into, found)


_Response = TypeVar(
    "_Response",
    sv.GetArtifactsResponse,
    sv.GetExecutionsResponse,
    sv.GetContextsResponse,
    sv.GetArtifactsByTypeResponse,
    sv.GetExecutionsByTypeResponse,
    sv.GetContextsByTypeResponse,
    sv.GetArtifactsByContextResponse,
    sv.GetExecutionsByContextResponse,
)
_Listing = (
    sv.GetArtifactsRequest
    | sv.GetExecutionsRequest
    | sv.GetContextsRequest
    | sv.GetArtifactsByTypeRequest
    | sv.GetExecutionsByTypeRequest
    | sv.GetContextsByTypeRequest
    | sv.GetArtifactsByContextRequest
    | sv.GetExecutionsByContextRequest
)


def add_nodes(kind: Kind, into: Messages[_Node], found: Iterable[NodeForm]) -> None:
    """Add stored nodes to a list in a message."""
    fill, add = FILLERS[kind], into.add
    for form in found:
        fill(add(), form)  # type: ignore[arg-type] # of that kind


def _page_request(options: pb.ListOperationOptions) -> PageRequest:
    """Return which nodes a request's options ask for."""
    order = _ORDERS.get(options.order_by_field.field)
    if order is None:
        raise InvalidInput("order_by_field.field is unspecified; choose CREATE_TIME or ID, say")
    sent = pb.ListOperationOptions()
    sent.CopyFrom(options)
    sent.ClearField("next_page_token")
    return PageRequest(
        limit=options.max_result_size,
        order_by=order,
        ascending=options.order_by_field.is_asc,
        token=options.next_page_token,
        filter=options.filter_query,
        sent=sent.SerializeToString(),
    )


def _wanted(request: _Listing) -> PageRequest:
    return _page_request(request.options) if request.HasField("options") else PageRequest()


def _answer(response: _Response, kind: Kind, into: Messages[_Node], page: Page) -> _Response:
    add_nodes(kind, into, page.nodes)
    if page.token:
        response.next_page_token = page.token
    return response
