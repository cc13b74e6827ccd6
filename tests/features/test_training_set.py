"""Training sets: what rows may be, what is recorded of them, what is refused."""

from __future__ import annotations

import warnings
from datetime import timedelta

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.features.conftest import INSTANT
from tests.features.worlds import HOUR, START

from lineal.errors import InvalidInput, NotFound
from lineal.features import MostlyMissing, Status, entity, feature_view, mean, service
from lineal.features.timelines import KnownBy
from lineal.metadata import ExecutionState

AIRPORT = entity("airport", key="origin")
WEATHER = feature_view(
    "weather",
    of=AIRPORT,
    table="ops.weather",
    columns=["visib"],
    max_age=6 * HOUR,
    owner="ops@example.org",
)
HOURLY = pa.schema([("origin", pa.string()), ("time_hour", INSTANT), ("visib", pa.float64())])
ROWS = pa.table(
    {
        "origin": ["JFK", "LGA"],
        "at": pa.array([START + HOUR, START + 2 * HOUR], INSTANT),
        "dep_delay": [3, 4],
    }
)
EXPECTED = [10.0, 5.0]


@feature_view(of=AIRPORT, table="ops.weather", available_after=timedelta(hours=1))
def visibility(weather):
    """How far one saw so far."""
    return {"mean": mean(weather.visib), "km": weather.visib * 1.6}


DELAY = service("delay", [WEATHER, WEATHER.role(origin="dest"), visibility])


@pytest.fixture
def ready(home):
    rows = [
        {"origin": "JFK", "time_hour": START, "visib": 10.0},
        {"origin": "LGA", "time_hour": START, "visib": 5.0},
    ]
    home.load("ops.weather", rows, HOURLY, event_time="time_hour")
    home.features.define(DELAY)
    return home


def found(training_set) -> list:
    return training_set.to_arrow()["weather.visib"].to_pylist()


def test_rows_may_be_frames_of_any_kind(ready):
    frames = [
        ROWS,
        ROWS.to_batches()[0],
        ROWS.to_reader(),
        pl.from_arrow(ROWS),
        pd.DataFrame(ROWS.to_pydict()),
    ]
    for frame in frames:
        assert found(ready.features.training_set(frame, "weather", at="at")) == EXPECTED


def test_rows_may_be_files_by_path_or_from_the_lake(ready, tmp_path):
    pq.write_table(ROWS, tmp_path / "rows.parquet")
    (tmp_path / "rows.csv").write_text(
        "origin,at,n\nJFK,2013-01-01T01:00:00Z,1\nLGA,2013-01-01T02:00:00Z,2\n"
    )
    added = ready.lake.add(tmp_path / "rows.csv", "rows")
    paths = [tmp_path / "rows.parquet", str(tmp_path / "rows.csv"), added, "rows", "rows@1"]
    for rows in paths:
        made = ready.features.training_set(rows, "weather", at="at")
        assert found(made) == EXPECTED
    assert made.to_arrow().schema.field("n").type == pa.int64()


def test_rows_of_a_table_are_an_input_themselves(ready):
    table = ready.warehouse.ingest("ops.flights", ROWS)
    for rows in (table, ready.warehouse["ops.flights"], "ops.flights", "ops.flights@1"):
        made = ready.features.training_set(rows, "weather", at="at", columns=["at", "origin"])
        assert made.to_arrow().column_names == ["at", "origin", "weather.visib"]
        assert table.id in made.lineage().artifacts
    with pytest.raises(InvalidInput, match="columns= chooses those of a table"):
        ready.features.training_set(ROWS, "weather", at="at", columns=["at"])


