"""Keep whatever a caller has, in the part that it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import ArtifactType, ExecutionType, Made, Output, Version
from lineal.validation import Report, Schema, Statistics
from lineal.workspace.checking import keep

if TYPE_CHECKING:
    from lineal.workspace.recorded import RecordedReport, RecordedSchema, RecordedStatistics
    from lineal.workspace.workspace import Workspace

__all__ = ["save"]

_SAVE_VERB = ExecutionType("lineal.save")


def save(
    workspace: Workspace,
    value: object,
    name: str,
    *,
    append: bool = False,
    type: str | None = None,  # noqa: A002 -- the field's own name for it
) -> Version | RecordedStatistics | RecordedSchema | RecordedReport:
    """Keep `value` as the next version of `name`; see `Workspace.save`."""
    if isinstance(value, Statistics | Schema | Report):
        _only_for_tables(append=append, what=f"a {value.__class__.__name__}")
        return keep(workspace, value, name)
    if isinstance(value, str | Path):
        path = Path(value).expanduser()
        if not path.exists():
            raise NotFound(f"there is no file {value}; save takes a frame, a path or a schema")
        _only_for_tables(append=append, what="a file")
        if type is not None:
            return _save_as(workspace, path, name, type)
        return workspace.lake.add(path, name)
    if type is not None:
        raise InvalidInput("type= names what a file's bytes are; a frame becomes a table")
    return workspace.warehouse.save(value, name, append=append)


def _save_as(workspace: Workspace, path: Path, name: str, type_name: str) -> Version:
    """Keep a file's bytes as an artifact of another type than the lake's own, such as `Model`."""
    from lineal.lake import publish
    from lineal.workspace.resolving import handle

    if not path.is_file():
        raise InvalidInput(f"{path} is no file; an artifact of type {type_name} is one file")
    kind = ArtifactType(type_name)
    with workspace.recorder.run(
        _SAVE_VERB, outputs=[Output("value", kind, name)], parameters={"source": str(path)}
    ) as running:
        kept = workspace.objects.put_file(path)
        uri = publish(workspace.objects, running.uuid, "value", files={path.name: kept.sha256})
        running.made("value", Made(kept.sha256, uri, {"sha256": kept.sha256, "entry": path.name}))
    return handle(workspace, running.artifacts["value"], running.versions["value"])


def _only_for_tables(*, append: bool, what: str) -> None:
    if append:
        raise InvalidInput(f"{what} can't be appended; append=True adds rows to a table")
