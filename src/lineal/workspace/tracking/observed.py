"""The files that a run reads and writes without telling: what becomes of them in the graph."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import LinealError
from lineal.metadata import open_runs
from lineal.workspace.tracking.hashes import Hashes
from lineal.workspace.tracking.known import hash_of, known_file
from lineal.workspace.tracking.places import Places, Token, token_of
from lineal.workspace.tracking.watch import look_away

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata import Artifact, Running
    from lineal.workspace.workspace import Workspace

__all__ = ["Observed"]

_GRACE_SECONDS = 0.5
"""How long a read may wait to be recorded with others, so that a thousand make one commit."""
_MOST_FILES = 10_000


class Observed:
    """Takes note of the files that one run opens, and records those it reads as its inputs.

    A read file's content is looked at later, together with others, but before it changes: when
    the program opens it for writing, before a verb runs inside of the run, after a moment, at
    the end. What the run wrote itself is no input when it reads it again.
    """

    def __init__(self, workspace: Workspace, running: Running, places: Places) -> None:
        self._workspace = workspace
        self._running = running
        self._places = places
        self._began_ns = time.time_ns()
        self._hashes = Hashes(workspace.locations.cache / "hashes.json")
        self._lock = threading.RLock()
        self._waiting: dict[str, Token] = {}
        self._seen: set[tuple[str, Token]] = set()
        self._written: set[str] = set()
        self._timer: threading.Timer | None = None
        self._closed = False
        self.changed: list[str] = []
        """Files that changed before their content was looked at."""

    def reads(self, path: str) -> None:
        """Take note that the file at this absolute path is about to be read."""
        if not self._places.is_data(path):
            return
        token = token_of(path)
        if token is None or path in self._written:
            return
        with self._lock:
            if (path, token) in self._seen or len(self._seen) >= _MOST_FILES:
                return
            self._seen.add((path, token))
            self._waiting[path] = token
            self._wait()

    def writes(self, path: str) -> None:
        """Take note that the file at this absolute path is about to be written."""
        if not self._places.is_data(path):
            return
        if path in self._waiting:
            self.record()  # as long as it is what was read
        if len(self._written) < _MOST_FILES:
            self._written.add(path)

    def record(self) -> None:
        """Record what was read so far; called as often as wanted."""
        if self._running.process != os.getpid():
            return
        with self._lock, look_away():
            waiting, self._waiting = self._waiting, {}
            if not waiting or not self._running.is_open:
                return
            try:
                # The files were there before: to put them into the lake is no part of the run.
                with open_runs.detached():
                    found = self._artifacts(waiting)
                self._running.add_inputs(("read", artifact) for artifact in found)
            except (LinealError, OSError) as error:
                self._running.note(lineal_unrecorded=f"{type(error).__name__}: {error}"[:2_000])

    def close(self) -> None:
        """Record what is left, and wait for nothing more."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
        self.record()

    def unsaved(self) -> list[str]:
        """Return the files of the project that were written and whose content nobody saved.

        What nobody told of is found by the times of the project's files.
        """
        objects = self._workspace.objects
        with look_away():
            found = dict(self._places.changed_since(self._began_ns))
            written = {path for path in self._written if self._places.holds(path)} | found.keys()
            return sorted(
                path
                for path in written
                if (token := token_of(path)) is not None
                and (content := self._content(path, token))
                and not objects.has(content)
            )

    def _wait(self) -> None:
        """See to it that what was read is recorded soon, whatever the program does next."""
        if self._timer is not None and self._timer.is_alive():
            return
        if self._closed:
            return
        self._timer = threading.Timer(_GRACE_SECONDS, self.record)
        self._timer.daemon = True
        self._timer.start()

    def _artifacts(self, waiting: Mapping[str, Token]) -> list[Artifact]:
        """Return what each file is in the graph, put there by its content if it was unknown."""
        found: list[Artifact] = []
        unknown: list[Path] = []
        for path, token in waiting.items():
            if not self._places.holds(path) and not self._is_known_size(token):
                continue
            content = self._content(path, token)
            if token_of(path) != token or not content:
                self.changed.append(path)
                continue
            known = known_file(self._workspace.store, path, content)
            if known is not None:
                found.append(known)
            elif self._places.holds(path):
                unknown.append(Path(path))
        if unknown:
            found += self._workspace.lake.store_plain_files(unknown)
        return found

    def _content(self, path: str, token: Token) -> str:
        known = self._hashes.get(path, token)
        if known:
            return known
        content = hash_of(path)
        if content:
            self._hashes.put(path, token, content)
        return content

    def _is_known_size(self, token: Token) -> bool:
        """Tell whether the lake may hold a file as long as this one, which lies elsewhere."""
        _, _, size, _, _ = token
        return self._workspace.lake.has_size(size)
