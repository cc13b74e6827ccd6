"""What the recorder writes when an execution opens, closes, fails, or finds nothing new."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from lineal.errors import AlreadyExists, Conflict, InvalidInput, NotFound
from lineal.metadata import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    EnvironmentRecord,
    EventType,
    ExecutionState,
    ExecutionType,
    Made,
    Output,
    PropertyType,
    Recorder,
    Version,
)

WORK = ExecutionType("test.work")
FILE = ArtifactType("test.File", {"sha256": PropertyType.STRING})
OTHER = ArtifactType("test.Other")
RUN = ContextType("test.Run")


def states(graph, execution_id: int) -> tuple[object, list[tuple[str, str]]]:
    """Return the state of an execution, and of its outputs with their events'."""
    store = graph.store
    events = [e for e in store.events(execution_ids=[execution_id]) if not e.type.is_input]
    return store.execution(execution_id).state, [
        (store.artifact(event.artifact_id).state.name, event.type.name) for event in events
    ]


def members(graph, context: Context) -> list[int]:
    return [a.id for a in graph.store.artifacts(context_id=context.id)]


# Opening and closing


def test_outputs_are_pending_while_the_body_runs_and_live_after_it(graph) -> None:
    with graph.recorder.run(WORK, outputs=[Output("out", FILE, "thing")]) as running:
        during = states(graph, running.execution_id)
        visible = graph.store.versions("thing")
        running.made("out", Made("c", "file:///c"))

    assert during == (ExecutionState.RUNNING, [("PENDING", "PENDING_OUTPUT")])
    assert visible == []
    assert states(graph, running.execution_id) == (ExecutionState.COMPLETE, [("LIVE", "OUTPUT")])
    assert running.versions["out"] == graph.store.newest("thing")
    assert running.artifacts["out"].name == "thing@1"


def test_a_pending_artifact_has_no_name_and_no_version(graph) -> None:
    with graph.recorder.run(WORK, outputs=[Output("out", FILE, "thing")]) as running:
        (event,) = graph.store.events(execution_ids=[running.execution_id])
        pending = graph.store.artifact(event.artifact_id)
        version = graph.store.version_of(event.artifact_id)
        running.made("out", Made("c", "file:///c"))

    assert (pending.name, pending.uri, version) == (None, "", None)
    assert graph.store.events(execution_ids=[running.execution_id])[0].id == event.id


def test_an_unnamed_output_is_found_by_its_id_alone(graph) -> None:
    artifact = graph.artifact(None, "c")

    assert (artifact.state, artifact.name) == (ArtifactState.LIVE, None)
    assert graph.store.version_of(artifact.id) is None
    assert Version(graph.store, graph.recorder, artifact, None).ref == f"artifact/{artifact.id}"


def test_equal_content_points_to_the_newest_version_and_leaves_no_pending_row(graph) -> None:
    first = graph.make("thing", "same")

    second = graph.make("thing", "same")

    assert second.versions["out"] == first.versions["out"]
    assert [row.number for row in graph.store.versions("thing")] == [1]
    assert [a.id for a in graph.store.artifacts()] == [first.artifacts["out"].id]
    assert states(graph, second.execution_id)[1] == [("LIVE", "OUTPUT")]


def test_going_back_to_old_content_is_a_new_version(graph) -> None:
    for content in ("a", "b", "a"):
        graph.make("thing", content)

    assert [(r.number, r.content) for r in graph.store.versions("thing")] == [
        (1, "a"),
        (2, "b"),
        (3, "a"),
    ]


def test_content_without_identity_is_always_a_new_version(graph) -> None:
    for _ in range(2):
        graph.make("thing", "")

    assert [row.number for row in graph.store.versions("thing")] == [1, 2]


def test_equal_content_is_a_new_version_where_that_is_asked_for(graph) -> None:
    graph.make("thing", "same")

    with graph.recorder.run(WORK, outputs=[Output("out", FILE, "thing")]) as running:
        running.made("out", Made("same", "file:///same", skip_equal=False))

    assert running.versions["out"].number == 2


