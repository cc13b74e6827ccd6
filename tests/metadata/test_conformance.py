"""A store written by ML Metadata's real wheel or by us is read, and written on, by the other.

The wheel runs in a process and an interpreter of its own: two copies of SQLite in one process
would not see each other's locks.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from lineal.metadata import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    Event,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    Made,
    Output,
    PropertyType,
    Store,
    Value,
)
from lineal.metadata.model import Proto

if TYPE_CHECKING:
    from pathlib import Path

VALUES: dict[str, Value] = {
    "count": -(2**63),
    "score": 1 / 3,
    "text": "line\nbreak 'single' \"double\" `back` \\ % 🎈 é",
    "detail": {"a": [1, {"b": None, "c": "é"}], "d": True, "e": 0.5, "f": {}},
    "flag": False,
}
EVERYTHING = ArtifactType(
    "test.Everything",
    {
        "count": PropertyType.INT,
        "score": PropertyType.DOUBLE,
        "text": PropertyType.STRING,
        "detail": PropertyType.STRUCT,
        "flag": PropertyType.BOOLEAN,
    },
    version="3",
    base="mlmd.Model",
)
WORK = ExecutionType("test.work", {"speed": PropertyType.DOUBLE}, base="mlmd.Train")
RUN = ContextType("test.Run")
DOUBLES = (1e-9, 1e300, 5e-324, 123_456_789.123_456_789, math.inf, -math.inf, 0.1 + 0.2, -0.0)


def let_go(store: Store) -> None:
    """Leave the file to the wheel for a while; the store's next call opens it anew."""
    store._database.close_idle_connections()


def milliseconds(moment: datetime | None) -> int:
    assert moment is not None
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def as_the_wheel_says(value: Value) -> list[object]:
    """Return a value as mlmd_peer.py tells of it: its kind, and a double to 15 digits."""
    if isinstance(value, float):
        return ["double_value", float(f"{value:.15g}")]
    if isinstance(value, Proto):
        return ["proto_value", value.type_url]
    kinds = {bool: "bool_value", int: "int_value", str: "string_value", dict: "struct_value"}
    return [kinds[type(value)], value]


def told(node: Artifact | Execution | Context) -> dict[str, object]:
    """Return a node as mlmd_peer.py tells of it."""
    state = getattr(node, "state", None)
    return {
        "id": node.id,
        "type": node.type,
        "name": node.name,
        "state": None if state is None else int(state),
        "uri": getattr(node, "uri", ""),
        "external_id": node.external_id,
        "created": milliseconds(node.created),
        "updated": milliseconds(node.updated),
        "properties": {k: as_the_wheel_says(v) for k, v in node.properties.items()},
        "custom_properties": {k: as_the_wheel_says(v) for k, v in node.custom_properties.items()},
    }


def told_event(event: Event) -> dict[str, object]:
    return {
        "artifact": event.artifact_id,
        "execution": event.execution_id,
        "type": int(event.type),
        "time": milliseconds(event.time),
        "path": list(event.path),
    }


def all_that(store: Store) -> dict[str, object]:
    """Return what our store shows, in the wheel's words."""
    artifacts, executions, contexts = store.artifacts(), store.executions(), store.contexts()
    return {
        "artifacts": [told(node) for node in artifacts],
        "executions": [told(node) for node in executions],
        "contexts": [told(node) for node in contexts],
        "events": [told_event(e) for e in store.events(execution_ids=[x.id for x in executions])],
        "artifacts_of_context": {
            c.name: [a.id for a in store.artifacts(context_id=c.id)] for c in contexts
        },
        "executions_of_context": {
            c.name: [e.id for e in store.executions(context_id=c.id)] for c in contexts
        },
        "parents_of_context": {
            c.name: [p.name for p in store.parent_contexts(c.id)] for c in contexts
        },
    }


def both_agree(store: Store, answer: dict[str, object]) -> bool:
    """Compare what we see with what the wheel sees; assert where they differ."""
    ours = all_that(store)
    for part, seen in ours.items():
        assert answer[part] == seen, part
    return True


