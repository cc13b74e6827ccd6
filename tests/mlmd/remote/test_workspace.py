"""A workspace whose graph a server keeps: the whole journey, by two processes, over a crash."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import lineal
from lineal.errors import Unavailable
from lineal.metadata import ExecutionState
from lineal.mlmd.server import extra

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serving

Serve = "Callable[..., Serving]"

LOADER = """
import sys
import lineal

folder, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with lineal.open(folder) as ws:
    for number in range(count):
        path = ws.root / f"{name}-{number}.csv"
        path.write_text(f"id,who\\n{number},{name}\\n")
        ws.warehouse.ingest("ops.shared", path)
        print(number, flush=True)
"""


@pytest.fixture
def serving(serve: Serve, tmp_path: Path) -> Serving:
    """A server of a database."""
    return serve("--url", f"sqlite:///{tmp_path / 'served.db'}", "--quiet")


@pytest.fixture
def folder(serving: Serving, tmp_path: Path) -> Path:
    """The folder of a workspace whose graph the server keeps."""
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / "lineal.toml").write_text(f'format = 1\n[metadata]\nurl = "{serving.url}"\n')
    return folder


def test_the_whole_journey_with_the_server_killed_on_the_way(
    serving: Serving, folder: Path, tmp_path: Path
) -> None:
    flights = tmp_path / "flights.csv"
    flights.write_text("id,delay,day\n1,5,2013-01-01\n2,-3,2013-01-02\n3,0,2013-01-03\n")
    with lineal.open(folder) as ws:
        raw = ws.lake.add(flights)
        table = ws.warehouse.ingest("ops.flights", raw, event_time="day", known_at="2013-02-01")
        statistics = ws.statistics(table)
        serving.kill()
        serving.start()
        schema = ws.infer_schema(statistics, name="flights_schema")
        report = ws.validate(statistics, schema)
        ws.alias("ops.flights", "best", 1)
        table.label(team="red")
        flights.write_text("id,delay,day\n4,60,2013-01-04\n")
        ws.warehouse.ingest("ops.flights", flights)

        told = ws.lineage(report).to_text()

        assert [word in told for word in ("flights.csv@1", "ops.flights@1", "flights_schema@1")]
        assert ws.at("2013-03-01").warehouse["ops.flights"].to_arrow().num_rows == 3
        assert ws.warehouse["ops.flights"].to_arrow().num_rows == 4
        assert ws.get("ops.flights:best").ref == "ops.flights@1"
        assert ws.find(version=1, team="red")["ref"].to_pylist() == ["ops.flights@1"]
        assert [row["state"] for row in ws.log(limit=None)] == ["COMPLETE"] * 8
        assert ws.doctor() == []
        assert not (folder / ".lineal" / "metadata.db").exists()


def test_two_processes_at_once_and_a_crash_of_the_server(serving: Serving, folder: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", LOADER, folder, name, "4"], stdout=subprocess.PIPE, text=True
        )
        for name in ("ada", "bob")
    ]
    first = processes[0].stdout
    assert first is not None
    first.readline()  # both are on their way
    serving.kill()
    serving.start()
    codes = [process.wait(120) for process in processes]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()

    with lineal.open(folder) as ws:
        ws.doctor()
        rows = ws.sql("SELECT who, id FROM ops.shared ORDER BY who, id").read_all().to_pydict()
        versions = ws.store.versions("ops.shared")
        states = {e.state for e in ws.store.executions()}
        leftover = ws.doctor()
    assert codes == [0, 0]
    assert rows == {"who": ["ada"] * 4 + ["bob"] * 4, "id": [*range(4), *range(4)]}
    assert len(versions) == 8
    assert [row.number for row in versions] == list(range(1, len(versions) + 1))
    assert ExecutionState.RUNNING not in states
    assert leftover == []


def test_the_command_line_works_through_the_server(serving: Serving, folder: Path) -> None:
    (folder / "a.csv").write_text("id\n1\n")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", "from lineal.cli import main; main()", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("add", "a.csv")
    assert "a.csv@1" in run("log")
    assert "a.csv@1" in run("find", "name=a.csv")


def test_without_the_extra_the_remedy_is_named(
    serving: Serving, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda _name: None)

    with pytest.raises(Unavailable, match=r"pip install 'lineal\[grpc\]'"):
        lineal.open(folder)
