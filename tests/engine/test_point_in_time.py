from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineal.engine import ArrowData, Engine, ParquetFiles, PointInTime
from lineal.engine.portable import point_in_time_expression
from lineal.errors import InvalidInput, LinealError, NotFound

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2013, 1, 1, tzinfo=UTC)
POSITION = "its position"

Row = dict[str, object]
Lookups = Sequence[tuple[pa.Table, PointInTime]]
Join = Callable[[Engine, pa.Table, Lookups], pa.Table]


# The reference: a loop over all pairs, slow, and plainly what the words of PointInTime say.


def by_brute_force(queries: pa.Table, lookups: Lookups) -> list[Row]:
    asked = queries.to_pylist()
    stored = [(source.to_pylist(), lookup) for source, lookup in lookups]
    answers = []
    for query in asked:
        answer = dict(query)
        for rows, lookup in stored:
            answer |= _found(query, rows, lookup)
        answers.append(answer)
    return answers


def _found(query: Row, rows: Sequence[Row], lookup: PointInTime) -> Row:
    best: tuple[datetime, datetime, int] | None = None
    for position, row in enumerate(rows):
        seen = _seen(query, row, lookup)
        if seen is not None and (best is None or (*seen, position) > best):
            best = (*seen, position)
    if best is None:
        return dict.fromkeys(lookup.columns)
    return {name: rows[best[2]][of] for name, of in lookup.columns.items()}


def _seen(query: Row, row: Row, lookup: PointInTime) -> tuple[datetime, datetime] | None:
    for asked, stored in lookup.keys.items():
        if query[asked] is None or _key(query[asked]) != _key(row[stored]):
            return None
    time, event = instant(query[lookup.query_time]), instant(row[lookup.event_time])
    known = event if lookup.known_at is None else instant(row[lookup.known_at])
    if time is None or event is None or known is None:
        return None
    known += lookup.available_after or timedelta(0)
    if event > time or known > time:
        return None
    if lookup.max_age is not None and time - event > lookup.max_age:
        return None
    return event, known


def _key(value: object) -> object:
    return instant(value) if isinstance(value, datetime) else value


def instant(value: object) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    assert isinstance(value, date)
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


# The two ways that must agree with it.


def by_engine(engine: Engine, queries: pa.Table, lookups: Lookups) -> pa.Table:
    sources = [(ArrowData(source), lookup) for source, lookup in lookups]
    return engine.point_in_time(ArrowData(queries), sources).read_all()


def by_portable_form(engine: Engine, queries: pa.Table, lookups: Lookups) -> pa.Table:
    def numbered(table: pa.Table) -> pa.Table:
        return table.append_column(POSITION, pa.array(range(len(table)), pa.int64()))

    def unbound(name: str, table: pa.Table) -> ibis.Table:
        return ibis.table(ibis.Schema.from_pyarrow(numbered(table).schema), name=name)

    expression = point_in_time_expression(
        unbound("queries", queries),
        [(unbound(f"lookup {i}", table), lookup) for i, (table, lookup) in enumerate(lookups)],
        position=POSITION,
    )
    sources = {f"lookup {i}": numbered(table) for i, (table, _) in enumerate(lookups)}
    sources["queries"] = numbered(queries)
    return engine.run(
        expression, {name: ArrowData(table) for name, table in sources.items()}
    ).read_all()


both = pytest.mark.parametrize("join", [by_engine, by_portable_form])


# Cases are drawn from a coarse grid, so that equal times and late corrections are common.

TIMES = [pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.timestamp("ms", "Europe/Berlin")]
TIMES += [pa.timestamp("s"), pa.date32()]
NANOSECONDS = [pa.timestamp("ns"), pa.timestamp("ns", "Asia/Tokyo")]
KEYS = {
    "number": [pa.int64(), pa.int8(), pa.uint16()],
    "text": [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())],
    "truth": [pa.bool_()],
    "moment": [pa.timestamp("us"), pa.timestamp("ms", "UTC")],
}
VALUES = {
    "number": [0, 1],
    "text": ["a", ""],
    "truth": [True, False],
    "moment": [START, START + timedelta(hours=1)],
}


def column(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    if pa.types.is_date(kind):
        values = [value.date() if isinstance(value, datetime) else value for value in values]
    elif pa.types.is_timestamp(kind) and kind.tz is None:
        values = [v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in values]
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).cast(kind)
    return pa.array(values, kind)


@st.composite
def cases(draw: st.DrawFn, *, fine: bool = False) -> tuple[pa.Table, Lookups]:
    kinds = draw(st.lists(st.sampled_from(sorted(KEYS)), max_size=2))
    hours = st.integers(0, 50 if draw(st.booleans()) else 6)
    times = st.none() | hours.map(lambda hour: START + timedelta(hours=hour))
    time_types = st.sampled_from(TIMES + NANOSECONDS if fine else TIMES)

    def table(size: int, time_names: Sequence[str], key_prefix: str) -> pa.Table:
        columns = {}
        for i, kind in enumerate(kinds):
            values = st.none() | st.sampled_from(VALUES[kind])
            columns[f"{key_prefix}{i}"] = column(
                draw(st.lists(values, min_size=size, max_size=size)),
                draw(st.sampled_from(KEYS[kind])),
            )
        for name in time_names:
            drawn = draw(st.lists(times, min_size=size, max_size=size))
            columns[name] = column(drawn, draw(time_types))
        columns[f"{key_prefix}row"] = pa.array(range(size), pa.int32())
        return pa.table(columns)

    def lookup(number: int) -> PointInTime:
        mode = draw(st.sampled_from(["event", "known", "after"]))
        return PointInTime(
            keys={f"asked{i}": f"of{i}" for i in range(len(kinds))},
            query_time="at",
            event_time="happened",
            columns={f"found {number}": "ofrow"},
            known_at="heard" if mode == "known" else None,
            available_after=timedelta(hours=draw(st.integers(0, 3))) if mode == "after" else None,
            max_age=draw(st.none() | st.integers(0, 4).map(lambda hour: timedelta(hours=hour))),
        )

    queries = table(draw(st.integers(0, 8)), ["at"], "asked")
    # Below 64 queries DuckDB plans another kind of ASOF join than above.
    queries = pa.concat_tables([queries] * draw(st.sampled_from([1, 1, 12])))
    lookups = [
        (table(draw(st.integers(0, 12)), ["happened", "heard"], "of"), lookup(number))
        for number in range(draw(st.integers(1, 2)))
    ]
    return queries, lookups


@both
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=cases())
def test_answers_are_those_of_brute_force(
    engine: Engine, join: Join, case: tuple[pa.Table, Lookups]
) -> None:
    queries, lookups = case
    assert join(engine, queries, lookups).to_pylist() == by_brute_force(queries, lookups)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=cases(fine=True))
def test_answers_are_those_of_brute_force_where_some_times_are_nanoseconds(
    engine: Engine, case: tuple[pa.Table, Lookups]
) -> None:
    queries, lookups = case
    assert by_engine(engine, queries, lookups).to_pylist() == by_brute_force(queries, lookups)


