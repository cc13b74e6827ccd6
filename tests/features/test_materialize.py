"""The online store holds what a training set would give at that moment; it follows each load."""

from __future__ import annotations

import random
import subprocess
import sys
import warnings
from datetime import timedelta

import pyarrow as pa
import pytest
from tests.features.conftest import INSTANT, Home
from tests.features.worlds import HOUR, SCHEMA, START

from lineal.errors import InvalidInput
from lineal.features import (
    MostlyMissing,
    Status,
    count,
    entity,
    feature_view,
    largest,
    mean,
    service,
)
from lineal.metadata import ExecutionState

GATE = entity("gate", key=["airport", "gate"])
AIRPORT = entity("field", key="airport")
TABLE = "ops.gates"
EVENT = {"event_time": "event"}


def hour(number: int):
    return START + number * HOUR


def plain(**more):
    given = {"columns": ["number"], **EVENT, **more}
    return feature_view("plain", of=AIRPORT, table=TABLE, **given)


def row(event: int, number: int, **more) -> dict:
    return {"airport": "JFK", "event": hour(event), "number": number, **more}


def online(home: Home, view="plain", now=None) -> list:
    return home.features.online(view, {"airport": ["JFK"]}, now=now).to_dict()["plain.number"]


def written(result) -> int:
    return sum(view.entities for view in result.views)


def test_each_load_brings_only_what_it_changed(home):
    home.load(TABLE, [row(1, 1), {**row(1, 7), "airport": "LGA"}], SCHEMA)
    home.features.define(plain())
    assert written(home.features.materialize("plain")) == 2
    assert home.features.materialize("plain").views[0].up_to_date
    home.load(TABLE, [row(2, 2)], SCHEMA)
    assert online(home) == [1]
    again = home.features.materialize("plain")
    assert (again.views[0].table, again.views[0].up_to_date) == ("ops.gates@2", False)
    assert online(home) == [2]


def test_only_keys_of_new_rows_are_asked_for_again(home):
    rows = [{**row(1, i), "airport": f"A{i}"} for i in range(50)]
    long_ago = hour(2)
    home.load(TABLE, rows, SCHEMA, known_at=long_ago)
    home.features.define(plain())
    home.features.materialize("plain")
    # The margin for clocks that were set back would take all rows of the last hour along.
    import lineal.features.materialize as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CLOCK_SLACK", timedelta(0))
        home.load(TABLE, [row(2, 2)], SCHEMA)
        assert written(home.features.materialize("plain")) == 1


def test_late_rows_and_corrections_arrive_and_older_ones_change_nothing(home):
    home.load(TABLE, [row(5, 1, known=hour(5))], SCHEMA)
    home.features.define(plain(known_at="known"))
    home.features.materialize("plain")
    home.load(TABLE, [row(3, 2, known=hour(9))], SCHEMA)
    home.features.materialize("plain")
    assert online(home) == [1]
    home.load(TABLE, [row(5, 3, known=hour(10))], SCHEMA)
    home.features.materialize("plain")
    assert online(home) == [3]


def test_a_replaced_table_replaces_what_is_online(home):
    home.load(TABLE, [row(9, 1), {**row(9, 1), "airport": "LGA"}], SCHEMA)
    home.features.define(plain())
    home.features.materialize("plain")
    home.warehouse.save(pa.Table.from_pylist([row(1, 2)], SCHEMA), TABLE)
    home.features.materialize("plain")
    reply = home.features.online("plain", {"airport": ["JFK", "LGA"]})
    assert reply.to_dict()["plain.number"] == [2, None]
    assert reply.status["number"] == [Status.PRESENT, Status.MISSING]


def test_a_row_that_is_not_known_yet_waits_until_it_is(home):
    home.load(TABLE, [row(1, 1), row(5, 2)], SCHEMA)
    home.features.define(plain(available_after=2 * HOUR))
    home.features.materialize("plain", now=hour(4))
    assert online(home, now=hour(4)) == [1]
    assert home.features.materialize("plain", now=hour(6)).views[0].up_to_date
    assert written(home.features.materialize("plain", now=hour(7))) == 1
    assert online(home, now=hour(7)) == [2]
    assert home.features.materialize("plain", now=hour(8)).views[0].up_to_date


