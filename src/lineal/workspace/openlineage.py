"""Tell other tools what happens in the workspace, and keep what they tell.

What happens is noted in the outbox with the run itself. It leaves when the outermost run ends,
or by `send`. A target that is away never fails or delays a run: what waits goes later.
"""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from lineal import __version__
from lineal.errors import InvalidInput, LinealError, NotFound, Unavailable
from lineal.metadata.openlineage import (
    FileTransport,
    HttpTransport,
    Namespaces,
    deliver,
    enable,
    is_enabled,
    receive,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lineal.metadata import Artifact
    from lineal.metadata.openlineage import Transport
    from lineal.workspace.workspace import Workspace

__all__ = ["OpenLineage"]

_REST_SECONDS = 60.0
"""How long a run's end doesn't try again a target that was away."""

_log = logging.getLogger("lineal.openlineage")


class OpenLineage:
    """The workspace's way out to other tools, and in from them.

    Where to is said in `lineal.toml`, section `[openlineage]`; nothing leaves without it.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._section = workspace.settings.openlineage
        self._rest_until = 0.0
        if self._section.url is not None and not is_enabled(workspace.store):
            enable(workspace.store)

    @property
    def waiting(self) -> int:
        """How many events wait to be sent."""
        return len(waiting(self._workspace.store))

    def send(self, transport: Transport | None = None) -> int:
        """Send what waits, to `transport` or where the workspace's file says; return how many.

        Raises `Unavailable` when the other side can't take it; what was not sent stays.
        """
        return deliver(
            self._workspace.store,
            transport or self._transport(),
            namespaces=Namespaces(
                jobs=self._section.namespace,
                datasets=self._section.namespace,
                producer=f"urn:lineal:{__version__}",
            ),
            column_types=self._column_types,
        )

    def send_after_run(self) -> None:
        """Send what waits if the target can take it; else say so in the log, and rest a while."""
        if self._section.url is None or time.monotonic() < self._rest_until:
            return
        try:
            self.send()
        except LinealError as error:
            self._rest_until = time.monotonic() + _REST_SECONDS
            _log.warning("%s", error)

    def receive(self, events: Mapping[str, object] | Iterable[Mapping[str, object]]) -> int:
        """Keep an event, or several, of other tools; return how many told of a run."""
        several = [events] if isinstance(events, dict) else events
        told = [receive(self._workspace.store, event) for event in several]  # type: ignore[arg-type]
        return sum(number is not None for number in told)

    def receive_file(self, path: str | Path) -> int:
        """Keep the events of a file, a line of JSON each; return how many told of a run.

        Raises `InvalidInput` naming the line; those before it are kept, and may come again.
        """
        count = 0
        try:
            with Path(path).open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        count += self._receive_line(line, f"{path}, line {number}", count)
        except OSError as error:
            raise NotFound(f"{path} can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise InvalidInput(f"{path} is no text in UTF-8: {error.reason}") from error
        return count

    def _receive_line(self, line: str, where: str, before: int) -> int:
        kept = f"; events of runs received before this line: {before}"
        try:
            event = json.loads(line)
        except ValueError as error:
            raise InvalidInput(f"{where} is no JSON: {error}{kept}") from error
        if not isinstance(event, dict):
            raise InvalidInput(f"{where} is no event: it holds {line[:40]!r}, not an object{kept}")
        try:
            return self.receive(event)
        except InvalidInput as error:
            raise InvalidInput(f"{where}: {error}{kept}") from error

    def _transport(self) -> Transport:
        url = self._section.url
        if url is None:
            raise InvalidInput(
                f"{self._workspace.locations.settings} has no [openlineage] url, so nobody is to "
                'be told; add url = "https://host/api/v1/lineage" or "file:events.jsonl"'
            )
        parts = urlsplit(url)
        if parts.scheme == "file":
            return FileTransport(self._workspace.root / unquote(parts.path))
        name = self._section.token_env
        token = None if name is None else os.environ.get(name)
        if name is not None and not token:
            raise Unavailable(
                f"the environment variable {name} is not set; openlineage.token_env in "
                f"{self._workspace.locations.settings} says that it holds the token"
            )
        return HttpTransport(url, token=token)

    def _column_types(self, artifact: Artifact) -> Mapping[str, str]:
        from lineal.warehouse import TableVersion
        from lineal.workspace.resolving import handle

        if artifact.type != "lineal.Table":
            columns = artifact.get("columns")
            return {k: str(v) for k, v in columns.items()} if isinstance(columns, dict) else {}
        version = handle(self._workspace, artifact)
        if not isinstance(version, TableVersion):
            return {}
        return {column.name: str(column.type) for column in version.schema}
