"""The files that a run reads and writes without telling: what becomes of them in the graph."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import LinealError
from lineal.metadata import open_runs
from lineal.workspace.tracking.hashes import Hashes
from lineal.workspace.tracking.known import hash_of, known_file
from lineal.workspace.tracking.places import Places, Token, token_of
from lineal.workspace.tracking.spool import Child, Spool
from lineal.workspace.tracking.watch import look_away

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata import Artifact, Running
    from lineal.workspace.workspace import Workspace

__all__ = ["Observed"]

_GRACE_SECONDS, _LONG_GRACE_SECONDS = 0.05, 0.3
"""How long a read may wait to be recorded with others, so that a thousand make a few commits:
short at first, longer while there are more and more."""
_MOST_FILES = 10_000
_MOST_TOLD = 100


class Observed:
    """Takes note of the files that one run opens, and records those it reads as its inputs.

    A read file's content is looked at later, together with others, but before it changes: when
    the program writes to it or removes it, before another program or a verb runs inside of the
    run, after a moment, at the end. What the run wrote itself is no input when it reads it again.
    Processes that start inside tell of their files through the spool.
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
        self._recorded = 0.0
        self.spool = Spool(workspace.locations.cache / f"reads-{running.uuid}.jsonl", places)
        self._child: Child | None = None
        self.changed: list[str] = []
        """Files that changed before their content was looked at."""
        self.gone: list[str] = []
        """Files that were gone before their content was looked at."""
        self.outside: list[str] = []
        """Files that lie outside of the project, unknown to the lake: they are not kept."""
        self.failures: list[str] = []
        """Why some files were not seen or not recorded."""

    def reads(self, path: str) -> None:
        """Take note that the file at this absolute path is about to be read."""
        if self._running.process != os.getpid():
            self._in_child().reads(path)
            return
        token = token_of(path) if self._places.is_data(path) else None
        if token is not None and self._is_new(path, token):
            with self._lock:
                self._waiting[path] = token
                self._wait()

    def writes(self, path: str) -> None:
        """Take note that the file at this absolute path is about to be written."""
        if self._running.process != os.getpid():
            self._in_child().writes(path)
            return
        if not self._places.is_data(path):
            return
        if path in self._waiting:
            self.record()  # as long as it is what was read
        if len(self._written) < _MOST_FILES:
            self._written.add(path)

    def updates(self, path: str) -> None:
        """Take note that the file is about to be read, and maybe written, as a database is."""
        self.reads(path)
        self.writes(path)

    def loses(self, path: str, target: str | None) -> None:
        """Take note that what lies at this path is about to be removed, or moved to `target`."""
        if self._running.process != os.getpid():
            return
        inside = os.path.join(path, "")  # noqa: PTH118
        if any(each in (path, target) or each.startswith(inside) for each in list(self._waiting)):
            self.record()
        if target is not None and path in self._written:
            self.writes(target)

    def leaves(self) -> None:
        """Take note that another program is about to run, which may change any file."""
        if self._waiting:
            self.record()

    def fails(self, error: Exception) -> None:
        """Take note that something was not seen, for this reason."""
        if len(self.failures) < _MOST_TOLD:
            self.failures.append(f"{type(error).__name__}: {error}"[:200])

    def record(self) -> None:
        """Record what was read so far; called as often as wanted."""
        if self._running.process != os.getpid():
            return
        with self._lock, look_away():
            self._take_in()
            waiting, self._waiting = self._waiting, {}
            self._recorded = time.monotonic()
            if not waiting or not self._running.is_open:
                return
            try:
                # The files were there before: to put them into the lake is no part of the run.
                with open_runs.detached():
                    found = self._artifacts(waiting)
                self._running.add_inputs(("read", artifact) for artifact in found)
            except (LinealError, OSError) as error:
                self.fails(error)
                self._running.note(lineal_unrecorded=f"{type(error).__name__}: {error}"[:2_000])

    def close(self) -> None:
        """Record what is left, and wait for nothing more."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
        self.record()
        if self._running.process == os.getpid():
            self.spool.close()

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

    def _is_new(self, path: str, token: Token) -> bool:
        """Tell whether a read of this file, in this state, is one to record."""
        with self._lock:
            if path in self._written or (path, token) in self._seen:
                return False
            if len(self._seen) >= _MOST_FILES:
                return False
            self._seen.add((path, token))
            return True

    def _take_in(self) -> None:
        """Take over what child processes told."""
        for how, path, token in self.spool.take():
            if how == "w":
                self._written.add(path)
            elif token is not None and self._is_new(path, token):
                self._waiting[path] = token

    def _in_child(self) -> Child:
        """Return what takes note in a forked child, which must not touch the store or a lock."""
        if self._child is None:
            self._child = Child(self.spool.path, self._places)
        return self._child

    def _wait(self) -> None:
        """See to it that what was read is recorded soon, whatever the program does next."""
        if self._timer is not None and self._timer.is_alive():
            return
        if self._closed:
            return
        often = time.monotonic() - self._recorded < _LONG_GRACE_SECONDS
        grace = _LONG_GRACE_SECONDS if often else _GRACE_SECONDS
        self._timer = threading.Timer(grace, self.record)
        self._timer.daemon = True
        self._timer.start()

    def _artifacts(self, waiting: Mapping[str, Token]) -> list[Artifact]:
        """Return what each file is in the graph, put there by its content if it was unknown."""
        found: list[Artifact] = []
        unknown: list[Path] = []
        for path, token in waiting.items():
            is_ours = self._places.holds(path)
            if not is_ours and not self._is_known_size(token):
                self._note_outside(path)
                continue
            content = self._content(path, token)
            now = token_of(path)
            if now != token or not content:
                (self.gone if now is None else self.changed).append(path)
                continue
            known = known_file(self._workspace.store, path, content)
            if known is not None:
                found.append(known)
            elif is_ours:
                unknown.append(Path(path))
            else:
                self._note_outside(path)
        if unknown:
            found += self._workspace.lake.store_plain_files(unknown)
        return found

    def _note_outside(self, path: str) -> None:
        libraries = tuple(os.path.join(each, "") for each in sys.path if each)  # noqa: PTH118
        if not path.startswith(libraries) and len(self.outside) < _MOST_FILES:
            self.outside.append(path)

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
