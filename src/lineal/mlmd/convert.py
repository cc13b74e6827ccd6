"""ML Metadata's messages as forms, and back; each message is looked at once.

Where a message has thousands of siblings the quick way is taken: of a oneof only one member is
set, so a member that holds more than its default is the one that is set.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from lineal.metadata.batch.forms import (
    Edge,
    EventForm,
    Link,
    NodeForm,
    ProtoCell,
    StructCell,
    TypeForm,
)
from lineal.mlmd.damage import damage
from lineal.mlmd.proto import metadata_store_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence

    from google.protobuf.descriptor import EnumDescriptor

    from lineal.metadata.batch.forms import Cell, Kind
    from lineal.mlmd.proto.metadata_store_service_pb2 import PutLineageSubgraphRequest

__all__ = [
    "FILLERS",
    "Node",
    "NodeType",
    "artifact_form",
    "edge_form",
    "event_form",
    "execution_form",
    "fill_artifact",
    "fill_context",
    "fill_event",
    "fill_execution",
    "fill_type",
    "forms_of",
    "link_of",
    "type_form",
]

_UNFIT = (ValueError, TypeError, DecodeError)  # no such number or state, no text, no message

Node = pb.Artifact | pb.Execution | pb.Context
NodeType = pb.ArtifactType | pb.ExecutionType | pb.ContextType


# Messages into forms


def artifact_form(message: pb.Artifact) -> NodeForm:
    """Return an artifact as it was sent."""
    has = message.HasField
    return _node_form(
        message,
        message.uri or ("" if has("uri") else None),
        message.state or (0 if has("state") else None),
    )


def execution_form(message: pb.Execution) -> NodeForm:
    """Return an execution as it was sent."""
    has = message.HasField
    state = message.last_known_state or (0 if has("last_known_state") else None)
    return _node_form(message, None, state)


def context_form(message: pb.Context) -> NodeForm:
    """Return a context as it was sent."""
    return _node_form(message, None, None)


def _node_form(message: Node, uri: str | None, state: int | None) -> NodeForm:
    has = message.HasField
    return NodeForm(
        message.id or (0 if has("id") else None),
        message.type_id or (0 if has("type_id") else None),
        message.name or ("" if has("name") else None),
        message.external_id or ("" if has("external_id") else None),
        uri,
        state,
        _cells(message.properties),
        _cells(message.custom_properties),
        message.type or ("" if has("type") else None),
        # The two times are the store's to set; what was sent serves to detect others' changes.
        message.create_time_since_epoch,
        message.last_update_time_since_epoch,
    )


def _cells(values: Mapping[str, pb.Value]) -> dict[str, Cell | None]:
    if not values:
        return {}
    return {  # by name, which these maps answer sooner than they tell their items
        name: (value := values[name]).string_value
        or value.int_value
        or value.double_value
        or _cell(value)
        for name in values
    }


def _cell(value: pb.Value) -> Cell | None:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "struct_value":
        return StructCell(value.struct_value.SerializeToString(deterministic=True))
    if kind == "proto_value":
        return ProtoCell(value.proto_value.SerializeToString(deterministic=True))
    plain: Cell = getattr(value, kind)
    return plain


def type_form(message: NodeType) -> TypeForm:
    """Return a type as it was sent."""
    has = message.HasField
    form = TypeForm(
        name=message.name if has("name") else None,
        version=message.version if has("version") else None,
        description=message.description if has("description") else None,
        properties=dict(message.properties),
        base=_base_name(message) if has("base_type") else None,
        external_id=message.external_id if has("external_id") else None,
        id=message.id if has("id") else None,
    )
    if isinstance(message, pb.ExecutionType):
        form.input_type = _shape_text(message.input_type) if has("input_type") else None
        form.output_type = _shape_text(message.output_type) if has("output_type") else None
    return form


@cache
def _bases(descriptor: EnumDescriptor) -> dict[int, str]:
    """Return the names of the simple types that the values of a `base_type` stand for."""
    extension = pb.system_type_extension
    options = {value.number: value.GetOptions() for value in descriptor.values}
    return {
        number: found.Extensions[extension].type_name  # type: ignore[index] # of unknown kind
        for number, found in options.items()
    }


def _base_name(message: NodeType) -> str:
    """Return the simple type that `base_type` stands for; empty for an explicit "unset"."""
    number = message.base_type
    return _bases(message.SystemDefinedBaseType.DESCRIPTOR)[number] if number else ""


def _shape_text(message: pb.ArtifactStructType) -> str:
    from google.protobuf import json_format

    return json.dumps(json_format.MessageToDict(message), separators=(",", ":"))


def event_form(message: pb.Event) -> EventForm:
    """Return an event as it was sent; steps of its path that are neither name nor index go."""
    has = message.HasField
    return EventForm(
        artifact_id=message.artifact_id or (0 if has("artifact_id") else None),
        execution_id=message.execution_id or (0 if has("execution_id") else None),
        type=message.type,
        path=_path(message.path) if has("path") else (),
        milliseconds=(
            message.milliseconds_since_epoch if has("milliseconds_since_epoch") else None
        ),
    )


def _path(message: pb.Event.Path) -> tuple[str | int, ...]:
    steps = ((step, step.WhichOneof("value")) for step in message.steps)
    return tuple(step.key if kind == "key" else step.index for step, kind in steps if kind)


def link_of(message: pb.Attribution | pb.Association | pb.ParentContext) -> Link:
    """Return the two ends of a link: the context and its member, or the child and its parent."""
    if isinstance(message, pb.Attribution):
        first, second = "context_id", "artifact_id"
    elif isinstance(message, pb.Association):
        first, second = "context_id", "execution_id"
    else:
        first, second = "child_id", "parent_id"
    return Link(
        getattr(message, first) if message.HasField(first) else None,
        getattr(message, second) if message.HasField(second) else None,
    )


def edge_form(message: PutLineageSubgraphRequest.EventEdge) -> Edge:
    """Return an event of a lineage subgraph as it was sent."""
    return Edge(
        message.execution_index if message.HasField("execution_index") else None,
        message.artifact_index if message.HasField("artifact_index") else None,
        event_form(message.event) if message.HasField("event") else None,
    )


_FORMS: Mapping[Kind, Callable[[pb.Artifact], NodeForm]] = {
    "artifact": artifact_form,
    "execution": execution_form,  # type: ignore[dict-item] # each kind has its own message
    "context": context_form,  # type: ignore[dict-item]
}


def forms_of(kind: Kind, messages: Iterable[Node]) -> Sequence[NodeForm]:
    """Return nodes of one kind as they were sent."""
    form = _FORMS[kind]
    return [form(message) for message in messages]  # type: ignore[arg-type] # of that kind


# Forms into messages


def fill_artifact(message: pb.Artifact, form: NodeForm) -> None:
    """Write a stored artifact into an empty message; raise `Corrupt` if it can't be one."""
    try:
        _fill_node(message, form)
        if form.uri is not None:
            message.uri = form.uri
        if form.state is not None:
            message.state = form.state  # type: ignore[assignment] # an enum's numbers are ints
    except _UNFIT as error:
        raise damage(message, form) from error


