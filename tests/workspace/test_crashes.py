"""A process that dies at any point loses nothing, shows nothing half-made, does nothing twice."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import lineal
from lineal.errors import IncompatibleVersion
from lineal.features import entity, feature_view
from lineal.metadata import KILL_POINTS, ArtifactState, ExecutionState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lineal.workspace import Workspace

POINTS = [p for p in KILL_POINTS if p.split(".")[0] in ("recorder", "lake", "warehouse")]
DONE = {"recorder.closed"}
"""Points at which all is recorded, and only the caller was not told."""


def contents(ws: Workspace) -> dict[str, object]:
    """Return everything that can be seen of a workspace: each version, and what it holds."""
    seen: dict[str, object] = {}
    for name in ws.store.names():
        for row in ws.store.versions(name):
            found = ws.get(f"{name}@{row.number}")
            assert found.artifact.state == ArtifactState.LIVE
            if hasattr(found, "to_arrow"):
                seen[found.ref] = found.to_arrow().to_pylist()
            else:
                seen[found.ref] = getattr(found, "read_bytes", lambda: "")()
    return seen


def files(ws: Workspace) -> set[str]:
    """Return every file of a workspace; locks and what SQLite keeps beside a database apart."""
    return {
        path.relative_to(ws.root).as_posix()
        for path in ws.root.rglob("*")
        if path.is_file() and "locks" not in path.parts and not path.name.endswith(("-wal", "-shm"))
    }


def data_files(ws: Workspace) -> set[str]:
    return {path.name for path in ws.root.glob(".lineal/warehouse/*/data/*")}


def needed_files(ws: Workspace) -> set[str]:
    """Return the data files of all versions of all tables."""
    versions = [version for table in ws.warehouse for version in table]
    return {path.rpartition("/")[2] for v in versions for path in v.source().paths}


def settled(ws: Workspace) -> None:
    """Let doctor look, settle, and look again."""
    commits, before, seen = ws.store.commits(), files(ws), contents(ws)
    told = ws.doctor(dry_run=True)
    assert (ws.store.commits(), files(ws), contents(ws)) == (commits, before, seen)

    did = ws.doctor()

    assert bool(told) == bool(did)
    assert [(each.what, each.where) for each in told if each.what != "leftover bytes"] == [
        (each.what, each.where) for each in did if each.what != "leftover bytes"
    ]
    assert ws.doctor() == ws.doctor(dry_run=True) == []
    assert data_files(ws) <= needed_files(ws)
    states = {execution.state for execution in ws.store.executions()}
    assert states <= {ExecutionState.COMPLETE, ExecutionState.CANCELED}


def killed(children: Callable[..., list], code: str, point: str) -> None:
    (ended,) = children(code, LINEAL_KILL_AT=point)
    assert ended.code == -signal.SIGKILL, ended.error


@pytest.mark.parametrize("with_doctor", [True, False], ids=["doctor", "no doctor"])
@pytest.mark.parametrize("point", [p for p in POINTS if not p.startswith("warehouse.")])
def test_add_killed_at_any_point_gives_the_bytes_once_when_run_again(
    ws: Workspace,
    children: Callable[..., list],
    write: Callable[..., Path],
    point: str,
    with_doctor: bool,
) -> None:
    path = write("a.csv", "a", "1")
    code = f"ws.lake.add({str(path)!r})"

    killed(children, code, point)
    assert contents(ws) == ({"a.csv@1": b"a\n1\n"} if point in DONE else {})
    if with_doctor:
        settled(ws)
    (again,) = children(code)

    assert again.code == 0, again.error
    assert contents(ws) == {"a.csv@1": b"a\n1\n"}
    if not with_doctor:
        settled(ws)
        assert contents(ws) == {"a.csv@1": b"a\n1\n"}


@pytest.mark.parametrize("with_doctor", [True, False], ids=["doctor", "no doctor"])
@pytest.mark.parametrize("point", [p for p in POINTS if not p.startswith("lake.")])
def test_ingest_killed_at_any_point_gives_each_row_once_when_run_again(
    ws: Workspace,
    children: Callable[..., list],
    write: Callable[..., Path],
    point: str,
    with_doctor: bool,
) -> None:
    ws.warehouse.ingest("ops.t", ws.lake.add(write("0.csv", "a", "0")))
    ws.lake.add(write("1.csv", "a", "1"))
    before = contents(ws)
    after = {**before, "ops.t@2": [{"a": 0}, {"a": 1}]}
    code = "ws.warehouse.ingest('ops.t', ws.lake.get('1.csv'))"

    killed(children, code, point)
    assert contents(ws) == (after if point in DONE else before)
    if with_doctor:
        settled(ws)
    (again,) = children(code)

    assert again.code == 0, again.error
    assert contents(ws) == after
    assert ws.sql("SELECT count(*) AS n FROM ops.t").read_all().to_pylist() == [{"n": 2}]
    if not with_doctor:
        settled(ws)
        assert contents(ws) == after


@pytest.mark.parametrize(
    "point", ["lake.staged", "lake.placed", "recorder.opening", "recorder.numbered"]
)
def test_ingest_of_a_path_killed_while_it_is_stored(
    ws: Workspace, children: Callable[..., list], write: Callable[..., Path], point: str
) -> None:
    code = f"ws.warehouse.ingest('ops.t', {str(write('1.csv', 'a', '1'))!r})"

    killed(children, code, point)
    assert contents(ws) == {}
    settled(ws)
    (again,) = children(code)

    assert again.code == 0, again.error
    assert contents(ws) == {"ops.t@1": [{"a": 1}]}


def test_a_first_load_killed_after_its_commit_is_finished_by_doctor(
    ws: Workspace, children: Callable[..., list]
) -> None:
    code = "ws.warehouse.ingest('ops.t', pa.table({'a': [1]}), known_at='2013-02-01')"

    killed(children, code, "warehouse.committed")
    (told,) = [each for each in ws.doctor(dry_run=True) if each.what == "unsettled write"]
    settled(ws)

    assert "lineal.ingest (execution/" in told.where
    assert contents(ws) == {"ops.t@1": [{"a": 1}]}
    assert ws.get("ops.t").known_at.isoformat() == "2013-02-01T00:00:00+00:00"


VALIDATE = "ws.validate('stats', 'schema')"


@pytest.mark.parametrize("point", ["workspace.stored", "recorder.closing", "recorder.closed"])
def test_validate_killed_is_redone(
    ws: Workspace, children: Callable[..., list], point: str
) -> None:
    ws.statistics(pa.table({"a": [1]}), name="stats")
    ws.infer_schema("stats", name="schema")

    killed(children, VALIDATE, point)
    assert bool(ws.store.versions("validation/stats")) == (point in DONE)
    settled(ws)
    (again,) = children(VALIDATE)

    assert again.code == 0, again.error
    assert ws.read("validation/stats").ref == "validation/stats@1"
    assert ws.doctor() == []


PIPELINE = """
from typing import Annotated
import lineal, pyarrow
from lineal.pipeline import Named

