"""A workspace in a folder of its own, and processes that come and go on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import lineal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lineal.workspace import Workspace

# A process that has imported everything once, and forks a child for each piece of code that it is
# sent: a start of a second or two for each would make these tests take many minutes.
SERVER = """
import json, os, resource, sys, traceback
import pyarrow, pyarrow.parquet, duckdb, ibis
import pyiceberg.catalog.sql, pyiceberg.io.pyarrow
import tensorflow_metadata.proto.v0.anomalies_pb2
import lineal, lineal.features.materialize, lineal.pipeline.runner
import lineal.validation.compute, lineal.validation.stats.collect
import lineal.warehouse.load, lineal.workspace.checking, lineal.engine.duckdb.engine

def child(root, code, environment):
    os.environ.update(environment)
    limit = environment.get("TEST_FILE_BYTES")
    with lineal.open(root) as ws:
        if limit:
            ws.engine
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
        exec(code, {"ws": ws, "root": root, "lineal": lineal, "pa": pyarrow})

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
def root(tmp_path: Path) -> Path:
    return tmp_path / "a workspace"


@pytest.fixture
def children(server: subprocess.Popen[str], root: Path) -> Callable[..., list[Ended]]:
    """Run each piece of code in a process of its own, all at once, on this test's workspace."""

    def run(*codes: str, **environment: str) -> list[Ended]:
        jobs = [{"root": str(root), "code": code, "environment": environment} for code in codes]
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(jobs) + "\n")
        server.stdin.flush()
        return [Ended(*result) for result in json.loads(server.stdout.readline())]

    return run


@pytest.fixture
def ws(root: Path) -> Iterator[Workspace]:
    with lineal.open(root) as workspace:
        yield workspace


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write lines to a file beside the workspace and return its path."""

    def write(name: str, *lines: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