def test_a_column_of_a_wider_type_is_written_anew(home):
    narrow = SCHEMA.set(4, pa.field("number", pa.int32()))
    home.load(TABLE, [row(1, 1)], narrow)
    home.features.define(plain())
    home.features.materialize("plain")
    home.warehouse[TABLE].set_type("number", pa.int64())
    home.load(TABLE, [{**row(2, 2**40), "airport": "LGA"}], SCHEMA)
    home.features.materialize("plain")
    reply = home.features.online("plain", {"airport": ["JFK", "LGA"]}).to_arrow()
    assert reply["plain.number"].to_pylist() == [1, 2**40]
    assert reply.schema.field("plain.number").type == pa.int64()


def test_words_about_a_view_and_its_age_need_no_new_values(home):
    home.load(TABLE, [row(1, 1)], SCHEMA)
    home.features.define(plain())
    home.features.materialize("plain")
    home.features.define(plain(description="changed", max_age=HOUR))
    assert home.features.materialize("plain").views[0].up_to_date
    assert online(home, now=hour(2)) == [1]
    assert online(home, now=hour(3)) == [None]


def test_a_changed_view_serves_its_old_version_until_the_new_one_is_full(home):
    home.load(TABLE, [row(1, 1)], SCHEMA)
    home.features.define(service("delay", [plain()]))
    home.features.materialize("delay")
    home.features.define(plain(columns=["number", "real"]))
    assert online(home, "delay") == [1]
    home.features.materialize("plain")
    assert set(home.features.online("plain", {"airport": ["JFK"]}).columns) == {
        "plain.number",
        "plain.real",
    }
    assert set(home.features.online("delay", {"airport": ["JFK"]}).columns) == {"plain.number"}


def test_roles_of_a_view_share_its_values(home):
    home.load(TABLE, [row(1, 1), {**row(1, 7), "airport": "LGA"}], SCHEMA)
    arrivals = plain().role(airport="dest")
    legs = service("legs", [plain(), arrivals])
    home.features.define(legs)
    assert len(home.features.materialize(legs).views) == 1
    reply = home.features.online(legs, {"airport": ["JFK"], "dest": ["LGA"]})
    assert reply.to_dict() == {
        "airport": ["JFK"],
        "dest": ["LGA"],
        "plain.number": [1],
        "dest_plain.number": [7],
    }


def test_a_view_without_keys_has_one_row_for_all(home):
    home.load(TABLE, [row(1, 1), row(2, 2)], SCHEMA)
    now_everywhere = feature_view("world", of=[], table=TABLE, columns=["number"], **EVENT)
    home.features.define(now_everywhere, plain())
    home.features.materialize(["world", "plain"])
    reply = home.features.online(["world", "plain"], {"airport": ["JFK", "XXX"]})
    assert reply.to_dict()["world.number"] == [2, 2]
    assert home.features.online("world", {}).to_dict() == {"world.number": [2]}


def test_it_is_recorded_with_what_went_in(home):
    home.load(TABLE, [row(1, 1)], SCHEMA)
    home.features.define(plain())
    result = home.features.materialize("plain")
    store = home.recorder.store
    execution = store.execution(result.execution)
    assert (execution.type, execution.state) == ("lineal.materialize", ExecutionState.COMPLETE)
    (values,) = store.artifacts(type="lineal.OnlineView")
    assert (values.get("view"), values.get("table")) == ("plain@1", "ops.gates@1")
    home.features.materialize("plain")
    assert [one.id for one in store.artifacts(type="lineal.OnlineView")] == [values.id]


def test_an_empty_table_makes_an_empty_view(home):
    home.load(TABLE, [], SCHEMA)
    home.features.define(plain())
    home.features.materialize("plain")
    assert home.features.online("plain", {"airport": ["JFK"]}).status["number"] == [Status.MISSING]


