"""The methods of a store that read types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.mlmd.metadata_store.asking import needed
from lineal.mlmd.metadata_store.calling import Caller
from lineal.mlmd.proto import metadata_store_service_pb2 as sv

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.mlmd.metadata_store.options import ExtraOptions
    from lineal.mlmd.proto import metadata_store_pb2 as pb

__all__ = ["TypeGets"]


class TypeGets(Caller):
    """The methods that return types."""

    # Types of artifacts

    def get_artifact_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> pb.ArtifactType:
        """Return the type of artifacts with that name; raise `NotFoundError` if there is none.

        Without a version, or with an empty one, it is the type that has none.
        """
        request = sv.GetArtifactTypeRequest(
            type_name=needed("type_name", type_name), type_version=type_version or None
        )
        return self._call("GetArtifactType", request, sv.GetArtifactTypeResponse).artifact_type

    def get_artifact_types(
        self, extra_options: ExtraOptions | None = None
    ) -> list[pb.ArtifactType]:
        """Return all types of artifacts, without ML Metadata's simple types."""
        request = sv.GetArtifactTypesRequest()
        response = self._call("GetArtifactTypes", request, sv.GetArtifactTypesResponse)
        return list(response.artifact_types)

    def get_artifact_types_by_id(
        self, type_ids: Iterable[int], extra_options: ExtraOptions | None = None
    ) -> list[pb.ArtifactType]:
        """Return the types of artifacts with these ids, in the order asked; skip unknown ids."""
        request = sv.GetArtifactTypesByIDRequest(type_ids=needed("type_ids", type_ids))
        response = self._call("GetArtifactTypesByID", request, sv.GetArtifactTypesByIDResponse)
        return list(response.artifact_types)

    def get_artifact_types_by_external_ids(
        self, external_ids: Iterable[str], extra_options: ExtraOptions | None = None
    ) -> list[pb.ArtifactType]:
        """Return the types of artifacts with these external ids.

        Raises `NotFoundError` if there are none.
        """
        request = sv.GetArtifactTypesByExternalIdsRequest(external_ids=external_ids)
        response = self._call(
            "GetArtifactTypesByExternalIds", request, sv.GetArtifactTypesByExternalIdsResponse
        )
        return list(response.artifact_types)

    # Types of executions

    def get_execution_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> pb.ExecutionType:
        """Return the type of executions with that name; raise `NotFoundError` if there is none.

        Without a version, or with an empty one, it is the type that has none.
        """
        request = sv.GetExecutionTypeRequest(
            type_name=needed("type_name", type_name), type_version=type_version or None
        )
        return self._call("GetExecutionType", request, sv.GetExecutionTypeResponse).execution_type

    def get_execution_types(
        self, extra_options: ExtraOptions | None = None
    ) -> list[pb.ExecutionType]:
        """Return all types of executions, without ML Metadata's simple types."""
        request = sv.GetExecutionTypesRequest()
        response = self._call("GetExecutionTypes", request, sv.GetExecutionTypesResponse)
        return list(response.execution_types)

    def get_execution_types_by_id(
        self, type_ids: Iterable[int], extra_options: ExtraOptions | None = None
    ) -> list[pb.ExecutionType]:
        """Return the types of executions with these ids, in the order asked; skip unknown ids."""
        request = sv.GetExecutionTypesByIDRequest(type_ids=needed("type_ids", type_ids))
        response = self._call("GetExecutionTypesByID", request, sv.GetExecutionTypesByIDResponse)
        return list(response.execution_types)

    def get_execution_types_by_external_ids(
        self, external_ids: Iterable[str], extra_options: ExtraOptions | None = None
    ) -> list[pb.ExecutionType]:
        """Return the types of executions with these external ids.

        Raises `NotFoundError` if there are none.
        """
        request = sv.GetExecutionTypesByExternalIdsRequest(external_ids=external_ids)
        response = self._call(
            "GetExecutionTypesByExternalIds", request, sv.GetExecutionTypesByExternalIdsResponse
        )
        return list(response.execution_types)

    # Types of contexts

    def get_context_type(
        self,
        type_name: str,
        type_version: str | None = None,
        extra_options: ExtraOptions | None = None,
    ) -> pb.ContextType:
        """Return the type of contexts with that name; raise `NotFoundError` if there is none.

        Without a version, or with an empty one, it is the type that has none.
        """
        request = sv.GetContextTypeRequest(
            type_name=needed("type_name", type_name), type_version=type_version or None
        )
        return self._call("GetContextType", request, sv.GetContextTypeResponse).context_type

    def get_context_types(self, extra_options: ExtraOptions | None = None) -> list[pb.ContextType]:
        """Return all types of contexts."""
        request = sv.GetContextTypesRequest()
        response = self._call("GetContextTypes", request, sv.GetContextTypesResponse)
        return list(response.context_types)

    def get_context_types_by_id(
        self, type_ids: Iterable[int], extra_options: ExtraOptions | None = None
    ) -> list[pb.ContextType]:
        """Return the types of contexts with these ids, in the order asked; skip unknown ids."""
        request = sv.GetContextTypesByIDRequest(type_ids=needed("type_ids", type_ids))
        response = self._call("GetContextTypesByID", request, sv.GetContextTypesByIDResponse)
        return list(response.context_types)

    def get_context_types_by_external_ids(
        self, external_ids: Iterable[str], extra_options: ExtraOptions | None = None
    ) -> list[pb.ContextType]:
        """Return the types of contexts with these external ids.

        Raises `NotFoundError` if there are none.
        """
        request = sv.GetContextTypesByExternalIdsRequest(external_ids=external_ids)
        response = self._call(
            "GetContextTypesByExternalIds", request, sv.GetContextTypesByExternalIdsResponse
        )
        return list(response.context_types)
