"""One write transaction as a numbered commit, with what it inserted and what it replaced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.moments import from_microseconds, now, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

__all__ = ["Commit"]

_NODES = ("artifact", "execution", "context", "event", "attribution", "association")


class Commit:
    """A transaction's number and time, and the ids that it inserts.

    What another client inserted into the same file since the last commit is noted as seen.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        commit = tables.commit
        last = connection.execute(
            sa.select(commit.c.number, commit.c.time_us, commit.c.frontier)
            .order_by(commit.c.number.desc())
            .limit(1)
        ).one_or_none()
        known = json.loads(last.frontier) if last else {}
        reached = _frontier(connection)
        present = to_microseconds(now())
        self.number: int = last.number + 1 if last else 1
        self.microseconds: int = max(present, last.time_us) if last else present
        self._before = {kind: max(reached[kind], known.get(kind, 0)) for kind in _NODES}
        self._seen = {
            kind: [(known.get(kind, 0) + 1, reached[kind])]
            for kind in _NODES
            if reached[kind] > known.get(kind, 0)
        }
        self._inserted: dict[str, list[int]] = {}
        self._wrote = False

    @property
    def time(self) -> datetime:
        """The time of this commit; never before that of an earlier one."""
        return from_microseconds(self.microseconds)

    @property
    def milliseconds(self) -> int:
        """The same time as ML Metadata counts it."""
        return self.microseconds // 1000

    def insert(self, table: sa.Table, values: Sequence[Mapping[str, object]]) -> None:
        """Insert rows whose ids nobody asks for."""
        self._wrote = True
        self.connection.execute(table.insert(), [dict(row) for row in values])

    def insert_one(self, table: sa.Table, values: Mapping[str, object]) -> int:
        """Insert one row; return its id."""
        self._wrote = True
        result = self.connection.execute(table.insert(), dict(values))
        key = result.inserted_primary_key
        if key is None:  # pragma: no cover -- every table given here has a key
            raise LookupError(table.name)
        inserted = int(key[0])
        if table.name.lower() in _NODES:
            self._inserted.setdefault(table.name.lower(), []).append(inserted)
        return inserted

    def keep(self, kind: str, node_id: int, old: Mapping[str, object]) -> None:
        """Put the values that are about to be replaced beside, for questions about the past."""
        row = {"commit": self.number, "kind": kind, "node_id": node_id}
        self.insert(tables.change, [{**row, "old": json.dumps(old)}])

    def seal(self) -> None:
        """Write the commit's own row, if anything was written."""
        if not self._wrote:
            return
        after = _frontier(self.connection)
        inserted = {kind: _ranges(ids) for kind, ids in self._inserted.items()}
        self.connection.execute(
            tables.commit.insert(),
            {
                "number": self.number,
                "time_us": self.microseconds,
                "inserted": json.dumps(inserted),
                "seen": json.dumps(self._seen) if self._seen else None,
                "frontier": json.dumps({k: max(after[k], self._before[k]) for k in _NODES}),
            },
        )


def _frontier(connection: sa.Connection) -> dict[str, int]:
    columns = [
        sa.select(sa.func.coalesce(sa.func.max(getattr(tables, kind).c.id), 0))
        .scalar_subquery()
        .label(kind)
        for kind in _NODES
    ]
    row = connection.execute(sa.select(*columns)).one()
    return {kind: getattr(row, kind) for kind in _NODES}


def _ranges(ids: list[int]) -> list[list[int]]:
    ranges: list[list[int]] = []
    for number in sorted(ids):
        if ranges and ranges[-1][1] + 1 == number:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges
