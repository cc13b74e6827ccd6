"""Training sets give what a brute-force reference gives: ties, nulls, late rows, zones, keys."""

from __future__ import annotations

import warnings
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.features.conftest import Home
from tests.features.reference import View, answer
from tests.features.worlds import HOUR, QUERIES, SCHEMA, START, worlds

from lineal.features import (
    MostlyMissing,
    count,
    entity,
    feature_view,
    largest,
    mean,
    smallest,
    total,
)

TABLE = "ops.gates"
PLAIN = {"number": "number", "row": "row"}
COMPUTED = {"same": "number", "row": "row"}
RUNNING = {
    "rows": ("count", None),
    "numbers": ("count", "number"),
    "mean": ("mean", "number"),
    "total": ("total", "number"),
    "smallest": ("smallest", "number"),
    "largest": ("largest", "real"),
}
KNOWN = {
    "event time": {},
    "available after": {"available_after": 2 * HOUR},
    "known-at column": {"known_at": "known"},
}


@pytest.fixture(scope="module")
def lasting(tmp_path_factory, engine):
    home = Home.open(tmp_path_factory.mktemp("home"), engine)
    yield home
    home.close()


def views(keys, table=TABLE, **more):
    """A view of columns, one of expressions, one of aggregates, one of both."""
    of = entity("gate", key=keys) if keys else []

    def row_wise(gates):
        return {"same": gates.number + 0, "row": gates.row}

    def running(gates):
        return {
            "rows": count(),
            "numbers": count(gates.number),
            "mean": mean(gates.number),
            "total": total(gates.number),
            "smallest": smallest(gates.number),
            "largest": largest(gates.real),
        }

    def both(gates):
        return {**running(gates), **row_wise(gates)}

    def computed(name):
        return feature_view(name, of=of, table=table, event_time="event", **more)

    return [
        feature_view("plain", of=of, table=table, columns=list(PLAIN), event_time="event", **more),
        computed("row_wise")(row_wise),
        computed("running")(running),
        computed("both")(both),
    ]


def expectations(keys, **more):
    """The same views for the reference."""
    after = more.pop("available_after", timedelta(0))
    common = {"keys": keys, "event_time": "event", "available_after": after, **more}
    return {
        "plain": View(plain=PLAIN, **common),
        "row_wise": View(plain=COMPUTED, **common),
        "running": View(aggregates=RUNNING, **common),
        "both": View(plain=COMPUTED, aggregates=RUNNING, **common),
    }


def check(home, defined, expected, rows, queries):
    """Compare a training set over these views with the reference, row by row."""
    home.features.define(*defined)
    frame = pa.Table.from_pylist(queries, QUERIES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MostlyMissing)
        found = home.features.training_set(frame, defined, at="at").to_arrow().to_pylist()
    assert [row["q"] for row in found] == [query["q"] for query in queries]
    for query, row in zip(queries, found, strict=True):
        for name, view in expected.items():
            names = [*view.plain, *view.aggregates]
            wanted = answer(view, rows, [query[key] for key in view.keys], query["at"])
            got = {feature: row[f"{name}.{feature}"] for feature in names}
            assert got == (wanted or dict.fromkeys(names)), (name, query)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    world=worlds(),
    keys=st.sampled_from([["airport"], ["airport", "gate"], ["gate"], []]),
    known=st.sampled_from(sorted(KNOWN)),
    max_age=st.sampled_from([None, 2 * HOUR]),
)
def test_the_answer_is_that_of_brute_force(lasting, world, keys, known, max_age):
    lasting.warehouse.save(pa.Table.from_pylist(world.rows, SCHEMA), TABLE)
    more = {**KNOWN[known], "max_age": max_age}
    check(lasting, views(keys, **more), expectations(keys, **more), world.rows, world.queries)


counter = iter(range(1000))


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    world=worlds(most_rows=20),
    known=st.sampled_from(["event time", "available after"]),
    cuts=st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted),
)
def test_rows_that_restate_earlier_ones_are_known_since_their_load(lasting, world, known, cuts):
    table = f"ops.loaded{next(counter)}"
    rows = [
        {**row, "since": START + sum(i >= cut for cut in cuts) * 2 * HOUR}
        for i, row in enumerate(world.rows)
    ]
    for since in sorted({row["since"] for row in rows}):
        load = [row for row in rows if row["since"] == since]
        lasting.load(table, load, SCHEMA, known_at=since, again=True)
    more = KNOWN[known]
    check(
        lasting,
        views(["airport"], table=table, **more),
        expectations(["airport"], loaded_at="since", **more),
        rows,
        world.queries,
    )


def hour(number):
    return START + number * HOUR


def joined(home, rows, queries, *, schema=SCHEMA, query_schema=QUERIES, **more):
    """The `plain.row` that each query finds."""
    home.load(TABLE, rows, schema)
    view = feature_view(
        "plain", of=entity("gate", key="airport"), table=TABLE, columns=["row"],
        event_time="event", **more,
    )  # fmt: skip
    home.features.define(view)
    frame = pa.Table.from_pylist(queries, query_schema)
    return home.features.training_set(frame, view, at="at").to_arrow()["plain.row"].to_pylist()


