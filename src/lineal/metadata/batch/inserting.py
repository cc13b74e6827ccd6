"""Insert nodes with their properties: one statement for each table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lineal.errors import AlreadyExists
from lineal.metadata.batch.cells import TYPE_OF_CELL, check_text, encode, shown
from lineal.metadata.batch.checks import check_fields, check_limits, type_of_node, unmatched
from lineal.metadata.batch.statements import Clash, clashes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lineal.errors import LinealError
    from lineal.metadata.batch.catalog import Catalog
    from lineal.metadata.batch.forms import NodeForm
    from lineal.metadata.batch.shapes import Shape
    from lineal.metadata.commit import Commit

__all__ = ["explain_clash", "insert_nodes"]


def insert_nodes(
    commit: Commit, shape: Shape, catalog: Catalog, nodes: Sequence[NodeForm]
) -> Sequence[int]:
    """Insert new nodes; return their ids, in order."""
    for node in nodes:
        type_of_node(catalog, shape, node)
        check_fields(shape, node)
    ids = commit.reserve(shape.table, len(nodes))
    cells = _property_rows(catalog, nodes, ids)
    check_limits(commit, nodes, cells)
    now = commit.milliseconds
    rows = [shape.row(node_id, node, now) for node_id, node in zip(ids, nodes, strict=True)]
    try:
        commit.insert_rows(shape.table, shape.columns, rows)
    except clashes(commit) as error:
        raise Clash(partial(explain_clash, commit, shape, nodes)) from error
    commit.insert_rows(shape.properties, shape.property_columns, cells)
    return ids


def explain_clash(commit: Commit, shape: Shape, nodes: Sequence[NodeForm]) -> LinealError:
    """Return the error that says which of `nodes` has a name or external id that is taken.

    Looked for afterwards, so that the nodes of a good batch don't pay for it.
    """
    names: dict[object, int] = {
        (type_id, name): node_id
        for type_id, name, node_id in shape.named.rows(commit, _texts(n.name for n in nodes))
    }
    outside: dict[object, int] = dict(
        shape.known_outside.rows(commit, _texts(n.external_id for n in nodes))
    )
    taken: set[object] = set()
    for node in nodes:
        for field, text, key, holders in (
            ("name", node.name, (node.type_id, node.name), names),
            ("external_id", node.external_id, node.external_id, outside),
        ):
            if text is None:
                continue
            holder = holders.get(key)
            if holder is not None and holder != node.id:
                return _taken(field, text, f"{shape.kind}/{holder}")
            if (field, key) in taken:
                return _taken(field, text, f"another {shape.kind} of the same call")
            taken.add((field, key))
    return AlreadyExists(
        f"one of these {shape.kind}s has a name or external_id that the database takes for "
        "another one's; choose names that differ in more than case and accents"
    )


def _property_rows(
    catalog: Catalog, nodes: Sequence[NodeForm], ids: Sequence[int]
) -> list[tuple[object, ...]]:
    """Return the rows of all properties of new nodes, each checked."""
    rows: list[tuple[object, ...]] = []
    add = rows.append
    checked: set[str] = set()
    for node_id, node in zip(ids, nodes, strict=True):
        declared = catalog.by_id[node.type_id or 0].properties
        for name, cell in node.properties.items():
            if declared.get(name) != TYPE_OF_CELL.get(type(cell)):
                raise unmatched(declared, name, cell)
            add((node_id, name, False, *encode(name, cell)))
        for name, cell in node.custom.items():
            if name not in checked:
                check_text("the name of a custom property", name)
                checked.add(name)
            add((node_id, name, True, *encode(name, cell)))
    return rows


def _taken(field: str, text: str, holder: str) -> AlreadyExists:
    within = " of the same type" if field == "name" else ""
    return AlreadyExists(
        f"the {field} {shown(text)} is taken by {holder}{within}; "
        "choose another, or update that one by its id"
    )


def _texts(texts: Iterable[str | None]) -> set[str]:
    return {text for text in texts if text is not None}
