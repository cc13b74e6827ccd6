"""Where the neighbours of nodes stand in the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from lineal.metadata.filters.syntax import NodeKindName, Source

__all__ = ["Beside", "beside", "node_table", "property_table", "property_tie", "type_name"]


def node_table(kind: NodeKindName) -> sa.Table:
    """Return the table of the nodes of a kind."""
    return {
        "artifact": tables.artifact,
        "execution": tables.execution,
        "context": tables.context,
    }[kind]


def property_table(kind: NodeKindName) -> sa.Table:
    """Return the table of the properties of nodes of a kind."""
    return {
        "artifact": tables.artifact_property,
        "execution": tables.execution_property,
        "context": tables.context_property,
    }[kind]


def property_tie(
    held: sa.FromClause, source: Source
) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Return the conditions that a row is the property's; its indexes begin with both columns."""
    is_custom = int(source.of == "custom_properties")
    return held.c.name == source.name, held.c.is_custom_property == is_custom


def type_name(type_id: sa.ColumnElement[int], root: sa.FromClause) -> sa.ColumnElement[str]:
    """Return the name of the type with an id, the column of the table `root`."""
    type_ = tables.type_.alias()
    return sa.select(type_.c.name).where(type_.c.id == type_id).correlate(root).scalar_subquery()


@dataclass(frozen=True)
class Beside:
    """The rows of one neighbour, to select from, and the column that names the node."""

    rows: sa.FromClause
    node_id: sa.ColumnElement[int]
    far_id: sa.ColumnElement[int] | None
    far: sa.FromClause | None
    tables: tuple[sa.FromClause, ...] = ()

    def column(self, name: str) -> sa.ColumnElement[Any]:
        """Return an attribute of the neighbour; its type's name is a query of its own."""
        if self.far is None:
            return self.rows.c[name] if self.far_id is None else self.far_id
        if name == "type":
            return type_name(self.far.c.type_id, self.far)
        return self.far.c[name]


def beside(kind: NodeKindName, source: Source, columns: Iterable[str]) -> Beside:
    """Return where the neighbour stands; of a node whose id alone is asked for only the link."""
    if source.of == "events":
        event = tables.event.alias()
        return Beside(event, event.c[f"{kind}_id"], None, None, (event,))
    link, near, other, table = {
        ("artifact", "contexts"): (tables.attribution, "artifact_id", "context_id", tables.context),
        ("execution", "contexts"): (
            tables.association,
            "execution_id",
            "context_id",
            tables.context,
        ),
        ("context", "artifacts"): (
            tables.attribution,
            "context_id",
            "artifact_id",
            tables.artifact,
        ),
        ("context", "executions"): (
            tables.association,
            "context_id",
            "execution_id",
            tables.execution,
        ),
        ("context", "parent_contexts"): (
            tables.parent_context,
            "context_id",
            "parent_context_id",
            tables.context,
        ),
        ("context", "child_contexts"): (
            tables.parent_context,
            "parent_context_id",
            "context_id",
            tables.context,
        ),
    }[kind, source.of]
    tie = link.alias()
    if set(columns) <= {"id"}:
        return Beside(tie, tie.c[near], tie.c[other], None, (tie,))
    far = table.alias()
    both = tie.join(far, far.c.id == tie.c[other])
    return Beside(both, tie.c[near], tie.c[other], far, (tie, far))
