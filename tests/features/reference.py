"""Point in time by brute force, in plain Python: what every other answer is held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

Row = dict[str, object]


@dataclass
class View:
    """What the reference must know of a view; the table's rows are in file order."""

    keys: Sequence[str]
    event_time: str
    plain: Mapping[str, str] = field(default_factory=dict)
    aggregates: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    known_at: str | None = None
    available_after: timedelta = timedelta(0)
    max_age: timedelta | None = None
    loaded_at: str | None = None
    """The column that says when a row was loaded, if later loads restate earlier rows."""

    def known(self, row: Row, rows: Sequence[Row]) -> datetime | None:
        """Since when `row` is known."""
        if self.known_at is not None:
            return row[self.known_at]
        known = row[self.event_time] + self.available_after
        if self.loaded_at is None:
            return known
        names = [*self.keys, self.event_time]
        same = [one for one in rows if all(one[name] == row[name] for name in names)]
        first = min(one[self.loaded_at] for one in same)
        return max(known, row[self.loaded_at]) if row[self.loaded_at] > first else known

    def visible(self, rows: Sequence[Row], key: Sequence[object], at: datetime) -> list[Row]:
        """Return the rows of the key that are known at `at`, oldest answer first."""
        found = []
        for position, row in enumerate(rows):
            event = row[self.event_time]
            if event is None or None in key or [row[name] for name in self.keys] != list(key):
                continue
            known = self.known(row, rows)
            if known is not None and event <= at and known <= at:
                found.append((event, known, position, row))
        return [row for *_, row in sorted(found, key=lambda one: one[:3])]


def answer(
    view: View, rows: Sequence[Row], key: Sequence[object], at: datetime | None
) -> Row | None:
    """Return the features of `key` as they were known at `at`, or None if there are none."""
    if at is None:
        return None
    visible = view.visible(rows, key, at)
    if not visible:
        return None
    newest = visible[-1]
    if view.max_age is not None and at - newest[view.event_time] > view.max_age:
        return None
    found: Row = {name: newest[column] for name, column in view.plain.items()}
    for name, (kind, column) in view.aggregates.items():
        values = [1 if column is None else row[column] for row in visible]
        found[name] = _AGGREGATES[kind]([value for value in values if value is not None])
    return found


_AGGREGATES: Mapping[str, Callable[[list], object]] = {
    "count": len,
    "mean": lambda values: float(Fraction(sum(values), len(values))) if values else None,
    "total": lambda values: sum(values) if values else None,
    "smallest": lambda values: min(values, default=None),
    "largest": lambda values: max(values, default=None),
}
