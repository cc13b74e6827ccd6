"""Keep whatever a caller has, in the part that it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import ArtifactType, ExecutionType, Made, Output, Version, parse_target
from lineal.validation import Report, Schema, Statistics
from lineal.workspace.checking import keep
from lineal.workspace.columns import sources_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    columns: Mapping[str, Iterable[str] | str] | None = None,
) -> Version | RecordedStatistics | RecordedSchema | RecordedReport:
    """Keep `value` as the next version of `name`; see `Workspace.save`."""
    if isinstance(value, Statistics | Schema | Report):
        what = f"a {value.__class__.__name__}"
        _only_for_tables(append=append, columns=columns, what=what)
        return keep(workspace, value, parse_target(name))
    if isinstance(value, str | Path):
        path = Path(value).expanduser()
        if not path.exists():
            raise NotFound(f"there is no file {value}; save takes a frame, a path or a schema")
        _only_for_tables(append=append, columns=columns, what="a file")
        if type is not None:
            return _save_as(workspace, path, parse_target(name), type)
        return workspace.lake.add(path, name)
    if type is not None:
        raise InvalidInput("type= names what a file's bytes are; a frame becomes a table")
    made_of = sources_of(workspace, columns or {})
    return workspace.warehouse.save(value, name, append=append, columns=made_of)


def _save_as(workspace: Workspace, path: Path, name: str, type_name: str) -> Version:
    """Keep a file or folder as an artifact of another type than the lake's, such as `Model`."""
    from lineal.pipeline import File as PlainFile
    from lineal.pipeline import FileForm, Model, Slot
    from lineal.workspace.resolving import VALUES, handle

    if type_name.startswith(("lineal.", "mlmd.")) or type_name in VALUES:
        raise InvalidInput(
            f"{type_name} is what a verb makes; save the value itself, or choose another type="
        )
    model = Model.artifact_type
    kind = model if type_name == model.name else ArtifactType(type_name)
    with workspace.recorder.run(
        _SAVE_VERB, outputs=[Output("value", kind, name)], parameters={"source": str(path)}
    ) as running:
        slot = Slot(workspace.store, running.uuid, "value", name, name)
        made = FileForm(workspace.objects).keep(PlainFile(path), slot)
        if isinstance(made, Made):
            running.made("value", made)
        else:
            running.same("value", made)
    return handle(workspace, running.artifacts["value"], running.versions["value"])


def _only_for_tables(*, append: bool, columns: object, what: str) -> None:
    if columns is not None:
        raise InvalidInput(f"{what} has no columns; columns= tells what a table's were made of")
    if append:
        raise InvalidInput(f"{what} can't be appended; append=True adds rows to a table")
