"""Runs that fail or are killed: what is told, what is kept, what a new start reuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineal.errors import InvalidInput, LinealError, NotFound
from lineal.metadata import ArtifactState, ExecutionState
from lineal.pipeline import File, NodeState, component, pipeline

if TYPE_CHECKING:
    from tests.pipeline.conftest import PlainWorkspace, Project

FLOW = """
    from pathlib import Path
    from lineal.pipeline import File, component, pipeline

    @component
    def load(month: int) -> File:
        return File(str(month).encode())

    @component
    def fit(rows: File) -> File:
        if rows.read_text() == "2":
            raise ValueError("February has no rows")
        return File(rows.read_bytes() * 2)

    @component
    def publish(model: File) -> None:
        return None

    @component
    def aside() -> int:
        return 1

    @pipeline
    def flow(month: int = 2) -> None:
        publish(fit(load(month)))
        aside()
    """


def test_a_failing_node_blocks_what_needs_it_and_nothing_else(
    workspace: PlainWorkspace, project: Project
) -> None:
    run = project.load(FLOW).run(workspace)
    assert not run.ok
    assert {name: node.state for name, node in run.nodes.items()} == {
        "load": NodeState.COMPLETE,
        "fit": NodeState.FAILED,
        "publish": NodeState.BLOCKED,
        "aside": NodeState.COMPLETE,
    }
    assert run["fit"].reason == "ValueError: February has no rows"
    assert run["publish"].reason == "it needs node 'fit', which is FAILED"
    assert run["publish"].execution_id is None


def test_the_failure_is_kept_with_its_traceback(
    workspace: PlainWorkspace, project: Project
) -> None:
    run = project.load(FLOW).run(workspace)
    store = workspace.recorder.store
    execution = store.execution(run["fit"].execution_id or 0)
    assert execution.state == ExecutionState.FAILED
    assert execution.get("lineal_error") == "February has no rows"
    assert 'raise ValueError("February has no rows")' in str(execution.get("lineal_traceback"))
    assert [a.state for a in store.artifacts(type="lineal.Files")] == [
        ArtifactState.LIVE,
        ArtifactState.ABANDONED,
    ]


def test_check_raises_the_failure(workspace: PlainWorkspace, project: Project) -> None:
    run = project.load(FLOW).run(workspace)
    with pytest.raises(LinealError, match="node 'fit' of pipeline 'flow' failed") as caught:
        run.check()
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(NotFound, match="did you mean 'publish'"):
        run["publsh"]
    with pytest.raises(NotFound, match="node 'publish' \\(BLOCKED\\) has no single output"):
        run["publish"].output  # noqa: B018 - the property raises


def test_started_again_a_failed_run_reuses_what_was_finished(
    workspace: PlainWorkspace, project: Project
) -> None:
    first = project.load(FLOW).run(workspace)
    again = project.load(FLOW).run(workspace)
    failed = first["fit"].execution_id
    assert again["load"].state == NodeState.CACHED
    assert again["fit"].state == NodeState.FAILED
    reason = workspace.recorder.store.execution(again["fit"].execution_id or 0).get("lineal_reason")
    assert reason == f"execution/{failed}, which was equal, failed"
    mended = project.load(FLOW.replace('"2"', '"never"')).run(workspace).check()
    assert {name: str(node.state) for name, node in mended.nodes.items()} == {
        "load": "CACHED",
        "fit": "COMPLETE",
        "publish": "COMPLETE",
        "aside": "CACHED",
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 3", "must return a File as output 'output', not 3"),
        ("return None", "must return a File as output 'output', not None"),
        ("return File('/nowhere/at/all')", "/nowhere/at/all"),
    ],
)
def test_wrong_outputs_fail_the_node(
    workspace: PlainWorkspace, project: Project, body: str, message: str
) -> None:
    text = FLOW.replace("return File(str(month).encode())", body)
    run = project.load(text).run(workspace)
    assert message in run["load"].reason
    assert run["load"].state == NodeState.FAILED


def test_an_output_that_was_not_made_blocks_who_needs_it(workspace: PlainWorkspace) -> None:
    @component
    def maybe() -> File | None:
        return None

    @component
    def need(file: File) -> None:
        return None

    @component
    def cope(file: File | None) -> str:
        return "without" if file is None else "with"

    @pipeline
    def flow() -> None:
        file = maybe()
        need(file)  # type: ignore[arg-type]
        cope(file)

    run = flow.run(workspace)
    assert run["need"].reason == "node 'maybe' made no output 'output', which it needs"
    assert run["cope"].state == NodeState.COMPLETE
    with pytest.raises(
        LinealError, match="node 'need' of pipeline 'flow' did not run: node 'maybe'"
    ):
        run.check()
    assert flow.run(workspace)["maybe"].state == NodeState.CACHED


def test_outputs_without_a_form_are_refused_before_anything_runs(
    workspace: PlainWorkspace,
) -> None:
    class Thing:
        pass

    @component
    def first() -> int:
        raise AssertionError

    @component
    def second() -> Thing:
        return Thing()

    @pipeline
    def flow() -> None:
        first()
        second()

    with pytest.raises(InvalidInput, match=r"a .*Thing can't be kept in the workspace"):
        flow.run(workspace)


def test_an_interrupt_ends_the_run_and_is_recorded(workspace: PlainWorkspace) -> None:
    @component
    def wait() -> int:
        raise KeyboardInterrupt

    @pipeline
    def flow() -> None:
        wait()

    with pytest.raises(KeyboardInterrupt):
        flow.run(workspace)
    (execution,) = workspace.recorder.store.executions()
    assert execution.state == ExecutionState.FAILED


CRASHING = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from conftest import open_workspace
    from lineal.pipeline import load_pipeline

    flow = load_pipeline(sys.argv[1])
    run = flow.run(open_workspace(Path(sys.argv[2])), month=3)
    print(*(node.state for node in run.check().nodes.values()))
    """


