"""What is reused and what runs again, and the reason that is given for each."""

# ruff: noqa: TC001 - a component's annotations are read while running
from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineal.errors import InvalidInput
from lineal.lake import LakeVersion
from lineal.metadata import EventType, ExecutionState
from lineal.pipeline import Driver, LocalRunner, component, pipeline

if TYPE_CHECKING:
    from tests.pipeline.conftest import PlainWorkspace, Project

    from lineal.pipeline import NodeResult, Pipeline, RunResult

FLOW = """
    from lineal.pipeline import File, component, pipeline

    FACTOR = 2

    class Rows(File):
        pass

    def double(number):
        return number * FACTOR

    @component
    def load(month: int) -> Rows:
        return Rows(str(double(month)).encode())

    @component
    def count(rows: Rows) -> int:
        return len(rows.read_text())

    @pipeline
    def flow(month: int = 1) -> None:
        count(load(month))
    """


def told(run: RunResult) -> dict[str, tuple[str, str]]:
    return {name: (node.state.value, node.reason) for name, node in run.check().nodes.items()}


def test_an_equal_run_is_reused_and_recorded_as_cached(
    workspace: PlainWorkspace, project: Project
) -> None:
    first = project.load(FLOW).run(workspace)
    second = project.load(FLOW).run(workspace)

    equal = "execution/{} had equal code, parameters, inputs and environment"
    assert told(first)["load"] == ("COMPLETE", "it has not run before")
    assert told(second) == {
        "load": ("CACHED", equal.format(first["load"].execution_id)),
        "count": ("CACHED", equal.format(first["count"].execution_id)),
    }
    store = workspace.recorder.store
    execution = store.execution(second["load"].execution_id or 0)
    assert execution.state == ExecutionState.CACHED
    assert execution.get("lineal_reused") == first["load"].execution_id
    events = store.events(execution_ids=[execution.id or 0])
    outputs = [event for event in events if event.type == EventType.OUTPUT]
    assert [(e.artifact_id, e.path) for e in outputs] == [(first["load"].output.id, ("output", 0))]


def test_a_third_run_reuses_the_original_not_the_reuse(
    workspace: PlainWorkspace, project: Project
) -> None:
    runs = [project.load(FLOW).run(workspace) for _ in range(3)]
    execution = workspace.recorder.store.execution(runs[2]["load"].execution_id or 0)
    assert execution.get("lineal_reused") == runs[0]["load"].execution_id


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("FACTOR = 2", "FACTOR = 3", "constant FACTOR changed"),
        ("number * FACTOR", "FACTOR * number + 1", "function double changed"),
        ("    pass", "    kind = 1", "class Rows changed"),
        ("month: int = 1", "month: int = 7", "parameter month: 1 → 7"),
        ("str(double(month))", "str(month)", "constant FACTOR is gone; function double is gone; "),
    ],
)
def test_a_rerun_says_what_changed(
    workspace: PlainWorkspace, project: Project, old: str, new: str, reason: str
) -> None:
    first = project.load(FLOW).run(workspace)
    second = project.load(FLOW.replace(old, new)).run(workspace)
    state, why = told(second)["load"]
    assert state == "COMPLETE"
    assert why.startswith(reason)
    assert why.endswith(f"(since execution/{first['load'].execution_id})")


def test_equal_content_from_a_rerun_reuses_what_follows(
    workspace: PlainWorkspace, project: Project
) -> None:
    project.load(FLOW).run(workspace)
    changed = FLOW.replace("number * FACTOR", "FACTOR * number")
    second = project.load(changed).run(workspace)
    assert [state for state, _ in told(second).values()] == ["COMPLETE", "CACHED"]


def test_changed_input_is_named(workspace: PlainWorkspace, project: Project) -> None:
    first = project.load(FLOW).run(workspace)
    second = project.load(FLOW).run(workspace, month=40)
    before, after = first["load"].output.ref, second["load"].output.ref
    assert f"input rows: {before} → {after} (since" in second["count"].reason