def test_an_output_may_turn_out_to_be_an_existing_artifact_or_nothing(graph) -> None:
    there = graph.artifact("there", "a")

    outputs = [Output("again", FILE, "there"), Output("none", FILE, "there")]
    with graph.recorder.run(WORK, outputs=outputs) as running:
        running.same("again", there)
        running.nothing("none")

    assert {key: a.id for key, a in running.artifacts.items()} == {"again": there.id}
    assert states(graph, running.execution_id)[1] == [("LIVE", "OUTPUT")]
    assert [a.id for a in graph.store.artifacts()] == [there.id]


def test_two_outputs_that_are_the_same_artifact_are_one_event_with_both_paths(graph) -> None:
    there = graph.artifact("there", "a")

    with graph.recorder.run(WORK, outputs=[Output("x", FILE), Output("y", FILE)]) as running:
        running.same("x", there)
        running.same("y", there)

    (event,) = graph.store.events(execution_ids=[running.execution_id])
    assert event.path == ("x", 0, "y", 0)
    assert {key: a.id for key, a in running.artifacts.items()} == {"x": there.id, "y": there.id}


def test_one_artifact_under_two_inputs_is_one_event_with_four_steps(graph) -> None:
    there = graph.artifact("there", "a")

    with graph.recorder.run(WORK, inputs={"left": [there], "right": [there]}) as running:
        pass

    (event,) = graph.store.events(execution_ids=[running.execution_id])
    assert (event.type, event.path) == (EventType.INPUT, ("left", 0, "right", 0))


def test_several_inputs_of_one_key_are_numbered(graph) -> None:
    inputs = [graph.artifact("a", "a"), graph.artifact("b", "b")]

    with graph.recorder.run(WORK, inputs={"files": inputs}) as running:
        pass

    events = graph.store.events(execution_ids=[running.execution_id])
    assert [event.path for event in events] == [("files", 0), ("files", 1)]


def test_outputs_and_inputs_may_come_up_while_the_body_runs(graph) -> None:
    there = graph.artifact("there", "a")

    with graph.recorder.run(WORK) as running:
        running.add_input("extra", there)
        running.add_input("extra", there)
        running.add_output(Output("late", FILE, "late"))
        running.made("late", Made("b", "file:///b"))
        running.note(rows=7)

    execution = graph.store.execution(running.execution_id)
    assert execution.get("rows") == 7
    assert running.versions["late"].number == 1
    assert len(graph.store.events(execution_ids=[running.execution_id])) == 2


def test_an_announced_output_that_nothing_is_said_of_fails_the_execution(graph) -> None:
    with (
        pytest.raises(InvalidInput, match="output 'out' was announced"),
        graph.recorder.run(WORK, outputs=[Output("out", FILE, "thing")]),
    ):
        pass

    (execution,) = graph.store.executions()
    assert execution.state == ExecutionState.FAILED


def test_an_output_that_was_not_announced_is_refused(graph) -> None:
    with pytest.raises(InvalidInput, match="no output 'ou'"), graph.recorder.run(WORK) as running:
        running.made("ou", Made("c", ""))


@pytest.mark.parametrize("late", [False, True])
def test_one_key_for_two_outputs_is_refused_and_leaves_nothing_pending(graph, late: bool) -> None:
    outputs = [Output("out", FILE, "a"), Output("out", FILE, "b")]

    with (
        pytest.raises(InvalidInput, match="already has an output 'out'"),
        graph.recorder.run(WORK, outputs=outputs[: 1 if late else 2]) as running,
    ):
        running.add_output(outputs[1])

    assert graph.store.artifacts(state=ArtifactState.PENDING) == []


def test_an_input_that_this_store_does_not_hold_is_refused(graph) -> None:
    for stranger in (Artifact("test.File"), Artifact("test.File", id=4711)):
        with (
            pytest.raises(InvalidInput, match="artifact of this workspace"),
            graph.recorder.run(WORK, inputs={"in": [stranger]}),
        ):
            pass

    assert graph.store.executions() == []


