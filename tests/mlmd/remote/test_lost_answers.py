"""A connection breaks when the server has done its work: nothing is done twice, nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lineal.errors import Conflict, LinealError, Unavailable
from lineal.metadata import (
    Artifact,
    ArtifactType,
    ContextType,
    ExecutionState,
    ExecutionType,
    Made,
    Output,
    Recorder,
    Store,
)
from lineal.metadata.graph import Graph
from lineal.metadata.model import Context
from lineal.metadata.steps import nest_contexts
from lineal.mlmd.remote import serving
from lineal.mlmd.server.statuses import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.mlmd.remote.conftest import Ends

FILE = ArtifactType("test.File")
RUN = ContextType("test.Run")


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Lose the first answer to each call from now on, after the work was done."""
    lost: list[str] = []
    sent: set[bytes] = set()
    encode = serving.encode

    def _lose() -> list[str]:
        def broken(value: object) -> tuple[bytes, list[bytes]]:
            answer = encode(value)
            if answer[0] not in sent:
                sent.add(answer[0])
                lost.append(type(value).__name__)
                raise Refused("UNAVAILABLE", "the connection broke")
            return answer

        monkeypatch.setattr(serving, "encode", broken)
        return lost

    return _lose


def record(recorder: Recorder) -> None:
    """Record an execution with all that it can have, and one that uses it."""
    with recorder.run(
        ExecutionType("test.make"),
        outputs=[Output("one", FILE, "a")],
        contexts=[(RUN, Context("test.Run", "r"))],
        known_at="2020-01-01",
    ) as running:
        running.add_output(Output("two", FILE))
        running.add_output(Output("three", FILE))
        running.made("one", Made("c1", "file:///1", {"rows": 3}))
        running.made("two", Made("c2", "file:///2"))
        running.nothing("three")
    with recorder.run(ExecutionType("test.use")) as using:
        using.add_input("x", running.artifacts["one"])
    recorder.label(running.artifacts["one"].id or 0, {"team": "red"})
    nest_contexts(
        recorder.store, (RUN, Context("test.Run", "r")), (RUN, Context("test.Run", "outer"))
    )
    assert running.versions["one"].number == 1
    assert running.artifacts["two"].uri == "file:///2"


def told(store: Store) -> dict[str, object]:
    """Tell what `record` left, without times."""
    (row,) = store.versions("a")
    executions = store.executions()
    return {
        "version": (row.number, row.content, row.known_at),
        "labels": store.artifact(row.artifact_id).custom_properties,
        "states": [(execution.type, execution.state) for execution in executions],
        "events": [
            (event.artifact_id, event.execution_id, event.type, event.path)
            for event in store.events(execution_ids=[e.id or 0 for e in executions])
        ],
        "artifacts": [(a.uri, a.state, a.properties) for a in store.artifacts()],
        "parents": [c.name for c in store.parent_contexts(store.contexts(name="r")[0].id or 0)],
    }


def test_every_step_is_done_once_though_its_answer_was_lost(
    ends: Ends, lose: Callable[[], list[str]], tmp_path: Path
) -> None:
    unbroken = Store(tmp_path / "unbroken.db")
    record(Recorder(unbroken))
    lost = lose()

    record(Recorder(ends.there))

    assert {"Opened", "Closed", "list", "NoneType"} <= set(lost)
    assert told(ends.here) == told(unbroken)
    unbroken.close()


def test_a_failure_is_recorded_once(ends: Ends, lose: Callable[[], list[str]]) -> None:
    lose()

    with (
        pytest.raises(ZeroDivisionError),
        Recorder(ends.there).run(ExecutionType("test.fail"), outputs=[Output("out", FILE, "a")]),
    ):
        1 / 0  # noqa: B018

    (execution,) = ends.here.executions()
    assert execution.state == ExecutionState.FAILED
    assert "ZeroDivisionError" in str(execution.get("lineal_traceback"))


def test_an_execution_that_another_settled_is_still_a_conflict(
    ends: Ends, lose: Callable[[], list[str]]
) -> None:
    made = Made("c", "file:///c")

    def write() -> None:
        with Recorder(ends.there).run(
            ExecutionType("x"), outputs=[Output("out", FILE, "a")]
        ) as running:
            Recorder(ends.here).settle(running.execution_id, {"out": made})
            running.made("out", made)
            lose()

    with pytest.raises(Conflict, match="no longer RUNNING"):
        write()


def test_what_can_not_be_repeated_says_that_its_fate_is_unknown(
    ends: Ends, lose: Callable[[], list[str]]
) -> None:
    graph = Graph(ends.there)
    graph.put_types([FILE])
    lose()

    with pytest.raises(Unavailable, match="whether the call was carried out is not known"):
        graph.put_artifacts([Artifact("test.File", uri="once")])

    assert [artifact.uri for artifact in ends.here.artifacts()] == ["once"]


def test_refusals_are_not_taken_for_lost_answers(ends: Ends) -> None:
    with pytest.raises(LinealError, match="there is no artifact/9"):
        Recorder(ends.there).label(9, {"team": "red"})
