"""What a run writes: the contexts, events and names that TFX's readers look for."""

# ruff: noqa: TC001 - a component's annotations are read while running
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import pytest

from lineal.errors import AlreadyExists, InvalidInput
from lineal.lake import LakeVersion
from lineal.metadata import EventType, ExecutionState
from lineal.pipeline import File, Model, Named, component, pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.conftest import PlainWorkspace

    from lineal.pipeline import Pipeline


class Both(NamedTuple):
    model: Annotated[Model, Named("delay_model")]
    loss: float
    notes: File | None


@component
def part(number: int) -> File:
    return File(str(number).encode(), name=f"part-{number}.txt")


@component
def train(parts: list[File], rate: float = 0.1, label: str | None = None) -> Both:
    text = "+".join(each.read_text() for each in parts)
    return Both(Model(text.encode(), name="model.txt"), len(text) * rate, None)


@pipeline
def flights(parts: int = 2, rate: float = 0.1) -> None:
    train([part.with_id(f"part_{number}")(number) for number in range(parts)], rate=rate)


def test_contexts_are_those_of_tfx(workspace: PlainWorkspace) -> None:
    run = flights.run(workspace).check()
    store = workspace.recorder.store
    execution_id = run["train"].execution_id
    contexts = store.contexts(execution_id=execution_id)
    assert [(each.type, each.name) for each in contexts] == [
        ("pipeline", "flights"),
        ("pipeline_run", run.run_id),
        ("node", "flights.train"),
    ]
    parents = store.parent_contexts(contexts[1].id or 0)
    assert [(each.type, each.name) for each in parents] == [("pipeline", "flights")]
    inputs = [part.output.id for name, part in run.nodes.items() if name != "train"]
    made = [each.id for each in run["train"].outputs.values()]
    in_run = store.artifacts(context_id=contexts[1].id)
    assert {each.id for each in in_run} >= {*inputs, *made}


def test_a_reuse_belongs_to_the_new_run_with_its_artifacts(workspace: PlainWorkspace) -> None:
    flights.run(workspace)
    again = flights.run(workspace).check()
    store = workspace.recorder.store
    (context,) = store.contexts(type="pipeline_run", name=again.run_id)
    executions = store.executions(context_id=context.id)
    assert {each.state for each in executions} == {ExecutionState.CACHED}
    in_run = {each.id for each in store.artifacts(context_id=context.id)}
    assert in_run == {each.id for node in again.nodes.values() for each in node.outputs.values()}


def test_events_have_keys_and_indexes(workspace: PlainWorkspace) -> None:
    run = flights.run(workspace).check()
    events = workspace.recorder.store.events(execution_ids=[run["train"].execution_id or 0])
    assert [(e.type, e.path) for e in events if e.type != EventType.INTERNAL_INPUT] == [
        (EventType.INPUT, ("parts", 0)),
        (EventType.INPUT, ("parts", 1)),
        (EventType.OUTPUT, ("model", 0)),
        (EventType.OUTPUT, ("loss", 0)),
    ]


def test_execution_and_artifacts_say_what_they_are(workspace: PlainWorkspace) -> None:
    run = flights.run(workspace).check()
    store = workspace.recorder.store
    execution = store.execution(run["train"].execution_id or 0)
    assert execution.type.endswith("test_records.train")
    assert execution.state == ExecutionState.COMPLETE
    assert (execution.get("rate"), execution.get("label")) == (0.1, "None")
    assert execution.get("lineal_reason") == "it has not run before"
    model, loss = (run["train"].outputs[key] for key in ("model", "loss"))
    assert (model.ref, model.artifact.type) == ("delay_model@1", "Model")
    assert (loss.ref, loss.artifact.type) == (f"artifact/{loss.id}", "Float")
    assert "notes" not in run["train"].outputs


def test_files_lie_where_tfx_looks(workspace: PlainWorkspace, tmp_path: Path) -> None:
    run = flights.run(workspace).check()
    execution = workspace.recorder.store.execution(run["train"].execution_id or 0)
    root = tmp_path / "workspace" / "artifacts" / str(execution.name)
    assert run["train"].outputs["model"].artifact.uri == str(root / "model")
    assert (root / "model" / "model.txt").read_text() == "0+1"
    assert run["train"].outputs["loss"].artifact.uri == str(root / "loss" / "value")
    assert float((root / "loss" / "value").read_text()) == pytest.approx(0.3)


def test_equal_content_of_a_name_makes_no_new_version(workspace: PlainWorkspace) -> None:
    flights.run(workspace).check()
    second = flights.run(workspace, rate=0.2).check()
    assert second["train"].state == "COMPLETE"
    assert second["train"].outputs["model"].ref == "delay_model@1"
    third = flights.run(workspace, parts=3).check()
    assert third["train"].outputs["model"].ref == "delay_model@2"


def test_a_named_output_takes_no_other_name(workspace: PlainWorkspace, tmp_path: Path) -> None:
    Here = type(workspace)  # noqa: N806 - a class, told to the annotation below

    @component
    def load(ws: Here) -> Annotated[LakeVersion, Named("flights.csv")]:  # type: ignore[valid-type]
        return ws.lake.add(tmp_path / "raw.csv")

    @pipeline
    def flow() -> None:
        load()

    (tmp_path / "raw.csv").write_text("1")
    with pytest.raises(InvalidInput, match=r"is to be named 'flights.csv', but .* raw.csv@1"):
        flow.run(workspace).check()


def test_a_name_of_another_type_is_refused(workspace: PlainWorkspace, tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_text("1")
    workspace.lake.add(tmp_path / "raw.csv", "delay_model")
    with pytest.raises(AlreadyExists, match="'delay_model' names a lineal"):
        flights.run(workspace).check()


def test_verbs_inside_are_children_in_the_same_contexts(
    workspace: PlainWorkspace, tmp_path: Path
) -> None:
    run = adding(workspace, tmp_path).run(workspace).check()
    store = workspace.recorder.store
    execution_id = run["load"].execution_id or 0
    (child,) = store.executions(properties={"lineal_parent": execution_id})
    assert child.type == "lineal.add"
    assert store.contexts(execution_id=child.id) == store.contexts(execution_id=execution_id)
    events = store.events(artifact_ids=[run["load"].output.id])
    assert [(e.execution_id, e.type) for e in events] == [
        (execution_id, EventType.OUTPUT),
        (child.id, EventType.OUTPUT),
    ] or [(e.execution_id, e.type) for e in events] == [
        (child.id, EventType.OUTPUT),
        (execution_id, EventType.OUTPUT),
    ]


def adding(workspace: PlainWorkspace, folder: Path) -> Pipeline[[]]:
    Here = type(workspace)  # noqa: N806 - a class, told to the annotation below
    (folder / "raw.csv").write_text("1")

    @component
    def load(ws: Here) -> LakeVersion:  # type: ignore[valid-type]
        return ws.lake.add(folder / "raw.csv")

    @pipeline
    def flow() -> None:
        load()

    return flow


def test_lineage_walks_from_the_model_to_its_parts(workspace: PlainWorkspace) -> None:
    run = flights.run(workspace).check()
    lineage = run["train"].outputs["model"].lineage()
    for name in ("part_0", "part_1"):
        assert run[name].execution_id in lineage.executions