def test_a_name_belongs_to_one_type(graph) -> None:
    graph.make("thing", "a")

    with pytest.raises(AlreadyExists, match=r"'thing' names a test\.File"):
        graph.make("thing", "b", type=OTHER)


def test_a_name_belongs_to_one_type_even_if_two_announce_it_at_once(graph) -> None:
    def overtaken() -> None:
        with graph.recorder.run(WORK, outputs=[Output("out", FILE, "thing")]) as running:
            graph.make("thing", "b", type=OTHER)
            running.made("out", Made("a", ""))

    with pytest.raises(AlreadyExists, match=r"'thing' names a test\.Other"):
        overtaken()

    assert [row.content for row in graph.store.versions("thing")] == ["b"]


@pytest.mark.parametrize("name", ["../x", "a\nb", "", "artifact/1"])
def test_an_output_without_a_proper_name_is_refused_before_anything_is_written(
    graph, name: str
) -> None:
    with pytest.raises(InvalidInput, match="can't be a name"):
        graph.make(name, "a")

    assert graph.store.executions() == []


def test_a_full_name_that_another_client_took_is_told(graph) -> None:
    with graph.store.write() as transaction:
        transaction.insert_artifact(FILE, Artifact(FILE.name, name="thing@1"))

    with pytest.raises(AlreadyExists, match="another client; choose another name"):
        graph.make("thing", "a", type=FILE)

    assert graph.store.versions("thing") == []
    assert graph.make("other", "a", type=FILE).versions["out"].number == 1


# Failing


def test_a_failure_is_kept_with_its_traceback_and_raised_on(graph) -> None:
    def divide() -> None:
        with graph.recorder.run(WORK, outputs=[Output("out", FILE, "thing")]) as running:
            running.note(rows=7)
            1 / 0  # noqa: B018 -- the error is the point

    with pytest.raises(ZeroDivisionError):
        divide()

    (execution,) = graph.store.executions()
    assert states(graph, execution.id) == (
        ExecutionState.FAILED,
        [("ABANDONED", "PENDING_OUTPUT")],
    )
    assert execution.get("lineal_error") == "division by zero"
    assert "1 / 0" in str(execution.get("lineal_traceback"))
    assert execution.get("rows") == 7
    assert graph.store.versions("thing") == []


@pytest.mark.parametrize("text", ["a\0b", "name \udc80.csv", "", "mlmd-struct::x", "x" * 10_000])
def test_any_text_of_an_error_is_kept(graph, text: str) -> None:
    with pytest.raises(ValueError) as raised, graph.recorder.run(WORK) as running:  # noqa: PT011
        raise ValueError(text)

    assert str(raised.value) == text
    assert not getattr(raised.value, "__notes__", [])
    execution = graph.store.execution(running.execution_id)
    assert execution.state == ExecutionState.FAILED
    assert execution.get("lineal_error")


def test_an_interrupt_closes_the_execution_too(graph) -> None:
    with pytest.raises(KeyboardInterrupt), graph.recorder.run(WORK) as running:
        raise KeyboardInterrupt

    execution = graph.store.execution(running.execution_id)
    assert execution.state == ExecutionState.FAILED
    assert execution.get("lineal_error") == "KeyboardInterrupt"


def test_a_refused_value_abandons_the_output(graph) -> None:
    with pytest.raises(InvalidInput, match="declared STRING"):
        graph.make("thing", "a", type=FILE, properties={"sha256": 1})

    (execution,) = graph.store.executions()
    assert states(graph, execution.id)[1] == [("ABANDONED", "PENDING_OUTPUT")]


def test_what_another_process_settled_is_not_closed_again(graph) -> None:
    def taken_for_dead() -> None:
        with graph.recorder.run(WORK, outputs=[Output("out", FILE, "thing")]) as running:
            graph.recorder.abandon(running.execution_id, reason="seemed dead")
            running.made("out", Made("a", ""))

    with pytest.raises(Conflict, match="no longer RUNNING but CANCELED"):
        taken_for_dead()

    assert graph.store.versions("thing") == []
    assert [e.state for e in graph.store.executions()] == [ExecutionState.CANCELED]


