"""A gRPC server around one store: ML Metadata's service, and `lineal.Store` beside it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from lineal.errors import InvalidInput, Unavailable
from lineal.mlmd.server.calls import Access, Calls
from lineal.mlmd.server.extra import need
from lineal.mlmd.server.telemetry import Metrics, logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    import grpc

    from lineal.metadata import Store
    from lineal.mlmd.server.certificates import Certificates
    from lineal.mlmd.server.endpoint import Endpoint
    from lineal.mlmd.server.tokens import TokenFile

__all__ = ["Server"]

WORKERS = 64
"""Calls that are answered at the same time; more of them wait."""

_LARGEST_REQUEST = 1 << 30
_PORTS = range(65536)
_OPTIONS: dict[str, int] = {
    "grpc.max_send_message_length": -1,  # an unpaged list is as long as it is
    "grpc.max_receive_message_length": _LARGEST_REQUEST,
    "grpc.max_metadata_size": 64 * 1024,
    "grpc.so_reuseport": 0,  # a port that is taken is an error, not shared in silence
    # A client that vanished lets go of its locks after half a minute at most.
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.http2.max_ping_strikes": 0,
}


class Server:
    """Serves a store to ML Metadata's clients, and to Lineal's by `grpc://host:port`.

    `port` 0 takes a free one. Without `certificates` the connection is plain, without `tokens`
    everybody who can connect may read and write. `metrics_port` serves Prometheus' numbers over
    HTTP on the same host. The store stays its owner's: stopping the server does not close it.
    """

    def __init__(
        self,
        store: Store,
        *,
        host: str = "127.0.0.1",
        port: int = 8080,
        certificates: Certificates | None = None,
        tokens: TokenFile | None = None,
        metrics_port: int | None = None,
        workers: int = WORKERS,
        options: Mapping[str, int | str] | None = None,
    ) -> None:
        need("grpc", "grpc_health", "grpc_reflection", "prometheus_client", what="a server")
        if workers < 1:
            raise InvalidInput(f"a server needs a worker at least, not {workers}")
        _check_port(port, "a port")
        if metrics_port is not None:
            _check_port(metrics_port, "a metrics port")
        if tokens is not None:
            tokens.tokens()  # a file that can't be read is told now, not to the first caller
        self.store = store
        self.host = host
        self.port = port
        self.metrics_port = metrics_port
        self._certificates = certificates
        self._has_tokens = tokens is not None
        self._options = {**_OPTIONS, **(options or {})}
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="lineal-server")
        self._streams = ThreadPoolExecutor(10_000, thread_name_prefix="lineal-stream")
        self._metrics = Metrics(self._database_connections)
        certified = certificates is not None and certificates.identifies_clients
        self._calls = Calls(Access(tokens, certified=certified), self._metrics, self._streams)
        self._grpc: grpc.Server | None = None
        self._stop_metrics: Callable[[], None] | None = None
        self._told_stopping: Callable[[], None] = lambda: None
        self._stopped = threading.Event()

    @property
    def address(self) -> str:
        """What clients connect to, as `host:port`."""
        return _join(self.host, self.port)

    def start(self) -> None:
        """Begin to answer calls; raise `Unavailable` if the port can't be had."""
        import grpc

        server = grpc.server(self._workers, options=list(self._options.items()))
        endpoints = self._endpoints()
        by_service: dict[str, dict[str, grpc.RpcMethodHandler]] = {}
        for endpoint in endpoints:
            handlers = by_service.setdefault(endpoint.service, {})
            handlers[endpoint.method] = self._calls.handler(endpoint)
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(name, held) for name, held in by_service.items()]
        )
        self._told_stopping = _add_health_and_reflection(server, list(by_service))
        self.port = self._bind(server)
        server.start()
        self._grpc = server
        if self.metrics_port is not None:
            self._serve_metrics(self.metrics_port)
        if self._has_tokens and self._certificates is None and not _is_loopback(self.host):
            logger.warning(
                "tokens travel unencrypted",
                extra={"fields": {"remedy": "give the server a certificate (TLS)"}},
            )
        logger.info(
            "started",
            extra={
                "fields": {
                    "address": self.address,
                    "tls": self._certificates is not None,
                    "store": self.store.uuid,
                    "metrics_port": self.metrics_port,
                }
            },
        )

    def stop(self, grace_seconds: float = 30.0) -> None:
        """Take no more calls, let the running ones end within the grace, then close."""
        if self._grpc is None:
            return
        logger.info("stopping", extra={"fields": {"grace_seconds": grace_seconds}})
        self._told_stopping()
        self._calls.stopping.set()
        self._grpc.stop(grace_seconds).wait()
        self._grpc = None
        if self._stop_metrics is not None:
            self._stop_metrics()
        self._workers.shutdown()
        self._streams.shutdown()
        self._stopped.set()
        logger.info("stopped", extra={"fields": {"address": self.address}})

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the server has stopped; return whether it has."""
        return self._stopped.wait(timeout)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _endpoints(self) -> Sequence[Endpoint]:
        from lineal.mlmd.remote.serving import store_endpoints
        from lineal.mlmd.server.mlmd import mlmd_endpoints
        from lineal.mlmd.service import Service

        return [*mlmd_endpoints(Service(self.store)), *store_endpoints(self.store)]

    def _bind(self, server: grpc.Server) -> int:
        address = self.address
        given = None if self._certificates is None else self._certificates.credentials()
        try:
            if given is None:
                return int(server.add_insecure_port(address))
            return int(server.add_secure_port(address, given))
        except RuntimeError as error:
            server.stop(None)
            raise Unavailable(
                f"the server can't listen on {address}: another program has that port, or the "
                "host is not this machine's; choose another"
            ) from error

    def _serve_metrics(self, port: int) -> None:
        try:
            self.metrics_port, self._stop_metrics = self._metrics.serve(self.host, port)
        except OSError as error:
            self.stop(0)
            raise Unavailable(
                f"the metrics can't be served on {_join(self.host, port)}: {error.strerror}"
            ) from error

    def _database_connections(self) -> int:
        return self.store.open_connections


def _check_port(port: int, what: str) -> None:
    """Refuse what is no port; gRPC would take it modulo 65536."""
    if port not in _PORTS:
        raise InvalidInput(f"{what} is a number from 0 (a free one) to 65535, not {port}")


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _add_health_and_reflection(server: grpc.Server, services: list[str]) -> Callable[[], None]:
    """Answer probes and reflection; return what tells the probes that the server stops."""
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc
    from grpc_reflection.v1alpha import reflection

    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    for name in ("", *services):
        servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection(
        [*services, health.SERVICE_NAME, reflection.SERVICE_NAME], server
    )

    def tell() -> None:
        servicer.enter_graceful_shutdown()

    return tell