def test_the_result_is_kept_with_all_that_it_came_from(ready):
    rows = ROWS.append_column("dest", pa.array(["LGA", None], pa.string()))
    made = ready.features.training_set(rows, DELAY, at="at", name="train")
    assert (made.ref, made.rows) == ("train@1", 2)
    assert made.snapshots == ("ops.weather@1",)
    assert made.to_arrow().column_names[4:] == [
        "weather.visib",
        "dest_weather.visib",
        "visibility.mean",
        "visibility.km",
    ]
    assert made.views["weather"].view == "weather@1"
    assert made.views["weather"].known_by is KnownBy.EVENT_TIME
    assert made.views["visibility"].known_by is KnownBy.AVAILABLE_AFTER
    assert made.views["dest_weather"].missed == 1
    names = {artifact.name for artifact in made.lineage().artifacts.values()}
    assert {"delay@1", "weather@1", "visibility@1", "ops.weather@1", "train@1"} <= names


def test_the_same_rows_and_tables_give_the_same_bytes(ready):
    made = [ready.features.training_set(ROWS, WEATHER, at="at", name="train") for _ in range(2)]
    assert made[0].content == made[1].content
    assert [one.ref for one in made] == ["train@1", "train@1"]
    unnamed = ready.features.training_set(ROWS, WEATHER, at="at")
    assert unnamed.ref.startswith("artifact/")
    again = ready.features.training_set_of(unnamed.artifact, None)
    assert again.to_arrow().equals(made[0].to_arrow())


def test_it_reads_as_any_frame(ready):
    made = ready.features.training_set(ROWS, WEATHER, at="at")
    assert made.to_pandas()["weather.visib"].tolist() == EXPECTED
    assert made.to_polars()["weather.visib"].to_list() == EXPECTED
    assert ready.engine.schema(made.source()).names == made.to_arrow().column_names


