"""Types of nodes: found or made, and widened by properties that they lack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.metadata import tables
from lineal.metadata.batch.catalog import catalog_of, types_changed
from lineal.metadata.model import (
    ArtifactType,
    ExecutionType,
    NodeKind,
    NodeType,
    PropertyType,
    read_as,
)

if TYPE_CHECKING:
    from lineal.metadata.commit import Commit

__all__ = ["TypeWrites"]


class TypeWrites:
    """The types that one transaction uses, each looked up once."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._types: dict[tuple[NodeKind, str, str], tuple[int, dict[str, PropertyType]]] = {}

    def put(self, wanted: NodeType) -> tuple[int, dict[str, PropertyType]]:
        """Return id and properties of the type called so, made or widened if need be.

        Raises `AlreadyExists` if it has a property of another type already.
        """
        kind = _kind(wanted)
        key = (kind, wanted.name, wanted.version)
        known = self._types.get(key) or self._stored_type(kind, wanted)
        if known is None:
            known = self._create_type(kind, wanted)
        type_id, properties = known
        added = {n: p for n, p in wanted.properties.items() if properties.get(n) != p}
        for name, declared in added.items():
            if name in properties:
                raise AlreadyExists(
                    f"the type {wanted.name!r} has the property {name!r} as "
                    f"{properties[name].name}, it can't become {declared.name}"
                )
        if added:
            types_changed(self._commit)
            self._commit.insert(
                tables.type_property,
                [{"type_id": type_id, "name": n, "data_type": int(p)} for n, p in added.items()],
            )
            properties = {**properties, **added}
        self._types[key] = (type_id, properties)
        return type_id, properties

    def _stored_type(
        self, kind: NodeKind, wanted: NodeType
    ) -> tuple[int, dict[str, PropertyType]] | None:
        known = catalog_of(self._commit).by_name.get((int(kind), wanted.name, wanted.version))
        if known is None:
            return None
        return known.id, {name: read_as(PropertyType, n) for name, n in known.properties.items()}

    def _create_type(self, kind: NodeKind, wanted: NodeType) -> tuple[int, dict[str, PropertyType]]:
        if not wanted.name:
            raise InvalidInput("a type needs a name")
        types_changed(self._commit)
        type_id = self._commit.insert_one(
            tables.type_,
            {
                "name": wanted.name,
                "version": wanted.version or None,
                "type_kind": int(kind),
                "description": wanted.description or None,
            },
        )
        if wanted.base:
            base = self._commit.connection.scalar(
                sa.select(tables.type_.c.id).where(
                    tables.type_.c.name == wanted.base, tables.type_.c.type_kind == int(kind)
                )
            )
            if base is None:
                raise NotFound(f"the base type {wanted.base!r} of {wanted.name!r} does not exist")
            self._commit.insert(tables.parent_type, [{"type_id": type_id, "parent_type_id": base}])
        return type_id, {}

    def declared(self, kind: str, node_id: int) -> dict[str, PropertyType]:
        """Return the properties that the type of this node declares."""
        table, properties = getattr(tables, kind), tables.type_property
        found = self._commit.connection.execute(
            sa.select(properties.c.name, properties.c.data_type)
            .join(table, table.c.type_id == properties.c.type_id)
            .where(table.c.id == node_id)
        )
        return {row.name: read_as(PropertyType, row.data_type) for row in found}


def _kind(wanted: NodeType) -> NodeKind:
    if isinstance(wanted, ArtifactType):
        return NodeKind.ARTIFACT
    return NodeKind.EXECUTION if isinstance(wanted, ExecutionType) else NodeKind.CONTEXT