def test_the_nearest_earlier_run_is_compared_with(
    workspace: PlainWorkspace, project: Project
) -> None:
    first = project.load(FLOW).run(workspace, month=1)
    project.load(FLOW).run(workspace, month=2)
    third = project.load(FLOW.replace("FACTOR = 2", "FACTOR = 5")).run(workspace, month=1)
    assert third["load"].reason == (
        f"constant FACTOR changed (since execution/{first['load'].execution_id})"
    )


def test_comments_and_moved_files_reuse(workspace: PlainWorkspace, project: Project) -> None:
    project.load(FLOW).run(workspace)
    commented = FLOW.replace("    def double", "    # twice\n\n    def double")
    assert [s for s, _ in told(project.load(commented).run(workspace)).values()] == ["CACHED"] * 2


def test_a_changed_environment_runs_again_naming_the_package(
    workspace: PlainWorkspace, project: Project
) -> None:
    flow = project.load(FLOW)
    flow.run(workspace)
    packages = workspace.environment.distributions
    newer = [
        dataclasses.replace(each, version="99.0") if each.name == "pyarrow" else each
        for each in packages
    ]
    workspace.environment = dataclasses.replace(
        workspace.environment, distributions=tuple(newer), platform="another machine"
    )
    state, why = told(flow.run(workspace))["load"]
    assert state == "COMPLETE"
    assert why.startswith("the environment changed: pyarrow ")
    assert "→ 99.0 (since" in why
    assert "another machine" not in why


def test_no_cache_names_the_nodes_that_run_anyway(
    workspace: PlainWorkspace, project: Project
) -> None:
    graph = project.load(FLOW).build()
    graph.run(workspace)
    again = graph.run(workspace, no_cache=["load"])
    assert told(again)["load"] == ("COMPLETE", "it was asked to run anew")
    assert again["count"].state == "CACHED"
    with pytest.raises(InvalidInput, match="no node 'lod'; its nodes are load, count"):
        graph.run(workspace, no_cache=["lod"])


def test_cache_false_is_never_reused(workspace: PlainWorkspace, project: Project) -> None:
    text = FLOW.replace("@component\n    def load", "@component(cache=False)\n    def load")
    project.load(text).run(workspace)
    second = project.load(text).run(workspace)
    assert told(second)["load"] == ("COMPLETE", "the component is never reused (cache=False)")


def test_code_in_other_modules_of_the_project_is_not_reused(
    workspace: PlainWorkspace, project: Project
) -> None:
    project.write("def double(number):\n    return number * 2\n", "own_code.py")
    text = FLOW.replace("    FACTOR = 2\n", "    from own_code import double\n").replace(
        "    def double(number):\n        return number * FACTOR\n", ""
    )
    project.load(text).run(workspace)
    second = project.load(text).run(workspace)
    assert told(second)["load"] == (
        "COMPLETE",
        "its code can't be compared: it reaches own_code.double in another module of the project",
    )


def test_lost_bytes_are_made_again(workspace: PlainWorkspace, project: Project) -> None:
    first = project.load(FLOW).run(workspace)
    shutil.rmtree(first["load"].output.artifact.uri)
    second = project.load(FLOW).run(workspace)
    assert second["load"].state == "COMPLETE"
    assert second["load"].reason.endswith("is no longer there")
    assert Path(second["load"].output.artifact.uri).exists()
    assert second["count"].state == "CACHED"


def test_the_content_of_a_path_counts(workspace: PlainWorkspace, tmp_path: Path) -> None:
    @component
    def size(path: Path) -> int:
        return path.stat().st_size

    @pipeline
    def flow(path: Path) -> None:
        size(path)

    file = tmp_path / "data.csv"
    file.write_text("a")
    flow.run(workspace, file).check()
    assert flow.run(workspace, file)["size"].state == "CACHED"
    file.write_text("b")
    third = flow.run(workspace, file)["size"]
    assert third.state == "COMPLETE"
    assert third.reason.startswith("the content of parameter path changed (since")


