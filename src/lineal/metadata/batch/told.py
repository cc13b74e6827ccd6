"""Turn the forms that batches are made of into plain typed objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import Corrupt
from lineal.metadata.batch.cells import value_of
from lineal.metadata.model import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    Event,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    NodeType,
    PropertyType,
    from_milliseconds,
    read_as,
)
from lineal.metadata.structs import damaged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata.batch.forms import Cell, EventForm, Kind, NodeForm, TypeForm
    from lineal.metadata.model import Value

__all__ = ["event_of", "node_of", "type_of"]


def node_of(kind: Kind, form: NodeForm) -> Artifact | Execution | Context:
    """Return the artifact, execution or context of a form that was read."""
    created, updated = from_milliseconds(form.created), from_milliseconds(form.updated)
    properties, custom = _values(kind, form, form.properties), _values(kind, form, form.custom)
    called = form.type or ""
    if isinstance(form.uri, bytes) or isinstance(form.name, bytes):  # SQLite keeps what it is given
        column = "uri" if isinstance(form.uri, bytes) else "name"
        raise damaged(f"{kind}/{form.id}", f"the {column}", "it is no text")
    if kind == "artifact":
        return Artifact(
            called,
            form.uri or "",
            None if form.state is None else read_as(ArtifactState, form.state),
            form.name,
            properties,
            custom,
            form.external_id,
            form.id,
            form.type_id,
            created,
            updated,
        )
    if kind == "execution":
        return Execution(
            called,
            None if form.state is None else read_as(ExecutionState, form.state),
            form.name,
            properties,
            custom,
            form.external_id,
            form.id,
            form.type_id,
            created,
            updated,
        )
    name = form.name or ""
    ids = form.external_id, form.id, form.type_id
    return Context(called, name, properties, custom, *ids, created, updated)


def event_of(form: EventForm) -> Event:
    """Return the event of a form that was read."""
    time = None if form.milliseconds is None else from_milliseconds(form.milliseconds)
    return Event(
        artifact_id=form.artifact_id or 0,
        execution_id=form.execution_id or 0,
        type=read_as(EventType, form.type),
        path=form.path,
        time=time,
        id=form.id,
    )


def type_of(kind: Kind, form: TypeForm) -> NodeType:
    """Return the type of a form that was read."""
    name, version, base = form.name or "", form.version or "", form.base or ""
    properties = {each: read_as(PropertyType, number) for each, number in form.properties.items()}
    told = (name, properties, version, form.description or "", base, form.id, form.external_id)
    if kind == "execution":
        return ExecutionType(*told, form.input_type or "", form.output_type or "")
    return ArtifactType(*told) if kind == "artifact" else ContextType(*told)


def _values(kind: Kind, form: NodeForm, cells: Mapping[str, Cell | None]) -> dict[str, Value]:
    if not cells:  # as often
        return {}
    try:
        return {name: value_of(cell) for name, cell in cells.items() if cell is not None}
    except Corrupt:
        for name, cell in cells.items():
            try:
                value_of(cell)  # type: ignore[arg-type] # None passes
            except Corrupt as error:
                raise damaged(f"{kind}/{form.id}", f"the property {name!r}", error) from error
        raise
