"""Turn what a caller gives to a verb into an artifact of the graph and data to look at."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.lake import LakeVersion
from lineal.warehouse import Table, TableVersion, plain_file, store_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.engine import Source
    from lineal.metadata import Artifact
    from lineal.workspace.workspace import Workspace

__all__ = ["look_at"]


@contextmanager
def look_at(workspace: Workspace, data: object) -> Iterator[tuple[Artifact, Source]]:
    """Yield the artifact that `data` is, and a source that the engine reads.

    Versions are what they are; a text is a name, or else a path; a path or a frame is first
    stored by content. Files are unpacked for the time of the block.
    """
    given = _resolved(workspace, data)
    if isinstance(given, TableVersion):
        _same_store(workspace, given)
        yield given.artifact, given.source()
        return
    if isinstance(given, Path):
        artifact = workspace.lake.store_plain(given)
        given = _Named(workspace.lake.version(artifact), given.name)
    elif isinstance(given, LakeVersion):
        _same_store(workspace, given)
        given = _Named(given, given.name or "")
    else:
        artifact = store_frame(workspace.lake, given)
        given = _Named(workspace.lake.version(artifact), "frame.arrow")
    if given.version.is_folder:
        raise InvalidInput(f"{given.label} is a folder; give one of its files")
    with plain_file(
        given.version.path, given.label, temporary=workspace.locations.temporary
    ) as source:
        yield given.version.artifact, source


class _Named:
    """A file of the lake, and what messages call it."""

    def __init__(self, version: LakeVersion, label: str) -> None:
        self.version = version
        self.label = label


def _resolved(workspace: Workspace, data: object) -> object:
    if isinstance(data, str):
        from lineal.workspace.resolving import name_or_path

        data = name_or_path(workspace, data)
    if isinstance(data, Table):
        return data.newest()
    return data


def _same_store(workspace: Workspace, version: TableVersion | LakeVersion) -> None:
    if version.store.uuid != workspace.store.uuid:
        raise InvalidInput(
            f"{version.ref} belongs to another workspace; an execution's inputs come from one"
        )