@pytest.fixture
def ours(graph, path: Path):
    """A store that our recorder wrote, with one of everything in it."""
    with graph.store.write() as transaction:
        group = transaction.put_context(RUN, Context("test.Run", "above"))
        run = transaction.put_context(RUN, Context("test.Run", "the run"))
        transaction.put_parent_context(run, group)
    contexts = [(RUN, Context("test.Run", "the run", {"n": 1, "notes": {"a": 1}}))]
    outputs = [Output("full", EVERYTHING, "full"), Output("none", graph.type)]
    source = graph.artifact("raw file.csv", "bytes")
    with graph.recorder.run(
        WORK,
        inputs={"left": [source], "right": [source]},
        outputs=outputs,
        contexts=contexts,
        parameters={"speed": 2.5, **{f"double{n}": value for n, value in enumerate(DOUBLES)}},
        known_at="2013-01-01",
    ) as running:
        running.made(
            "full", Made("c", "s3://bucket/é 'q'", {**VALUES, "custom": "c", "flag2": True})
        )
        running.nothing("none")
    graph.make("raw file.csv", "bytes")  # finds nothing new
    graph.recorder.set_alias("full", "best", 1)
    graph.recorder.label(running.artifacts["full"].id, {"color": "red", "score2": 1e-9})
    with pytest.raises(ZeroDivisionError), graph.recorder.run(WORK, outputs=outputs):
        1 / 0  # noqa: B018 -- the error is the point
    return graph


def test_the_wheel_reads_what_we_wrote(ours, wheel, path: Path) -> None:
    let_go(ours.store)

    answer = wheel("read", path)

    assert both_agree(ours.store, answer)
    kinds = answer["artifact_types"]
    assert kinds["test.Everything"]["properties"] == {
        "count": 1,
        "score": 2,
        "text": 3,
        "detail": 4,
        "flag": 6,
    }
    assert (kinds["test.Everything"]["version"], kinds["test.Everything"]["base"]) == ("3", 2)
    assert answer["execution_types"]["test.work"]["base"] == 1
    assert answer["execution_types"]["test.work"]["properties"] == {"speed": 2}
    assert "mlmd.Dataset" not in kinds
    # The comparison saw one of everything.
    assert {a["state"] for a in answer["artifacts"]} == {2, 5}
    assert {e["state"] for e in answer["executions"]} == {3, 4}
    assert ["left", 0, "right", 0] in [e["path"] for e in answer["events"]]
    assert answer["parents_of_context"]["the run"] == ["above"]


def test_doubles_are_kept_in_full_and_read_by_the_wheel_to_15_digits(
    ours, wheel, path: Path
) -> None:
    (execution, *_) = ours.store.executions(type="test.work")
    kept = [execution.get(f"double{n}") for n in range(len(DOUBLES))]
    let_go(ours.store)

    (seen,) = [e for e in wheel("read", path)["executions"] if e["id"] == execution.id]

    assert kept == list(DOUBLES)
    for number, value in enumerate(DOUBLES):
        assert seen["custom_properties"][f"double{number}"] == as_the_wheel_says(value)


def test_we_read_what_the_wheel_wrote_and_write_on(wheel, open_graph, path: Path) -> None:
    wheel("write", path)
    theirs = wheel("read", path)

    graph = open_graph(path)
    store = graph.store
    full, bare = store.artifacts()

    assert both_agree(store, theirs)
    assert (full.state, bare.state, bare.uri) == (ArtifactState.LIVE, None, "")
    assert full.properties["score"] == 0.125
    assert full.properties["message"] == Proto("type.googleapis.com/peer", b"")
    assert (full.properties["flag"], full.custom_properties["flag"]) == (False, True)
    (execution,) = store.executions()
    assert execution.state == ExecutionState.CACHED
    used, made = store.events(execution_ids=[execution.id])
    assert (used.type, used.path) == (EventType.INPUT, ("left", 0, "right", 2))
    assert used.time == datetime(2020, 9, 13, 12, 26, 40, 123_000, tzinfo=UTC)
    assert (made.type, made.path) == (EventType.OUTPUT, ("result",))

    graph.make("ours", "a", full, bare)
    graph.recorder.label(full.id, {"color": "red"})
    let_go(store)

    again = wheel("read", path)
    assert both_agree(store, again)
    assert len(again["artifacts"]) == 3