@pytest.mark.parametrize(
    ("point", "states"),
    [
        ("recorder.opened", "COMPLETE COMPLETE COMPLETE COMPLETE"),
        ("pipeline.executed", "COMPLETE COMPLETE COMPLETE COMPLETE"),
        ("pipeline.kept", "COMPLETE COMPLETE COMPLETE COMPLETE"),
        ("recorder.numbered", "COMPLETE COMPLETE COMPLETE COMPLETE"),
        ("recorder.closed", "CACHED COMPLETE COMPLETE COMPLETE"),
    ],
)
def test_killed_at_any_point_a_new_start_has_the_right_result_once(
    project: Project, tmp_path: Path, point: str, states: str
) -> None:
    project.write(FLOW)
    script = project.write(CRASHING.format(tests=str(Path(__file__).parent)), "crashing.py")
    folder = tmp_path / "workspace"
    command = [sys.executable, str(script), f"{project.folder}/flow.py:flow", str(folder)]

    killed = subprocess.run(
        command, env={**os.environ, "LINEAL_KILL_AT": point}, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.stdout.split() == states.split(), again.stderr

    from lineal.metadata import Store

    store = Store(folder / "metadata.db")
    live = [a for a in store.artifacts(type="lineal.Files") if a.state == ArtifactState.LIVE]
    texts = [(Path(a.uri) / str(a.get("entry"))).read_text() for a in live]
    assert texts == ["3", "33"]
    crashed = store.executions(state=ExecutionState.RUNNING)
    assert len(crashed) == (0 if point == "recorder.closed" else 1)
    store.close()


def test_killed_while_reusing_leaves_what_is_reused(project: Project, tmp_path: Path) -> None:
    project.write(FLOW)
    script = project.write(
        textwrap.dedent(CRASHING).format(tests=str(Path(__file__).parent)), "crashing.py"
    )
    command = [
        *(sys.executable, str(script), f"{project.folder}/flow.py:flow"),
        str(tmp_path / "workspace"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    environment = {**os.environ, "LINEAL_KILL_AT": "pipeline.reusing"}
    killed = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert again.stdout.split() == ["CACHED"] * 4