def test_a_service_keeps_the_views_that_it_was_defined_with(ready):
    changed = feature_view(
        "weather", of=AIRPORT, table="ops.weather", columns=["visib"], max_age=HOUR / 2
    )
    ready.features.define(changed)
    rows = ROWS.append_column("dest", ROWS["origin"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MostlyMissing)
        old = ready.features.training_set(rows, "delay", at="at")
        new = ready.features.training_set(rows, "weather", at="at")
        pinned = ready.features.training_set(rows, "weather@1", at="at")
    assert found(old) == found(pinned) == EXPECTED
    assert found(new) == [None, None]


def test_rows_that_mostly_find_nothing_are_warned_of(ready):
    old = ROWS.set_column(1, "at", pa.array([START + 100 * HOUR] * 2, INSTANT))
    with pytest.warns(MostlyMissing, match="2 of 2 rows found nothing in view 'weather'") as told:
        made = ready.features.training_set(old, WEATHER, at="at")
    assert told[0].filename == __file__
    assert made.views["weather"].missed == 2


def test_times_without_zone_are_read_as_utc(home):
    naive = pa.schema(
        [("origin", pa.string()), ("time_hour", pa.timestamp("us")), ("visib", pa.float64())]
    )
    row = {"origin": "JFK", "time_hour": START.replace(tzinfo=None), "visib": 1.0}
    home.load("ops.weather", [row], naive, event_time="time_hour")
    home.features.define(WEATHER)
    rows = pa.table({"origin": ["JFK"], "at": pa.array([START], INSTANT)})
    made = home.features.training_set(rows, WEATHER, at="at")
    assert found(made) == [1.0]


@pytest.mark.parametrize(
    ("rows", "at", "error", "words"),
    [
        (ROWS, "att", NotFound, "the frame has no column 'att'; did you mean 'at'"),
        (ROWS, "dep_delay", InvalidInput, "is int64, not a time"),
        (ROWS.drop_columns("origin"), "at", NotFound, "by which view 'weather' is looked up"),
        (
            ROWS.set_column(0, "origin", pa.array([1, 2])),
            "at",
            InvalidInput,
            "column 'origin' of the frame is int64, but the key 'origin' of view 'weather' is str",
        ),
        (ROWS.append_column("weather.visib", pa.array([1, 2])), "at", InvalidInput, "twice"),
        ("no_such_thing", "at", NotFound, "no table, file or path 'no_such_thing'"),
        ("./none.csv", "at", NotFound, "no file"),
        (3, "at", InvalidInput, "a int can't be loaded"),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_refused(ready, rows, at, error, words):
    with pytest.raises(error, match=words):
        ready.features.training_set(rows, WEATHER, at=at)


def test_a_join_that_fails_is_recorded_as_failed(ready):
    clash = ROWS.append_column("weather.visib", pa.array([1, 2]))
    with pytest.raises(InvalidInput):
        ready.features.training_set(clash, WEATHER, at="at", name="train")
    failed = ready.recorder.store.executions(type="lineal.training_set")
    assert [one.state for one in failed] == [ExecutionState.FAILED]
    assert ready.recorder.store.newest("train") is None


@pytest.mark.parametrize("name", ["empty.csv", "broken.parquet"])
def test_a_file_that_cannot_be_read_is_named(ready, tmp_path, name):
    (tmp_path / name).write_bytes(b"" if name == "empty.csv" else b"PAR1 and nothing else")
    with pytest.raises(InvalidInput, match=name):
        ready.features.training_set(tmp_path / name, WEATHER, at="at")


def test_the_same_view_twice_needs_a_role(ready):
    with pytest.raises(InvalidInput, match="'weather' is asked for twice"):
        ready.features.training_set(ROWS, [WEATHER, "weather"], at="at")


def test_the_past_can_be_looked_at_and_not_written(ready):
    before = ready.recorder.store.newest("weather").committed
    ready.features.define(entity("airport", key="origin", owner="new@example.org"))
    past = ready.at(before)
    assert past.features.get("airport").spec.owner == ""
    assert ready.features.get("airport").spec.owner == "new@example.org"
    with pytest.raises(InvalidInput, match="use the present one"):
        past.features.training_set(ROWS, "weather", at="at")
    with pytest.raises(NotFound, match="not known yet"):
        ready.features.training_set(ROWS, "weather", at="at", known_by=START)


PLANES = pa.schema([("tailnum", pa.string()), ("seats", pa.int64())])


def test_a_timeless_view_holds_for_all_times_until_a_later_load_restates_it(home):
    planes = feature_view(
        "planes",
        of=entity("plane", key="tailnum"),
        table="ops.planes",
        columns=["seats"],
        timeless=True,
    )
    fleet = feature_view("fleet", of=[], table="ops.planes", columns=["seats"], timeless=True)
    rows = [{"tailnum": "N1", "seats": 100}, {"tailnum": "N2", "seats": 50}]
    home.load("ops.planes", rows, PLANES, known_at=START)
    home.features.define(planes, fleet)
    at = [START - 10**5 * HOUR, START + HOUR, START + 3 * HOUR]
    queries = pa.table({"tailnum": ["N1"] * 3, "at": pa.array(at, INSTANT)})
    made = home.features.training_set(queries, [planes, fleet], at="at")
    assert made.to_arrow()["planes.seats"].to_pylist() == [100, 100, 100]
    assert made.to_arrow()["fleet.seats"].to_pylist() == [50, 50, 50]
    assert made.views["planes"].known_by is KnownBy.ALWAYS

    home.load("ops.planes", [{"tailnum": "N1", "seats": 120}], PLANES, known_at=START + 2 * HOUR)
    made = home.features.training_set(queries, [planes, fleet], at="at")
    assert made.to_arrow()["planes.seats"].to_pylist() == [100, 100, 120]
    assert made.to_arrow()["fleet.seats"].to_pylist() == [50, 50, 120]

    home.features.materialize([planes, fleet])
    reply = home.features.online([planes, fleet], {"tailnum": ["N1", "N3"]})
    assert reply.to_dict()["planes.seats"] == [120, None]
    assert reply.to_dict()["fleet.seats"] == [120, 120]
    assert reply.age["planes"] == [None, None]
    assert reply.status["planes.seats"] == [Status.PRESENT, Status.MISSING]