def test_what_another_process_settled_takes_no_more_inputs_and_outputs(graph) -> None:
    there = graph.artifact("there", "a")
    run = graph.recorder.run(WORK)
    running = run.__enter__()
    graph.recorder.abandon(running.execution_id, reason="seemed dead")

    with pytest.raises(Conflict):
        running.add_input("in", there)
    with pytest.raises(Conflict):
        running.add_output(Output("out", FILE))
    with pytest.raises(Conflict):
        run.__exit__(None, None, None)

    assert graph.store.events(execution_ids=[running.execution_id]) == []


# Nesting and contexts


def test_a_verb_inside_an_open_run_is_its_child_and_shares_its_contexts(graph) -> None:
    contexts = [(RUN, Context("test.Run", "outer"))]
    with graph.recorder.run(WORK, contexts=contexts) as outer, graph.recorder.run(WORK) as middle:
        made = graph.make("thing", "a")
    alone = graph.make("alone", "b")

    def parent(running) -> object:
        return graph.store.execution(running.execution_id).get("lineal_parent")

    (context,) = graph.store.contexts(name="outer")
    assert parent(outer) is None
    assert parent(middle) == outer.execution_id
    assert parent(made) == middle.execution_id
    assert parent(alone) is None
    inside = graph.store.executions(context_id=context.id)
    assert {e.id for e in inside} == {r.execution_id for r in (outer, middle, made)}
    assert members(graph, context) == [made.artifacts["out"].id]


def test_an_output_that_was_there_already_joins_the_contexts_in_place_of_the_pending_row(
    graph,
) -> None:
    there = graph.artifact("thing", "a")
    contexts = [(RUN, Context("test.Run", "again"))]

    with graph.recorder.run(WORK, contexts=contexts):
        graph.make("thing", "a")
    with graph.recorder.run(WORK, contexts=contexts, outputs=[Output("o", FILE)]) as running:
        running.nothing("o")

    (context,) = graph.store.contexts(name="again")
    assert members(graph, context) == [there.id]
    with graph.store.reading() as (connection, _):
        linked = connection.exec_driver_sql("SELECT artifact_id FROM Attribution").all()
    assert linked == [(there.id,)]


def test_a_context_is_made_once_and_takes_new_properties(graph) -> None:
    for turn in range(2):
        values = {"turn": turn, f"only{turn}": True}
        with graph.recorder.run(WORK, contexts=[(RUN, Context("test.Run", "r", values))]):
            pass

    (context,) = graph.store.contexts(type="test.Run")
    assert context.custom_properties == {"turn": 1, "only0": True, "only1": True}


def test_two_recorders_do_not_take_each_others_runs_for_parents(open_graph, graph) -> None:
    other = open_graph(None)

    with graph.recorder.run(WORK):
        made = other.make("thing", "a")

    assert other.store.execution(made.execution_id).get("lineal_parent") is None


