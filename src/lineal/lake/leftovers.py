"""Find and remove what crashed or failed writers left in the lake's folders.

An object is needed if an artifact that is not gone names its SHA-256 in its URI or in any
property, if it is an entry of a folder in the lake, or a file of a published folder that an
artifact names.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from lineal.errors import Conflict, Corrupt, InvalidInput
from lineal.lake.disk import abandoned_folders, disk_errors, exclusive_lock, remove_abandoned
from lineal.lake.trees import Tree
from lineal.lake.types import FOLDER
from lineal.metadata.model import ArtifactState, ExecutionState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from lineal.lake.objects import ObjectStore
    from lineal.metadata.model import Artifact
    from lineal.metadata.recorder import Recorder

__all__ = ["Leftover", "LeftoverKind", "clean", "leftovers"]

_SHA256 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_GONE = {ArtifactState.ABANDONED, ArtifactState.DELETED}


class LeftoverKind(StrEnum):
    """What was left."""

    TEMPORARY = "temporary files of a writer that is gone"
    OBJECT = "an object that nothing refers to"
    PUBLISHED = "a published folder that nothing refers to"


@dataclass(frozen=True)
class Leftover:
    """Something on disk that no version needs."""

    kind: LeftoverKind
    path: Path
    size: int


def leftovers(recorder: Recorder, objects: ObjectStore) -> list[Leftover]:
    """Return what is left over; objects and published folders only if no run is open."""
    if recorder.store.at is not None:
        raise InvalidInput("what is left over can be told of the present workspace only")
    with disk_errors(f"look through {objects.root}"):
        found = _temporary(objects)
        return found if _is_busy(recorder) else found + _unreferenced(recorder, objects)


def clean(recorder: Recorder, objects: ObjectStore, found: Collection[Leftover]) -> list[Leftover]:
    """Remove those of `found` that are still left over, and return them.

    Nobody puts an object in place meanwhile. A run that opened before is seen as open, and one
    that opens now finds the objects gone when it comes to put its own.
    """
    with exclusive_lock(objects.lock) as alone, disk_errors(f"clean {objects.root}"):
        if not alone:
            raise Conflict("somebody is putting bytes into the lake; clean up when that is done")
        still = set(leftovers(recorder, objects))
        return [leftover for leftover in found if leftover in still and _remove(leftover)]


def _temporary(objects: ObjectStore) -> list[Leftover]:
    return [
        Leftover(LeftoverKind.TEMPORARY, folder, _size(folder))
        for folder in abandoned_folders(objects.temporary)
    ]


def _unreferenced(recorder: Recorder, objects: ObjectStore) -> list[Leftover]:
    artifacts = [a for a in recorder.store.artifacts() if a.state not in _GONE]
    published = _published(objects)
    kept = published & {_folder_of(artifact.uri, objects) for artifact in artifacts}
    needed = _needed(artifacts, objects)
    linked = {file.stat().st_ino for folder in kept for file in _files(folder)}
    found = [
        Leftover(LeftoverKind.OBJECT, path, path.stat().st_size)
        for path in (objects.path(sha256) for sha256 in objects.names() if sha256 not in needed)
        if path.stat().st_ino not in linked
    ]
    return found + [
        Leftover(LeftoverKind.PUBLISHED, folder, _size(folder))
        for folder in sorted(published - kept)
    ]


def _published(objects: ObjectStore) -> set[Path]:
    return set((objects.root / "artifacts").glob("*/*"))


def _folder_of(uri: str, objects: ObjectStore) -> Path | None:
    """Return the published folder that a URI names, or names something in."""
    path, top = PurePath(uri), objects.root / "artifacts"
    if not path.is_relative_to(top) or len(path.relative_to(top).parts) < len(("uuid", "key")):
        return None
    return top.joinpath(*path.relative_to(top).parts[:2])


def _is_busy(recorder: Recorder) -> bool:
    """Tell whether a run is open whose process may still live."""
    running = {e.id for e in recorder.store.executions(state=ExecutionState.RUNNING)}
    return bool(running - {e.id for e in recorder.crashed()})


def _needed(artifacts: Iterable[Artifact], objects: ObjectStore) -> set[str]:
    """Return the objects that the artifacts name anywhere, or that are files of their folders."""
    needed: set[str] = set()
    for artifact in artifacts:
        values = {**artifact.properties, **artifact.custom_properties}
        needed.update(_SHA256.findall(artifact.uri))
        needed.update(_SHA256.findall(json.dumps(values, default=str)))
        if artifact.type == FOLDER.name:
            needed.update(_files_of(artifact, objects))
    return needed


def _files_of(artifact: Artifact, objects: ObjectStore) -> set[str]:
    sha256 = str(artifact.get("sha256", ""))
    try:
        return {entry.sha256 for entry in Tree.decode(objects.read(sha256)).files}
    except Corrupt as error:
        raise Corrupt(
            f"the folder {artifact.name or f'artifact/{artifact.id}'} can't be read, so that "
            f"nobody can tell which objects it needs: {error}"
        ) from error


def _remove(leftover: Leftover) -> bool:
    match leftover.kind:
        case LeftoverKind.TEMPORARY:
            return remove_abandoned(leftover.path)
        case LeftoverKind.OBJECT:
            leftover.path.unlink()
        case LeftoverKind.PUBLISHED:
            shutil.rmtree(leftover.path)
    return True


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in _files(path))


def _files(path: Path) -> list[Path]:
    return [file for file in (path, *path.rglob("*")) if file.is_file()]