@pytest.mark.parametrize(
    ("key", "columns", "words"),
    [("real", ["number"], "key 'real' of view 'v' is double"), ("airport", ["box"], "struct")],
)
def test_what_cannot_be_served_is_refused(home, key, columns, words):
    schema = SCHEMA.append(pa.field("box", pa.struct([("a", pa.int64())])))
    home.load(TABLE, [row(1, 1, box={"a": 1}, real=1.0)], schema)
    view = feature_view("v", of=entity("e", key=key), table=TABLE, columns=columns, **EVENT)
    home.features.define(view)
    with pytest.raises(InvalidInput, match=words):
        home.features.materialize("v")


REPLAYED = {
    "event time": {},
    "available after": {"available_after": 2 * HOUR},
    "known-at column": {"known_at": "known"},
}


@pytest.mark.parametrize("known", REPLAYED)
def test_replies_equal_the_training_set_of_the_same_moment(home, known):
    """Load by load, moment by moment: values and statuses are those of a training set."""
    source = random.Random(known)
    more = {**EVENT, **REPLAYED[known], "max_age": 5 * HOUR}

    @feature_view(of=GATE, table=TABLE, **more)
    def mixed(gates):
        return {
            "number": gates.number,
            "doubled": gates.real * 2,
            "mean": mean(gates.number),
            "rows": count(),
            "largest": largest(gates.real),
        }

    keys = [(airport, gate) for airport in ("JFK", "LGA", "EWR") for gate in (1, 2)]
    asked = {"airport": [airport for airport, _ in keys], "gate": [gate for _, gate in keys]}
    for load in range(4):
        rows = [
            {
                "airport": source.choice(["JFK", "LGA"]),
                "gate": source.choice([1, 2, None]),
                "event": hour(source.randrange(12)),
                "known": source.choice([None, *map(hour, range(12))]),
                "number": source.choice([None, 1, 2, 3]),
                "real": source.random(),
                "row": i,
            }
            for i in range(12)
        ]
        home.load(TABLE, rows, SCHEMA, known_at=hour(load))
        home.features.define(mixed)
        now = hour(3 * load + 2)
        home.features.materialize(mixed, now=now)
        reply = home.features.online(mixed, asked, now=now)
        frame = pa.table(
            {
                "airport": asked["airport"],
                "gate": pa.array(asked["gate"], pa.int32()),
                "at": pa.array([now] * len(keys), INSTANT),
            }
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MostlyMissing)
            trained = home.features.training_set(frame, mixed, at="at").to_arrow()
        for name, values in reply.columns.items():
            assert values.to_pylist() == trained[name].to_pylist(), (load, name)
            expected = [value is not None for value in values.to_pylist()]
            assert [one is Status.PRESENT for one in reply.status[name]] == expected


KILLED = """
import sys
from pathlib import Path
from lineal.engine import EngineSettings, open_engine
from tests.features.conftest import Home

home = Home.open(Path(sys.argv[1]), open_engine(EngineSettings(threads=1)))
home.features.materialize("plain")
"""


@pytest.mark.parametrize(
    ("point", "reads"),
    [("features.materialize.writing", [1]), ("features.materialize.written", [2])],
)
def test_a_kill_leaves_the_old_values_or_the_new_and_a_rerun_completes(home, point, reads):
    home.load(TABLE, [row(1, 1)], SCHEMA)
    home.features.define(plain())
    home.features.materialize("plain")
    home.load(TABLE, [row(2, 2)], SCHEMA)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(home.root)],
        env={"LINEAL_KILL_AT": point, "PYTHONPATH": ":".join([".", *sys.path])},
        check=False,
    )
    assert killed.returncode == -9
    assert online(home) == reads
    assert len(home.recorder.crashed()) == 1

    result = home.features.materialize("plain")
    assert online(home) == [2]
    assert result.views[0].table == "ops.gates@2"
    values = home.recorder.store.artifacts(type="lineal.OnlineView")
    assert "ops.gates@2" in {one.get("table") for one in values}
    assert home.features.materialize("plain").views[0].up_to_date
