"""What a node must fulfil before it is stored, told with the field and the value at fault."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.batch.cells import TYPE_OF_CELL, check_text, shown
from lineal.metadata.model import PropertyType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lineal.metadata.batch.catalog import Catalog, KnownType
    from lineal.metadata.batch.forms import Cell, NodeForm
    from lineal.metadata.batch.shapes import Shape
    from lineal.metadata.commit import Commit

__all__ = [
    "check_fields",
    "check_limits",
    "check_properties",
    "kind_told",
    "type_of_node",
    "unmatched",
]

_MOST_CHARACTERS = 255  # of a name, where the database counts


def type_of_node(catalog: Catalog, shape: Shape, node: NodeForm) -> KnownType:
    """Return the stored type that the node names by id; raise an error if it can't be had."""
    if node.type_id is None:
        raise InvalidInput(f"{_article(shape.kind)} {_called(node)}needs a type_id")
    known = catalog.by_id.get(node.type_id)
    if known is None or known.kind != shape.number:
        raise NotFound(f"there is no {shape.kind} type with the id {node.type_id}")
    return known


def check_fields(shape: Shape, node: NodeForm) -> None:
    """Refuse a name, URI or external id that can't be stored, and a context without a name."""
    if node.name:
        check_text("the name", node.name)
    elif shape.kind == "context":
        raise InvalidInput("a context needs a name that is not empty")
    if node.uri:
        check_text("the uri", node.uri)
    if node.external_id:
        check_text("the external_id", node.external_id)


def check_properties(declared: Mapping[str, int], properties: Mapping[str, Cell | None]) -> None:
    """Refuse properties that the type doesn't declare, or declares as something else."""
    for name, cell in properties.items():
        if declared.get(name) != TYPE_OF_CELL.get(type(cell)):
            raise unmatched(declared, name, cell)


def unmatched(declared: Mapping[str, int], name: str, cell: Cell | None) -> InvalidInput:
    """Return the error for a property that its type doesn't have in this way."""
    told = f"Found unmatched property type: {name}"
    if name not in declared:
        names = ", ".join(sorted(declared)[:20]) or "none"
        return InvalidInput(
            f"{told[:300]} (its type has no such property; it has {names[:400]}; "
            "use a custom property, or add it to the type)"
        )
    wanted = kind_told(declared[name])
    if cell is None:
        return InvalidInput(f"{told[:300]} (it has no value; its type wants {wanted})")
    given = kind_told(TYPE_OF_CELL.get(type(cell), 0))
    return InvalidInput(f"{told[:300]} (its type wants {wanted}, but {shown(cell)} is {given})")


def kind_told(number: int) -> str:
    """Return the name of a property type's number."""
    try:
        return PropertyType(number).name
    except ValueError:
        return f"type {number}"


def check_limits(
    commit: Commit, nodes: Iterable[NodeForm], cells: Iterable[tuple[object, ...]]
) -> None:
    """Refuse what this database, unlike SQLite, can't hold; `cells` are rows of properties."""
    if commit.backend.name == "sqlite":
        return
    for node in nodes:
        for field, text in (("name", node.name), ("external_id", node.external_id)):
            if text and len(text) > _MOST_CHARACTERS:
                raise _too_long(f"the {field}", text)
    for row in cells:
        name, value = str(row[1]), row[4]
        if len(name) > _MOST_CHARACTERS:
            raise _too_long("the name of a property", name)
        if commit.backend.name == "mysql" and isinstance(value, float) and math.isinf(value):
            raise InvalidInput(f"the property {name!r} is {value}, which MySQL can't hold")


def _too_long(field: str, text: str) -> InvalidInput:
    return InvalidInput(
        f"{field} has {len(text)} characters, of which this database holds "
        f"{_MOST_CHARACTERS} at most: {text[:40]!r}…"
    )


def _called(node: NodeForm) -> str:
    return f"{shown(node.name)} " if node.name else ""


def _article(kind: str) -> str:
    return f"{'a' if kind == 'context' else 'an'} {kind}"
