"""Turn what a caller gives to a verb into an artifact of the graph and data to look at."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.features import TrainingSet
from lineal.lake import LakeVersion
from lineal.metadata import Version
from lineal.warehouse import Table, TableVersion
from lineal.warehouse.frames import FRAME_LABEL, store_frame
from lineal.warehouse.sources import ParseOptions, SourceFile, plain_source
from lineal.workspace.files import FileVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.engine import Source
    from lineal.metadata import Artifact
    from lineal.validation import StatisticsOptions
    from lineal.workspace.workspace import Workspace

__all__ = ["Given", "Looked", "look_at", "stand_for"]


@dataclass(frozen=True)
class Looked:
    """Data that is looked at: the artifact that it is, and a source that the engine reads."""

    artifact: Artifact
    source: Source
    label: str
    """What messages call it."""

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Let errors of the block name what was given, not where its bytes lie."""
        try:
            yield
        except InvalidInput as error:
            told = str(error)
            for path in getattr(self.source, "paths", ()):
                told = told.replace(path, self.label)
            if told == str(error):
                raise
            raise InvalidInput(told) from error


@dataclass(frozen=True)
class Given:
    """What a caller gave: the artifact that it is, and what its data is read from."""

    artifact: Artifact
    held: TableVersion | TrainingSet | SourceFile


def stand_for(workspace: Workspace, data: object) -> Given:
    """Return what `data` is; none of its rows are read yet.

    Versions are what they are; a text is a name, or else a path; a path or a frame is first
    stored by content.
    """
    given = _resolved(workspace, data)
    if isinstance(given, Version) and given.store.uuid != workspace.store.uuid:
        raise InvalidInput(
            f"{given.ref} belongs to another workspace; an execution's inputs come from one"
        )
    if isinstance(given, TableVersion | TrainingSet):
        return Given(given.artifact, given)
    return Given(*_file(workspace, given))


@contextmanager
def look_at(workspace: Workspace, given: Given, options: StatisticsOptions) -> Iterator[Looked]:
    """Yield the data of what was given, ready to be looked at; unpacked for the block's time."""
    if not isinstance(given.held, SourceFile):
        yield Looked(given.artifact, given.held.source(), given.held.ref)
        return
    with plain_source(
        given.held,
        ParseOptions(delimiter=options.delimiter, na_values=options.na_values),
        engine=workspace.engine,
        temporary=workspace.locations.temporary,
    ) as source:
        yield Looked(given.artifact, source, given.held.label)


def _file(workspace: Workspace, given: object) -> tuple[Artifact, SourceFile]:
    """Return a file that the workspace keeps, stored by content if it was none yet."""
    lake = workspace.lake
    if isinstance(given, Path):
        artifact, label = lake.store_plain(given), str(given)
        given = lake.version(artifact)
    elif isinstance(given, Version):
        artifact, label = given.artifact, given.name or given.ref
    else:
        artifact = store_frame(lake, given, temporary=workspace.locations.temporary)
        given, label = lake.version(artifact), FRAME_LABEL
    if not isinstance(given, LakeVersion | FileVersion):
        raise InvalidInput(f"{label} is a {artifact.type}; give a table, a file or a frame")
    if isinstance(given, LakeVersion) and given.is_folder:
        raise InvalidInput(f"{label} is a folder; give one of its files")
    path = given.path
    if path.is_dir():
        raise InvalidInput(f"{label} holds several files; give one of them")
    return artifact, SourceFile(path, label)


def _resolved(workspace: Workspace, data: object) -> object:
    if isinstance(data, str):
        from lineal.workspace.resolving import name_or_path

        data = name_or_path(workspace, data)
    if isinstance(data, Table):
        return data.newest
    return data
