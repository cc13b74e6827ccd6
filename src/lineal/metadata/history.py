"""What was known at a moment: which rows were there, and which values they had then.

Every write transaction of ours is a numbered commit, with a time that never goes back, the id
ranges that it inserted and the greatest ids that stood afterwards (its frontier). An update
keeps the old values beside. So a row was there at a commit if its id is within the frontier, and
its values then are the oldest ones that a later commit replaced. Rows that another client
inserted into the same file are dated by their own times. A claim dates a node earlier.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.moments import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["AsOf", "Clock", "Horizon", "horizon", "old_values"]

Clock = Literal["known", "commit"]

_TABLES = {
    "artifact": tables.artifact,
    "execution": tables.execution,
    "context": tables.context,
    "event": tables.event,
    "attribution": tables.attribution,
    "association": tables.association,
}


@dataclass(frozen=True)
class AsOf:
    """A moment, and whether claims count (`known`) or commits alone do (`commit`)."""

    moment: datetime
    clock: Clock = "known"

    @property
    def microseconds(self) -> int:
        """The moment in microseconds since 1970."""
        return to_microseconds(self.moment)


@dataclass(frozen=True)
class Horizon:
    """How far the graph reached at a moment."""

    as_of: AsOf
    commit: int
    frontier: Mapping[str, int]
    foreign: Mapping[str, tuple[tuple[int, int | None], ...]]

    def visible(self, kind: str) -> sa.ColumnElement[bool]:
        """Return the condition that a row of `kind` was there, by commit, claim or own time."""
        table = _TABLES[kind]
        conditions = [table.c.id <= self.frontier.get(kind, 0)]
        own_time = _own_time(kind)
        if own_time is not None:
            then = own_time * 1000 <= self.as_of.microseconds
            for first, last in self.foreign.get(kind, ()):
                inside = table.c.id >= first if last is None else table.c.id.between(first, last)
                conditions.append(sa.and_(inside, then))
        if self.as_of.clock == "known" and kind in ("artifact", "execution"):
            conditions.append(table.c.id.in_(self.claimed(kind)))
        if self.as_of.clock == "known" and kind in ("event", "association"):
            conditions.append(table.c.execution_id.in_(self.claimed("execution")))
        if self.as_of.clock == "known" and kind == "attribution":
            conditions.append(table.c.artifact_id.in_(self.claimed("artifact")))
        return sa.or_(*conditions)

    def claimed(self, kind: str) -> sa.Select[tuple[int]]:
        """Return the ids of the nodes of `kind` that a claim says were known by then."""
        claim = tables.claim
        return sa.select(claim.c.node_id).where(
            claim.c.kind == kind, claim.c.known_at_us <= self.as_of.microseconds
        )

    def version_visible(self) -> sa.ColumnElement[bool]:
        """Return the condition that a row of `lineal_version` counted then."""
        by_commit = tables.version.c.commit <= self.commit
        if self.as_of.clock == "commit":
            return by_commit
        return sa.or_(by_commit, tables.version.c.artifact_id.in_(self.claimed("artifact")))


def horizon(connection: sa.Connection, as_of: AsOf) -> Horizon:
    """Return how far the graph reached at `as_of`."""
    commit = tables.commit
    then = connection.execute(
        sa.select(commit.c.number, commit.c.frontier)
        .where(commit.c.time_us <= as_of.microseconds)
        .order_by(commit.c.number.desc())
        .limit(1)
    ).one_or_none()
    number = then.number if then else 0
    foreign: dict[str, list[tuple[int, int | None]]] = {kind: [] for kind in _TABLES}
    for text in connection.scalars(
        sa.select(commit.c.seen).where(commit.c.number > number, commit.c.seen.is_not(None))
    ):
        for kind, ranges in json.loads(text).items():
            foreign[kind].extend((first, last) for first, last in ranges)
    newest = connection.scalar(
        sa.select(commit.c.frontier).order_by(commit.c.number.desc()).limit(1)
    )
    for kind in _TABLES:  # inserted by another client since our last commit
        foreign[kind].append((json.loads(newest or "{}").get(kind, 0) + 1, None))
    return Horizon(
        as_of=as_of,
        commit=number,
        frontier=json.loads(then.frontier) if then else {},
        foreign={kind: tuple(ranges) for kind, ranges in foreign.items()},
    )


def old_values(
    connection: sa.Connection, at: Horizon, kind: str, ids: list[int]
) -> dict[int, dict[str, object]]:
    """Return, by id, the values that nodes of `kind` had at the horizon and lost since.

    A node that only a claim dates to the past is shown as the claiming commit left it: what came
    before was never known to anybody.
    """
    change, claim = tables.change, tables.claim
    since = dict.fromkeys(ids, at.commit)
    if at.as_of.clock == "known":
        rows = connection.execute(
            sa.select(claim.c.node_id, claim.c.commit).where(
                claim.c.kind == kind,
                claim.c.node_id.in_(ids),
                claim.c.known_at_us <= at.as_of.microseconds,
            )
        )
        since |= {node: max(at.commit, number) for node, number in rows}
    replaced: dict[int, dict[str, object]] = {}
    for row in connection.execute(
        sa.select(change.c.node_id, change.c.commit, change.c.old)
        .where(change.c.kind == kind, change.c.node_id.in_(ids), change.c.commit > at.commit)
        .order_by(change.c.id.desc())
    ):
        if row.commit > since[row.node_id]:
            replaced.setdefault(row.node_id, {}).update(json.loads(row.old))
    return replaced


def _own_time(kind: str) -> sa.ColumnElement[int] | None:
    if kind in ("artifact", "execution", "context"):
        return _TABLES[kind].c.create_time_since_epoch
    return tables.event.c.milliseconds_since_epoch if kind == "event" else None
