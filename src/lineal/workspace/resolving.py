"""Find what a text names, and give it the handle of its kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import (
    Artifact,
    ArtifactState,
    Reference,
    Version,
    VersionRow,
    format_name,
    parse,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    from lineal.metadata.lineage import Node
    from lineal.workspace.recorded import RecordedReport, RecordedSchema, RecordedStatistics
    from lineal.workspace.workspace import Workspace

    Readable: TypeAlias = Version | RecordedStatistics | RecordedSchema | RecordedReport

VALUES = ("ExampleStatistics", "Schema", "ExampleAnomalies")
"""The types of what is read as a value: statistics, schemas, reports."""

KEPT_TEXTS = ("lineal.Source", "lineal.Patch", "lineal.Log")
"""The types of the texts that are kept beside a run."""

__all__ = ["handle", "is_path", "load", "locate", "name_or_path", "node_of", "resolve"]


def resolve(workspace: Workspace, text: str) -> Version:
    """Return the version that `text` names."""
    version = handle(workspace, *locate(workspace, text))
    asked = parse(text)
    # By these it is the same for ever, whichever versions come.
    fixed = any(each is not None for each in (asked.number, asked.content, asked.id))
    return version.pin() if fixed else version


def locate(workspace: Workspace, text: str) -> tuple[Artifact, VersionRow | None]:
    """Return the artifact that `text` names, and its version if it is one of a name's.

    No part but the graph is opened for it, which is what a mere look at something can afford.
    """
    if not isinstance(text, str):
        raise InvalidInput(f"a {type(text).__name__} names nothing; give text: 'ops.flights@3'")
    reference = parse(text)
    if reference.kind == "execution":
        raise InvalidInput(f"{text} is an execution, not a version; 'lineal show {text}' shows it")
    if reference.kind == "artifact":
        artifact = workspace.store.artifact(reference.id or 0)
        return artifact, workspace.store.version_of(reference.id or 0)
    row = _row(workspace, reference)
    return workspace.store.artifact(row.artifact_id), row


def handle(workspace: Workspace, artifact: Artifact, row: VersionRow | None = None) -> Version:
    """Return the handle that fits the artifact's type: a table's can be read, a file's opened."""
    row = row or workspace.store.version_of(artifact.id or 0)
    kind, is_live = artifact.type, artifact.state == ArtifactState.LIVE
    if is_live and kind in ("lineal.File", "lineal.Folder"):
        return workspace.lake.version(artifact, row)
    if is_live and kind == "lineal.Table" and row is not None:
        return workspace.warehouse.version(row)
    if is_live and kind == "lineal.TrainingSet":
        return workspace.features.training_set_of(artifact, row)
    if is_live and kind in ("lineal.Entity", "lineal.FeatureView", "lineal.FeatureService"):
        return workspace.features.definition_of(artifact, row)
    if kind in KEPT_TEXTS:
        from lineal.workspace.kept import KeptText

        return KeptText(
            workspace.store, workspace.recorder, artifact, row, objects=workspace.objects
        )
    if is_live and kind not in VALUES and artifact.uri.startswith("/"):
        from lineal.workspace.files import FileVersion, is_published

        if is_published(artifact, workspace.objects):
            return FileVersion(workspace.store, workspace.recorder, artifact, row)
    return Version(workspace.store, workspace.recorder, artifact, row)


def load(workspace: Workspace, text: str) -> Readable:
    """Return what `text` names, ready to be used; an open run gets it as an input."""
    from lineal.workspace.recorded import recorded

    version = resolve(workspace, text)
    state = version.artifact.state
    if state not in (ArtifactState.LIVE, None):  # other clients' artifacts may have no state
        raise NotFound(
            f"{version.ref} is {state.name}, there is nothing to read; "
            f"'lineal show {version.ref}' tells more"
        )
    workspace.recorder.used(version.artifact)
    value = recorded(workspace, version)
    return version if value is None else value  # a report with findings is false


