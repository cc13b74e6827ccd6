"""The calls that read types."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from lineal.errors import NotFound
from lineal.metadata.batch import reading
from lineal.mlmd.convert import fill_type
from lineal.mlmd.proto import metadata_store_pb2 as pb
from lineal.mlmd.proto import metadata_store_service_pb2 as sv

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.protobuf.internal.containers import RepeatedCompositeFieldContainer as Messages

    from lineal.metadata import Store
    from lineal.metadata.batch.forms import Kind, TypeForm

__all__ = ["TypeReads", "add_types", "check_external_ids"]

_Type = TypeVar("_Type", pb.ArtifactType, pb.ExecutionType, pb.ContextType)

TypeRequest = sv.GetArtifactTypeRequest | sv.GetExecutionTypeRequest | sv.GetContextTypeRequest


class TypeReads:
    """The calls of the service that answer with types alone."""

    _store: Store

    def GetArtifactType(self, request: sv.GetArtifactTypeRequest) -> sv.GetArtifactTypeResponse:
        """Return the type of artifacts with a name and a version."""
        response = sv.GetArtifactTypeResponse()
        fill_type(response.artifact_type, self._type("artifact", request))
        return response

    def GetExecutionType(self, request: sv.GetExecutionTypeRequest) -> sv.GetExecutionTypeResponse:
        """Return the type of executions with a name and a version."""
        response = sv.GetExecutionTypeResponse()
        fill_type(response.execution_type, self._type("execution", request))
        return response

    def GetContextType(self, request: sv.GetContextTypeRequest) -> sv.GetContextTypeResponse:
        """Return the type of contexts with a name and a version."""
        response = sv.GetContextTypeResponse()
        fill_type(response.context_type, self._type("context", request))
        return response

    def GetArtifactTypes(self, request: sv.GetArtifactTypesRequest) -> sv.GetArtifactTypesResponse:
        """Return all types of artifacts but the simple ones."""
        response = sv.GetArtifactTypesResponse()
        add_types(response.artifact_types, self._types("artifact"))
        return response

    def GetExecutionTypes(
        self, request: sv.GetExecutionTypesRequest
    ) -> sv.GetExecutionTypesResponse:
        """Return all types of executions but the simple ones."""
        response = sv.GetExecutionTypesResponse()
        add_types(response.execution_types, self._types("execution"))
        return response

    def GetContextTypes(self, request: sv.GetContextTypesRequest) -> sv.GetContextTypesResponse:
        """Return all types of contexts."""
        response = sv.GetContextTypesResponse()
        add_types(response.context_types, self._types("context"))
        return response

    def GetArtifactTypesByID(
        self, request: sv.GetArtifactTypesByIDRequest
    ) -> sv.GetArtifactTypesByIDResponse:
        """Return the types of artifacts with these ids, in the order asked."""
        response = sv.GetArtifactTypesByIDResponse()
        add_types(response.artifact_types, self._types_by_id("artifact", request.type_ids))
        return response

    def GetExecutionTypesByID(
        self, request: sv.GetExecutionTypesByIDRequest
    ) -> sv.GetExecutionTypesByIDResponse:
        """Return the types of executions with these ids, in the order asked."""
        response = sv.GetExecutionTypesByIDResponse()
        add_types(response.execution_types, self._types_by_id("execution", request.type_ids))
        return response

    def GetContextTypesByID(
        self, request: sv.GetContextTypesByIDRequest
    ) -> sv.GetContextTypesByIDResponse:
        """Return the types of contexts with these ids, in the order asked."""
        response = sv.GetContextTypesByIDResponse()
        add_types(response.context_types, self._types_by_id("context", request.type_ids))
        return response

    def GetArtifactTypesByExternalIds(
        self, request: sv.GetArtifactTypesByExternalIdsRequest
    ) -> sv.GetArtifactTypesByExternalIdsResponse:
        """Return the types of artifacts with these external ids."""
        response = sv.GetArtifactTypesByExternalIdsResponse()
        add_types(response.artifact_types, self._external("artifact", request.external_ids))
        return response

    def GetExecutionTypesByExternalIds(
        self, request: sv.GetExecutionTypesByExternalIdsRequest
    ) -> sv.GetExecutionTypesByExternalIdsResponse:
        """Return the types of executions with these external ids."""
        response = sv.GetExecutionTypesByExternalIdsResponse()
        add_types(response.execution_types, self._external("execution", request.external_ids))
        return response

    def GetContextTypesByExternalIds(
        self, request: sv.GetContextTypesByExternalIdsRequest
    ) -> sv.GetContextTypesByExternalIdsResponse:
        """Return the types of contexts with these external ids."""
        response = sv.GetContextTypesByExternalIdsResponse()
        add_types(response.context_types, self._external("context", request.external_ids))
        return response

    def _type(self, kind: Kind, request: TypeRequest) -> TypeForm:
        name, version = request.type_name, request.type_version
        with self._store.reading() as (connection, _):
            found = reading.types(connection, kind, name=name, version=version)
            if found:
                return found[0]
            known = [str(each.name) for each in reading.types(connection, kind)]
        if name in known:
            asked = f"of version {version!r}" if version else "without a version"
            raise NotFound(f"there is no {kind} type {name!r} {asked}; it has other versions")
        raise NotFound.among(f"there is no {kind} type", name, known)

    def _types(self, kind: Kind) -> list[TypeForm]:
        with self._store.reading() as (connection, _):
            return reading.types(connection, kind)

    def _types_by_id(self, kind: Kind, ids: Sequence[int]) -> list[TypeForm]:
        with self._store.reading() as (connection, _):
            found = {each.id: each for each in reading.types(connection, kind, ids=ids)}
        return [found[type_id] for type_id in ids if type_id in found]

    def _external(self, kind: Kind, external_ids: Sequence[str]) -> list[TypeForm]:
        if not external_ids:
            return []
        with self._store.reading() as (connection, _):
            found = reading.types(connection, kind, external_ids=external_ids)
        check_external_ids(f"{kind} type", external_ids, found)
        return found


def add_types(into: Messages[_Type], found: Iterable[TypeForm]) -> None:
    """Add stored types to a list in a message."""
    for form in found:
        fill_type(into.add(), form)


def check_external_ids(what: str, external_ids: Sequence[str], found: Sequence[object]) -> None:
    """Refuse a question by external ids that nothing answers, as ML Metadata does."""
    if not found:
        shown = ", ".join(repr(each) for each in list(external_ids)[:5])
        more = f" and {len(external_ids) - 5} more" if len(external_ids) > 5 else ""
        raise NotFound(f"no {what} has the external id {shown}{more}")
