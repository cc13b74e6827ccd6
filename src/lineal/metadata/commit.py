"""One write transaction as a numbered commit, with what it inserted and what it replaced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from lineal.metadata import tables
from lineal.metadata.backends import backend_of
from lineal.metadata.moments import from_microseconds, now, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import sqlalchemy as sa

__all__ = ["Commit"]

_CHANGE = ("commit", "kind", "node_id", "old")
_COMMIT = ("number", "time_us", "inserted", "seen", "frontier")


class Commit:
    """A transaction's number and time, and the ids that it inserts.

    Rows of dated tables get their ids here, before they are inserted, so that the commit knows
    them all. The other ids between the last commit's frontier and this one's belong to another
    client of the same database, and are noted as seen.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.backend = backend_of(connection)
        last = self.backend.last_commit(connection)
        present = to_microseconds(now())
        self.number: int = last[0] + 1 if last else 1
        self.microseconds: int = max(present, last[1]) if last else present
        self._known: dict[str, int] = json.loads(last[2]) if last else {}
        self._reached = self.backend.reach(connection)  # nobody of ours can insert from here on
        self._inserted: dict[str, list[list[int]]] = {}
        self._wrote = False

    @property
    def time(self) -> datetime:
        """The time of this commit; never before that of an earlier one."""
        return from_microseconds(self.microseconds)

    @property
    def milliseconds(self) -> int:
        """The same time as ML Metadata counts it."""
        return self.microseconds // 1000

    def touch(self) -> None:
        """Say that something was written by other means than this commit's own."""
        self._wrote = True

    def mark(self) -> dict[str, tuple[int, int]]:
        """Return how far the notes of what was inserted reach, for `back_to`."""
        return {name: (len(spans), spans[-1][1]) for name, spans in self._inserted.items()}

    def back_to(self, mark: dict[str, tuple[int, int]]) -> None:
        """Take back what was noted as inserted since `mark`: the database undid it."""
        self._inserted = {name: self._inserted[name][:count] for name, (count, _) in mark.items()}
        for name, (_, last) in mark.items():
            self._inserted[name][-1][1] = last

    def reserve(self, table: sa.Table, count: int) -> Sequence[int]:
        """Return `count` new ids of `table`, ascending; the rows are inserted in this commit."""
        if count < 1:
            return ()
        ids = self.backend.reserve(self.connection, table, count)
        self._note(table, ids)
        return ids

    def insert_rows(
        self,
        table: sa.Table,
        columns: Sequence[str],
        rows: Sequence[tuple[object, ...]],
        *,
        ignore: bool = False,
    ) -> None:
        """Insert rows given as tuples in the order of `columns`; with `ignore` only new ones.

        Rows of a dated table that come without ids get some.
        """
        if not rows:
            return
        self._wrote = True
        if table.name in tables.DATED and "id" not in columns:
            columns = ("id", *columns)
            ids = self.reserve(table, len(rows))
            rows = [(number, *row) for number, row in zip(ids, rows, strict=True)]
        elif "id" in columns:
            self._note_own_ids(table, columns.index("id"), rows)
        self.backend.insert(self.connection, table, columns, rows, ignore=ignore)

    def upsert_rows(
        self,
        table: sa.Table,
        columns: Sequence[str],
        rows: Sequence[tuple[object, ...]],
        *,
        key: Sequence[str],
    ) -> None:
        """Insert rows, or replace the other columns of those whose `key` is there already."""
        if rows:
            self._wrote = True
            self.backend.upsert(self.connection, table, columns, rows, key=key)

    def insert(self, table: sa.Table, values: Sequence[Mapping[str, object]]) -> None:
        """Insert rows, all with the same columns, whose ids nobody asks for."""
        if values:
            columns = tuple(values[0])
            self.insert_rows(table, columns, [tuple(row[c] for c in columns) for row in values])

    def insert_one(self, table: sa.Table, values: Mapping[str, object]) -> int:
        """Insert one row; return its id."""
        inserted = self.reserve(table, 1)[0]
        self.insert_rows(table, ("id", *values), [(inserted, *values.values())])
        return inserted

    def keep(self, kind: str, node_id: int, old: Mapping[str, object]) -> None:
        """Put the values that are about to be replaced beside, for questions about the past."""
        self.keep_many(kind, [(node_id, old)])

    def keep_many(self, kind: str, rows: Iterable[tuple[int, Mapping[str, object]]]) -> None:
        """Put the values of many rows, which are about to be replaced, beside."""
        self.insert_rows(
            tables.change,
            _CHANGE,
            [(self.number, kind, node_id, json.dumps(old)) for node_id, old in rows],
        )

    def seal(self) -> None:
        """Write the commit's own row, if anything was written."""
        if not self._wrote:
            return
        inserted, frontier, seen = {}, {}, {}
        for table, kind in tables.DATED.items():
            known = self._known.get(kind, 0)
            ours = _joined(self._inserted.get(table, ()))
            frontier[kind] = max(known, self._reached.get(kind, 0), *(last for _, last in ours))
            others = _gaps(known + 1, frontier[kind], ours)
            if ours:
                inserted[kind] = ours
            if others:
                seen[kind] = others
        row = (
            self.number,
            self.microseconds,
            json.dumps(inserted),
            json.dumps(seen) if seen else None,
            json.dumps(frontier),
        )
        self.backend.insert(self.connection, tables.commit, _COMMIT, [row])

    def _note(self, table: sa.Table, ids: Sequence[int]) -> None:
        ranges = self._inserted.setdefault(table.name, [])
        for first, last in [(ids[0], ids[-1])] if isinstance(ids, range) else [(n, n) for n in ids]:
            if ranges and ranges[-1][1] + 1 == first:
                ranges[-1][1] = last
            else:
                ranges.append([first, last])

    def _note_own_ids(
        self, table: sa.Table, place: int, rows: Sequence[tuple[object, ...]]
    ) -> None:
        """Note ids that were not reserved here but chosen elsewhere, by an import say."""
        last = cast("int", rows[-1][place])
        if any(start <= last <= end for start, end in reversed(self._inserted.get(table.name, []))):
            return
        ids = [cast("int", row[place]) for row in rows]
        self._note(table, ids)
        self.backend.pass_by(self.connection, table, max(ids))


def _joined(ranges: Iterable[list[int]]) -> list[list[int]]:
    """Return the same ids as ascending ranges with gaps between them."""
    joined: list[list[int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(last, joined[-1][1])
        else:
            joined.append([first, last])
    return joined


def _gaps(first: int, last: int, ranges: Iterable[list[int]]) -> list[list[int]]:
    """Return the ranges from `first` to `last` that no one of the ascending `ranges` covers."""
    gaps: list[list[int]] = []
    for start, end in ranges:
        if start > first:
            gaps.append([first, start - 1])
        first = max(first, end + 1)
    if first <= last:
        gaps.append([first, last])
    return gaps
