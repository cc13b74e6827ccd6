"""Turn plain typed objects into the forms that batches are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.batch.catalog import NUMBER_OF_KIND
from lineal.metadata.batch.cells import cell_of, shown
from lineal.metadata.batch.forms import EventForm, NodeForm, TypeForm
from lineal.metadata.model import (
    Artifact,
    ArtifactType,
    Context,
    Event,
    Execution,
    ExecutionType,
    NodeType,
    Part,
    PropertyType,
)
from lineal.metadata.moments import as_moment, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lineal.metadata.batch.catalog import Catalog, KnownType
    from lineal.metadata.batch.forms import Cell, Kind
    from lineal.metadata.model import Value

__all__ = [
    "Former",
    "event_form",
    "kind_of_type",
    "milliseconds",
    "node_form",
    "part_form",
    "paths_of",
    "stored_type",
    "type_form",
]

Node = Artifact | Execution | Context

_LONGEST_NAME = 255


def kind_of_type(wanted: NodeType) -> Kind:
    """Return which kind of nodes the type is for."""
    if isinstance(wanted, ArtifactType):
        return "artifact"
    return "execution" if isinstance(wanted, ExecutionType) else "context"


def type_form(wanted: NodeType) -> TypeForm:
    """Return the form of a type; texts that are empty count as not given."""
    form = TypeForm(
        name=wanted.name,
        version=wanted.version or None,
        description=wanted.description or None,
        properties={name: int(number) for name, number in wanted.properties.items()},
        base=wanted.base or None,
        external_id=wanted.external_id,
    )
    if isinstance(wanted, ExecutionType):
        form.input_type, form.output_type = wanted.input_type or None, wanted.output_type or None
    return form


class Former:
    """Makes the forms of nodes, each type looked up once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._types: dict[tuple[Kind, str, int | None], KnownType] = {}

    def __call__(self, kind: Kind, node: Node) -> NodeForm:
        """Return the form of a node: of the type with its `type_id`, or else called as it says."""
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
    form = NodeForm(
        id=node.id,
        type_id=known.id,
        name=node.name,
        external_id=node.external_id,
        properties=_cells(node.properties, known.properties),
        custom={name: cell_of(name, value) for name, value in node.custom_properties.items()},
        type=known.name,
    )
    if isinstance(node, Artifact):
        form.uri = node.uri
    if not isinstance(node, Context) and node.state is not None:
        form.state = int(node.state)
    if kind == "context" and not isinstance(node, Context):
        raise InvalidInput(f"a {type(node).__name__} is no context")
    return form


def event_form(event: Event) -> EventForm:
    """Return the form of an event."""
    return EventForm(
        artifact_id=event.artifact_id,
        execution_id=event.execution_id,
        type=int(event.type),
        path=event.path,
        milliseconds=milliseconds(event.time, "time of an event"),
    )


def part_form(part: Part) -> EventForm:
    """Return the form of the event that a part becomes."""
    return EventForm(
        type=int(part.type),
        path=part.path,
        milliseconds=milliseconds(part.time, "time of an event"),
    )


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
    for field in fields:
        whole, dot, name = field.partition(".")
        is_map = whole in ("properties", "custom_properties") and (name or not dot)
        if not is_map and field not in (*known, "external_id"):
            raise NotFound.among(
                f"an {kind} has no field",
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
    for name, value in values.items():
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
