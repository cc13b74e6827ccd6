"""Remember the hashes of large files from run to run, by what the file system says of them."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from lineal.workspace.tracking.places import Token

__all__ = ["Hashes"]

_FORMAT = 1
_WORTH_BYTES = 1_000_000  # a smaller file is hashed as fast as it is looked up
_GRAIN_NS = 2_000_000_000  # a file changed so recently may change again within its clock's grain
_MOST = 5_000


class Hashes:
    """Hashes of files in their present state; a file in another state is not known."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._loaded: dict[str, tuple[Token, str]] | None = None
        self._here: dict[tuple[str, Token], str] = {}

    def get(self, path: str, token: Token) -> str:
        """Return the hash of the file in that state; empty if it is not known."""
        here = self._here.get((path, token))
        if here is not None:
            return here
        if token[2] < _WORTH_BYTES:
            return ""
        found = self._load().get(path)
        return found[1] if found is not None and found[0] == token else ""

    def put(self, path: str, token: Token, content: str) -> None:
        """Remember a hash: in this process, and for a large file that has come to rest, for all."""
        self._here[path, token] = content
        if token[2] < _WORTH_BYTES or time.time_ns() - max(token[3:]) < _GRAIN_NS:
            return
        known = self._load()
        known[path] = (token, content)
        while len(known) > _MOST:
            del known[next(iter(known))]
        self._save(known)

    def _load(self) -> dict[str, tuple[Token, str]]:
        if self._loaded is None:
            self._loaded = {}
            with suppress(OSError, ValueError, KeyError, TypeError):
                content = json.loads(self._kept.read_bytes())
                if content["format"] == _FORMAT:
                    for path, token, found in content["files"]:
                        device, inode, size, modified, changed = token
                        self._loaded[path] = ((device, inode, size, modified, changed), found)
        return self._loaded

    def _save(self, known: dict[str, tuple[Token, str]]) -> None:
        temporary = self._kept.with_suffix(f".{os.getpid()}")
        files = [(path, token, content) for path, (token, content) in known.items()]
        # Without it the next run is slower, and as right.
        with suppress(OSError):
            temporary.write_text(json.dumps({"format": _FORMAT, "files": files}))
            temporary.replace(self._kept)