def test_the_age_counts_at_both_ends(home):
    second = timedelta(microseconds=1)
    rows = [{"airport": "JFK", "event": hour(2), "row": 0}]
    at = [hour(2) - second, hour(2), hour(5), hour(5) + second]
    queries = [{"airport": "JFK", "at": moment} for moment in at]
    assert joined(home, rows, queries, max_age=3 * HOUR) == [None, 0, 0, None]


def test_a_null_key_time_or_known_time_matches_nothing(home):
    rows = [
        {"airport": None, "event": hour(1), "known": hour(1), "row": 0},
        {"airport": "JFK", "event": None, "known": hour(1), "row": 1},
        {"airport": "JFK", "event": hour(2), "known": None, "row": 2},
        {"airport": "JFK", "event": hour(1), "known": hour(1), "row": 3},
    ]
    queries = [
        {"airport": None, "at": hour(5)},
        {"airport": "JFK", "at": hour(5)},
        {"airport": "JFK", "at": hour(5)},
        {"airport": "JFK", "at": None},
        {"airport": "JFK", "at": hour(5)},
    ]
    assert joined(home, rows, queries, known_at="known") == [None, 3, 3, None, 3]


def test_a_null_in_the_newest_row_is_its_value(home):
    rows = [
        {"airport": "JFK", "event": hour(1), "row": 0},
        {"airport": "JFK", "event": hour(2), "row": None},
    ]
    queries = [{"airport": "JFK", "at": hour(1)}, {"airport": "JFK", "at": hour(2)}]
    assert joined(home, rows, queries) == [0, None]


def test_a_correction_counts_only_once_it_is_known(home):
    rows = [
        {"airport": "JFK", "event": hour(1), "known": hour(1), "row": 0},
        {"airport": "JFK", "event": hour(1), "known": hour(4), "row": 1},
    ]
    queries = [{"airport": "JFK", "at": hour(3)}, {"airport": "JFK", "at": hour(4)}]
    assert joined(home, rows, queries, known_at="known") == [0, 1]


def test_of_rows_with_equal_times_the_last_loaded_wins(home):
    rows = [{"airport": "JFK", "event": hour(1), "row": i} for i in range(50)]
    queries = [{"airport": "JFK", "at": hour(1)} for _ in range(100)]
    assert joined(home, rows, queries) == [49] * 100


def test_instants_are_compared_whatever_zone_or_unit_they_are_in(home):
    zones = [INSTANT_IN_TOKYO, pa.timestamp("ms"), pa.timestamp("ns", "America/New_York")]
    rows = [{"airport": "JFK", "event": hour(i), "row": i} for i in range(4)]
    home.load(TABLE, rows, SCHEMA)
    view = feature_view(
        "plain", of=entity("gate", key="airport"), table=TABLE, columns=["row"], event_time="event"
    )
    home.features.define(view)
    at = pa.array([hour(0), hour(1) + HOUR / 2, hour(3)], pa.timestamp("us", "UTC"))
    for zone in zones:
        naive = at.cast(pa.timestamp("us")) if zone.tz is None else at
        frame = pa.table({"airport": ["JFK"] * 3, "at": naive.cast(zone)})
        found = home.features.training_set(frame, view, at="at")
        assert found.to_arrow()["plain.row"].to_pylist() == [0, 1, 3]
        assert found.to_arrow()["at"].type == zone
        assert found.artifact.get("read_as_utc") == ("at" if zone.tz is None else "")


INSTANT_IN_TOKYO = pa.timestamp("us", "Asia/Tokyo")


def test_dates_are_their_start_in_utc(home):
    schema = SCHEMA.set(2, pa.field("event", pa.date32()))
    rows = [{"airport": "JFK", "event": START.date(), "row": 0}]
    queries = [
        {"airport": "JFK", "at": START - timedelta(microseconds=1)},
        {"airport": "JFK", "at": START},
    ]
    assert joined(home, rows, queries, schema=schema) == [None, 0]
    dated = QUERIES.set(3, pa.field("at", pa.date32()))
    queries = [
        {"airport": "JFK", "at": (START - 24 * HOUR).date()},
        {"airport": "JFK", "at": START.date()},
    ]
    assert joined(home, [], queries, schema=schema, query_schema=dated) == [None, 0]


def test_a_view_may_be_looked_up_by_another_column(home):
    rows = [
        {"airport": "JFK", "event": hour(0), "row": 1},
        {"airport": "LGA", "event": hour(0), "row": 2},
    ]
    home.load(TABLE, rows, SCHEMA)
    view = feature_view(
        "plain", of=entity("gate", key="airport"), table=TABLE, columns=["row"], event_time="event"
    )
    home.features.define(view)
    frame = pa.table(
        {"airport": ["JFK", "LGA"], "dest": ["LGA", None], "at": pa.array([hour(1)] * 2)}
    )
    found = home.features.training_set(frame, [view, view.role(airport="dest")], at="at").to_arrow()
    assert found["plain.row"].to_pylist() == [1, 2]
    assert found["dest_plain.row"].to_pylist() == [2, None]
