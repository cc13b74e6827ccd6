"""Ways for events to leave: appended to a file, or posted to a server."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from lineal.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["FileTransport", "HttpTransport", "Transport"]

_ENDPOINT = "/api/v1/lineage"


class Transport(Protocol):
    """Sends one event; returns once the other side has it."""

    def send(self, event: Mapping[str, object]) -> None:
        """Send `event`, or raise `Unavailable`."""
        ...


@dataclass(frozen=True)
class FileTransport:
    """Appends a line of JSON for each event; several processes take turns."""

    path: Path

    def send(self, event: Mapping[str, object]) -> None:
        """Append the event; it is on disk when this returns."""
        line = json.dumps(event, ensure_ascii=False).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                _append(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise Unavailable(
                f"the lineage event can't be written to {self.path}: {error.strerror}; it waits "
                "in the outbox until 'lineal openlineage send' can"
            ) from error


@dataclass(frozen=True)
class HttpTransport:
    """Posts each event to a server that speaks OpenLineage, such as Marquez or DataHub.

    A URL without a path gets the usual one, `/api/v1/lineage`.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    timeout_seconds: float = 5.0

    def __post_init__(self) -> None:
        from urllib.parse import urlsplit

        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise InvalidInput(f"{self.url!r} is no http(s) URL to send lineage events to")

    def send(self, event: Mapping[str, object]) -> None:
        """Post the event; the server has accepted it when this returns."""
        import urllib.error  # these cost every start 15 ms
        import urllib.request
        from urllib.parse import urlsplit

        parts = urlsplit(self.url)
        url = parts._replace(path=_ENDPOINT).geturl() if parts.path in ("", "/") else self.url
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = json.dumps(event).encode()
        request = urllib.request.Request(url, data, headers, method="POST")  # noqa: S310 -- checked
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_seconds) as answer:  # noqa: S310
                answer.read()
        except urllib.error.HTTPError as error:
            with error:
                told = error.read(300).decode(errors="replace")
            raise Unavailable(
                f"{url} refused the lineage event: {error.code} {error.reason} {told}".rstrip()
            ) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Unavailable(
                f"{url} can't be reached ({reason}); the lineage events wait in the outbox "
                "until 'lineal openlineage send' can"
            ) from error


def _append(descriptor: int, line: bytes) -> None:
    """Write the whole line or nothing: a full disk must not leave half of one."""
    before = os.fstat(descriptor).st_size
    try:
        written = 0
        while written < len(line):
            written += os.write(descriptor, line[written:])
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, before)
        raise