def test_a_type_of_the_wheels_is_used_by_us_and_the_other_way_round(
    wheel, open_graph, path: Path
) -> None:
    wheel("write", path)
    graph = open_graph(path)
    thing = ArtifactType("peer.Thing", {"count": PropertyType.INT, "ours": PropertyType.STRING})

    graph.make("x", "a", type=thing, properties={"count": 3, "ours": "new"})
    versioned = ArtifactType("peer.Thing", version="2")
    graph.make("y", "b", type=versioned)
    let_go(graph.store)

    answer = wheel("write_again", path)
    assert answer["types"].count("peer.Thing") == 2
    assert [a.properties for a in graph.store.artifacts(name="x@1")] == [
        {"count": 3, "ours": "new"}
    ]


def test_what_the_wheel_adds_to_our_file_is_dated_by_its_own_times(ours, wheel, path: Path) -> None:
    before = ours.store.commits(limit=1)[0][1]
    artifacts = {a.id for a in ours.store.artifacts()}
    events = len(ours.store.events(artifact_ids=artifacts))
    let_go(ours.store)

    added = wheel("add", path)

    store = ours.store
    late = store.artifact(added["artifact"])
    (group,) = store.contexts(name="late group")
    written = [late.created, group.created]
    written += [e.time for e in store.events(execution_ids=[added["execution"]])]
    assert milliseconds(late.created) == added["created"]
    assert {a.id for a in store.artifacts()} == {*artifacts, added["artifact"]}
    for seen_by_a_commit in (False, True):
        if seen_by_a_commit:
            ours.recorder.label(late.id, {"color": "red"})
        # Before the wheel wrote, at the time it says, and now.
        past, then = store.as_of(before), store.as_of(max(written))
        assert {a.id for a in past.artifacts()} == artifacts
        assert len(past.events(artifact_ids=[*artifacts, late.id])) == events
        assert past.contexts(name="late group") == []
        assert late.id in {a.id for a in then.artifacts()}
        assert len(then.events(artifact_ids=[late.id])) == 1
        assert [c.id for c in then.contexts(name="late group")] == [added["context"]]
        present = store.as_of(datetime.now(tz=UTC) + timedelta(seconds=1))
        in_group = present.artifacts(context_id=added["context"])
        assert [a.id for a in in_group] == [added["used"], late.id]


def test_ids_go_on_after_the_wheel_wrote_into_our_file(ours, wheel, path: Path) -> None:
    let_go(ours.store)
    added = wheel("add", path)

    after = ours.make("after", "x")

    assert after.artifacts["out"].id == added["artifact"] + 1
    assert after.execution_id == added["execution"] + 1
    with ours.store.reading() as (connection, _):
        rows = connection.exec_driver_sql(
            "SELECT seen FROM lineal_commit WHERE seen IS NOT NULL"
        ).all()
    assert len(rows) == 1
    assert f'"artifact": [[{added["artifact"]}, {added["artifact"]}]]' in rows[0][0]


def test_the_wheel_sees_what_is_pending_or_abandoned_as_such(graph, wheel, path: Path) -> None:
    run = graph.recorder.run(WORK, outputs=[Output("out", graph.type, "thing")])
    running = run.__enter__()
    let_go(graph.store)
    during = wheel("read", path)
    graph.recorder.abandon(running.execution_id, reason="for the test")
    let_go(graph.store)
    after = wheel("read", path)

    def seen(answer: dict[str, list[dict[str, object]]]) -> tuple[object, ...]:
        (artifact,), (execution,) = answer["artifacts"], answer["executions"]
        (event,) = answer["events"]
        return artifact["name"], artifact["state"], execution["state"], event["type"]

    assert seen(during) == (None, ArtifactState.PENDING, ExecutionState.RUNNING, 7)
    assert seen(after) == (None, ArtifactState.ABANDONED, ExecutionState.CANCELED, 7)
    running.nothing("out")
    with pytest.raises(Exception, match="no longer RUNNING"):
        run.__exit__(None, None, None)


def test_the_wheel_may_write_while_our_store_is_open(graph, wheel, path: Path) -> None:
    graph.make("thing", "a")

    wheel("add", path)  # our connections stay open, in WAL mode
    graph.make("thing", "b")

    assert [row.number for row in graph.store.versions("thing")] == [1, 2]
    assert len(graph.store.artifacts()) == 3
