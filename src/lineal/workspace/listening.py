"""Take OpenLineage events over HTTP, where its tools post them: `/api/v1/lineage`."""

from __future__ import annotations

import hmac
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lineal.errors import Conflict, InvalidInput, LinealError, Unavailable

if TYPE_CHECKING:
    from lineal.workspace.openlineage import OpenLineage

__all__ = ["ENDPOINT", "Listener"]

ENDPOINT = "/api/v1/lineage"
_MOST_BYTES = 64 * 1024 * 1024


class Listener:
    """A small HTTP server that keeps the events that are posted to it.

    It answers 201 once an event is kept, 400 for what is no event, 401 without the token where
    one is asked for, and 503 when the workspace can't take it now, so that the client tries again.
    """

    def __init__(
        self,
        openlineage: OpenLineage,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
    ) -> None:
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(openlineage, token))
        except OSError as error:
            raise Unavailable(
                f"{host}:{port} can't be listened at: {error.strerror}; choose another port"
            ) from error

    @property
    def url(self) -> str:
        """Where clients post to."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}{ENDPOINT}"

    def serve(self) -> None:
        """Take events until `stop` is called from another thread."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """End `serve`, and let go of the port."""
        self._server.shutdown()
        self._server.server_close()


def _handler(openlineage: OpenLineage, token: str | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > _MOST_BYTES:
                self.close_connection = True
                self._answer(413, f"an event's Content-Length lies between 0 and {_MOST_BYTES}")
                return
            body = self.rfile.read(int(length))
            if urlsplit(self.path).path.rstrip("/") not in (ENDPOINT, f"{ENDPOINT}/batch"):
                self._answer(404, f"events are posted to {ENDPOINT}")
            elif token is not None and not self._may_enter(token):
                self._answer(401, "this listener asks for a bearer token")
            else:
                self._answer(*_kept(openlineage, body))

        def _may_enter(self, token: str) -> bool:
            given = self.headers.get("Authorization", "").removeprefix("Bearer ")
            return hmac.compare_digest(given.encode(), token.encode())

        def _answer(self, status: int, told: str) -> None:
            data = json.dumps({"message": told}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing: what was kept stands in the graph."""

    return Handler


def _kept(openlineage: OpenLineage, body: bytes) -> tuple[int, str]:
    """Keep the event, or list of events, of a request; return the answer's status and text."""
    try:
        events = json.loads(body)
    except ValueError as error:
        return 400, f"the body is no JSON: {error}"
    several = events if isinstance(events, list) else [events]
    if not all(isinstance(event, dict) for event in several):
        return 400, "an event is a JSON object"
    try:
        return 201, f"{openlineage.receive(several)} events of runs kept"
    except InvalidInput as error:
        return 400, str(error)
    except (Conflict, Unavailable) as error:
        return 503, str(error)
    except LinealError as error:
        return 500, str(error)
