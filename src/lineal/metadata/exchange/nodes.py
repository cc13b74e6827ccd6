"""Merge nodes of one kind: find those that are here, insert the others with new ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from lineal.errors import Conflict, Corrupt
from lineal.metadata import tables
from lineal.metadata.exchange.contents import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.metadata.exchange.contents import Row
    from lineal.metadata.exchange.merging import Merge
    from lineal.metadata.exchange.versions import VersionMerge

__all__ = ["NodeMerge"]

Node = dict[str, object]


class NodeMerge:
    """The artifacts, executions or contexts of a source, on their way into a store."""

    def __init__(self, merge: Merge, kind: str, versions: VersionMerge) -> None:
        self._merge = merge
        self._kind = kind
        self._versions = versions
        self.table: sa.Table = getattr(tables, kind)
        self.properties: sa.Table = getattr(tables, f"{kind}_property")
        self._columns = columns_of(self.table)

    def take(self, rows: list[Row]) -> None:
        """Merge rows of the nodes' table."""
        merge, kind = self._merge, self._kind
        nodes = [dict(zip(self._columns, row, strict=True)) for row in rows]
        if kind == "artifact":
            self._versions.look_at(nodes)
        unknown = [node for node in nodes if merge.local(kind, node["id"]) is None]
        for node in unknown:
            type_id = merge.local("type", node["type_id"])
            if type_id is None:
                raise Corrupt(
                    f"{kind} {node['id']} of the export has the type {node['type_id']}, which the "
                    "export lacks; export again"
                )
            node["type_id"] = type_id
        unknown = self._without(unknown, self._by_external_id(unknown))
        if kind == "artifact":
            unknown = self._without(unknown, self._versions.same_content(unknown))
            self._versions.number(unknown)
        unknown = self._without(unknown, self._by_name(unknown))
        ids = merge.commit.reserve(self.table, len(unknown))
        for node, local in zip(unknown, ids, strict=True):
            merge.is_new(kind, node["id"], local)
        merge.insert(
            self.table,
            [
                (local, *(node[name] for name in self._columns[1:]))
                for node, local in zip(unknown, ids, strict=True)
            ],
        )
        if kind == "artifact":
            self._versions.keep()

    def take_properties(self, rows: list[Row]) -> None:
        """Insert the properties of the nodes that are new here."""
        fresh = self._merge.fresh[self._kind]
        new: list[Row] = []
        for row in rows:
            local = fresh.get(cast("int", row[0]))
            if local is not None:
                new.append((local, *row[1:]))
        self._merge.insert(self.properties, new)

    def _without(self, nodes: list[Node], here: dict[int, int]) -> list[Node]:
        """Note the nodes that are `here`, by their ids in the source; return the others."""
        for number, local in here.items():
            self._merge.is_here(self._kind, number, local)
        self._merge.matched[self._kind] += len(here)
        return [node for node in nodes if node["id"] not in here] if here else nodes

    def _by_external_id(self, nodes: list[Node]) -> dict[int, int]:
        wanted = {
            str(node["external_id"]): node for node in nodes if node["external_id"] is not None
        }
        found: dict[int, int] = {}
        for row in self._among("external_id", wanted):
            node = wanted[row.external_id]
            if row.type_id != node["type_id"]:
                raise Conflict(
                    f"the external id {row.external_id!r} belongs to {self._kind} {row.id} here, "
                    f"which is of another type than {self._kind} {node['id']} of the export; "
                    "change one of them"
                )
            found[cast("int", node["id"])] = row.id
        return found

    def _by_name(self, nodes: list[Node]) -> dict[int, int]:
        """Return the nodes whose type and name are here; give a new name to others that clash.

        A context is what it is called. Artifacts are the same if they lie at one place, too;
        of executions none is like another.
        """
        wanted = {
            (node["type_id"], node["name"]): node for node in nodes if node["name"] is not None
        }
        found: dict[int, int] = {}
        for row in self._among("name", {str(name) for _, name in wanted}):
            node = wanted.get((row.type_id, row.name))
            if node is None:
                continue
            same_place = self._kind == "artifact" and row.uri == node["uri"]
            if self._kind == "context" or same_place:
                found[cast("int", node["id"])] = row.id
            else:
                origin = f" (from {self._merge.source[:8]}, {self._kind} {node['id']})"
                node["name"] = f"{node['name']}"[: 255 - len(origin)] + origin
                self._merge.renamed += 1
        return found

    def _among(self, column: str, values: Iterable[str]) -> list[sa.Row[tuple[object, ...]]]:
        given = list(values)
        if not given:
            return []
        commit = self._merge.commit
        condition = commit.backend.among(self.table.c[column], given)
        rows: list[sa.Row[tuple[object, ...]]] = list(
            commit.connection.execute(sa.select(self.table).where(condition))
        )
        return rows
