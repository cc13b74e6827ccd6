"""Make forms of nodes from rows: one query for the nodes, one for their properties."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.batch.cells import VALUE_COLUMNS, decode
from lineal.metadata.batch.forms import Cell, Kind, NodeForm
from lineal.metadata.batch.selects import CHUNK, Query, Row, Slots, each
from lineal.metadata.structs import STRUCT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["TABLES", "assemble", "fill", "forms", "node_columns", "property_rows"]

TABLES: dict[Kind, tuple[sa.Table, sa.Table]] = {
    "artifact": (tables.artifact, tables.artifact_property),
    "execution": (tables.execution, tables.execution_property),
    "context": (tables.context, tables.context_property),
}
"""The table of each kind of node, and that of its properties."""


def node_columns(kind: Kind) -> list[sa.ColumnElement[Any]]:
    """Return what a form is made of, in the order that `assemble` takes it."""
    table, types = TABLES[kind][0], tables.type_
    nothing = sa.null()
    state = {"artifact": "state", "execution": "last_known_state"}.get(kind)
    return [
        table.c.id,
        table.c.type_id,
        table.c.name,
        table.c.external_id,
        table.c.uri if kind == "artifact" else nothing,
        nothing if state is None else table.c[state],
        table.c.create_time_since_epoch,
        table.c.last_update_time_since_epoch,
        # No join, which a planner might begin with.
        sa.select(types.c.name).where(types.c.id == table.c.type_id).scalar_subquery(),
    ]


def assemble(connection: sa.Connection, kind: Kind, rows: Sequence[Row]) -> list[NodeForm]:
    """Return the nodes whose rows of `node_columns` these are, with their properties."""
    nodes = forms(rows)
    for start in range(0, len(nodes), CHUNK):
        chunk = nodes[start : start + CHUNK]
        ids = [cast("int", node.id) for node in chunk]
        fill(dict(zip(ids, chunk, strict=True)), property_rows(connection, kind, ids))
    return nodes


def forms(rows: Iterable[Row]) -> list[NodeForm]:
    """Return the nodes of these rows, still without their properties."""
    return [
        NodeForm(node_id, type_id, name, external, uri, state, {}, {}, called, created, updated)
        for node_id, type_id, name, external, uri, state, created, updated, called in rows
    ]


def property_rows(connection: sa.Connection, kind: Kind, ids: Sequence[int]) -> Iterator[Row]:
    """Yield the properties of these nodes: owner, name, marks, and the value or cell.

    SQLite gives any value in one column, of which `marks` tell the rest: 1 a custom property,
    2 a boolean, 4 a proto. Elsewhere the cells are made here, from five columns.
    """
    if connection.dialect.name == "sqlite":
        return each(connection, ("properties", kind), partial(_in_one_column, kind), {"ids": ids})
    rows = each(connection, ("properties", kind), partial(_in_columns, kind), {"ids": ids})
    return ((owner, name, int(custom), decode(*values)) for owner, name, custom, *values in rows)


def _in_columns(kind: Kind, slots: Slots) -> Query:
    held = TABLES[kind][1]
    owner = held.c[f"{kind}_id"]
    values = [held.c[name] for name in VALUE_COLUMNS]
    return sa.select(owner, held.c.name, held.c.is_custom_property, *values).where(
        slots.among(owner, "ids")
    )


def _in_one_column(kind: Kind, slots: Slots) -> Query:
    held = TABLES[kind][1]
    owner = held.c[f"{kind}_id"]
    marks = (
        sa.type_coerce(held.c.is_custom_property, sa.Integer)
        + _mark(2, held.c.bool_value)
        + _mark(4, held.c.proto_value)
    )
    # Each column less is a sixth of the time that the driver takes for its rows.
    value = sa.func.coalesce(
        held.c.string_value,
        held.c.int_value,
        held.c.double_value,
        held.c.bool_value,
        held.c.proto_value,
    )
    return sa.select(owner, held.c.name, marks, value).where(slots.among(owner, "ids"))


def _mark(number: int, column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Return the number where the column has a value, else 0."""
    return sa.literal_column(str(number)) * sa.type_coerce(column.is_not(None), sa.Integer)


def fill(nodes: dict[int, NodeForm], rows: Iterable[Row]) -> None:
    """Put the properties of `property_rows` into their nodes; those of others are passed over."""
    owner_now: object = None
    properties: dict[str, Cell | None] = {}
    custom: dict[str, Cell | None] = {}
    for owner, name, marks, value in rows:
        if owner != owner_now:  # they mostly come node by node
            owner_now = owner
            node = nodes.get(owner)
            properties, custom = ({}, {}) if node is None else (node.properties, node.custom)
        held = value
        # The common kinds without a call: this loop is a large part of what a large read costs.
        if marks > 1 or (type(value) is str and value.startswith(STRUCT_PREFIX)):
            held = _special(marks, value)
        if held is not None:
            (custom if marks & 1 else properties)[name] = held


def _special(marks: int, value: Any) -> Cell | None:
    """Return the cell of a value that isn't one itself."""
    if isinstance(value, str) and not marks & 4:
        return decode(None, None, value, None, None)
    if marks & 4 and not isinstance(value, int | float):
        return decode(None, None, None, value, None)
    return decode(None, None, None, None, value) if marks & 2 else value
