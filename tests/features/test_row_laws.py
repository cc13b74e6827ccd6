"""Every row comes back once, in its order, with its own columns, whatever else is asked."""

from __future__ import annotations

import random
import warnings

import pyarrow as pa
import pytest
from tests.features.conftest import INSTANT
from tests.features.worlds import HOUR, SCHEMA, START

from lineal.features import MostlyMissing, entity, feature_view

VIEW = feature_view(
    "plain",
    of=entity("gate", key="airport"),
    table="ops.gates",
    columns=["number", "real"],
    event_time="event",
    max_age=20 * HOUR,
)
OTHER = feature_view(
    "other",
    of=entity("gate", key="airport"),
    table="ops.gates",
    columns=["row"],
    event_time="event",
)


@pytest.fixture
def ready(home):
    source = random.Random(7)
    rows = [
        {
            "airport": source.choice(["JFK", "LGA", None]),
            "event": START + source.randrange(100) * HOUR,
            "number": source.randrange(100),
            "real": source.random(),
            "row": i,
        }
        for i in range(500)
    ]
    home.load("ops.gates", rows, SCHEMA)
    home.features.define(VIEW, OTHER)
    return home


def queries(count: int) -> pa.Table:
    source = random.Random(11)
    at = [START + source.randrange(-10, 150) * HOUR for _ in range(count)]
    return pa.table(
        {
            "label": pa.array(range(count), pa.int16()),
            "airport": pa.array(
                [source.choice(["JFK", "LGA", "XXX", None]) for _ in range(count)], pa.string()
            ),
            "at": pa.array(at, INSTANT),
            "real": pa.array([source.random() for _ in range(count)], pa.float32()),
        }
    )


def join(ready, frame: pa.Table, views=VIEW) -> pa.Table:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MostlyMissing)
        return ready.features.training_set(frame, views, at="at").to_arrow()


# Below and above 64 rows another plan of the engine runs.
@pytest.mark.parametrize("count", [1, 63, 64, 1000])
def test_the_rows_come_back_once_in_their_order_with_their_columns(ready, count):
    frame = queries(count)
    found = join(ready, frame)
    assert found.select(frame.column_names).equals(frame)
    assert found.column_names == [*frame.column_names, "plain.number", "plain.real"]


def test_no_rows_give_no_rows(ready):
    found = join(ready, queries(0))
    assert found.num_rows == 0
    assert found.schema.field("plain.number").type == pa.int64()


def test_shuffling_repeating_or_cutting_the_rows_changes_nothing_else(ready):
    frame = queries(300)
    whole = join(ready, frame).to_pylist()
    order = list(range(300)) * 2
    random.Random(3).shuffle(order)
    assert join(ready, frame.take(order)).to_pylist() == [whole[i] for i in order]
    halves = [join(ready, frame.slice(0, 150)), join(ready, frame.slice(150))]
    assert pa.concat_tables(halves).to_pylist() == whole


def test_a_further_view_changes_no_other_column(ready):
    frame = queries(200)
    alone = join(ready, frame)
    both = join(ready, frame, [OTHER, VIEW])
    assert both.column_names == [*frame.column_names, "other.row", "plain.number", "plain.real"]
    assert both.select(alone.column_names).equals(alone)


def test_shifting_all_times_changes_nothing(home):
    rows = [{"airport": "JFK", "event": START + i * HOUR, "number": i, "row": i} for i in range(5)]
    frame = pa.table(
        {"airport": ["JFK"] * 8, "at": pa.array([START + i * HOUR for i in range(8)], INSTANT)}
    )
    answers = []
    for table, shift in (("ops.here", 0 * HOUR), ("ops.there", 123_456 * HOUR)):
        home.load(table, [{**row, "event": row["event"] + shift} for row in rows], SCHEMA)
        view = feature_view(
            "plain",
            of=entity("gate", key="airport"),
            table=table,
            columns=["row"],
            event_time="event",
            max_age=2 * HOUR,
        )
        home.features.define(view)
        moved = pa.array([START + i * HOUR + shift for i in range(8)], INSTANT)
        found = home.features.training_set(frame.set_column(1, "at", moved), view, at="at")
        answers.append(found.to_arrow()["plain.row"].to_pylist())
    assert answers[0] == answers[1] == [0, 1, 2, 3, 4, 4, 4, None]


def test_columns_of_the_rows_keep_types_that_the_engine_lacks(ready):
    frame = pa.table(
        {
            "airport": pa.array(["JFK", "LGA"]).dictionary_encode(),
            "at": pa.array([START, START], INSTANT),
            "nanoseconds": pa.array([1, 2**60 + 1], pa.timestamp("ns", "America/New_York")),
            "zone": pa.array([0, 1], pa.timestamp("us", "Asia/Tokyo")),
            "small": pa.array([1, None], pa.uint8()),
        }
    )
    found = join(ready, frame)
    assert found.select(frame.column_names).equals(frame)