def node_of(workspace: Workspace, of: object) -> Node:
    """Return the node that is meant by a version, a recorded value or a text."""
    from lineal.warehouse import Table
    from lineal.workspace.recorded import Recorded

    if isinstance(of, Table):
        of = of.newest
    if isinstance(of, Recorded):
        of = of.version
    if isinstance(of, Version):
        if of.store.uuid != workspace.store.uuid:
            raise InvalidInput(f"{of.ref} belongs to another workspace; ask that one")
        return ("artifact", of.id)
    if isinstance(of, str):
        reference = parse(of)
        if reference.kind is not None:
            return (reference.kind, reference.id or 0)
        return ("artifact", locate(workspace, of)[0].id or 0)
    raise InvalidInput(
        f"{type(of).__name__} has no lineage here; give a version, what a verb returned, or a name"
    )


def is_path(text: str) -> bool:
    """Return whether `text` is a path by its form alone."""
    return text.startswith(("./", "../", "/", "~")) or "://" in text


def name_or_path(workspace: Workspace, text: str) -> Version | Path:
    """Return the version or the existing path that `text` means.

    Text that is both a known name and an existing path is refused, naming both.
    """
    path = Path(text).expanduser()
    if is_path(text):
        if not path.exists():
            raise NotFound(f"there is no file {text}")
        return path
    try:
        version = resolve(workspace, text)
    except (NotFound, InvalidInput):
        if path.exists():
            return path
        raise
    if path.exists():
        raise InvalidInput(
            f"{text!r} is both {version.ref} and the file {path.resolve()}; "
            f"write ./{text} for the file, or {version.ref} for the version"
        )
    return version


def _row(workspace: Workspace, reference: Reference) -> VersionRow:
    store, name = workspace.store, reference.name
    newest = store.newest(name)
    if newest is None:
        if store.at is not None:
            raise NotFound(
                f"nothing called {name!r} was known at {store.at.moment.isoformat()}; "
                + _since(workspace, name)
            )
        known = store.names()
        raise NotFound.among("nothing is called", name, known, remedy="lineal find lists all")
    if reference.number is not None:
        row = store.version(name, reference.number)
        if row is None:
            raise NotFound(
                f"{format_name(name)} has no version {reference.number}; "
                f"the newest is {newest.number}"
            )
        return row
    if reference.moment is not None:
        row = store.as_of(reference.moment).newest(name)
        if row is None:
            raise NotFound(
                f"{format_name(name)} was not known yet at {reference.moment.isoformat()}; "
                + _since(workspace, name)
            )
        return row
    if reference.alias is not None:
        row = store.alias(name, reference.alias)
        if row is None:
            raise NotFound.among(
                f"{format_name(name)} has no alias",
                reference.alias,
                store.aliases(name),
                remedy=f"lineal alias {format_name(name)} {reference.alias} NUMBER sets it",
            )
        return row
    if reference.content is not None:
        return _by_content(workspace, name, reference.content)
    return newest


def _by_content(workspace: Workspace, name: str, prefix: str) -> VersionRow:
    rows = workspace.store.by_content(name, prefix)
    if not rows:
        raise NotFound(f"no version of {format_name(name)} has content sha256:{prefix}")
    if len({row.content for row in rows}) > 1:
        found = ", ".join(format_name(row.name, row.number) for row in rows)
        raise InvalidInput(f"sha256:{prefix} fits several versions: {found}; give more digits")
    return rows[-1]


def _since(workspace: Workspace, name: str) -> str:
    """Tell since when a name is known, in the present."""
    rows = workspace.store.present().versions(name)
    if not rows:
        return "nothing is called so now either"
    at = workspace.store.at
    if at is not None and at.clock == "commit":
        return f"its first version was committed at {rows[0].committed.isoformat()}"
    return f"its first version is known since {rows[0].known_at.isoformat()}"
