"""A warehouse in a folder of its own, and processes that come and go on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from lineal.engine import EngineSettings, open_engine
from lineal.lake import Lake, ObjectStore
from lineal.metadata import Recorder, Store
from lineal.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lineal.engine import Engine

# A process that has imported everything once, and forks a child for each piece of code that it is
# sent: a child of a second's start would make the tests below take minutes.
SERVER = """
import json, os, resource, sys, traceback
from pathlib import Path
import pyarrow, pyarrow.parquet, duckdb
import pyiceberg.catalog.sql, pyiceberg.io.pyarrow
from lineal.engine import EngineSettings, open_engine
from lineal.lake import Lake, ObjectStore
from lineal.metadata import Recorder, Store
from lineal.warehouse import Warehouse
import lineal.warehouse.load, lineal.warehouse.evolve, lineal.engine.duckdb.engine

def child(root, code, environment):
    os.environ.update(environment)
    limit = environment.get("TEST_FILE_BYTES")
    root = Path(root)
    recorder = Recorder(Store(root / "metadata.db"))
    engine = open_engine(EngineSettings(threads=1))
    warehouse = Warehouse(recorder, Lake(recorder, ObjectStore(root)), engine, root)
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    exec(code, {"warehouse": warehouse, "recorder": recorder, "root": root})

for line in sys.stdin:
    jobs = json.loads(line)
    pids = {}
    for number, job in enumerate(jobs):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                child(**job)
                status = 0
            except BaseException:
                os.write(write, traceback.format_exc().encode()[-60000:])
            os._exit(status)
        os.close(write)
        pids[pid] = (number, read)
    results = [None] * len(jobs)
    for pid, (number, read) in pids.items():
        with os.fdopen(read, "rb") as pipe:
            told = pipe.read().decode()
        _, status = os.waitpid(pid, 0)
        results[number] = [os.waitstatus_to_exitcode(status), told]
    print(json.dumps(results), flush=True)
"""


@dataclass(frozen=True)
class Ended:
    """How a child process ended: its exit code (minus a signal), and its traceback if it raised."""

    code: int
    error: str


@pytest.fixture(scope="session")
def server() -> Iterator[subprocess.Popen[str]]:
    environment = {key: value for key, value in os.environ.items() if key != "LINEAL_KILL_AT"}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    yield process
    process.communicate()


@pytest.fixture
def children(server: subprocess.Popen[str], root: Path) -> Callable[..., list[Ended]]:
    """Run each piece of code in a process of its own, all at once, on this test's warehouse."""

    def run(*codes: str, **environment: str) -> list[Ended]:
        jobs = [{"root": str(root), "code": code, "environment": environment} for code in codes]
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(jobs) + "\n")
        server.stdin.flush()
        return [Ended(*result) for result in json.loads(server.stdout.readline())]

    return run


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    engine = open_engine(EngineSettings(threads=2))
    yield engine
    engine.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "a workspace" / ".lineal"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def open_warehouse(root: Path, engine: Engine) -> Iterator[Callable[..., Warehouse]]:
    """Open the test's warehouse once more, as another process would."""
    stores: list[Store] = []

    def open_warehouse(store: Store | None = None) -> Warehouse:
        if store is None:
            store = Store(root / "metadata.db")
            stores.append(store)
        recorder = Recorder(store)
        return Warehouse(recorder, Lake(recorder, ObjectStore(root)), engine, root)

    yield open_warehouse
    for store in stores:
        store.close()


@pytest.fixture
def warehouse(open_warehouse: Callable[..., Warehouse]) -> Warehouse:
    return open_warehouse()


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., Path]:
    """Write lines as a CSV file and return its path."""

    def csv(name: str, *lines: str) -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return csv
