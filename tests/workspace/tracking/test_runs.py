"""`with ws.run(name) as run`: what it uses, logs and encloses; and functions as steps."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import lineal
from lineal.errors import InvalidInput, NotFound
from lineal.metadata import ExecutionState

from .conftest import input_names, only_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.workspace import Workspace


@pytest.fixture(autouse=True)
def _inside(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ws.root)


def test_a_run_uses_and_logs_with_parameters_and_metrics(ws: Workspace) -> None:
    ws.save(pa.table({"a": [1, 2]}), "ops.train")
    Path("model.pkl").write_bytes(b"weights")

    with ws.run("train", params={"depth": 6, "api_key": "x"}) as run:
        data = run.use("ops.train")
        model = run.log("Model", "model.pkl", name="delay", metrics={"auc": 0.91, "rounds": 3})
        run.log(metrics={"loss": 0.5})
        run.note(cohort="north")

    found = only_run(ws, "lineal.run")
    assert found.state == ExecutionState.COMPLETE
    told = {key: found.get(key) for key in ("depth", "api_key", "loss", "cohort", "lineal_run")}
    assert told == {
        "depth": 6,
        "api_key": "***",
        "loss": 0.5,
        "cohort": "north",
        "lineal_run": "train",
    }
    assert data.to_arrow().to_pydict() == {"a": [1, 2]}
    assert model.ref == "delay@1"
    assert model.artifact.type == "Model"
    assert (model.artifact.get("auc"), model.artifact.get("rounds")) == (0.91, 3)
    assert ws.get("delay").read_bytes() == b"weights"
    assert input_names(ws, found) == ["ops.train@1"]
    refs = {row.name for row in ws.lineage(model).versions.values()}
    assert {"delay", "ops.train"} <= refs


def test_metrics_with_steps_become_a_series(ws: Workspace) -> None:
    with ws.run("train") as run:
        for step in range(3):
            run.log(metrics={"loss": 1.0 / (step + 1)}, step=step)

    assert only_run(ws, "lineal.run").get("loss") == pytest.approx(1 / 3)
    (series,) = ws.store.artifacts(type="lineal.Metrics")
    points = [json.loads(line) for line in ws.objects.read(str(series.get("sha256"))).splitlines()]
    assert [(p["metric"], p["step"], p["value"]) for p in points] == [
        ("loss", 0, 1.0),
        ("loss", 1, 0.5),
        ("loss", 2, pytest.approx(1 / 3)),
    ]


def test_a_failed_run_keeps_its_error_and_what_it_had_logged(ws: Workspace) -> None:
    def train() -> None:
        with ws.run("train") as run:
            run.log("Model", b"early", name="early")
            run.log(metrics={"loss": 0.5}, step=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train()

    found = only_run(ws, "lineal.run")
    assert found.state == ExecutionState.FAILED
    assert found.get("loss") == 0.5
    assert ws.get("early").read_bytes() == b"early"
    assert len(ws.store.artifacts(type="lineal.Metrics")) == 1


def test_what_can_be_used(ws: Workspace, tmp_path: Path) -> None:
    table = ws.save(pa.table({"a": [1]}), "ops.t")
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n")
    with ws.run("r") as run:
        assert run.use(table) is table
        assert run.use(outside) == outside
        assert run.use(str(outside)) == outside
        frame = pa.table({"b": [1]})
        assert run.use(frame) is frame
        with pytest.raises(InvalidInput, match="a set can't be used"):
            run.use({1})
        with pytest.raises(NotFound):
            run.use("nothing.called.so")
    assert len(input_names(ws, only_run(ws, "lineal.run"))) == 3


def test_what_cannot_be_logged_is_refused_by_name(ws: Workspace) -> None:
    with ws.run("r", params={"depth": 1}) as run:
        with pytest.raises(InvalidInput, match="'auc' must be a number"):
            run.log(metrics={"auc": "high"})  # type: ignore[dict-item]
        with pytest.raises(InvalidInput, match=r"lineal\.File is what a verb makes"):
            run.log("lineal.File", b"x")
        with pytest.raises(NotFound, match=r"no file nowhere\.pkl"):
            run.log("Model", "nowhere.pkl")
        with pytest.raises(InvalidInput, match="'sha256'"):
            run.log("Model", b"x", properties={"sha256": "0"})
    with pytest.raises(InvalidInput, match="is over"):
        run.log(metrics={"auc": 1.0})


def test_an_input_of_another_workspace_is_refused(ws: Workspace, tmp_path: Path) -> None:
    with lineal.open(tmp_path / "other") as other:
        foreign = other.save(pa.table({"a": [1]}), "ops.t")
        with ws.run("r") as run, pytest.raises(InvalidInput, match="another workspace"):
            run.use(foreign)


def test_nested_runs_threads_and_processes_are_children(ws: Workspace) -> None:
    code = (
        "import lineal, pyarrow as pa\n"
        "with lineal.open('.') as ws: ws.save(pa.table({'a': [4]}), 'ops.process')\n"
    )

    def save(name: str, number: int) -> None:
        ws.save(pa.table({"a": [number]}), name)

    pool = ThreadPoolExecutor(1)
    pool.submit(int).result()  # its thread began before the run
    with ws.run("outer") as outer:
        with ws.run("inner") as inner:
            save("ops.inner", 1)
        thread = threading.Thread(target=save, args=("ops.thread", 2))
        thread.start()
        thread.join()
        pool.submit(save, "ops.pool", 3).result()
        subprocess.run([sys.executable, "-c", code], check=True)
    pool.submit(save, "ops.after", 5).result()
    pool.shutdown()

    parents = {
        name: ws.store.execution(
            next(e.execution_id for e in ws.store.events(artifact_ids=[ws.get(name).id]))
        ).get("lineal_parent")
        for name in ("ops.inner", "ops.thread", "ops.pool", "ops.process", "ops.after")
    }
    assert parents == {
        "ops.inner": inner.id,
        "ops.thread": outer.id,
        "ops.pool": outer.id,
        "ops.process": outer.id,
        "ops.after": None,
    }
    assert ws.store.execution(inner.id).get("lineal_parent") == outer.id


def test_everything_is_put_back_when_the_last_run_ends(ws: Workspace) -> None:
    import polars as pl

    before = (threading.Thread.start, ThreadPoolExecutor.submit, subprocess.Popen.__init__)
    reader, path = pl.read_csv, list(sys.meta_path)
    with ws.run("a"), ws.run("b"):
        assert pl.read_csv is not reader
    assert (threading.Thread.start, ThreadPoolExecutor.submit, subprocess.Popen.__init__) == before
    assert pl.read_csv is reader
    assert sys.meta_path == path


def test_two_runs_in_two_threads_keep_their_reads_apart(ws: Workspace) -> None:
    met = threading.Barrier(2)

    def work(name: str) -> None:
        with ws.run(name):
            met.wait()
            Path(f"{name}.csv").read_text()
            met.wait()

    for name in ("a", "b"):
        Path(f"{name}.csv").write_text(name)
    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = {
        e.get("lineal_run"): input_names(ws, e) for e in ws.store.executions(type="lineal.run")
    }
    assert found == {"a": ["a.csv"], "b": ["b.csv"]}


def test_a_step_records_parameters_inputs_and_outputs(ws: Workspace) -> None:
    source = ws.save(pa.table({"a": [1, 2]}), "ops.source")

    @lineal.step
    def double(table: object, factor: int = 2) -> object:
        rows = table.to_arrow()["a"].to_pylist()  # type: ignore[attr-defined]
        return ws.save(pa.table({"a": [factor * row for row in rows]}), "ops.doubled")

    @lineal.step(name="whole")
    def both(table: object) -> object:
        return double(table, factor=3)

    made = both(source)

    assert made.to_arrow().to_pydict() == {"a": [3, 6]}
    outer, inner = ws.store.executions(type="lineal.step")
    assert (outer.get("lineal_run"), inner.get("factor")) == ("whole", 3)
    assert inner.get("lineal_parent") == outer.id
    assert inner.get("lineal_code") != outer.get("lineal_code")
    for each in (outer, inner):
        events = ws.store.events(execution_ids=[each.id or 0])
        keys = {str(event.path[0]) for event in events if event.path}
        assert {"table", "return", "environment"} <= keys


def test_a_coroutine_is_a_step_too_and_a_generator_is_refused(ws: Workspace) -> None:
    @lineal.step(workspace=ws)
    async def wait(number: int) -> int:
        await asyncio.sleep(0)
        return number + 1

    async def all_of_them() -> list[int]:
        return list(await asyncio.gather(*(wait(number) for number in range(3))))

    assert asyncio.run(all_of_them()) == [1, 2, 3]
    steps = ws.store.executions(type="lineal.step")
    assert sorted(int(str(each.get("number"))) for each in steps) == [0, 1, 2]
    assert {each.state for each in steps} == {ExecutionState.COMPLETE}
    assert {each.get("lineal_parent") for each in steps} == {None}

    with pytest.raises(InvalidInput, match="is a generator"):

        @lineal.step
        def rows() -> Iterator[int]:
            yield 1


def test_a_pipeline_still_runs_by_the_same_name(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="is no pipeline"):
        ws.run(3)  # type: ignore[call-overload]
    with pytest.raises(InvalidInput, match="can't be changed"), ws.at("2020-01-01").run("r"):
        pass