@lineal.component
def first(ws: lineal.Workspace, *, out: str) -> Annotated[int, Named("p.first")]:
    with open(out, "a") as log: log.write("first ")
    ws.warehouse.save(pyarrow.table({"a": [1]}), "ops.made")
    return 1

@lineal.component
def second(number: lineal.Input[int], *, out: str) -> Annotated[int, Named("p.second")]:
    with open(out, "a") as log: log.write("second ")
    return number + 1

@lineal.pipeline(name="p")
def p(out: str) -> None:
    second(first(out=out), out=out)
"""


@pytest.mark.parametrize("point", ["pipeline.executed", "pipeline.kept", "recorder.closed"])
def test_a_killed_run_is_taken_up_where_it_stood(
    ws: Workspace,
    children: Callable[..., list],
    write: Callable[..., Path],
    tmp_path: Path,
    point: str,
) -> None:
    file, out = write("p.py", PIPELINE), tmp_path / "out"
    code = (
        "from lineal.pipeline import load_pipeline\n"
        f"ws.run(load_pipeline({str(file) + ':p'!r}), {{'out': {str(out)!r}}}).check()"
    )

    killed(children, code, point)
    assert [name for name in ws.store.names() if name.startswith("p.")] == []
    settled(ws)
    (again,) = children(code)
    (reused,) = children(code)

    assert (again.code, reused.code) == (0, 0), again.error + reused.error
    assert ws.get("p.second@1").read_bytes() == b"2"
    assert contents(ws)["ops.made@1"] == [{"a": 1}]
    assert [len(ws.store.versions(n)) for n in ("p.first", "p.second", "ops.made")] == [1, 1, 1]
    cached = ws.store.executions(state=ExecutionState.CACHED)
    assert len(cached) == 2
    assert out.read_text().split().count("second") == 1
    assert ws.doctor() == []


@pytest.mark.parametrize("point", [p for p in KILL_POINTS if p.startswith("features.")])
def test_materialize_killed_gives_each_entity_once_when_run_again(
    ws: Workspace, children: Callable[..., list], point: str
) -> None:
    rows = pa.table({"k": [1, 2], "at": pa.array([0, 1], pa.timestamp("us", "UTC")), "v": [3, 4]})
    ws.warehouse.save(rows, "ops.t", event_time="at")
    thing = entity("thing", key="k")
    ws.features.define(
        feature_view("view", of=thing, table="ops.t", event_time="at", columns=["v"])
    )
    code = "ws.features.materialize('view')"

    killed(children, code, point)
    settled(ws)
    (again,) = children(code)

    assert again.code == 0, again.error
    reply = ws.features.online("view", {"k": [1, 2, 3]})
    assert reply.to_dict()["view.v"] == [3, 4, None]
    assert ws.doctor() == []


def test_doctor_of_a_workspace_in_use_leaves_the_living_alone(
    ws: Workspace, children: Callable[..., list], write: Callable[..., Path]
) -> None:
    write("1.csv", "a", "1")
    with ws.recorder.run(lineal.metadata.ExecutionType("work")):
        kept = ws.objects.put_bytes(b"not referred to yet")
        assert ws.sql("SELECT 1 AS one").read_all().num_rows == 1  # the engine's folder is held
        (other,) = children("assert ws.doctor() == []; assert ws.doctor(dry_run=True) == []")
        assert other.code == 0, other.error
        assert ws.objects.has(kept.sha256)


def test_what_a_killed_engine_spilled_is_removed(
    ws: Workspace, children: Callable[..., list]
) -> None:
    code = (
        "ws.engine\n"
        "(folder,) = ws.locations.temporary.iterdir()\n"
        "(folder / 'spilled').write_bytes(b'x' * 1000)\n"
        "ws.lake.add(__import__('io').BytesIO(b'a'), 'a')"
    )

    killed(children, code, "recorder.closed")
    (found,) = ws.doctor(dry_run=True)
    settled(ws)

    assert "temporary files" in found.where
    assert list(ws.locations.temporary.rglob("spilled")) == []


def test_another_programs_commit_is_found_and_becomes_a_version(ws: Workspace) -> None:
    ws.warehouse.save(pa.table({"a": [1]}), "ops.t")
    table = ws.warehouse._parts.catalog.load(lineal.warehouse.TableName("ops", "t"))
    table.append(pa.table({"a": [2]}))

    (told,) = ws.doctor(dry_run=True)
    settled(ws)

    assert told.where == "another program's commit"
    assert sorted(row["a"] for row in contents(ws)["ops.t@2"]) == [1, 2]


def test_a_workspace_of_a_newer_version_is_refused_untouched(ws: Workspace) -> None:
    ws.warehouse.save(pa.table({"a": [1]}), "ops.t")
    ws.close()
    settings = ws.root / "lineal.toml"
    text = settings.read_text()
    settings.write_text(text.replace("format = 1", "format = 2"))
    before = files(ws)

    with pytest.raises(IncompatibleVersion, match="upgrade Lineal"):
        lineal.open(ws.root)

    assert files(ws) == before
    settings.write_text(text)
    with lineal.open(ws.root) as again:
        assert again.get("ops.t").ref == "ops.t@1"
