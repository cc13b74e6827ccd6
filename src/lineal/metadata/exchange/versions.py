"""Merge versions, aliases and claims.

A name that is new here keeps its numbers. Where a name is here already, a version of the same
content is the same, and the others are numbered on: numbers never change once they are given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.exchange.contents import columns_of
from lineal.metadata.names import format_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.metadata.exchange.contents import Row
    from lineal.metadata.exchange.merging import Merge
    from lineal.metadata.exchange.nodes import Node

__all__ = ["VersionMerge"]


class _Version(NamedTuple):
    artifact: int
    name: str
    number: int
    content: str


class VersionMerge:
    """The versions of a source, walked along with its artifacts: both come by id."""

    def __init__(self, merge: Merge, rows: Iterator[Row]) -> None:
        self._merge = merge
        self._rows = rows
        self._ahead: _Version | None = self._next()
        self._wanted: dict[int, _Version] = {}
        self._given: dict[int, _Version] = {}
        self._next_numbers: dict[str, int | None] = {}  # None: their own numbers stay
        self._renumbered: dict[tuple[str, int], int] = {}

    def look_at(self, nodes: list[Node]) -> None:
        """Take up the versions that these artifacts are; they come in the order of ids."""
        self._wanted, self._given = {}, {}
        last = cast("int", nodes[-1]["id"])
        while self._ahead is not None and self._ahead.artifact <= last:
            self._wanted[self._ahead.artifact] = self._ahead
            self._ahead = self._next()
        self._note_numbers_of_known()

    def same_content(self, nodes: list[Node]) -> dict[int, int]:
        """Return the artifacts that are versions here, of the same name, content and type."""
        wanted = [self._wanted[number] for node in nodes if (number := _id(node)) in self._wanted]
        if not wanted:
            return {}
        version, artifact, commit = tables.version, tables.artifact, self._merge.commit
        names = sorted({one.name for one in wanted})
        query = (
            sa.select(version, artifact.c.type_id)
            .join(artifact, artifact.c.id == version.c.artifact_id)
            .where(commit.backend.among(version.c.name, names))
        )
        here = {
            (row.name, row.content, row.type_id): row for row in commit.connection.execute(query)
        }
        found: dict[int, int] = {}
        for node in nodes:
            one = self._wanted.get(_id(node))
            row = here.get((one.name, one.content, node["type_id"])) if one else None
            if one is not None and row is not None:
                found[one.artifact] = row.artifact_id
                self._renumbered[one.name, one.number] = row.number
        return found

    def number(self, nodes: list[Node]) -> None:
        """Give the artifacts that are new versions here their numbers, and so their names."""
        new = [(node, one) for node in nodes if (one := self._wanted.get(_id(node))) is not None]
        self._see_newest(sorted({one.name for _, one in new}))
        for node, one in sorted(new, key=lambda pair: (pair[1].name, pair[1].number)):
            number = self._next_numbers[one.name]
            if number is None:
                self._given[one.artifact] = one
                continue
            self._next_numbers[one.name] = number + 1
            self._given[one.artifact] = one._replace(number=number)
            self._renumbered[one.name, one.number] = number
            if node["name"] == format_name(one.name, one.number):
                node["name"] = format_name(one.name, number)

    def keep(self) -> None:
        """Insert the versions that `number` gave, once their artifacts are here."""
        rows: list[Row] = [
            (local, one.name, one.number, one.content, self._merge.commit.number)
            for one in self._given.values()
            if (local := self._merge.fresh["artifact"].get(one.artifact)) is not None
        ]
        self._merge.insert(tables.version, rows)

    def take_aliases(self, rows: list[Row]) -> None:
        """Insert the aliases that the names here lack; what an alias stands for here stays."""
        table, commit = tables.alias, self._merge.commit
        names = columns_of(table)
        held = [dict(zip(names, row, strict=True)) for row in rows]
        query = sa.select(table.c.name, table.c.alias)
        there = {(row.name, row.alias) for row in commit.connection.execute(query)}
        new: list[Row] = []
        for alias in held:
            name, number = str(alias["name"]), cast("int", alias["number"])
            if (name, alias["alias"]) in there:
                continue
            local = self._renumbered.get((name, number), number)
            new.append((name, alias["alias"], local, commit.number))
        commit.insert_rows(table, ("name", "alias", "number", "commit"), new)
        self._merge.added[str(table.name)] += len(new)

    def take_claims(self, rows: list[Row]) -> None:
        """Insert the claims about nodes that are new here."""
        new: list[Row] = []
        for kind, number, known_at, claimed_by, _commit in rows:
            fresh = self._merge.fresh.get(str(kind))
            local = fresh.get(cast("int", number)) if fresh is not None else None
            if local is not None:
                new.append((kind, local, known_at, claimed_by, self._merge.commit.number))
        self._merge.insert(tables.claim, new)

    def _next(self) -> _Version | None:
        row = next(self._rows, None)
        if row is None:
            return None
        held = dict(zip(columns_of(tables.version), row, strict=True))
        return _Version(
            cast("int", held["artifact_id"]),
            str(held["name"]),
            cast("int", held["number"]),
            str(held["content"]),
        )

    def _note_numbers_of_known(self) -> None:
        """Note which numbers the versions have here that came with an earlier import."""
        known = {
            local: one
            for one in self._wanted.values()
            if (local := self._merge.local("artifact", one.artifact)) is not None
        }
        if not known:
            return
        version, commit = tables.version, self._merge.commit
        condition = commit.backend.among(version.c.artifact_id, sorted(known))
        query = sa.select(version.c.artifact_id, version.c.number).where(condition)
        for row in commit.connection.execute(query):
            one = known[row.artifact_id]
            self._renumbered[one.name, one.number] = row.number

    def _see_newest(self, names: list[str]) -> None:
        """Learn of names not seen before whether they are here, and up to which number."""
        unseen = [name for name in names if name not in self._next_numbers]
        if not unseen:
            return
        version, commit = tables.version, self._merge.commit
        newest = sa.func.max(version.c.number).label("newest")
        query = (
            sa.select(version.c.name, newest)
            .where(commit.backend.among(version.c.name, unseen))
            .group_by(version.c.name)
        )
        self._next_numbers |= dict.fromkeys(unseen)
        for row in commit.connection.execute(query):
            self._next_numbers[row.name] = row.newest + 1


def _id(node: Node) -> int:
    return cast("int", node["id"])
