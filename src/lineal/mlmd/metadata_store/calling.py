"""How a request reaches what answers it: a service in this process, or a server."""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING, Protocol, TypeVar

from lineal.errors import LinealError, Unavailable
from lineal.mlmd import errors
from lineal.mlmd.metadata_store.options import MAX_NUM_RESULT
from lineal.mlmd.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    import grpc
    from google.protobuf.message import Message

    from lineal.metadata import Store
    from lineal.mlmd.proto import metadata_store_pb2 as pb

__all__ = ["Answering", "Caller", "Local", "Remote"]

_logger = logging.getLogger("lineal.mlmd")
_MEAN_DELAY_SECONDS = 2.0

_Response = TypeVar("_Response", bound="Message")


class Answering(Protocol):
    """What answers a request."""

    longest_page: int

    def answer(self, method: str, request: Message) -> Message:
        """Return the response to a request; raise a `StatusError`."""
        ...


class Local:
    """A service in this process, which has no need of pages."""

    longest_page = 2**31 - 1

    def __init__(self, store: Store) -> None:
        self.store = store
        self._service = Service(store, longest_page=None)

    def answer(self, method: str, request: Message) -> Message:
        """Return the response to a request; raise a `StatusError`."""
        try:
            response: Message = getattr(self._service, method)(request)
        except LinealError as error:
            raise errors.as_status(error) from error
        return response

    def lineage(
        self, options: pb.LineageSubgraphQueryOptions, wanted: AbstractSet[str]
    ) -> pb.LineageGraph:
        """Return a piece of lineage with whole nodes; raise a `StatusError`."""
        try:
            return self._service.lineage(options, wanted)
        except LinealError as error:
            raise errors.as_status(error) from error


class Remote:
    """A server behind gRPC."""

    longest_page = MAX_NUM_RESULT

    def __init__(self, config: pb.MetadataStoreClientConfig) -> None:
        try:
            import grpc

            from lineal.mlmd.proto.metadata_store_service_pb2_grpc import MetadataStoreServiceStub
        except ImportError as error:
            raise Unavailable(
                "a store behind a server needs gRPC, which isn't installed; "
                "pip install 'lineal[grpc]'"
            ) from error
        self._failure: type[Exception] = grpc.RpcError
        stub: type = MetadataStoreServiceStub
        self._stub = stub(_channel(config))
        self._timeout = config.client_timeout_sec if config.HasField("client_timeout_sec") else None

    def answer(self, method: str, request: Message) -> Message:
        """Return the server's response to a request; raise a `StatusError`."""
        call: Callable[..., Message] = getattr(self._stub, method)
        try:
            return call(request, timeout=self._timeout)
        except self._failure as error:
            code = error.code().value[0]  # type: ignore[attr-defined] # gRPC's own kind has these
            raise errors.make_exception(error.details() or "", code) from error  # type: ignore[attr-defined]


def _channel(config: pb.MetadataStoreClientConfig) -> grpc.Channel:
    """Return the channel to the server; nothing is sent before the first call."""
    import grpc

    arguments, options = config.channel_arguments, []
    if arguments.HasField("max_receive_message_length"):
        options.append(("grpc.max_receive_message_length", arguments.max_receive_message_length))
    if arguments.HasField("http2_max_ping_strikes"):
        options.append(("grpc.http2.max_ping_strikes", arguments.http2_max_ping_strikes))
    target = f"{config.host}:{config.port}"
    if not config.HasField("ssl_config"):
        return grpc.insecure_channel(target, options=options)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=_pem(config.ssl_config, "custom_ca"),
        private_key=_pem(config.ssl_config, "client_key"),
        certificate_chain=_pem(config.ssl_config, "server_cert"),
    )
    return grpc.secure_channel(target, credentials, options=options)


def _pem(config: pb.MetadataStoreClientConfig.SSLConfig, name: str) -> bytes | None:
    text: str = getattr(config, name)
    return text.encode() if config.HasField(name) else None


class Caller:
    """Calls methods, again and again while somebody else is always faster.

    Only `AbortedError` is tried again. `_max_num_retries` counts all calls, the first one
    included; with 0 there is no end to them.
    """

    _end: Answering
    _max_num_retries: int

    def _call(self, method: str, request: Message, response_type: type[_Response]) -> _Response:
        """Return the response, which is of `response_type`."""
        left = self._max_num_retries
        while True:
            try:
                response = self._end.answer(method, request)
            except errors.AbortedError as error:
                left -= 1
                if left == 0:
                    times = self._max_num_retries
                    _logger.warning("%s failed at try %d: %s", method, times, error)
                    _logger.debug("%s failed for this", method, exc_info=True)
                    raise
                seconds = random.expovariate(1.0 / _MEAN_DELAY_SECONDS)
                _logger.info("%s is tried again in %.3f s", method, seconds)
                time.sleep(seconds)
            else:
                assert isinstance(response, response_type)  # noqa: S101 -- for the type checker
                return response
