"""How nodes of each kind stand in their tables, and the statements that read and change them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.batch.catalog import NUMBER_OF_KIND
from lineal.metadata.batch.cells import VALUE_COLUMNS, columns_of, decode
from lineal.metadata.batch.forms import NodeForm
from lineal.metadata.batch.statements import Change, Lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lineal.metadata.batch.catalog import Catalog
    from lineal.metadata.batch.forms import Kind
    from lineal.metadata.commit import Commit

__all__ = ["SHAPES", "Shape", "fetch_nodes"]

_TIMES = ("create_time_since_epoch", "last_update_time_since_epoch")


@dataclass(frozen=True)
class Shape:
    """One kind of node: its tables, the columns that its rows fill, and its statements."""

    kind: Kind
    number: int
    table: sa.Table
    properties: sa.Table
    state: str | None  # the column of an artifact's state, or of an execution's
    columns: Sequence[str]
    property_columns: Sequence[str]
    stored: Lookup
    held: Lookup
    present: Lookup
    named: Lookup
    known_outside: Lookup
    update: Change
    remove: Change

    @property
    def has_uri(self) -> bool:
        """Whether nodes of this kind have a URI."""
        return self.kind == "artifact"

    def row(self, node_id: int, node: NodeForm, milliseconds: int) -> tuple[object, ...]:
        """Return a new node's row, in the order of `columns`."""
        times = milliseconds, milliseconds
        if self.kind == "artifact":
            uri = node.uri or ""  # never NULL: ML Metadata stores an unset one so
            return (node_id, node.type_id, uri, node.state, node.name, node.external_id, *times)
        if self.kind == "execution":
            return (node_id, node.type_id, node.state, node.name, node.external_id, *times)
        return (node_id, node.type_id, node.name, node.external_id, *times)

    def changes(self, node: NodeForm) -> tuple[object, ...]:
        """Return the parameters of `update` that give the stored node the values of `node`."""
        values = self.values(node)
        return (node.id, *values.values())

    def values(self, node: NodeForm) -> dict[str, object]:
        """Return what stands in the columns that an update may change."""
        values: dict[str, object] = {"name": node.name, "external_id": node.external_id}
        if self.has_uri:
            values["uri"] = node.uri
        if self.state:
            values[self.state] = node.state
        values["last_update_time_since_epoch"] = node.updated
        return values


def _shape(kind: Kind, state: str | None, columns: Sequence[str]) -> Shape:
    table: sa.Table = getattr(tables, kind)
    held: sa.Table = getattr(tables, f"{kind}_property")
    owner = held.c[f"{kind}_id"]
    stored = sa.select(
        table.c.id,
        table.c.type_id,
        table.c.name,
        table.c.external_id,
        table.c.uri if "uri" in columns else sa.null(),
        table.c[state] if state else sa.null(),
        *(table.c[name] for name in _TIMES),
    )
    changing = [name for name in ("name", "external_id", "uri", state) if name in columns]
    changing.append("last_update_time_since_epoch")
    update = (
        table.update()
        .where(table.c.id == sa.bindparam("node_id"))
        .values({name: sa.bindparam(f"new_{name}") for name in changing})
    )
    remove = held.delete().where(
        owner == sa.bindparam("node_id"),
        held.c.name == sa.bindparam("property"),
        held.c.is_custom_property == sa.bindparam("custom"),
    )
    cells = sa.select(
        owner, held.c.name, held.c.is_custom_property, *(held.c[name] for name in VALUE_COLUMNS)
    )
    return Shape(
        kind=kind,
        number=NUMBER_OF_KIND[kind],
        table=table,
        properties=held,
        state=state,
        columns=columns,
        property_columns=columns_of(kind),
        stored=Lookup(table.c.id, stored.where),
        held=Lookup(owner, cells.where),
        present=Lookup(table.c.id, sa.select(table.c.id).where),
        named=Lookup(table.c.name, sa.select(table.c.type_id, table.c.name, table.c.id).where),
        known_outside=Lookup(table.c.external_id, sa.select(table.c.external_id, table.c.id).where),
        update=Change(update, ["node_id", *(f"new_{name}" for name in changing)]),
        remove=Change(remove, ["node_id", "property", "custom"]),
    )


SHAPES: Mapping[Kind, Shape] = {
    "artifact": _shape(
        "artifact", "state", ("id", "type_id", "uri", "state", "name", "external_id", *_TIMES)
    ),
    "execution": _shape(
        "execution",
        "last_known_state",
        ("id", "type_id", "last_known_state", "name", "external_id", *_TIMES),
    ),
    "context": _shape("context", None, ("id", "type_id", "name", "external_id", *_TIMES)),
}


def fetch_nodes(
    commit: Commit, shape: Shape, catalog: Catalog, ids: Iterable[int]
) -> dict[int, NodeForm]:
    """Return the stored nodes with these ids, by id, as the transaction sees them."""
    wanted = sorted(set(ids))
    found: dict[int, NodeForm] = {}
    for node_id, type_id, name, external_id, uri, state, created, updated in shape.stored.rows(
        commit, wanted
    ):
        known = catalog.by_id.get(type_id)
        found[node_id] = NodeForm(
            id=node_id,
            type_id=type_id,
            name=name,
            external_id=external_id,
            uri=uri,
            state=state,
            type=known.name if known else None,
            created=created,
            updated=updated,
        )
    for node_id, name, custom, *values in shape.held.rows(commit, found):
        cell = decode(*values)
        if cell is not None:
            node = found[node_id]
            (node.custom if custom else node.properties)[name] = cell
    return found
