"""Bring home what the child processes of a run read: by a file beside the workspace's others.

A child only adds lines to it: that is quick, and needs nothing that its parent may have held when
it was forked. The process that opened the run takes the lines in, and looks at the files.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from lineal.workspace.tracking.places import Places, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineal.workspace.tracking.places import Token

__all__ = ["Child", "Spool"]

_MOST_FILES = 10_000


class Spool:
    """The parent's end: makes the file, and reads what came since it looked last."""

    def __init__(self, path: Path, places: Places) -> None:
        self.path = path
        self._read = 0
        head = json.dumps({"roots": places.roots, "excluded": places.excluded}) + "\n"
        try:
            path.write_text(head, encoding="utf-8")
            self._read = len(head)
        except OSError:  # without it, what children read isn't seen
            self._read = -1

    def take(self) -> Iterator[tuple[Literal["r", "w"], str, Token | None]]:
        """Yield what children read and wrote since the last look, in its order."""
        if self._read < 0:
            return
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                content = file.read()
        except OSError:
            return
        whole = content[: content.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            with suppress(ValueError):
                how, path, token = json.loads(line)
                yield how, path, None if token is None else tuple(token)

    def close(self) -> None:
        """Take the file away; children that go on are not listened to any more."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


class Child:
    """The child's end: notes the files that this process opens; nothing else is done here."""

    def __init__(self, path: Path, places: Places) -> None:
        self._path = path
        self._places = places
        self._file: int | None = None
        self._seen: set[tuple[str, Token]] = set()
        self._written: set[str] = set()

    @classmethod
    def of(cls, path: Path) -> Child | None:
        """Return the child's end of that file; None if it is gone."""
        try:
            with path.open("rb") as file:
                told = json.loads(file.readline())
            return cls(path, Places(tuple(told["roots"]), tuple(told["excluded"])))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def reads(self, path: str) -> None:
        """Note that the file at this absolute path is about to be read."""
        if not self._places.is_data(path) or path in self._written:
            return
        token = token_of(path)
        if token is None or (path, token) in self._seen or len(self._seen) >= _MOST_FILES:
            return
        self._seen.add((path, token))
        self._add("r", path, token)

    def writes(self, path: str) -> None:
        """Note that the file at this absolute path is about to be written."""
        if not self._places.is_data(path) or path in self._written:
            return
        if len(self._written) < _MOST_FILES:
            self._written.add(path)
            self._add("w", path, None)

    def updates(self, path: str) -> None:
        """Note that the file at this absolute path is about to be read, and maybe written."""
        self.reads(path)
        self.writes(path)

    def loses(self, path: str, target: str | None) -> None:
        """Do nothing: a child can't keep what goes; its parent tells that it is gone."""

    def leaves(self) -> None:
        """Do nothing: what a child noted is noted."""

    def fails(self, error: Exception) -> None:
        """Do nothing: the parent's own failures are enough to tell."""

    def _add(self, how: str, path: str, token: Token | None) -> None:
        if self._file is None:
            try:
                self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            except OSError:
                self._file = -1
        if self._file >= 0:
            # One call for a line, so that those of several children don't mix.
            os.write(self._file, (json.dumps([how, path, token]) + "\n").encode())
