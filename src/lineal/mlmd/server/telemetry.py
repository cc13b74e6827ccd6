"""What a server tells of itself: a line of JSON for each call, and numbers for Prometheus."""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["JsonLines", "Metrics", "logger", "logging_to_stderr"]

logger = logging.getLogger("lineal.server")

_RECENT_SECONDS = 60.0
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object; what `extra={"fields": …}` holds comes after."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(
                timespec="microseconds"
            ),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


@contextmanager
def logging_to_stderr(*, calls: bool = True) -> Iterator[None]:
    """Write a line of JSON for each event to stderr; with `calls` for each call, too."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    before = logger.propagate, logger.level
    logger.propagate = False
    logger.setLevel(logging.INFO if calls else logging.WARNING)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate, logger.level = before


class Metrics:
    """Counts calls, their time and what is open; served over HTTP in Prometheus' text format."""

    def __init__(self, database_connections: Callable[[], int]) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        self._calls = Counter(
            "lineal_server_calls",
            "Calls answered, by method and gRPC status code.",
            ["method", "code"],
            registry=self.registry,
        )
        self._errors = Counter(
            "lineal_server_errors",
            "Calls that did not end with OK, by method and gRPC status code.",
            ["method", "code"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "lineal_server_call_seconds",
            "How long calls took inside the server.",
            ["method"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._running = Gauge(
            "lineal_server_calls_in_progress", "Calls being answered.", registry=self.registry
        )
        Gauge(
            "lineal_server_database_connections",
            "Connections to the database that are open.",
            registry=self.registry,
        ).set_function(database_connections)
        Gauge(
            "lineal_server_connections",
            "Client connections that sent a call within the last minute.",
            registry=self.registry,
        ).set_function(self._recent)
        self._peers: dict[str, float] = {}
        self._lock = threading.Lock()

    def began(self, peer: str) -> None:
        """Count a call that came in."""
        self._running.inc()
        with self._lock:
            self._peers[peer] = time.monotonic()

    def ended(self, method: str, code: str, seconds: float) -> None:
        """Count how a call ended."""
        self._running.dec()
        self._calls.labels(method, code).inc()
        self._seconds.labels(method).observe(seconds)
        if code != "OK":
            self._errors.labels(method, code).inc()

    def serve(self, host: str, port: int) -> tuple[int, Callable[[], None]]:
        """Serve the numbers over HTTP; return the port, and what stops it."""
        from prometheus_client import start_http_server

        http, thread = start_http_server(port, host, self.registry)

        def stop() -> None:
            http.shutdown()
            thread.join()
            http.server_close()

        return http.server_port, stop

    def _recent(self) -> int:
        since = time.monotonic() - _RECENT_SECONDS
        with self._lock:
            self._peers = {peer: last for peer, last in self._peers.items() if last >= since}
            return len(self._peers)