def reading(workspace: PlainWorkspace) -> Pipeline[[]]:
    Here = type(workspace)  # noqa: N806 - a class, told to the annotation below

    @component
    def look(ws: Here) -> int:  # type: ignore[valid-type]
        return len(ws.lake.get("raw.csv").read_bytes())

    @pipeline
    def flow() -> None:
        look()

    return flow


def test_what_was_read_by_name_counts(workspace: PlainWorkspace, tmp_path: Path) -> None:
    file = tmp_path / "raw.csv"
    file.write_text("1")
    workspace.lake.add(file)
    flow = reading(workspace)
    first = flow.run(workspace).check()
    assert flow.run(workspace)["look"].state == "CACHED"
    file.write_text("22")
    workspace.lake.add(file)
    third = flow.run(workspace)["look"]
    assert third.state == "COMPLETE"
    assert third.reason == (
        f"execution/{first['look'].execution_id} is equal, but it read raw.csv@1, "
        "and raw.csv@2 is there now"
    )


def test_what_verbs_inside_made_is_found_again(workspace: PlainWorkspace, tmp_path: Path) -> None:
    Here = type(workspace)  # noqa: N806 - a class, told to the annotation below
    file = tmp_path / "raw.csv"
    file.write_text("1")

    @component
    def load(ws: Here, path: Path) -> LakeVersion:  # type: ignore[valid-type]
        return ws.lake.add(path)

    @component
    def count(raw: LakeVersion) -> int:
        return len(raw.read_bytes())

    @pipeline
    def flow() -> None:
        count(load(file))

    first = flow.run(workspace).check()
    second = flow.run(workspace).check()
    assert first["load"].output.ref == "raw.csv@1"
    assert [node.state for node in second.nodes.values()] == ["CACHED", "CACHED"]
    assert second["load"].output.ref == "raw.csv@1"


def test_progress_is_told_at_begin_and_end(workspace: PlainWorkspace, project: Project) -> None:
    graph, seen = project.load(FLOW).build(), list[tuple[str, str]]()

    def note(node: NodeResult) -> None:
        seen.append((node.id, node.state.value))

    graph.run(workspace, on_progress=note)
    graph.run(workspace, on_progress=note)
    assert seen == [
        ("load", "RUNNING"),
        ("load", "COMPLETE"),
        ("count", "RUNNING"),
        ("count", "COMPLETE"),
        ("load", "CACHED"),
        ("count", "CACHED"),
    ]


def test_a_driver_can_be_exchanged(workspace: PlainWorkspace, project: Project) -> None:
    class Eager(Driver):
        def decide(self, node, name, inputs, *, refresh=False):  # type: ignore[no-untyped-def]
            return super().decide(node, name, inputs, refresh=True)

    graph = project.load(FLOW).build()
    runner = LocalRunner(workspace, driver=Eager(workspace))
    for _ in range(2):
        assert [node.state for node in runner.run(graph).nodes.values()] == ["COMPLETE"] * 2


def test_two_workspaces_never_mix(
    workspace: PlainWorkspace, other_workspace: PlainWorkspace, tmp_path: Path
) -> None:
    file = tmp_path / "raw.csv"
    file.write_text("1")
    raw = other_workspace.lake.add(file)
    Here = type(workspace)  # noqa: N806 - a class, told to the annotation below

    @component
    def count(raw: LakeVersion) -> int:
        return len(raw.read_bytes())

    @component
    def smuggle(ws: Here) -> LakeVersion:  # type: ignore[valid-type]
        return raw

    @pipeline
    def taking(raw: LakeVersion) -> None:
        count(raw)

    @pipeline
    def returning() -> None:
        smuggle()

    assert taking.run(other_workspace, raw).ok
    with pytest.raises(InvalidInput, match=r"'raw' of node 'count' is raw\.csv@1 of another"):
        taking.run(workspace, raw)
    with pytest.raises(InvalidInput, match=r"smuggle' is raw\.csv@1 of another workspace"):
        returning.run(workspace).check()
