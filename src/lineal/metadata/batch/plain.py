"""Turn plain typed objects into the forms that batches are made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.batch.arguments import (
    article,
    enum_number,
    instance,
    mapping,
    optional_text,
    path_of,
    text,
    texts,
    unexpected,
)
from lineal.metadata.batch.catalog import NUMBER_OF_KIND
from lineal.metadata.batch.cells import cell_of, shown
from lineal.metadata.batch.forms import Edge, EventForm, Link, NodeForm, TypeForm
from lineal.metadata.integers import is_several, whole
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
    Part,
    PropertyType,
)
from lineal.metadata.moments import as_moment, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from lineal.metadata.batch.catalog import Catalog, KnownType
    from lineal.metadata.batch.forms import Cell, Kind
    from lineal.metadata.model import Value

__all__ = [
    "CLASSES",
    "Former",
    "edge_of",
    "event_form",
    "keyed",
    "kind_of_type",
    "link_of",
    "milliseconds",
    "node_form",
    "part_form",
    "paths_of",
    "stored_type",
    "type_form",
]

Node = Artifact | Execution | Context

_LONGEST_NAME = 255
_NAME = "name of a property"
_AN: Mapping[Kind, str] = {
    "artifact": "an artifact",
    "execution": "an execution",
    "context": "a context",
}
CLASSES: Mapping[Kind, type[Node]] = {
    "artifact": Artifact,
    "execution": Execution,
    "context": Context,
}


def kind_of_type(wanted: NodeType) -> Kind:
    """Return which kind of nodes the type is for."""
    if isinstance(wanted, ArtifactType):
        return "artifact"
    if isinstance(wanted, ExecutionType):
        return "execution"
    if isinstance(wanted, ContextType):
        return "context"
    raise unexpected(wanted, "an ArtifactType, ExecutionType or ContextType")


def type_form(wanted: NodeType) -> TypeForm:
    """Return the form of a type; texts that are empty count as not given."""
    for field in ("name", "version", "description", "base", "external_id"):
        optional_text(getattr(wanted, field), f"{field} of a type")
    declared = mapping(wanted.properties, f"properties of the type {shown(wanted.name)}")
    form = TypeForm(
        name=wanted.name,
        version=wanted.version or None,
        description=wanted.description or None,
        properties={
            text(name, _NAME): enum_number(number, PropertyType, f"type of the property {name!r}")
            for name, number in declared.items()
        },
        base=wanted.base or None,
        external_id=wanted.external_id,
    )
    if isinstance(wanted, ExecutionType):
        for field in ("input_type", "output_type"):
            optional_text(getattr(wanted, field), f"{field} of a type")
        form.input_type, form.output_type = wanted.input_type or None, wanted.output_type or None
    return form


class Former:
    """Makes the forms of nodes, each type looked up once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._types: dict[tuple[Kind, str, int | None], KnownType] = {}

    def __call__(self, kind: Kind, node: Node) -> NodeForm:
        """Return the form of a node: of the type with its `type_id`, or else called as it says."""
        if type(node) is not CLASSES[kind]:
            instance(node, CLASSES[kind])
        if type(node.type) is not str:
            text(node.type, f"type of {_AN[kind]}")
        if node.type_id is not None and type(node.type_id) is not int:
            node = replace(node, type_id=whole(node.type_id, f"type_id of {_AN[kind]}"))
        key = (kind, node.type, node.type_id)
        known = self._types.get(key)
        if known is None:
            known = self._types[key] = stored_type(self._catalog, kind, node.type, node.type_id)
        return node_form(kind, node, known)


def stored_type(catalog: Catalog, kind: Kind, name: str, type_id: int | None = None) -> KnownType:
    """Return the stored type with that id, or else the one of that name without a version."""
    number = NUMBER_OF_KIND[kind]
    if type_id is not None:
        known = catalog.by_id.get(type_id)
        if known is None or known.kind != number:
            raise NotFound(f"there is no {kind} type with the id {type_id}")
        return known
    known = catalog.by_name.get((number, name, ""))
    if known is not None:
        return known
    versions = sorted(
        k.version for k in catalog.by_id.values() if (k.kind, k.name) == (number, name)
    )
    if versions:
        raise InvalidInput(
            f"the {kind} type {shown(name)} has only the versions {', '.join(versions[:10])}; "
            "say which one by its type_id"
        )
    if len(name) > _LONGEST_NAME:  # too long to be told, or to look for one like it
        raise NotFound(f"there is no {kind} type {shown(name)}")
    names = [k.name for k in catalog.by_id.values() if k.kind == number]
    raise NotFound.among(f"there is no {kind} type", name, names, remedy="put_types makes one")


