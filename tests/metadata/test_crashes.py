"""A process killed at any point of a write leaves nothing half-made; the write can be redone."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lineal.errors import Conflict, LinealError
from lineal.metadata import (
    KILL_POINTS,
    Context,
    ContextType,
    Execution,
    ExecutionState,
    ExecutionType,
    Made,
    Output,
)
from lineal.metadata.model import ArtifactState
from lineal.metadata.process import identity, is_gone

POINTS = [point for point in KILL_POINTS if point.startswith("recorder.")]
CRASHED = ["recorder.opened", "recorder.closing", "recorder.numbered"]
"""Those at which the execution stands RUNNING; before them nothing does, after them all is done."""

WORKER = Path(__file__).parent / "worker.py"


@pytest.fixture
def kill(graph, run_script, place: str):
    """Kill a process at a point while it makes `b` the second version of `thing`."""
    graph.make("thing", "a")

    def _kill(point: str, *command: str) -> None:
        verb, *arguments = command or ("make", "thing", "b")
        killed = run_script("worker.py", verb, place, *arguments, LINEAL_KILL_AT=point)
        assert killed.returncode == -signal.SIGKILL, killed.stderr

    return _kill


def contents(graph) -> list[tuple[int, str]]:
    return [(row.number, row.content) for row in graph.store.versions("thing")]


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_nothing_half_made_is_visible_and_the_verb_again_gives_it_once(
    graph, kill, point: str
) -> None:
    kill(point)

    done = [(1, "a"), (2, "b")] if point == "recorder.closed" else [(1, "a")]
    crashed = graph.recorder.crashed()
    assert contents(graph) == done
    assert len(graph.store.artifacts(state=ArtifactState.LIVE)) == len(done)
    assert [e.state for e in crashed] == [ExecutionState.RUNNING] * (point in CRASHED)

    for execution in crashed:
        graph.recorder.abandon(execution.id, reason="its process is gone")
    graph.make("thing", "b")

    assert contents(graph) == [(1, "a"), (2, "b")]
    assert graph.recorder.crashed() == []
    states = {a.state for a in graph.store.artifacts()}
    assert states <= {ArtifactState.LIVE, ArtifactState.ABANDONED}


def test_a_crashed_execution_keeps_its_inputs_and_can_be_closed_as_canceled(graph, kill) -> None:
    kill("recorder.closing")
    (crashed,) = graph.recorder.crashed()

    graph.recorder.abandon(crashed.id, reason="its process is gone")

    closed = graph.store.execution(crashed.id)
    assert closed.state == ExecutionState.CANCELED
    assert closed.get("lineal_settled") == "its process is gone"
    events = graph.store.events(execution_ids=[crashed.id])
    assert [e.type.name for e in events] == ["INPUT", "PENDING_OUTPUT"]
    assert graph.store.artifact(events[1].artifact_id).state == ArtifactState.ABANDONED
    with pytest.raises(Conflict, match="no longer RUNNING"):
        graph.recorder.abandon(crashed.id, reason="twice")


def test_a_crashed_execution_whose_bytes_are_in_place_can_be_finished(graph, kill) -> None:
    kill("recorder.numbered")
    (crashed,) = graph.recorder.crashed()

    (row,) = graph.recorder.settle(crashed.id, {"out": Made("b", "file:///b", {"rows": 3})})
    again = graph.make("thing", "b")

    assert (row.number, row.content) == (2, "b")
    assert again.versions["out"] == row
    assert contents(graph) == [(1, "a"), (2, "b")]
    assert graph.store.execution(crashed.id).state == ExecutionState.COMPLETE
    finished = graph.store.artifact(row.artifact_id)
    assert (finished.type, finished.get("rows")) == ("test.File", 3)
    with pytest.raises(Conflict, match="no longer RUNNING"):
        graph.recorder.settle(crashed.id, {})


def test_settling_keeps_the_claim_and_the_contexts_of_the_crashed_execution(graph) -> None:
    run = graph.recorder.run(
        ExecutionType("test.work"),
        outputs=[Output("out", graph.type, "table")],
        contexts=[(ContextType("test.Run"), Context("test.Run", "r"))],
        known_at="2013-01-01",
    )
    running = run.__enter__()

    (row,) = graph.recorder.settle(running.execution_id, {"out": Made("a", "")})

    (context,) = graph.store.contexts(name="r")
    assert row.known_at.isoformat() == "2013-01-01T00:00:00+00:00"
    assert [a.id for a in graph.store.artifacts(context_id=context.id)] == [row.artifact_id]
    with pytest.raises(LinealError):
        run.__exit__(None, None, None)


def test_outputs_that_settling_does_not_name_leave_no_trace(graph) -> None:
    run = graph.recorder.run(
        ExecutionType("test.work"), outputs=[Output("out", graph.type, "table")]
    )
    running = run.__enter__()

    assert graph.recorder.settle(running.execution_id, {}) == []

    assert graph.store.execution(running.execution_id).state == ExecutionState.COMPLETE
    assert graph.store.artifacts() == []
    with pytest.raises(LinealError):
        run.__exit__(None, None, None)


@pytest.mark.parametrize("point", ["recorder.opening", "recorder.numbered", "recorder.closed"])
def test_an_alias_has_moved_exactly_if_the_move_is_recorded(graph, kill, point: str) -> None:
    kill(point, "alias", "thing", "1")

    done = graph.store.executions(type="lineal.alias", state=ExecutionState.COMPLETE)
    assert (graph.store.alias("thing", "best") is not None) == bool(done)
    assert bool(done) == (point == "recorder.closed")


# Whose process is gone


def test_an_execution_is_not_crashed_while_its_process_lives(graph, place: str) -> None:
    process = subprocess.Popen(
        [sys.executable, WORKER, "hold", place], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "open\n"
        alive = graph.recorder.crashed()
    finally:
        process.kill()
        process.communicate()

    assert alive == []
    assert [e.type for e in graph.recorder.crashed()] == ["test.hold"]


def execution(**changed: object) -> Execution:
    return Execution("test.work", custom_properties={**identity(), **changed})


def test_this_process_is_not_gone() -> None:
    assert not is_gone(execution())


def test_an_earlier_start_of_this_machine_is_gone() -> None:
    host = str(identity()["lineal_host"]).split("/")[0]

    assert is_gone(execution(lineal_host=f"{host}/an-earlier-boot"))


def test_a_process_id_used_again_is_gone() -> None:
    assert is_gone(execution(lineal_process_start="1"))


@pytest.mark.parametrize("host", ["another.machine/boot", "another.machine", ""])
def test_another_machines_process_is_never_called_gone(host: str) -> None:
    assert not is_gone(execution(lineal_host=host, lineal_pid=2**30))


def test_another_clients_execution_is_never_called_gone() -> None:
    assert not is_gone(Execution("peer.Work", state=ExecutionState.RUNNING))