def fill_execution(message: pb.Execution, form: NodeForm) -> None:
    """Write a stored execution into an empty message; raise `Corrupt` if it can't be one."""
    try:
        _fill_node(message, form)
        if form.state is not None:
            message.last_known_state = form.state  # type: ignore[assignment] # see above
    except _UNFIT as error:
        raise damage(message, form) from error


def fill_context(message: pb.Context, form: NodeForm) -> None:
    """Write a stored context into an empty message; raise `Corrupt` if it can't be one."""
    try:
        _fill_node(message, form)
    except _UNFIT as error:
        raise damage(message, form) from error


def _fill_node(message: Node, form: NodeForm) -> None:
    message.id = form.id or 0
    message.type_id = form.type_id or 0
    if form.name is not None:
        message.name = form.name
    if form.type is not None:
        message.type = form.type
    if form.external_id is not None:
        message.external_id = form.external_id
    message.create_time_since_epoch = form.created
    message.last_update_time_since_epoch = form.updated
    if form.properties:
        _fill_values(message.properties, form.properties)
    if form.custom:
        _fill_values(message.custom_properties, form.custom)


def _fill_values(values: MutableMapping[str, pb.Value], cells: Mapping[str, Cell | None]) -> None:
    for name, cell in cells.items():
        kind = type(cell)
        if kind is str:
            values[name].string_value = cell  # type: ignore[assignment] # `kind` says so
        elif kind is int:
            values[name].int_value = cell  # type: ignore[assignment]
        elif kind is float:
            values[name].double_value = cell  # type: ignore[assignment]
        elif kind is bool:
            values[name].bool_value = cell  # type: ignore[assignment]
        else:
            _fill_message(values[name], cell)


def _fill_message(value: pb.Value, cell: Cell | None) -> None:
    """Write a Struct or an Any; nothing for a value that another client left unset."""
    if isinstance(cell, StructCell):
        value.struct_value.SetInParent()
        value.struct_value.MergeFromString(cell)
    elif isinstance(cell, ProtoCell):
        value.proto_value.SetInParent()
        value.proto_value.MergeFromString(cell)


def fill_type(message: NodeType, form: TypeForm) -> None:
    """Write a stored type into an empty message."""
    message.id = form.id or 0
    message.name = form.name or ""
    if form.version is not None:
        message.version = form.version
    if form.description is not None:
        message.description = form.description
    if form.external_id is not None:
        message.external_id = form.external_id
    for name, number in form.properties.items():
        message.properties[name] = number  # type: ignore[assignment] # see above
    if form.base:
        message.base_type = _base_number(message, form.base)  # type: ignore[assignment]
    if isinstance(message, pb.ExecutionType):
        _fill_shape(message.input_type, form.input_type)
        _fill_shape(message.output_type, form.output_type)


def _base_number(message: NodeType, base: str) -> int:
    """Return the number in `base_type` of a simple type; 0 for one that this version lacks."""
    names = _bases(message.SystemDefinedBaseType.DESCRIPTOR)
    return next((number for number, name in names.items() if name == base), 0)


def _fill_shape(message: pb.ArtifactStructType, text: str | None) -> None:
    if text:
        from google.protobuf import json_format

        message.SetInParent()
        json_format.Parse(text, message, ignore_unknown_fields=True)


def fill_event(message: pb.Event, form: EventForm) -> None:
    """Write a stored event into an empty message."""
    message.artifact_id = form.artifact_id or 0
    message.execution_id = form.execution_id or 0
    message.type = form.type  # type: ignore[assignment] # see above
    if form.milliseconds is not None:
        message.milliseconds_since_epoch = form.milliseconds
    for step in form.path:
        if isinstance(step, int):
            message.path.steps.add().index = step
        else:
            message.path.steps.add().key = step


FILLERS: Mapping[Kind, Callable[[pb.Artifact, NodeForm], None]] = {
    "artifact": fill_artifact,
    "execution": fill_execution,  # type: ignore[dict-item] # each kind has its own message
    "context": fill_context,  # type: ignore[dict-item]
}
