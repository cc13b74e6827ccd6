"""Join features to queries as they were known then: exact, at about the cost of a plain ASOF.

A row can be seen from `seen = greatest(event, known)` on; the answer to a query is the newest event
seen by then. Among rows that were known on time, an ASOF join on `seen` finds it. Late rows and
queries are laid on one time line a key, where a running maximum of the event time finds the newest
late one. The newer of both is the answer's event time. Rows of that time are told apart among the
few that were found, by known-at and by position: ASOF itself picks any of them.

Only key, times and the row's position go through the sorts; the features are fetched by position,
for the rows that won.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.engine.duckdb.text import quoted
from lineal.engine.lookups import check_lookups, microseconds, reads_nanoseconds
from lineal.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from lineal.engine.duckdb.session import Numbered, Session
    from lineal.engine.protocol import PointInTime, Source

__all__ = ["point_in_time"]


def point_in_time(
    session: Session, queries: Source, lookups: Sequence[tuple[Source, PointInTime]]
) -> pa.RecordBatchReader:
    """Stream every query row once, in its order, with the columns of each lookup."""
    asked = session.bind_numbered(queries)
    found = [(session.bind_numbered(source), lookup) for source, lookup in lookups]
    check_lookups(asked.schema, [(source.schema, lookup) for source, lookup in found])
    count = session.rows(f"SELECT count(*) FROM {asked.text}")[0][0]
    reader = session.relation(_statement(asked, found)).stream()
    return pa.RecordBatchReader.from_batches(reader.schema, _all_rows(reader, count))


def _all_rows(reader: pa.RecordBatchReader, count: object) -> Iterator[pa.RecordBatch]:
    seen = 0
    with reader:
        for batch in reader:
            seen += batch.num_rows
            yield batch
    if seen != count:
        raise Corrupt(
            f"the point-in-time join gave {seen} rows for {count} queries; don't use them, and "
            "report this with the definition of the lookups"
        )


def _statement(asked: Numbered, found: Sequence[tuple[Numbered, PointInTime]]) -> str:
    tables = [
        f"{name}_{number} AS ({text})"
        for number, (source, lookup) in enumerate(found)
        for name, text in _steps(number, asked, source, lookup).items()
    ]
    columns = [f"asked.{quoted(name)}" for name in asked.schema.names]
    joins = []
    for number, (source, lookup) in enumerate(found):
        wanted = [f"f.{quoted(of)} AS {quoted(name)}" for name, of in lookup.columns.items()]
        features = ", ".join(["won.q", *wanted])
        columns += [f"found_{number}.{quoted(name)}" for name in lookup.columns]
        joins.append(
            f"LEFT JOIN (SELECT {features} FROM won_{number} AS won JOIN {source.text} AS f "
            f"ON f.{source.position} = won.row) AS found_{number} "
            f"ON found_{number}.q = asked.{asked.position}"
        )
    return (
        f"WITH {', '.join(tables)} "
        * bool(tables)
        + f"SELECT {', '.join(columns)} FROM {asked.text} AS asked "
        f"{' '.join(joins)} ORDER BY asked.{asked.position}"
    )


def _steps(number: int, asked: Numbered, source: Numbered, lookup: PointInTime) -> dict[str, str]:
    """Return the queries that lead to `won`: for each answered query `q`, the winning `row`."""
    times = _Times(asked, source, lookup)
    keys = [f"k{i}" for i in range(len(lookup.keys))]
    same_key = "".join(f"asked.{key} = rows.{key} AND " for key in keys)
    same_event = "".join(f"newest.{key} = rows.{key} AND " for key in [*keys, "event"])
    age = "CAST(newest.t AS HUGEINT) - newest.event"
    young = f" WHERE {age} <= {times.max_age}" * (times.max_age is not None)
    all_rows, on_time = f"rows_{number}", f"rows_{number}"
    steps = {"rows": times.rows_text(), "asked": times.asked_text()}
    if lookup.known_at is not None:
        # Else every row is known equally long after its event, which keeps their order.
        on_time = f"(SELECT * FROM {all_rows} WHERE known <= event)"
        steps["late"] = _newest_late(all_rows, f"asked_{number}", keys)
    steps["newest"] = (
        f"SELECT asked.*, rows.event FROM asked_{number} AS asked "
        f"ASOF LEFT JOIN {on_time} AS rows ON {same_key}asked.t >= rows.seen"
    )
    if lookup.known_at is not None:
        steps["newest"] = (
            f"SELECT asked.* EXCLUDE event, greatest(asked.event, late.event) AS event "
            f"FROM ({steps['newest']}) AS asked LEFT JOIN late_{number} AS late USING (q)"
        )
    last = "max(rows.row)" if lookup.known_at is None else "max((rows.known, rows.row))[2]"
    steps["won"] = (
        f"SELECT newest.q, {last} AS row FROM newest_{number} AS newest "
        f"JOIN {all_rows} AS rows ON {same_event}rows.known <= newest.t{young} GROUP BY newest.q"
    )
    return steps


def _newest_late(rows: str, asked: str, keys: Sequence[str]) -> str:
    """Return the query for the event time of the newest late row that each query `q` can see."""
    listed = "".join(f"{key}, " for key in keys)
    by_key = f"PARTITION BY {', '.join(keys)} " if keys else ""
    # The window's frame is RANGE up to the current row: what is seen at the very time counts.
    return (
        f"SELECT q, event FROM (SELECT q, max(event) OVER ({by_key}ORDER BY t) AS event FROM ("
        f"SELECT {listed}seen AS t, event, NULL::BIGINT AS q FROM {rows} WHERE known > event "
        f"UNION ALL SELECT {listed}t, NULL, q FROM {asked})) WHERE q IS NOT NULL"
    )


class _Times:
    """The two sides of one lookup, with keys as k0, k1, ... and times as whole numbers."""

    def __init__(self, asked: Numbered, source: Numbered, lookup: PointInTime) -> None:
        self._asked, self._source, self._lookup = asked, source, lookup
        known = [lookup.known_at] if lookup.known_at else []
        self._fine = reads_nanoseconds(
            asked.schema.field(lookup.query_time).type,
            *(source.schema.field(name).type for name in [lookup.event_time, *known]),
        )

    @property
    def max_age(self) -> int | None:
        """The maximum age in the unit of the times."""
        return None if self._lookup.max_age is None else self._units(self._lookup.max_age)

    def asked_text(self) -> str:
        """Select key, time and position of each query that can have an answer."""
        names = [*self._lookup.keys, self._lookup.query_time]
        parts = [
            *self._keys(self._asked, list(self._lookup.keys)),
            f"{self._instant(self._asked, self._lookup.query_time)} AS t",
            f"data.{self._asked.position} AS q",
        ]
        return f"SELECT {', '.join(parts)} FROM {self._asked.text} AS data WHERE {_present(names)}"

    def rows_text(self) -> str:
        """Select key, times and position of each row that can be an answer."""
        keys = list(self._lookup.keys.values())
        names = [*keys, self._lookup.event_time]
        event = self._instant(self._source, self._lookup.event_time)
        if self._lookup.known_at is None:
            known = f"{event} + {self._units(self._lookup.available_after)}"
            seen = known
        else:
            known = self._instant(self._source, self._lookup.known_at)
            seen = f"greatest({event}, {known})"
            names.append(self._lookup.known_at)
        parts = [
            *self._keys(self._source, keys),
            f"{event} AS event",
            f"{known} AS known",
            f"{seen} AS seen",
            f"data.{self._source.position} AS row",
        ]
        return f"SELECT {', '.join(parts)} FROM {self._source.text} AS data WHERE {_present(names)}"

    def _keys(self, side: Numbered, names: list[str]) -> list[str]:
        others = zip(self._lookup.keys.items(), names, strict=True)
        return [f"{self._key(side, name, pair)} AS k{i}" for i, (pair, name) in enumerate(others)]

    def _key(self, side: Numbered, name: str, pair: tuple[str, str]) -> str:
        types = (
            self._asked.schema.field(pair[0]).type,
            self._source.schema.field(pair[1]).type,
        )
        if not pa.types.is_timestamp(types[0]):
            return _column(name)
        return _instant_text(name, side.schema.field(name).type, fine=reads_nanoseconds(*types))

    def _instant(self, side: Numbered, name: str) -> str:
        return _instant_text(name, side.schema.field(name).type, fine=self._fine)

    def _units(self, duration: timedelta | None) -> int:
        return microseconds(duration) * (1000 if self._fine else 1) if duration else 0


def _instant_text(name: str, arrow: pa.DataType, *, fine: bool) -> str:
    """Return a time as whole micro- or nanoseconds of UTC; what has no zone is read as UTC."""
    if fine and reads_nanoseconds(arrow):
        return f"epoch_ns({_column(name)})"
    micros = f"epoch_us({_column(name)})"
    return f"CAST({micros} AS HUGEINT) * 1000" if fine else micros


def _present(names: list[str]) -> str:
    return " AND ".join(f"{_column(name)} IS NOT NULL" for name in names)


def _column(name: str) -> str:
    # Qualified: a column may have the name that we give to another.
    return f"data.{quoted(name)}"
