"""Turn what a caller gives to a verb into an artifact of the graph and data to look at."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.lake import LakeVersion
from lineal.validation import StatisticsOptions
from lineal.warehouse import Table, TableVersion
from lineal.warehouse.frames import store_frame
from lineal.warehouse.sources import SourceFile, plain_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.engine import Source
    from lineal.metadata import Artifact
    from lineal.workspace.workspace import Workspace

__all__ = ["look_at"]


@contextmanager
def look_at(
    workspace: Workspace, data: object, *, options: StatisticsOptions | None = None
) -> Iterator[tuple[Artifact, Source]]:
    """Yield the artifact that `data` is, and a source that the engine reads.

    Versions are what they are; a text is a name, or else a path; a path or a frame is first
    stored by content. Files are unpacked for the time of the block.
    """
    given = _resolved(workspace, data)
    if isinstance(given, TableVersion):
        _same_store(workspace, given)
        yield given.artifact, given.source()
        return
    version, label = _file(workspace, given)
    if version.is_folder:
        raise InvalidInput(f"{label} is a folder; give one of its files")
    parsing = options or StatisticsOptions()
    with plain_source(
        SourceFile(version.path, label),
        delimiter=parsing.delimiter,
        na_values=parsing.na_values,
        temporary=workspace.locations.temporary,
    ) as source:
        yield version.artifact, source


def _file(workspace: Workspace, given: object) -> tuple[LakeVersion, str]:
    """Return a file of the lake, stored by content if it was none, and what messages call it."""
    lake = workspace.lake
    if isinstance(given, LakeVersion):
        _same_store(workspace, given)
        return given, given.name or given.ref
    if isinstance(given, Path):
        return lake.version(lake.store_plain(given)), str(given)
    temporary = workspace.locations.temporary
    return lake.version(store_frame(lake, given, temporary=temporary)), "the frame"


def _resolved(workspace: Workspace, data: object) -> object:
    if isinstance(data, str):
        from lineal.workspace.resolving import name_or_path

        data = name_or_path(workspace, data)
    if isinstance(data, Table):
        return data.newest
    return data


def _same_store(workspace: Workspace, version: TableVersion | LakeVersion) -> None:
    if version.store.uuid != workspace.store.uuid:
        raise InvalidInput(
            f"{version.ref} belongs to another workspace; an execution's inputs come from one"
        )
