"""Every verb records what it did: execution, inputs, outputs, code, environment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import lineal
from lineal.environment import Environment, program
from lineal.features import entity, feature_view, service
from lineal.metadata import EventType, ExecutionState, ExecutionType

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineal.metadata import Execution
    from lineal.workspace import Workspace

FLIGHTS = pa.table(
    {
        "carrier": ["UA", "B6"],
        "at": pa.array([0, 1], pa.timestamp("us", "UTC")),
        "delay": [3.0, 5.0],
    }
)
UA = feature_view(
    "delays",
    of=entity("carrier", key="carrier"),
    table="ops.flights",
    event_time="at",
    columns=["delay"],
)


@lineal.component
def double(flights: pa.Table) -> int:
    return flights.num_rows * 2


@lineal.pipeline(name="small")
def small(flights: lineal.Input[pa.Table]) -> None:
    double(flights)


def events(ws: Workspace, execution: Execution, kind: EventType) -> list[str]:
    return [
        ws.get(f"artifact/{event.artifact_id}").ref
        for event in ws.store.events(execution_ids=[execution.id or 0])
        if event.type == kind
    ]


def newest(ws: Workspace, verb: str) -> Execution:
    return ws.store.executions(type=verb)[-1]


@pytest.fixture
def busy(
    ws: Workspace, write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    """A workspace in which each verb has run once, outside of any repository."""
    monkeypatch.chdir(tmp_path)
    raw = ws.lake.add(write("a.csv", "a", "1"))
    ws.warehouse.ingest("ops.raw", raw)
    flights = ws.warehouse.save(FLIGHTS, "ops.flights", event_time="at")
    ws.warehouse.table("ops.raw").rename_column("a", "b")
    ws.warehouse.subject("ops", owner="me@example.org")
    stats = ws.statistics(flights)
    schema = ws.infer_schema(stats)
    ws.validate(stats, schema)
    ws.save(schema, "kept")
    ws.alias("ops.flights", "best", 1)
    ws.features.define(service("delay", [UA]))
    ws.features.training_set(flights.to_arrow(), "delay", at="at", name="training")
    ws.features.materialize("delay")
    ws.run(small, {"flights": flights}).check()
    return ws


def test_every_verb_is_recorded_with_inputs_outputs_code_and_environment(busy: Workspace) -> None:
    expected = {
        "lineal.add": ([], ["a.csv@1"]),
        "lineal.ingest": (["a.csv@1"], ["ops.raw@1"]),
        "lineal.schema": (["ops.raw@1"], ["ops.raw@2"]),
        "lineal.subject": ([], []),
        "lineal.statistics": (["ops.flights@1"], ["statistics/ops.flights@1"]),
        "lineal.infer_schema": (["statistics/ops.flights@1"], ["schema/ops.flights@1"]),
        "lineal.validate": (
            ["statistics/ops.flights@1", "schema/ops.flights@1"],
            ["validation/ops.flights@1"],
        ),
        "lineal.save": (["schema/ops.flights@1"], ["kept@1"]),
        "lineal.alias": (["ops.flights@1"], []),
        "lineal.define": ([], ["carrier@1", "delays@1", "delay@1"]),
    }

    for verb, (inputs, outputs) in expected.items():
        if verb == "lineal.add":
            execution = busy.store.executions(type=verb)[0]
        else:
            execution = newest(busy, verb)
        assert sorted(events(busy, execution, EventType.INPUT)) == sorted(inputs), verb
        assert sorted(events(busy, execution, EventType.OUTPUT)) == sorted(outputs), verb

    made = newest(busy, "lineal.training_set")
    assert events(busy, made, EventType.OUTPUT) == ["training@1"]
    assert {"ops.flights@1", "delay@1", "delays@1"} <= set(events(busy, made, EventType.INPUT))
    brought = newest(busy, "lineal.materialize")
    assert {"ops.flights@1", "delay@1"} <= set(events(busy, brought, EventType.INPUT))


def test_every_execution_names_its_code_its_program_and_its_environment(busy: Workspace) -> None:
    (environment,) = busy.store.artifacts(type="lineal.Environment")

    for execution in busy.store.executions():
        assert execution.state == ExecutionState.COMPLETE, execution.type
        code = execution.get("lineal_code")
        if execution.type.startswith("lineal."):
            assert code == f"lineal {lineal.__version__} {execution.type}"
        else:
            assert len(str(code)) == 64, "a component's code is told by its fingerprint"
        assert execution.get("lineal_command") == program()
        ran_in = [
            event.artifact_id
            for event in busy.store.events(execution_ids=[execution.id or 0])
            if event.type == EventType.INTERNAL_INPUT
        ]
        assert ran_in == [environment.id], execution.type

    captured = Environment.from_json(Path(environment.uri).read_bytes())
    assert captured.interpreter.version == "{}.{}.{}".format(*sys.version_info[:3])
    assert "lineal" in [one.name for one in captured.distributions]


def test_a_script_is_named_with_the_commit_of_its_repository(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    script = project / "load.py"
    script.write_text(
        "import sys, lineal\nwith lineal.open(sys.argv[1]) as ws:\n    ws.lake.add(sys.argv[0])\n"
    )

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=project, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    subprocess.run(
        [sys.executable, script, tmp_path / "ws", "--password=secret"], cwd=elsewhere, check=True
    )

    with lineal.open(tmp_path / "ws") as ws:
        (execution,) = ws.store.executions()
        (environment,) = ws.store.artifacts(type="lineal.Environment")
        assert execution.get("lineal_command") == str(script)
        assert environment.get("commit") == git("rev-parse", "HEAD")
        assert environment.get("dirty") is False
        told = json.dumps([execution.custom_properties, environment.properties], default=str)
        assert "secret" not in told


def test_a_verb_that_fails_is_recorded_with_its_error(
    ws: Workspace, write: Callable[..., Path]
) -> None:
    with pytest.raises(lineal.InvalidInput):
        ws.warehouse.ingest("ops.flights", write("bad.csv", "a,a", "1,2"))

    (failed,) = ws.store.executions(type="lineal.ingest")
    assert failed.state == ExecutionState.FAILED
    assert "'a'" in str(failed.get("lineal_error"))
    assert ws.store.newest("ops.flights") is None
    (told,) = [row for row in ws.log() if row["state"] == "FAILED"]
    assert told["error"] == failed.get("lineal_error")


# Reads


@pytest.fixture
def read_all(ws: Workspace, write: Callable[..., Path]) -> Callable[[], set[str]]:
    """Read one of each kind; give what should become an input of an open run."""
    ws.lake.add(write("a.csv", "a", "1"))
    ws.warehouse.save(pa.table({"a": [1]}), "ops.t")
    ws.warehouse.save(pa.table({"a": [1]}), "ops.untouched")
    ws.warehouse.save(pa.table({"a": [1]}), "ops.past")
    ws.warehouse.save(pa.table({"a": [2]}), "ops.past")
    ws.infer_schema(pa.table({"a": [1]}), name="schema")
    ws.save(write("model.pkl", "bytes"), "model", type="Model")
    before = ws.get("ops.past@1").known_at

    def read_all() -> set[str]:
        ws.get("a.csv").read_bytes()
        ws.sql("SELECT * FROM ops.t").read_all()
        ws.at(before).warehouse.newest("ops.past").to_arrow()
        ws.read("schema")
        ws.get("model").read_bytes()
        return {"a.csv@1", "ops.t@1", "ops.past@1", "schema@1", "model@1"}

    return read_all


def test_reads_inside_a_run_become_its_inputs(
    ws: Workspace, read_all: Callable[[], set[str]]
) -> None:
    with ws.recorder.run(ExecutionType("work"), tracks_reads=True):
        expected = read_all()

    assert set(events(ws, newest(ws, "work"), EventType.INPUT)) == expected


def test_reads_through_another_handle_of_the_workspace_count_too(
    ws: Workspace, read_all: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ws.root)

    with ws.recorder.run(ExecutionType("work"), tracks_reads=True), lineal.open(ws.root) as second:
        lineal.read("ops.t").to_arrow()
        second.get("a.csv").read_bytes()
        saved = second.save(pa.table({"b": [1]}), "ops.made")

    work = newest(ws, "work")
    assert set(events(ws, work, EventType.INPUT)) == {"ops.t@1", "a.csv@1"}
    maker = next(e for e in ws.store.executions(type="lineal.save")[::-1])
    assert maker.get("lineal_parent") == work.id
    assert ws.lineage(saved.ref).artifacts.keys() >= {ws.get("ops.t").id, ws.get("a.csv").id}


def test_reads_outside_of_a_run_leave_no_trace(
    ws: Workspace, read_all: Callable[[], set[str]]
) -> None:
    before = ws.store.commits()

    read_all()

    assert ws.store.commits() == before


def test_reads_of_another_workspace_are_no_inputs(ws: Workspace, tmp_path: Path) -> None:
    with lineal.open(tmp_path / "other") as other:
        other.warehouse.save(pa.table({"a": [1]}), "ops.t")
        with ws.recorder.run(ExecutionType("work"), tracks_reads=True):
            other.sql("SELECT * FROM ops.t").read_all()

    assert events(ws, newest(ws, "work"), EventType.INPUT) == []
