"""Record the environment that an execution runs in."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.environment import ENVIRONMENT, capture, program_folder, properties_of
from lineal.metadata import EnvironmentRecord

if TYPE_CHECKING:
    from pathlib import Path

    from lineal.environment import Environment
    from lineal.workspace.workspace import Workspace

__all__ = ["environment", "record"]

_FRESH_SECONDS = 1.0
"""So long a record stands for verbs in a row, as long as nothing is seen to have changed."""

_Signs = tuple[object, ...]


@dataclass(frozen=True)
class _Recorded:
    """A record, when it was made, and what it was made at."""

    record: EnvironmentRecord
    signs: _Signs
    at: float


_last: dict[str, _Recorded] = {}


def record(workspace: Workspace) -> EnvironmentRecord:
    """Return the present environment as a record, its description kept as an object."""
    folder, root = program_folder(), str(workspace.objects.root)
    signs, now = _signs(folder), time.monotonic()
    last = _last.get(root)
    if (
        last is not None
        and now - last.at < _FRESH_SECONDS
        and last.signs == signs
        and workspace.objects.has(last.record.content)
    ):
        return last.record
    made = _made(workspace, environment(workspace))
    _last[root] = _Recorded(made, signs, now)
    return made


def environment(workspace: Workspace) -> Environment:
    """Return the environment that code runs in now.

    The git state is that of the folder in which the running script or notebook lies.
    """
    return capture(program_folder(), cache=workspace.locations.cache)


def _made(workspace: Workspace, present: Environment) -> EnvironmentRecord:
    described = present.to_json()
    content = hashlib.sha256(described).hexdigest()
    if not workspace.objects.has(content):
        workspace.objects.put_bytes(described)
    return EnvironmentRecord(
        type=ENVIRONMENT,
        content=content,
        uri=str(workspace.objects.path(content)),
        properties=properties_of(present),
    )


def _signs(folder: Path) -> _Signs:
    """Return what changes when distributions are installed, or a commit is made."""
    git = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
    watched = () if git is None else (f"{git}/.git/HEAD", f"{git}/.git/index")
    return (
        os.getpid(),
        str(folder),
        tuple(sys.path),
        *(_modified(path) for path in (*sys.path, *watched)),
    )


def _modified(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 -- for each verb
    except (OSError, ValueError):
        return 0
