"""Reading online: each value says what it is, and a wrong request is told what is wrong."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest
from tests.features.conftest import INSTANT, Home
from tests.features.worlds import HOUR, START

from lineal.errors import InvalidInput, NotFound
from lineal.features import Status, entity, feature_view, service

LEG = pa.schema(
    [
        ("id", pa.int64()),
        ("origin", pa.string()),
        ("time", INSTANT),
        ("visib", pa.float32()),
        ("stops", pa.list_(pa.string())),
    ]
)
LEGS = feature_view(
    "legs",
    of=entity("leg", key="id"),
    table="ops.legs",
    columns=["visib", "stops"],
    max_age=2 * HOUR,
)
WEATHER = feature_view(
    "weather", of=entity("airport", key="origin"), table="ops.legs", columns=["visib"]
)
TRIP = service("trip", [LEGS, WEATHER])


@pytest.fixture(scope="module")
def ready(tmp_path_factory, engine):
    home = Home.open(tmp_path_factory.mktemp("home"), engine)
    rows = [
        {"id": 1, "origin": "JFK", "time": START, "visib": 0.1, "stops": ["a", None]},
        {"id": 2, "origin": "LGA", "time": START + HOUR, "visib": None, "stops": None},
    ]
    home.load("ops.legs", rows, LEG, event_time="time")
    home.features.define(TRIP)
    home.features.materialize(TRIP)
    yield home
    home.close()


def test_each_value_has_a_status(ready):
    reply = ready.features.online("legs", {"id": [1, 2, 3, None]}, now=START + 2 * HOUR)
    assert reply.status["legs.visib"] == [
        Status.PRESENT,
        Status.NULL,
        Status.MISSING,
        Status.MISSING,
    ]
    assert reply.age["legs"] == [2 * HOUR, HOUR, None, None]
    assert reply.to_arrow()["legs.stops"].to_pylist() == [["a", None], None, None, None]


def test_a_value_expires_just_after_its_maximum_age(ready):
    moments = {
        START + 2 * HOUR: Status.PRESENT,
        START + 2 * HOUR + timedelta(microseconds=1): Status.EXPIRED,
    }
    for now, status in moments.items():
        reply = ready.features.online("legs", {"id": [1]}, now=now)
        assert reply.status["visib"] == [status]
        assert (reply.to_dict()["legs.visib"] == [None]) == (status is Status.EXPIRED)
    # Expired is the row, whether the value in it was null or not.
    assert ready.features.online("legs", {"id": [2]}).status["visib"] == [Status.EXPIRED]


def test_columns_come_in_the_order_of_the_service_and_keep_their_types(ready):
    reply = ready.features.online(TRIP, {"origin": ["JFK"], "id": [1]}, now=START + HOUR)
    table = reply.to_arrow()
    assert table.column_names == ["origin", "id", "legs.visib", "legs.stops", "weather.visib"]
    assert table.schema.field("legs.visib").type == pa.float32()
    assert table.schema.field("legs.stops").type == pa.list_(pa.string())


def test_a_short_name_will_do_where_it_is_unique(ready):
    reply = ready.features.online(TRIP, {"origin": ["JFK"], "id": [1]})
    assert reply.status["stops"] == reply.status["legs.stops"]
    with pytest.raises(InvalidInput, match=r"several views: legs\.visib, weather\.visib"):
        reply.status["visib"]
    with pytest.raises(NotFound, match=r"did you mean 'legs\.stops'"):
        reply.status["legs.stop"]


def test_a_single_value_is_one_row_and_no_values_are_none(ready):
    assert ready.features.online("weather", {"origin": "JFK"}).to_arrow().num_rows == 1
    nothing = ready.features.online("weather", {"origin": []}).to_arrow()
    assert (nothing.num_rows, nothing.schema.field("origin").type) == (0, pa.string())


def test_keys_may_be_columns_of_any_library(ready):
    for ids in ([2, 1], (2, 1), pa.array([2, 1], pa.int8()), pa.chunked_array([[2], [1]])):
        reply = ready.features.online("legs", {"id": ids}, now=START + HOUR)
        assert reply.status["stops"] == [Status.NULL, Status.PRESENT]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "trip@1 is looked up by id, origin; no values are given for id, origin"),
        ({"id": [1]}, "no values are given for origin"),
        ({"id": [1], "origin": ["JFK"], "orgin": ["x"]}, "has no key 'orgin'"),
        ({"id": [1, 2], "origin": ["JFK"]}, "id has 2, origin has 1"),
        ({"id": ["1"], "origin": ["JFK"]}, "key 'id' is a integer; '1'"),
        ({"id": [1], "origin": [1]}, "key 'origin' is a text; 1"),
    ],
)
def test_a_wrong_request_is_refused_with_what_is_wrong(ready, keys, words):
    with pytest.raises(InvalidInput, match=words):
        ready.features.online("trip", keys)


def test_keys_given_as_text_are_read_as_what_they_are(ready):
    keys = ready.features.parse_keys("trip", {"id": ["1", "2"], "origin": ["JFK", "1"]})
    assert keys == {"id": [1, 2], "origin": ["JFK", "1"]}
    with pytest.raises(InvalidInput, match="'x' is not one"):
        ready.features.parse_keys("legs", {"id": ["x"]})


def test_a_moment_before_what_the_store_holds_is_refused(ready):
    with pytest.raises(InvalidInput, match="a training set answers for the past"):
        ready.features.online("legs", {"id": [1]}, now=START - HOUR)
    with pytest.raises(InvalidInput, match="no time zone"):
        ready.features.online("legs", {"id": [1]}, now="2013-01-01T00:00")


def test_a_view_that_was_never_materialized_is_named(ready):
    other = feature_view("other", of=entity("leg", key="id"), table="ops.legs", columns=["origin"])
    ready.features.define(other)
    with pytest.raises(NotFound, match=r"other@1 is not in the online store.*materialize"):
        ready.features.online(other, {"id": [1]})
    with pytest.raises(InvalidInput, match="is an entity, which has no features"):
        ready.features.online("leg", {"id": [1]})


def test_a_read_is_an_input_of_the_run_that_is_open(ready):
    from lineal.metadata import ExecutionType

    with ready.recorder.run(ExecutionType("test.serve"), tracks_reads=True) as running:
        ready.features.online("trip", {"id": [1], "origin": ["JFK"]})
    events = ready.recorder.store.events(execution_ids=[running.execution_id])
    read = {ready.recorder.store.artifact(event.artifact_id).name for event in events}
    assert read == {"trip@1", "legs@1", "weather@1"}