def test_runs_of_several_threads_are_not_each_others_children(graph) -> None:
    both_open = threading.Barrier(2)

    def work(name: str) -> None:
        with graph.recorder.run(ExecutionType(f"test.{name}"), tracks_reads=True):
            both_open.wait()
            graph.make(name, name, verb=f"test.inner.{name}")

    threads = [threading.Thread(target=work, args=[name]) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for name in ("a", "b"):
        (outer,) = graph.store.executions(type=f"test.{name}")
        (inner,) = graph.store.executions(type=f"test.inner.{name}")
        assert inner.get("lineal_parent") == outer.id


def test_a_read_is_an_input_of_the_open_run_that_tracks_reads_and_else_leaves_no_trace(
    graph,
) -> None:
    there = graph.artifact("there", "a")
    graph.recorder.used(there)
    with graph.recorder.run(WORK) as plain:
        graph.recorder.used(there)

    with graph.recorder.run(WORK, tracks_reads=True) as outer:
        with graph.recorder.run(WORK) as inner:
            graph.recorder.used(there)
        graph.recorder.used(there)

    for running, count in ((plain, 0), (inner, 0), (outer, 1)):
        assert len(graph.store.events(execution_ids=[running.execution_id])) == count
    assert graph.recorder.open_run() is None


def test_a_run_may_be_left_in_another_context_than_it_was_entered(graph) -> None:
    import contextvars

    run = graph.recorder.run(WORK, tracks_reads=True)
    running = run.__enter__()
    contextvars.Context().run(run.__exit__, None, None, None)

    assert graph.store.execution(running.execution_id).state == ExecutionState.COMPLETE
    assert graph.recorder.open_run() is None


# Environments


def test_an_environment_is_an_artifact_once_for_each_content_and_an_internal_input(graph) -> None:
    kind = ArtifactType("test.Environment", {"sha256": PropertyType.STRING})
    content = ["one"]
    recorder = Recorder(
        graph.store, environment=lambda: EnvironmentRecord(kind, content[0], f"mem:{content[0]}")
    )

    runs = []
    for content[0] in ("one", "one", "two"):
        with recorder.run(WORK) as running:
            pass
        runs.append(running.execution_id)

    environments = graph.store.artifacts(type="test.Environment")
    events = graph.store.events(execution_ids=runs)
    assert [a.get("sha256") for a in environments] == ["one", "two"]
    assert [e.type for e in events] == [EventType.INTERNAL_INPUT] * 3
    first, second = (a.id for a in environments)
    assert [e.artifact_id for e in events] == [first, first, second]


# Claims


JANUARY = datetime(2013, 1, 1, tzinfo=UTC)


def known(graph, name: str, at: datetime, **clock: str) -> list[int]:
    return [row.number for row in graph.store.as_of(at, **clock).versions(name)]


def test_a_claim_dates_the_version_its_execution_and_the_input(graph) -> None:
    source = graph.artifact("raw", "a", verb="test.add")

    loaded = graph.make("table", "b", source, known_at="2013-01-01")

    row = loaded.versions["out"]
    assert (row.known_at, row.claimed_by) == (JANUARY, f"execution/{loaded.execution_id}")
    assert row.committed > JANUARY
    then = graph.store.as_of(JANUARY)
    assert [r.number for r in then.versions("raw")] == [1]
    assert {e.type for e in then.executions()} == {"test.add", "test.make"}
    assert {e.state for e in then.executions()} == {ExecutionState.COMPLETE}
    assert [e.type.name for e in then.events(execution_ids=[loaded.execution_id])] == [
        "INPUT",
        "OUTPUT",
    ]
    assert {a.state for a in then.artifacts()} == {ArtifactState.LIVE}
    before = graph.store.as_of(JANUARY - timedelta(microseconds=1))
    assert (before.artifacts(), before.executions(), before.names()) == ([], [], [])


def test_the_commit_clock_ignores_claims(graph) -> None:
    graph.make("table", "a", known_at=JANUARY)

    assert known(graph, "table", JANUARY) == [1]
    assert known(graph, "table", JANUARY, clock="commit") == []


def test_a_claim_in_the_future_is_refused_before_anything_is_written(graph) -> None:
    tomorrow = datetime.now(tz=UTC) + timedelta(days=1)

    with pytest.raises(InvalidInput, match="lies in the future"):
        graph.make("table", "a", known_at=tomorrow)

    assert graph.store.executions() == []


def test_a_claim_before_the_previous_version_is_refused_and_an_equal_one_is_fine(graph) -> None:
    graph.make("table", "a", known_at="2013-02-01")

    with pytest.raises(InvalidInput, match="since when table@1 is known"):
        graph.make("table", "b", known_at="2013-01-31")
    graph.make("table", "b", known_at="2013-02-01")

    assert known(graph, "table", datetime(2013, 2, 1, tzinfo=UTC)) == [1, 2]


def test_a_claim_after_a_version_without_one_is_refused(graph) -> None:
    graph.make("table", "a")

    with pytest.raises(InvalidInput, match="since when table@1 is known"):
        graph.make("table", "b", known_at="2013-01-31")


def test_a_claim_that_a_faster_writer_overtook_is_refused_at_the_close(graph) -> None:
    outputs = [Output("out", FILE, "table")]

    def overtaken() -> None:
        with graph.recorder.run(WORK, outputs=outputs, known_at="2013-01-01") as running:
            graph.make("table", "b", known_at="2013-02-01", type=FILE)
            running.made("out", Made("a", ""))

    with pytest.raises(InvalidInput, match="since when table@1 is known"):
        overtaken()

    assert [row.content for row in graph.store.versions("table")] == ["b"]


def test_the_first_claim_on_an_input_stands(graph) -> None:
    source = graph.artifact("raw", "a")
    graph.make("first", "b", source, known_at="2013-03-01")
    graph.make("second", "c", source, known_at="2013-01-01")

    (row,) = graph.store.versions("raw")
    assert row.known_at == datetime(2013, 3, 1, tzinfo=UTC)


def test_a_claim_never_dates_an_input_before_the_version_that_it_follows(graph) -> None:
    old = graph.artifact("raw", "a")
    new = graph.artifact("raw", "b")
    graph.make("first", "1", old, known_at="2013-03-01")

    graph.make("second", "2", new, known_at="2013-01-01")

    first, second = graph.store.versions("raw")
    assert first.known_at == second.known_at == datetime(2013, 3, 1, tzinfo=UTC)


def test_an_input_known_later_than_the_claim_is_not_shown_then_with_its_event(graph) -> None:
    graph.artifact("raw", "a")
    new = graph.artifact("raw", "b")  # follows a version that nobody claims earlier

    loaded = graph.make("table", "c", new, known_at=JANUARY)

    then = graph.store.as_of(JANUARY)
    assert then.versions("raw") == []
    (event,) = then.events(execution_ids=[loaded.execution_id])
    assert event.artifact_id == loaded.artifacts["out"].id
    lineage = Version(then, graph.recorder, loaded.artifacts["out"], None).lineage()
    assert set(lineage.artifacts) == {loaded.artifacts["out"].id}
    assert "table@1" in lineage.to_text()


def test_a_skipped_load_does_not_move_what_is_known(graph) -> None:
    graph.make("table", "a", known_at="2013-03-01")

    again = graph.make("table", "a", known_at="2013-04-01")

    assert again.versions["out"].known_at == datetime(2013, 3, 1, tzinfo=UTC)


def test_a_naive_claim_is_refused(graph) -> None:
    with pytest.raises(InvalidInput, match=r"known_at .* has no time zone"):
        graph.make("table", "a", known_at="2013-01-01T00:00")


def test_what_was_put_in_place_for_an_equal_version_is_discarded_after_the_close(graph) -> None:
    discarded = []

    def make(content: str) -> None:
        with graph.recorder.run(WORK, outputs=[Output("out", FILE, "thing")]) as running:
            running.made("out", Made(content, content, discard=lambda: discarded.append(content)))
            assert discarded == []

    make("a")
    assert discarded == []
    make("a")
    assert discarded == ["a"]


# Aliases and labels


def test_an_alias_moves_and_its_moves_are_recorded(graph) -> None:
    for content in ("a", "b"):
        graph.make("model", content)
    graph.recorder.set_alias("model", "best", 1)
    between = graph.store.commits(limit=1)[0][1]

    graph.recorder.set_alias("model", "best", 2)

    assert graph.store.alias("model", "best").number == 2
    assert graph.store.aliases("model") == {"best": 2}
    assert graph.store.as_of(between).alias("model", "best").number == 1
    first, second = graph.store.executions(type="lineal.alias")
    assert (first.get("was"), second.get("was")) == (None, 1)
    assert (second.get("alias"), second.get("number")) == ("best", 2)
    (event,) = graph.store.events(execution_ids=[second.id])
    assert event.artifact_id == graph.store.version("model", 2).artifact_id


def test_an_alias_move_and_its_record_are_one_commit(graph) -> None:
    graph.make("model", "a")
    before = graph.store.commits()[0][0]

    graph.recorder.set_alias("model", "best", 1)

    for _number, time in graph.store.commits()[:-before]:
        then = graph.store.as_of(time, clock="commit")
        done = then.executions(type="lineal.alias", state=ExecutionState.COMPLETE)
        assert (then.alias("model", "best") is not None) == bool(done)


def test_a_failure_that_can_not_be_recorded_hides_no_error(graph, path) -> None:
    def fail() -> None:
        with closing(sqlite3.connect(graph.store.path)) as damaged:
            damaged.execute("DROP TABLE Execution")
        raise ValueError("the user's own")

    with pytest.raises(ValueError, match="the user's own") as raised, graph.recorder.run(WORK):
        fail()
    assert "could not be recorded" in raised.value.__notes__[0]


def test_an_alias_of_no_version_is_refused(graph) -> None:
    graph.make("model", "a")

    with pytest.raises(NotFound, match="has no version 2; it has 1 to 1"):
        graph.recorder.set_alias("model", "best", 2)
    with pytest.raises(NotFound, match="did you mean 'model'"):
        graph.recorder.set_alias("modle", "best", 1)
    with pytest.raises(InvalidInput, match="can't be an alias"):
        graph.recorder.set_alias("model", "a@b", 1)
    assert graph.store.alias("model", "none") is None


def test_labels_change_and_their_history_stays(graph) -> None:
    artifact = graph.artifact("thing", "a")
    times = []
    for color in ("red", "blue"):
        graph.recorder.label(artifact.id, {"color": color, color: True})
        times.append(graph.store.commits(limit=1)[0][1])

    now = graph.store.artifact(artifact.id)
    then = graph.store.as_of(times[0]).artifact(artifact.id)
    assert (now.get("color"), now.get("red"), now.get("blue")) == ("blue", True, True)
    assert (then.get("color"), then.get("red"), then.get("blue")) == ("red", True, None)


def test_a_label_may_not_overwrite_what_the_recorder_or_the_type_says(graph) -> None:
    artifact = graph.artifact("thing", "a", type=FILE)

    with pytest.raises(InvalidInput, match="can't begin with 'lineal_'"):
        graph.recorder.label(artifact.id, {"lineal_name": "x"})
    with pytest.raises(InvalidInput, match=r"'sha256' is a property of test\.File"):
        graph.recorder.label(artifact.id, {"sha256": "x"})
    noted = graph.artifact("noted", "b", properties={"note": "by the verb"})
    with pytest.raises(InvalidInput, match="'note' is a property"):
        graph.recorder.label(noted.id, {"note": "x"})
    with pytest.raises(NotFound, match="artifact/4711"):
        graph.recorder.label(4711, {"a": 1})


def test_the_past_cannot_be_written(graph) -> None:
    past = Recorder(graph.store.as_of("2013-01-01"))

    with pytest.raises(InvalidInput, match="can't be changed"), past.run(WORK):
        pass


# Settling


def test_a_handle_describes_its_version(graph) -> None:
    graph.make("thing", "a")
    made = graph.make("thing", "b")
    graph.recorder.set_alias("thing", "best", 2)
    version = Version(graph.store, graph.recorder, made.artifacts["out"], made.versions["out"])

    version.label(color="red")
    told = version.describe()

    assert (version.ref, version.name, version.number, version.content) == (
        "thing@2",
        "thing",
        2,
        "b",
    )
    assert [row.number for row in version.versions] == [1, 2]
    assert told["aliases"] == ["best"]
    assert told["made_by"] == f"execution/{made.execution_id}"
    assert told["labels"] == {"color": "red"}
    assert repr(version) == "<Version thing@2>"
