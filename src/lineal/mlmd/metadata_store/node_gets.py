"""The methods of a store that read nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.mlmd.metadata_store.asking import needed
from lineal.mlmd.metadata_store.listing import Lists
from lineal.mlmd.metadata_store.options import ListOptions, OrderByField
from lineal.mlmd.proto import metadata_store_service_pb2 as sv

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.mlmd.metadata_store.options import ExtraOptions
    from lineal.mlmd.proto import metadata_store_pb2 as pb

__all__ = ["NodeGets"]


class NodeGets(Lists):
    """The methods that return nodes."""

    # Artifacts

    def get_artifacts(
        self,
        list_options: ListOptions | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> list[pb.Artifact]:
        """Return artifacts: all of them, or those that `list_options` ask for."""
        request = sv.GetArtifactsRequest()
        pages = self._pages("GetArtifacts", request, sv.GetArtifactsResponse, list_options)
        return [each for page in pages for each in page.artifacts]

    def get_artifacts_by_id(
        self, artifact_ids: Iterable[int], extra_options: ExtraOptions | None = None
    ) -> list[pb.Artifact]:
        """Return the artifacts with these ids, in the store's order; unknown ids are skipped."""
        request = sv.GetArtifactsByIDRequest(artifact_ids=needed("artifact_ids", artifact_ids))
        return list(self._call("GetArtifactsByID", request, sv.GetArtifactsByIDResponse).artifacts)

    def get_artifacts_and_types_by_artifact_ids(
        self, artifact_ids: Iterable[int], extra_options: ExtraOptions | None = None
    ) -> tuple[list[pb.Artifact], list[pb.ArtifactType]]:
        """Return the artifacts with these ids, and their types, each once."""
        request = sv.GetArtifactsByIDRequest(
            artifact_ids=artifact_ids, populate_artifact_types=True
        )
        response = self._call("GetArtifactsByID", request, sv.GetArtifactsByIDResponse)
        return list(response.artifacts), list(response.artifact_types)

    def get_artifacts_by_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> list[pb.Artifact]:
        """Return all artifacts of a type; none if there is no such type."""
        request = sv.GetArtifactsByTypeRequest(
            type_name=needed("type_name", type_name), type_version=type_version or None
        )
        return list(
            self._call("GetArtifactsByType", request, sv.GetArtifactsByTypeResponse).artifacts
        )

    def get_artifact_by_type_and_name(
        self,
        type_name: str,
        artifact_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> pb.Artifact | None:
        """Return the artifact of a type and a name, or None if there is none."""
        request = sv.GetArtifactByTypeAndNameRequest(
            type_name=needed("type_name", type_name),
            artifact_name=needed("artifact_name", artifact_name),
            type_version=type_version or None,
        )
        response = self._call(
            "GetArtifactByTypeAndName", request, sv.GetArtifactByTypeAndNameResponse
        )
        return response.artifact if response.HasField("artifact") else None

    def get_artifacts_by_external_ids(
        self, external_ids: Iterable[str], extra_options: ExtraOptions | None = None
    ) -> list[pb.Artifact]:
        """Return the artifacts with these external ids.

        Raises `NotFoundError` if there are none.
        """
        request = sv.GetArtifactsByExternalIdsRequest(external_ids=external_ids)
        response = self._call(
            "GetArtifactsByExternalIds", request, sv.GetArtifactsByExternalIdsResponse
        )
        return list(response.artifacts)

    def get_artifacts_by_uri(
        self, uri: str, extra_options: ExtraOptions | None = None
    ) -> list[pb.Artifact]:
        """Return the artifacts with exactly that URI."""
        request = sv.GetArtifactsByURIRequest(uris=[uri])
        return list(
            self._call("GetArtifactsByURI", request, sv.GetArtifactsByURIResponse).artifacts
        )

    def get_artifacts_by_context(
        self,
        context_id: int,
        list_options: ListOptions | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> list[pb.Artifact]:
        """Return the artifacts that a context holds."""
        request = sv.GetArtifactsByContextRequest(context_id=needed("context_id", context_id))
        response = sv.GetArtifactsByContextResponse
        pages = self._pages("GetArtifactsByContext", request, response, list_options)
        return [each for page in pages for each in page.artifacts]

    # Executions

    def get_executions(
        self,
        list_options: ListOptions | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> list[pb.Execution]:
        """Return executions: all of them, or those that `list_options` ask for."""
        request = sv.GetExecutionsRequest()
        pages = self._pages("GetExecutions", request, sv.GetExecutionsResponse, list_options)
        return [each for page in pages for each in page.executions]

    def get_executions_by_id(
        self, execution_ids: Iterable[int], extra_options: ExtraOptions | None = None
    ) -> list[pb.Execution]:
        """Return the executions with these ids, in the store's order; unknown ids are skipped."""
        request = sv.GetExecutionsByIDRequest(execution_ids=needed("execution_ids", execution_ids))
        return list(
            self._call("GetExecutionsByID", request, sv.GetExecutionsByIDResponse).executions
        )

    def get_executions_by_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> list[pb.Execution]:
        """Return all executions of a type; none if there is no such type."""
        request = sv.GetExecutionsByTypeRequest(
            type_name=needed("type_name", type_name), type_version=type_version or None
        )
        return list(
            self._call("GetExecutionsByType", request, sv.GetExecutionsByTypeResponse).executions
        )

    def get_execution_by_type_and_name(
        self,
        type_name: str,
        execution_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> pb.Execution | None:
        """Return the execution of a type and a name, or None if there is none."""
        request = sv.GetExecutionByTypeAndNameRequest(
            type_name=needed("type_name", type_name),
            execution_name=needed("execution_name", execution_name),
            type_version=type_version or None,
        )
        response = self._call(
            "GetExecutionByTypeAndName", request, sv.GetExecutionByTypeAndNameResponse
        )
        return response.execution if response.HasField("execution") else None

    def get_executions_by_external_ids(
        self, external_ids: Iterable[str], extra_options: ExtraOptions | None = None
    ) -> list[pb.Execution]:
        """Return the executions with these external ids.

        Raises `NotFoundError` if there are none.
        """
        request = sv.GetExecutionsByExternalIdsRequest(external_ids=external_ids)
        response = self._call(
            "GetExecutionsByExternalIds", request, sv.GetExecutionsByExternalIdsResponse
        )
        return list(response.executions)

    def get_executions_by_context(
        self,
        context_id: int,
        list_options: ListOptions | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> list[pb.Execution]:
        """Return the executions that a context holds, by default the newest first."""
        if list_options is None:
            list_options = ListOptions(order_by=OrderByField.CREATE_TIME, is_asc=False)
        request = sv.GetExecutionsByContextRequest(context_id=needed("context_id", context_id))
        response = sv.GetExecutionsByContextResponse
        pages = self._pages("GetExecutionsByContext", request, response, list_options)
        return [each for page in pages for each in page.executions]

    # Contexts

    def get_contexts(
        self,
        list_options: ListOptions | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> list[pb.Context]:
        """Return contexts: all of them, or those that `list_options` ask for."""
        request = sv.GetContextsRequest()
        pages = self._pages("GetContexts", request, sv.GetContextsResponse, list_options)
        return [each for page in pages for each in page.contexts]

    def get_contexts_by_id(
        self, context_ids: Iterable[int], extra_options: ExtraOptions | None = None
    ) -> list[pb.Context]:
        """Return the contexts with these ids, in the store's order; unknown ids are skipped."""
        request = sv.GetContextsByIDRequest(context_ids=needed("context_ids", context_ids))
        return list(self._call("GetContextsByID", request, sv.GetContextsByIDResponse).contexts)

    def get_contexts_by_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> list[pb.Context]:
        """Return all contexts of a type; none if there is no such type."""
        request = sv.GetContextsByTypeRequest(
            type_name=needed("type_name", type_name), type_version=type_version or None
        )
        return list(self._call("GetContextsByType", request, sv.GetContextsByTypeResponse).contexts)

    def get_context_by_type_and_name(
        self,
        type_name: str,
        context_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> pb.Context | None:
        """Return the context of a type and a name, or None if there is none."""
        request = sv.GetContextByTypeAndNameRequest(
            type_name=needed("type_name", type_name),
            context_name=needed("context_name", context_name),
            type_version=type_version or None,
        )
        response = self._call(
            "GetContextByTypeAndName", request, sv.GetContextByTypeAndNameResponse
        )
        return response.context if response.HasField("context") else None

    def get_contexts_by_external_ids(
        self, external_ids: Iterable[str], extra_options: ExtraOptions | None = None
    ) -> list[pb.Context]:
        """Return the contexts with these external ids.

        Raises `NotFoundError` if there are none.
        """
        request = sv.GetContextsByExternalIdsRequest(external_ids=external_ids)
        response = self._call(
            "GetContextsByExternalIds", request, sv.GetContextsByExternalIdsResponse
        )
        return list(response.contexts)

    def get_contexts_by_artifact(
        self, artifact_id: int, extra_options: ExtraOptions | None = None
    ) -> list[pb.Context]:
        """Return the contexts that hold an artifact; raise `NotFoundError` if none does."""
        request = sv.GetContextsByArtifactRequest(artifact_id=needed("artifact_id", artifact_id))
        response = self._call("GetContextsByArtifact", request, sv.GetContextsByArtifactResponse)
        return list(response.contexts)

    def get_contexts_by_execution(
        self, execution_id: int, extra_options: ExtraOptions | None = None
    ) -> list[pb.Context]:
        """Return the contexts that hold an execution; raise `NotFoundError` if none does."""
        request = sv.GetContextsByExecutionRequest(
            execution_id=needed("execution_id", execution_id)
        )
        response = self._call("GetContextsByExecution", request, sv.GetContextsByExecutionResponse)
        return list(response.contexts)

    def get_parent_contexts_by_context(
        self, context_id: int, extra_options: ExtraOptions | None = None
    ) -> list[pb.Context]:
        """Return the contexts that hold a context."""
        request = sv.GetParentContextsByContextRequest(context_id=needed("context_id", context_id))
        response = self._call(
            "GetParentContextsByContext", request, sv.GetParentContextsByContextResponse
        )
        return list(response.contexts)

    def get_children_contexts_by_context(
        self, context_id: int, extra_options: ExtraOptions | None = None
    ) -> list[pb.Context]:
        """Return the contexts that a context holds."""
        request = sv.GetChildrenContextsByContextRequest(
            context_id=needed("context_id", context_id)
        )
        response = self._call(
            "GetChildrenContextsByContext", request, sv.GetChildrenContextsByContextResponse
        )
        return list(response.contexts)