# What the generated cases show by numbers, these say by name.


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def events(rows: Sequence[tuple[str | None, datetime | None, datetime | None, object]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    moment = pa.timestamp("us", "UTC")
    return pa.table(
        {
            "plane": pa.array(columns[0], pa.string()),
            "at": pa.array(columns[1], moment),
            "heard": pa.array(columns[2], moment),
            "delay": pa.array(columns[3], pa.int64()),
        }
    )


def asked(*rows: tuple[str | None, datetime | None]) -> pa.Table:
    planes, times = zip(*rows, strict=True)
    return pa.table(
        {
            "tail": pa.array(planes, pa.string()),
            "time": pa.array(times, pa.timestamp("us", "UTC")),
        }
    )


def lookup(
    *,
    known_at: str | None = None,
    available_after: timedelta | None = None,
    max_age: timedelta | None = None,
    keys: dict[str, str] | None = None,
) -> PointInTime:
    return PointInTime(
        keys={"tail": "plane"} if keys is None else keys,
        query_time="time",
        event_time="at",
        columns={"last_delay": "delay"},
        known_at=known_at,
        available_after=available_after,
        max_age=max_age,
    )


def answers(engine: Engine, join: Join, queries: pa.Table, of: pa.Table, how: PointInTime) -> list:
    return join(engine, queries, [(of, how)])["last_delay"].to_pylist()


@both
def test_a_correction_counts_from_when_it_was_known(engine: Engine, join: Join) -> None:
    of = events([("N1", hour(1), hour(1), 10), ("N1", hour(1), hour(5), 99)])
    queries = asked(("N1", hour(4)), ("N1", hour(5)))
    assert answers(engine, join, queries, of, lookup(known_at="heard")) == [10, 99]
    assert answers(engine, join, queries, of, lookup()) == [99, 99]


@both
def test_a_late_row_does_not_replace_a_newer_event(engine: Engine, join: Join) -> None:
    of = events([("N1", hour(3), hour(3), 30), ("N1", hour(1), hour(6), 10)])
    assert answers(engine, join, asked(("N1", hour(7))), of, lookup(known_at="heard")) == [30]


@both
def test_of_rows_equal_in_all_times_the_last_wins(engine: Engine, join: Join) -> None:
    of = events([("N1", hour(1), hour(2), 1), ("N1", hour(1), hour(2), 2)] * 40)
    queries = asked(*[("N1", hour(3))] * 70)
    assert answers(engine, join, queries, of, lookup(known_at="heard")) == [2] * 70
    assert answers(engine, join, queries, of, lookup()) == [2] * 70


@both
def test_the_maximum_age_is_inclusive(engine: Engine, join: Join) -> None:
    of = events([("N1", hour(0), hour(0), 1)])
    queries = asked(("N1", hour(2)), ("N1", hour(2) + timedelta(microseconds=1)))
    assert answers(engine, join, queries, of, lookup(max_age=timedelta(hours=2))) == [1, None]


@both
def test_an_expired_row_is_not_replaced_by_an_older_one(engine: Engine, join: Join) -> None:
    of = events([("N1", hour(0), hour(0), 1), ("N1", hour(1), hour(9), 2)])
    how = lookup(known_at="heard", max_age=timedelta(hours=5))
    assert answers(engine, join, asked(("N1", hour(5)), ("N1", hour(8))), of, how) == [1, None]


@both
def test_a_delay_makes_rows_known_later(engine: Engine, join: Join) -> None:
    of = events([("N1", hour(0), None, 1), ("N1", hour(1), None, 2)])
    queries = asked(("N1", hour(2)), ("N1", hour(3)))
    how = lookup(available_after=timedelta(hours=2))
    assert answers(engine, join, queries, of, how) == [1, 2]


@both
def test_nulls_match_nothing_and_every_query_comes_back(engine: Engine, join: Join) -> None:
    of = events(
        [
            (None, hour(0), hour(0), 1),
            ("N1", None, hour(0), 2),
            ("N2", hour(0), None, 3),
            ("N3", hour(0), hour(0), None),
        ]
    )
    queries = asked(
        (None, hour(1)), ("N1", hour(1)), ("N2", hour(1)), ("N3", hour(1)), ("N3", None)
    )
    assert answers(engine, join, queries, of, lookup(known_at="heard")) == [None] * 5
    assert answers(engine, join, queries, of, lookup()) == [None, None, 3, None, None]


@both
def test_without_keys_there_is_one_timeline(engine: Engine, join: Join) -> None:
    of = events([("N1", hour(0), hour(0), 1), ("N2", hour(1), hour(1), 2)])
    queries = asked(("N9", hour(0)), (None, hour(5)))
    assert answers(engine, join, queries, of, lookup(keys={})) == [1, 2]


@both
def test_the_order_of_queries_is_kept(engine: Engine, join: Join) -> None:
    size = 300
    of = events([(f"N{i % 7}", hour(i), hour(i), i) for i in range(size)])
    moments = [(i * 97) % size for i in range(size)]
    queries = asked(*[(f"N{moment % 7}", hour(moment)) for moment in moments])
    assert answers(engine, join, queries, of, lookup()) == moments


@both
def test_columns_of_queries_that_look_like_our_own_are_kept(engine: Engine, join: Join) -> None:
    queries = pa.table(
        {
            "tail": ["N1"],
            "time": [hour(1)],
            "q": [1],
            "t": [2],
            "k0": [3],
            "row": [4],
            "lineal_0": [5],
            'a "name", quoted': [6],
            "rowid": [7],
        }
    )
    of = events([("N1", hour(0), hour(0), 1)]).append_column("row", pa.array([8]))
    how = PointInTime(
        keys={"tail": "plane"}, query_time="time", event_time="at", columns={'"z"': "row"}
    )
    found = join(engine, queries, [(of, how)]).to_pylist()
    assert found == [{**queries.to_pylist()[0], '"z"': 8}]


@both
def test_keys_of_other_types_are_refused(engine: Engine, join: Join) -> None:
    of = events([("N1", hour(0), hour(0), 1)])
    queries = asked(("N1", hour(1))).set_column(0, "tail", pa.array([1]))
    with pytest.raises(
        InvalidInput, match=r"'tail' of the queries is int64, .*'plane'.* is string"
    ):
        join(engine, queries, [(of, lookup())])


@both
def test_a_name_that_the_result_would_have_twice_is_refused(engine: Engine, join: Join) -> None:
    of = events([("N1", hour(0), hour(0), 1)])
    queries = asked(("N1", hour(1))).append_column("LAST_delay", pa.array([1]))
    with pytest.raises(InvalidInput, match="'last_delay' twice, also as the query column"):
        join(engine, queries, [(of, lookup())])
    with pytest.raises(InvalidInput, match="'last_delay' twice, also as column"):
        join(engine, asked(("N1", hour(1))), [(of, lookup()), (of, lookup())])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"keys": {"tial": "plane"}}, NotFound, "'tial'; did you mean 'tail'"),
        ({"known_at": "herd"}, NotFound, "'herd'; did you mean 'heard'"),
        ({"known_at": "delay"}, InvalidInput, "'delay' must hold times, and is int64"),
        ({"max_age": timedelta(hours=-1)}, InvalidInput, "max_age must not be negative"),
        (
            {"known_at": "heard", "available_after": timedelta(hours=1)},
            InvalidInput,
            "either known_at .* or available_after",
        ),
    ],
)
def test_what_can_not_be_asked_is_refused(
    engine: Engine, change: dict, error: type[LinealError], message: str
) -> None:
    of = events([("N1", hour(0), hour(0), 1)])
    with pytest.raises(error, match=message):
        by_engine(engine, asked(("N1", hour(1))), [(of, lookup(**change))])