def node_form(kind: Kind, node: Node, known: KnownType) -> NodeForm:
    """Return the form of a node of the type `known`."""
    an = _AN[kind]
    form = NodeForm(
        id=None if node.id is None else whole(node.id, f"id of {an}"),
        type_id=known.id,
        name=optional_text(node.name, f"name of {an}"),
        external_id=optional_text(node.external_id, f"external_id of {an}"),
        properties=_cells(node.properties, known.properties),
        custom=_cells(node.custom_properties, {}),
        type=known.name,
    )
    if isinstance(node, Artifact):
        form.uri = optional_text(node.uri, f"uri of {an}")
    if not isinstance(node, Context) and node.state is not None:
        states = ArtifactState if kind == "artifact" else ExecutionState
        form.state = enum_number(node.state, states, f"state of {an}")
    return form


def event_form(event: Event) -> EventForm:
    """Return the form of an event."""
    return EventForm(
        artifact_id=whole(event.artifact_id, "artifact_id of an event"),
        execution_id=whole(event.execution_id, "execution_id of an event"),
        type=enum_number(event.type, EventType, "type of an event"),
        path=path_of(event.path),
        milliseconds=milliseconds(event.time, "time of an event"),
    )


def part_form(part: Part) -> EventForm:
    """Return the form of the event that a part becomes."""
    return EventForm(
        type=enum_number(part.type, EventType, "type of a part"),
        path=path_of(part.path),
        milliseconds=milliseconds(part.time, "time of an event"),
    )


def edge_of(part: Part) -> Edge:
    """Return the edge that a part becomes."""
    return Edge(
        whole(part.execution, "execution of a part"),
        whole(part.artifact, "artifact of a part"),
        part_form(part),
    )


def link_of(link: object, first: str, second: str) -> Link:
    """Return the link of two fields of what ties nodes."""
    what = f"of {article(type(link).__name__)}"
    return Link(
        whole(getattr(link, first), f"{first} {what}"),
        whole(getattr(link, second), f"{second} {what}"),
    )


def keyed(field: str, given: object) -> Iterator[tuple[str, int, Artifact | int]]:
    """Yield the inputs or outputs: each one's key, its place among those of that, and itself."""
    for key, value in mapping(given, field).items():
        text(key, f"key of {field}")
        several = cast("Iterable[object]", value if is_several(value) else [value])
        for index, each in enumerate(several):
            yield key, index, each if isinstance(each, Artifact) else _id(field, key, each)


def _id(field: str, key: str, given: object) -> int:
    if isinstance(given, Execution | Context):
        raise unexpected(given, "an Artifact", where=f" in {field} at {key!r}")
    if isinstance(given, bool) or not hasattr(given, "__index__"):
        raise InvalidInput(
            f"{field} at {key!r} is {shown(given)}; give an Artifact, or the id of one"
        )
    return whole(given, f"id in {field} at {key!r}")


def milliseconds(moment: datetime | None, what: str) -> int | None:
    """Return an aware time as ML Metadata counts it."""
    return None if moment is None else to_microseconds(as_moment(moment, what=what)) // 1000


def paths_of(kind: Kind, fields: Sequence[str] | None) -> list[str] | None:
    """Return the mask's paths; fields that nodes of this kind don't have are refused."""
    if fields is None:
        return None
    known = {
        "artifact": ("uri", "state"),
        "execution": ("state",),
        "context": ("name",),
    }[kind]
    paths: list[str] = []
    for field in texts(fields, "fields"):
        first, dot, name = field.partition(".")
        is_map = first in ("properties", "custom_properties") and (name or not dot)
        if not is_map and field not in (*known, "external_id"):
            raise NotFound.among(
                f"{_AN[kind]} has no field",
                field,
                [*known, "external_id", "properties", "custom_properties"],
                remedy="or properties.NAME, custom_properties.NAME",
            )
        paths.append("last_known_state" if (kind, field) == ("execution", "state") else field)
    if not paths:
        raise InvalidInput("no field is named that should change; leave fields out to change all")
    return paths


def _cells(values: Mapping[str, Value], declared: Mapping[str, int]) -> dict[str, Cell | None]:
    """Return the cells of declared properties; an int serves where a double is declared."""
    cells: dict[str, Cell | None] = {}
    if type(values) is not dict:
        mapping(values, "properties of a node")
    for name, value in values.items():
        if type(name) is not str:
            text(name, _NAME)
        cell = cell_of(name, value)
        if type(cell) is int and declared.get(name) == PropertyType.DOUBLE:
            cell = _as_double(name, cell)
        cells[name] = cell
    return cells


def _as_double(name: str, number: int) -> float:
    try:
        return float(number)
    except OverflowError as error:
        raise InvalidInput(f"the property {name!r} is {shown(number)}, too great") from error
