"""The endpoints of ML Metadata's own service, as its descriptor lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.mlmd.server.endpoint import Answer, Endpoint
from lineal.mlmd.server.statuses import Refused
from lineal.mlmd.server.tokens import Role

if TYPE_CHECKING:
    from google.protobuf.descriptor import MethodDescriptor

    from lineal.mlmd.service import Service

__all__ = ["SERVICE", "mlmd_endpoints"]

SERVICE = "ml_metadata.MetadataStoreService"


def mlmd_endpoints(service: Service) -> list[Endpoint]:
    """Return an endpoint for each of the 52 methods; what starts with Put wants to write."""
    from lineal.mlmd.proto import metadata_store_service_pb2

    descriptor = metadata_store_service_pb2.DESCRIPTOR.services_by_name["MetadataStoreService"]
    return [
        Endpoint(
            service=SERVICE,
            method=method.name,
            role=Role.WRITE if method.name.startswith("Put") else Role.READ,
            answer=_answer(service, method),
        )
        for method in descriptor.methods
    ]


def _answer(service: Service, method: MethodDescriptor) -> Answer:
    from google.protobuf.message import DecodeError
    from google.protobuf.message_factory import GetMessageClass

    request_class = GetMessageClass(method.input_type)
    act = getattr(service, method.name, None)

    def answer(request: bytes) -> bytes:
        if act is None:
            raise Refused("UNIMPLEMENTED", f"{method.name} is not implemented, as in ML Metadata")
        try:
            message = request_class.FromString(request)
        except DecodeError as error:
            raise Refused(
                "INVALID_ARGUMENT", f"the request of {method.name} is no {method.input_type.name}"
            ) from error
        response: bytes = act(message).SerializeToString()
        return response

    return answer