def test_nanoseconds_are_compared_exactly(engine: Engine) -> None:
    fine = pa.timestamp("ns")
    queries = pa.table({"time": pa.array([1999, 2000, 2001], fine)})
    of = pa.table({"at": pa.array([1, 2], pa.timestamp("us")), "delay": [1, 2]})
    how = PointInTime(keys={}, query_time="time", event_time="at", columns={"found": "delay"})
    assert by_engine(engine, queries, [(of, how)])["found"].to_pylist() == [1, 2, 2]
    aged = PointInTime(
        keys={},
        query_time="time",
        event_time="at",
        columns={"found": "delay"},
        max_age=timedelta(0),
    )
    assert by_engine(engine, queries, [(of, aged)])["found"].to_pylist() == [None, 2, None]


def test_sources_of_every_kind_give_the_same_answer(engine: Engine, tmp_path: Path) -> None:
    rows = [(f"N{i % 3}", hour(i // 4), hour(i // 4), i) for i in range(40)]
    of = events(rows)
    queries = asked(*[(f"N{i % 3}", hour(i)) for i in range(10)])
    pq.write_table(of.slice(0, 25), tmp_path / "z.parquet", row_group_size=5)
    pq.write_table(of.slice(25), tmp_path / "a.parquet", row_group_size=5)
    files = ParquetFiles((str(tmp_path / "z.parquet"), str(tmp_path / "a.parquet")))
    sources = [ArrowData(of), ArrowData(of.to_reader(max_chunksize=7)), files]
    found = [
        engine.point_in_time(ArrowData(queries.to_reader()), [(source, lookup())]).read_all()
        for source in sources
    ]
    assert found[0]["last_delay"].to_pylist() == [
        row["last_delay"] for row in by_brute_force(queries, [(of, lookup())])
    ]
    assert found[1] == found[0]
    assert found[2] == found[0]
