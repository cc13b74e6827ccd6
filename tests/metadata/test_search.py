"""Artifacts are found by what is known of them; the log tells what happened."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.metadata import (
    ArtifactState,
    ArtifactType,
    ExecutionType,
    Output,
    PropertyType,
    Store,
    Value,
    format_name,
)
from lineal.metadata.log import log
from lineal.metadata.search import find

TABLE = ArtifactType("test.Table", {"rows": PropertyType.INT, "share": PropertyType.DOUBLE})
WORK = ExecutionType("lineal.work")


def refs(store: Store, **fields: object) -> list[str]:
    return [
        f"artifact/{artifact.id}" if row is None else format_name(row.name, row.number)
        for artifact, row in find(store, **fields)
    ]


@pytest.fixture
def filled(graph):
    """Two files, three versions of a table, an artifact without a name, a failed table."""
    graph.make("raw/a.csv", "a")
    graph.make("raw/b.csv", "b")
    for rows in (1, 2, 3):
        graph.make(
            "ops.flights", f"{rows}", type=TABLE, properties={"rows": rows, "share": rows / 2}
        )
    graph.make(None, "report", properties={"good": True})
    with (
        pytest.raises(ZeroDivisionError),
        graph.recorder.run(WORK, outputs=[Output("out", TABLE, "ops.flights")]),
    ):
        1 / 0  # noqa: B018 -- the error is the point
    first = graph.store.version("ops.flights", 1)
    graph.recorder.label(first.artifact_id, {"stage": "prod", "good": True})
    return graph


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, ["artifact/6", "ops.flights@3", "raw/b.csv@1", "raw/a.csv@1"]),
        ({"type": "test.File"}, ["artifact/6", "raw/b.csv@1", "raw/a.csv@1"]),
        ({"type": "test.Fil"}, []),
        ({"name": "ops.flights"}, ["ops.flights@3"]),
        ({"name": "ops.*"}, ["ops.flights@3"]),
        ({"name": "*"}, ["ops.flights@3", "raw/b.csv@1", "raw/a.csv@1"]),
        ({"name": "raw/[ab].csv"}, ["raw/b.csv@1", "raw/a.csv@1"]),
        ({"name": "Raw/?.csv"}, []),
        (
            {"name": "ops.flights", "all_versions": True},
            ["ops.flights@3", "ops.flights@2", "ops.flights@1"],
        ),
        ({"limit": 2}, ["artifact/6", "ops.flights@3"]),
        ({"limit": 0}, []),
        ({"rows": 2}, ["ops.flights@2"]),
        ({"rows": 2.0}, ["ops.flights@2"]),
        ({"rows": "2"}, []),
        ({"rows": True}, []),
        ({"share": 1}, ["ops.flights@2"]),
        ({"share": 0.5}, ["ops.flights@1"]),
        ({"share": 2**70}, []),
        ({"share": float("inf")}, []),
        ({"stage": "prod"}, ["ops.flights@1"]),
        ({"stage": "prod", "rows": 2}, []),
        ({"good": True}, ["artifact/6", "ops.flights@1"]),
        ({"good": 1}, []),
        ({"state": "LIVE", "type": "test.Table"}, ["ops.flights@3"]),
        ({"state": "abandoned"}, ["artifact/7"]),
        ({"state": ArtifactState.PENDING}, []),
        ({"nothing": "x"}, []),
    ],
    ids=str,
)
def test_what_fits_all_fields_is_found_newest_first(
    filled, fields: dict[str, object], found: list[str]
) -> None:
    assert refs(filled.store, **fields) == found
    # Looking back at the present moment is another way to the same answer.
    assert refs(filled.store.as_of(datetime.now(tz=UTC)), **fields) == found


def test_what_is_found_comes_with_its_version(filled) -> None:
    ((artifact, row),) = find(filled.store, rows=3)

    assert row == filled.store.newest("ops.flights")
    assert artifact == filled.store.artifact(row.artifact_id)


def test_the_past_is_searched_as_it_was(filled) -> None:
    before = filled.store.version("ops.flights", 2).committed

    assert refs(filled.store.as_of(before)) == ["ops.flights@2", "raw/b.csv@1", "raw/a.csv@1"]
    assert refs(filled.store.as_of(before), stage="prod") == []
    assert refs(filled.store.as_of("2013-01-01")) == []


def test_a_name_that_holds_a_star_is_found_by_itself(graph) -> None:
    for name in ("a*", "ab"):
        graph.make(name, "x")

    assert refs(graph.store, name="a*") == ["a*@1"]
    assert refs(graph.store, name="a[*]") == ["a*@1"]


def test_an_unknown_state_or_a_value_of_no_kind_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput, match="no state 'ALIVE'; choose one of UNKNOWN, PENDING"):
        find(store, state="ALIVE")
    with pytest.raises(InvalidInput, match="can't be searched by a dict"):
        find(store, detail={"a": 1})


@given(values=st.lists(st.integers(-3, 3) | st.booleans() | st.sampled_from(["1", "", 0.5, 1.0])))
@settings(max_examples=25, deadline=None)
def test_a_search_by_a_value_finds_what_has_an_equal_one_of_its_kind(values: list[Value]) -> None:
    from lineal.metadata import Made, Recorder

    store = Store()
    recorder = Recorder(store)
    with recorder.run(WORK, outputs=[Output(f"{n}", TABLE) for n in range(len(values))]) as run:
        for number, value in enumerate(values):
            run.made(f"{number}", Made("", "", {"v": value}))

    for wanted in values:
        same = [
            v for v in values if v == wanted and isinstance(v, bool) == isinstance(wanted, bool)
        ]
        assert len(find(store, v=wanted)) == len(same)
    store.close()


# The log


def test_the_log_tells_executions_newest_first(filled) -> None:
    flights = filled.store.artifact(filled.store.newest("ops.flights").artifact_id)
    filled.make("report", "r", flights, verb="lineal.stats")

    last, failed, *earlier = log(filled.store)

    execution = filled.store.executions()[-1]
    assert last == {
        "execution": f"execution/{execution.id}",
        "id": execution.id,
        "run": execution.name,
        "name": None,
        "files": {},
        "verb": "stats",
        "state": "COMPLETE",
        "started": execution.created,
        "finished": execution.updated,
        "inputs": ["ops.flights@3"],
        "outputs": ["report@1"],
        "error": None,
        "parent": None,
    }
    assert (failed["verb"], failed["state"], failed["outputs"], failed["error"]) == (
        "work",
        "FAILED",
        ["artifact/7"],
        "division by zero",
    )
    assert [row["verb"] for row in earlier] == ["test.make"] * 6
    assert log(filled.store, limit=1) == [last]


def test_the_log_of_a_name_tells_what_made_used_or_failed_to_make_it(filled) -> None:
    flights = filled.store.artifact(filled.store.version("ops.flights", 2).artifact_id)
    filled.make("report", "r", flights, verb="lineal.stats")

    assert [row["verb"] for row in log(filled.store, "ops.flights")] == [
        "stats",
        "work",
        "test.make",
        "test.make",
        "test.make",
    ]
    assert [row["verb"] for row in log(filled.store, "raw/a.csv")] == ["test.make"]
    assert log(filled.store, "unknown") == []
    assert [row["verb"] for row in log(filled.store, "ops.flights", limit=2)] == ["stats", "work"]


def test_the_log_of_a_moment_tells_what_had_happened_then(filled) -> None:
    then = filled.store.as_of(filled.store.version("ops.flights", 1).committed)

    rows = log(then, "ops.flights")

    assert [row["outputs"] for row in rows] == [["ops.flights@1"]]
    assert len(log(then)) == 3


def test_an_open_execution_has_no_end_and_a_child_names_its_parent(graph) -> None:
    with graph.recorder.run(WORK) as outer:
        graph.make("thing", "a")
        child, parent = log(graph.store)

    assert (parent["state"], parent["finished"]) == ("RUNNING", None)
    assert child["parent"] == f"execution/{outer.execution_id}"


def test_a_run_whose_process_is_gone_is_told_as_abandoned(graph, run_script, place) -> None:
    run_script("worker.py", "make", place, "thing", "a", LINEAL_KILL_AT="recorder.closing")

    assert [row["state"] for row in log(graph.store)] == ["ABANDONED"]


def test_what_is_no_text_or_number_is_refused_by_name(graph):
    from lineal.metadata.words import search

    with pytest.raises(InvalidInput, match="filter is 5; give a text"):
        find(graph.store, 5)
    with pytest.raises(InvalidInput, match="state is 5; give a text"):
        find(graph.store, state=5)
    with pytest.raises(InvalidInput, match="limit is '3'; give a whole number"):
        find(graph.store, limit="3")
    with pytest.raises(InvalidInput, match="words is 5; give a text"):
        search(graph.store, 5)
    with pytest.raises(InvalidInput, match="limit is '3'; give a whole number"):
        search(graph.store, "x", limit="3")
