"""What was known at a moment: which rows were there, and which values they had then.

Every write transaction of ours is a numbered commit, with a time that never goes back, the id
ranges that it inserted and the greatest ids that stood afterwards (its frontier). An update
keeps the old values beside. So a row was there at a commit if its id is within the frontier, and
its values then are the oldest ones that a later commit replaced. Rows that another client
inserted into the same file are dated by their own times. A claim dates a node earlier.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.batch.cells import revived
from lineal.metadata.moments import now, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

__all__ = ["AsOf", "Clock", "Horizon", "horizon", "old_values"]

_CHUNK = 10_000  # ids in one statement; SQLite allows 32,766 bound values

_LONGEST_TRANSACTION_US = 60_000_000
"""How long another client's transaction may last and be dated exactly."""

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
    """How far the graph reached at a moment.

    `frontier` holds by kind the greatest id that stood at the last commit by then; `foreign` the
    ranges of ids that other clients inserted since. `is_present` says that no later moment has
    come yet. `passed_over` holds ranges within the frontier that were another client's, who may
    have been in the middle of its transaction: dated by their own times too, where they have one.
    """

    as_of: AsOf
    commit: int
    frontier: Mapping[str, int]
    foreign: Mapping[str, tuple[tuple[int, int | None], ...]]
    is_present: bool
    passed_over: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    @property
    def counts_claims(self) -> bool:
        """Whether what a claim dates earlier counts as known then."""
        return self.as_of.clock == "known"

    def visible(self, kind: str) -> sa.ColumnElement[bool]:
        """Return the condition that a row of `kind` was there, by commit, claim or own time.

        What ties two nodes was there only if both were.
        """
        table = _TABLES[kind]
        within = table.c.id <= self.frontier.get(kind, 0)
        if _own_time(kind) is not None:
            others = [table.c.id.between(*ends) for ends in self.passed_over.get(kind, ())]
            within = sa.and_(within, *(sa.not_(inside) for inside in others))
        conditions = [within, *self._foreign(kind)]
        if not self.counts_claims:
            return sa.or_(*conditions)
        if kind in ("artifact", "execution"):
            return sa.or_(*conditions, table.c.id.in_(self.claimed(kind)))
        if kind in ("event", "association"):
            by_claim: list[sa.ColumnElement[bool]] = [
                table.c.execution_id.in_(self.claimed("execution"))
            ]
            if kind == "event":
                by_claim.append(self._was_there("artifact", table.c.artifact_id))
            return sa.or_(*conditions, sa.and_(*by_claim))
        if kind == "attribution":
            return sa.or_(*conditions, table.c.artifact_id.in_(self.claimed("artifact")))
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
        if not self.counts_claims:
            return by_commit
        return sa.or_(by_commit, tables.version.c.artifact_id.in_(self.claimed("artifact")))

    def _foreign(self, kind: str) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the conditions that another client's rows of `kind` were there.

        They are dated by their own times; links have none, so the commit that first saw them
        dates them, and those that none has seen yet are known to be there at present only.
        """
        table, own_time = _TABLES[kind], _own_time(kind)
        passed_over = () if own_time is None else self.passed_over.get(kind, ())
        for first, last in (*self.foreign.get(kind, ()), *passed_over):
            inside = table.c.id >= first if last is None else table.c.id.between(first, last)
            if own_time is None:
                yield inside if self.is_present else sa.false()
                continue
            then = sa.and_(inside, own_time * 1000 <= self.as_of.microseconds)
            if kind == "event":  # its time is what its client says, the nodes' times are not
                for node in ("artifact", "execution"):
                    then = sa.and_(then, self._was_there(node, table.c[f"{node}_id"]))
            yield then

    def _was_there(self, kind: str, node_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        return node_id.in_(sa.select(_TABLES[kind].c.id).where(self.visible(kind)))


def horizon(connection: sa.Connection, as_of: AsOf) -> Horizon:
    """Return how far the graph reached at `as_of`."""
    commit = tables.commit
    then = connection.execute(
        sa.select(commit.c.number, commit.c.frontier)
        .where(commit.c.time_us <= as_of.microseconds)
        # By time first, which has an index; numbers and times have one order.
        .order_by(commit.c.time_us.desc(), commit.c.number.desc())
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
        is_present=as_of.moment >= now(),
        passed_over=_passed_over(connection, number, as_of),
    )


def _passed_over(
    connection: sa.Connection, number: int, as_of: AsOf
) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return the ids of others that commits shortly before the moment passed over.

    On SQLite there is one writer at a time, so what a commit saw was there.
    """
    commit = tables.commit
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    if connection.dialect.name == "sqlite":
        return found
    for text in connection.scalars(
        sa.select(commit.c.seen).where(
            commit.c.number <= number,
            commit.c.time_us > as_of.microseconds - _LONGEST_TRANSACTION_US,
            commit.c.seen.is_not(None),
        )
    ):
        for kind, ranges in json.loads(text).items():
            found[kind] = (*found.get(kind, ()), *((first, last) for first, last in ranges))
    return found


