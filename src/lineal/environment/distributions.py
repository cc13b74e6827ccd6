"""List the installed distributions; quickly, since every recorded verb asks."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Distribution", "installed"]

_FORMAT = 1
_GRAIN_NS = 2_000_000_000  # a folder changed so recently may change again within its clock's grain
# What differs between two installations of the same files: scripts name their interpreter, and
# installers leave notes.
_VOLATILE = re.compile(
    r"(\.\./.*|.*\.pyc|.*\.(dist|egg)-info/(INSTALLER|REQUESTED|RECORD|direct_url\.json|uv_.*))"
)


@dataclass(frozen=True, order=True)
class Distribution:
    """An installed distribution: its normalised name (PEP 503), its version, what was installed.

    `record` is the SHA-256 over the paths and hashes of its files as its installer noted them, so
    that two builds of one version differ; empty where there is no such note.
    """

    name: str
    version: str
    record: str = ""


def installed(*, cache: Path | None = None) -> tuple[Distribution, ...]:
    """Return what is installed where this interpreter imports from, sorted by name.

    With a `cache` folder, what each folder of `sys.path` holds is kept there, and used while the
    folder's modification time stays as it was.
    """
    path = [os.path.abspath(entry) for entry in dict.fromkeys(sys.path)]  # noqa: PTH100
    kept = None if cache is None else cache / _cache_name(path)
    known = {} if kept is None else _load(kept)
    now_ns = time.time_ns()  # before they are looked at: what changes later is seen next time
    found = [_Folder.read(entry, known.get(entry)) for entry in path if os.path.exists(entry)]  # noqa: PTH110
    if kept is not None:
        _save(kept, known, {folder.path: folder for folder in found if folder.is_settled(now_ns)})
    # Of two with one name the first on the path is imported.
    first = {one.name: one for folder in reversed(found) for one in folder.distributions}
    return tuple(sorted(first.values()))


@dataclass(frozen=True)
class _Folder:
    """A folder or archive of `sys.path`: when it last changed, and what it holds."""

    path: str
    modified_ns: int
    distributions: tuple[Distribution, ...]

    @classmethod
    def read(cls, path: str, known: _Folder | None) -> _Folder:
        modified_ns = os.stat(path).st_mtime_ns  # noqa: PTH116 - once a folder, on each run
        if known is not None and known.modified_ns == modified_ns:
            return known
        return cls(path, modified_ns, tuple(_read(path)))

    def is_settled(self, now_ns: int) -> bool:
        return now_ns - self.modified_ns > _GRAIN_NS


def _read(path: str) -> Iterator[Distribution]:
    from importlib.metadata import distributions

    for one in distributions(path=[path]):
        # A damaged or half-removed distribution has no name; what imports of it is unknown.
        told = one.metadata
        # Asking for a field that is not there is deprecated, and there is no typed `get`.
        name = told["Name"] if "Name" in told else ""  # noqa: SIM401
        version = told["Version"] if "Version" in told else ""  # noqa: SIM401
        if name:
            normal = re.sub(r"[-_.]+", "-", str(name)).lower()
            yield Distribution(normal, str(version or ""), _record(one.read_text("RECORD")))


def _record(text: str | None) -> str:
    if text is None:
        return ""
    lines = sorted(
        line for line in text.splitlines() if not _VOLATILE.fullmatch(line.partition(",")[0])
    )
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _cache_name(path: list[str]) -> str:
    key = hashlib.sha256(json.dumps([sys.version, path]).encode()).hexdigest()
    return f"distributions-{key[:16]}.json"


def _load(kept: Path) -> dict[str, _Folder]:
    """Return the folders as they were kept; a cache that can't be read is an empty one."""
    try:
        content = json.loads(kept.read_bytes())
        if content["format"] != _FORMAT:
            return {}
        return {
            path: _Folder(path, modified, tuple(Distribution(*one) for one in distributions))
            for path, modified, distributions in content["folders"]
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _save(kept: Path, known: dict[str, _Folder], found: dict[str, _Folder]) -> None:
    if known == found:
        return
    folders = [
        (one.path, one.modified_ns, [(d.name, d.version, d.record) for d in one.distributions])
        for one in found.values()
    ]
    temporary = kept.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}")
    # Without the file the next capture is slower, and as right.
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(json.dumps({"format": _FORMAT, "folders": folders}))
            temporary.replace(kept)
        finally:
            temporary.unlink(missing_ok=True)
