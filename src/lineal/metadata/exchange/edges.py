"""Merge what ties nodes together: events with their paths, links, parents of contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from lineal.errors import Conflict
from lineal.metadata import tables
from lineal.metadata.batch.cycles import find_cycle

if TYPE_CHECKING:
    from lineal.metadata.exchange.contents import Row
    from lineal.metadata.exchange.merging import Merge

__all__ = ["EdgeMerge"]


class EdgeMerge:
    """The edges of a source, on their way into a store; those of a node that it lacks stay out."""

    def __init__(self, merge: Merge) -> None:
        self._merge = merge

    def take_events(self, rows: list[Row]) -> None:
        """Merge rows of Event; one artifact is in one part of an execution once."""
        merge, table = self._merge, tables.event
        new = []
        for number, artifact, execution, kind, milliseconds in rows:
            if merge.local("event", number) is not None:
                continue
            ends = (merge.local("artifact", artifact), merge.local("execution", execution))
            if None not in ends:
                new.append((cast("int", number), (*ends, kind, milliseconds)))
        there = self._events_of({cast("int", row[1]) for _, row in new})
        inserted: list[Row] = []
        ids = iter(merge.commit.reserve(table, sum(row[:3] not in there for _, row in new)))
        for number, row in new:
            local = there.get(row[:3])
            if local is None:
                local = next(ids)
                there[row[:3]] = local
                merge.is_new("event", number, local)
                inserted.append((local, *row))
            else:
                merge.is_here("event", number, local)
                merge.matched["event"] += 1
        merge.insert(table, inserted)

    def take_paths(self, rows: list[Row]) -> None:
        """Insert the paths of the events that are new here, in their order."""
        fresh = self._merge.fresh["event"]
        new: list[Row] = []
        for row in rows:
            local = fresh.get(cast("int", row[0]))
            if local is not None:
                new.append((local, *row[1:]))
        self._merge.insert(tables.event_path, new)

    def take_attributions(self, rows: list[Row]) -> None:
        """Merge rows of Attribution."""
        self._take_links("attribution", "artifact", rows)

    def take_associations(self, rows: list[Row]) -> None:
        """Merge rows of Association."""
        self._take_links("association", "execution", rows)

    def take_parents(self, rows: list[Row]) -> None:
        """Merge rows of ParentContext."""
        merge, table = self._merge, tables.parent_context
        pairs = {
            (child, parent)
            for child, parent in (
                (merge.local("context", row[0]), merge.local("context", row[1])) for row in rows
            )
            if child is not None and parent is not None
        }
        condition = merge.commit.backend.among(table.c.context_id, sorted({c for c, _ in pairs}))
        there = {
            tuple(row) for row in merge.commit.connection.execute(sa.select(table).where(condition))
        }
        new: list[Row] = sorted(pairs - there)
        merge.insert(table, new)
        self._check_parents([cast("int", row[0]) for row in new])
        dated: list[Row] = [(*pair, merge.commit.number) for pair in new]
        merge.insert(tables.parent_commit, dated)

    def _check_parents(self, children: list[int]) -> None:
        """Raise `Conflict` if contexts, matched by name, are now inside of themselves."""
        if not children:
            return
        arrows: dict[int, list[int]] = {}
        for child, parent in self._merge.commit.connection.execute(
            sa.select(tables.parent_context)
        ):
            arrows.setdefault(child, []).append(parent)
        cycle = find_cycle(arrows, children)
        if cycle:
            raise Conflict(
                f"the parents of contexts in the export and here would form a cycle "
                f"({' in '.join(f'context {number}' for number in cycle)}, by the ids here); "
                "rename one of them"
            )

    def _take_links(self, kind: str, node: str, rows: list[Row]) -> None:
        merge = self._merge
        table: sa.Table = getattr(tables, kind)
        new: list[tuple[int, int, int]] = []
        for number, context, other in rows:
            if merge.local(kind, number) is not None:
                continue
            ends = (merge.local("context", context), merge.local(node, other))
            if ends[0] is not None and ends[1] is not None:
                new.append((cast("int", number), ends[0], ends[1]))
        condition = merge.commit.backend.among(table.c.context_id, sorted({row[1] for row in new}))
        mine = table.c[f"{node}_id"]
        condition &= merge.commit.backend.among(mine, sorted({row[2] for row in new}))
        query = sa.select(table.c.id, table.c.context_id, mine).where(condition)
        there = {(row[1], row[2]): row[0] for row in merge.commit.connection.execute(query)}
        ids = iter(merge.commit.reserve(table, sum(row[1:] not in there for row in new)))
        inserted: list[Row] = []
        for number, context, other in new:
            local = there.get((context, other))
            if local is None:
                local = there[context, other] = next(ids)
                inserted.append((local, context, other))
            merge.is_here(kind, number, local)
        merge.insert(table, inserted)

    def _events_of(self, executions: set[int]) -> dict[tuple[object, ...], int]:
        """Return the events of these executions, by artifact, execution and type."""
        if not executions:
            return {}
        table, commit = tables.event, self._merge.commit
        condition = commit.backend.among(table.c.execution_id, sorted(executions))
        query = sa.select(table.c.id, table.c.artifact_id, table.c.execution_id, table.c.type)
        return {tuple(row[1:]): row[0] for row in commit.connection.execute(query.where(condition))}