def old_values(
    connection: sa.Connection,
    at: Horizon,
    kind: str,
    ids: Iterable[int],
    *,
    owners: Mapping[int, int] | None = None,
) -> dict[int, dict[str, object]]:
    """Return, by id, the values that rows of `kind` had at the horizon and lost since.

    A node that only a claim dates to the past is shown as the claiming commit left it: what came
    before was never known to anybody. `owners` names the executions whose claims date events.
    """
    replaced: dict[int, dict[str, object]] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        since = dict.fromkeys(chunk, at.commit)
        if at.counts_claims:
            nodes = chunk if owners is None else sorted({owners[row] for row in chunk})
            claimed = _claiming_commits(
                connection, at, kind if owners is None else "execution", nodes
            )
            for row in chunk:
                node = row if owners is None else owners[row]
                since[row] = max(at.commit, claimed.get(node, 0))
        for change in _later_changes(connection, at, kind, chunk):
            if change.commit > since[change.node_id]:
                replaced.setdefault(change.node_id, {}).update(_replaced(change.old))
    return replaced


def _replaced(old: str) -> dict[str, object]:
    """Return the values that a change kept, as they were before JSON."""
    values: dict[str, object] = json.loads(old)
    for name in ("properties", "custom_properties"):
        held = values.get(name)
        if isinstance(held, dict):
            values[name] = {key: revived(value) for key, value in held.items()}
    return values


def _claiming_commits(
    connection: sa.Connection, at: Horizon, kind: str, nodes: list[int]
) -> dict[int, int]:
    """Return the commits of the claims that date these nodes to the horizon or before."""
    claim = tables.claim
    found = connection.execute(
        sa.select(claim.c.node_id, claim.c.commit).where(
            claim.c.kind == kind,
            claim.c.node_id.in_(nodes),
            claim.c.known_at_us <= at.as_of.microseconds,
        )
    )
    return {row.node_id: row.commit for row in found}


def _later_changes(
    connection: sa.Connection, at: Horizon, kind: str, ids: list[int]
) -> Iterable[sa.Row[tuple[int, int, str]]]:
    """Return what commits after the horizon replaced, newest first: the oldest value wins."""
    change = tables.change
    return connection.execute(
        sa.select(change.c.node_id, change.c.commit, change.c.old)
        .where(change.c.kind == kind, change.c.node_id.in_(ids), change.c.commit > at.commit)
        .order_by(change.c.id.desc())
    )


def _own_time(kind: str) -> sa.ColumnElement[int] | None:
    if kind in ("artifact", "execution", "context"):
        return _TABLES[kind].c.create_time_since_epoch
    return tables.event.c.milliseconds_since_epoch if kind == "event" else None
