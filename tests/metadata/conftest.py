"""Real stores in temporary folders, subprocesses that use them, and the real ML Metadata wheel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.services import database as database_url
from tests.services import server

from lineal.metadata import (
    Artifact,
    ArtifactType,
    ExecutionType,
    Made,
    Moment,
    Output,
    PropertyType,
    Recorder,
    Running,
    Store,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

FILE = ArtifactType(
    "test.File", {"sha256": PropertyType.STRING, "size": PropertyType.INT}, base="mlmd.Dataset"
)


@dataclass(frozen=True)
class Graph:
    """A store with its recorder, and the shortest way to make a version in a test."""

    store: Store
    recorder: Recorder
    type: ArtifactType = FILE

    def make(
        self,
        name: str | None,
        content: str,
        *inputs: Artifact,
        verb: str = "test.make",
        type: ArtifactType | None = None,  # noqa: A002 -- the field's own name for it
        known_at: Moment | None = None,
        properties: Mapping[str, Value] | None = None,
        key: str = "out",
    ) -> Running:
        """Record one execution that makes `content` the next version of `name`."""
        kind = type or self.type
        with self.recorder.run(
            ExecutionType(verb),
            inputs={"source": list(inputs)},
            outputs=[Output(key, kind, name)],
            known_at=known_at,
        ) as running:
            running.made(key, Made(content, f"file:///{content}", properties or {}))
        return running

    def artifact(self, name: str | None, content: str, *inputs: Artifact, **more: str) -> Artifact:
        """Record one execution; return the artifact that it made."""
        return self.make(name, content, *inputs, **more).artifacts["out"]


ON_EVERY_DATABASE = {
    "test_concurrency",
    "test_crashes",
    "test_databases",
    "test_history",
    "test_lineage",
    "test_reads",
    "test_recorder",
}
"""The modules whose tests run on SQLite, PostgreSQL and MariaDB, where they open no file."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once on each database."""
    names = metafunc.fixturenames
    if (
        metafunc.module.__name__.rpartition(".")[2] in ON_EVERY_DATABASE
        and "database" in names
        and "path" not in names
    ):
        metafunc.parametrize("database", ["sqlite", "postgresql", "mysql"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database that a test's store is in."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def place(database: str, tmp_path: Path) -> Iterator[str]:
    """The path or URL of a store that does not exist yet."""
    if database == "sqlite":
        yield str(tmp_path / "metadata.db")
    else:
        yield from database_url(server(database))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a store that does not exist yet."""
    return tmp_path / "metadata.db"


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    """A store in a database."""
    opened = Store.open(place)
    yield opened
    opened.close()


@pytest.fixture
def graph(store: Store) -> Graph:
    """A store in a database, with its recorder."""
    return Graph(store, Recorder(store))


@pytest.fixture
def open_graph() -> Iterator[Callable[[Path | str | None], Graph]]:
    """Open stores, closed at the end of the test."""
    opened: list[Store] = []

    def _open(place: Path | str | None) -> Graph:
        store = Store.open(place)
        opened.append(store)
        return Graph(store, Recorder(store))

    yield _open
    for store in opened:
        store.close()


@dataclass
class Clock:
    """The clock that commits read, to be set by a test."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the time that was set."""
        return self.now


@pytest.fixture
def run_script() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script of this folder in a process of its own."""

    def _run(
        script: str, *arguments: str | Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, HERE / script, *map(str, arguments)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return _run


class Wheel:
    """The real ML Metadata, in an interpreter and a process of its own."""

    def __init__(self, python: Path) -> None:
        self.python = python

    def __call__(self, command: str, path: Path) -> dict[str, object]:
        """Let the wheel do `command` (see mlmd_peer.py) with the file; return its answer."""
        done = subprocess.run(
            [self.python, HERE / "mlmd_peer.py", command, path],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, object] = json.loads(done.stdout)
        return answer


@pytest.fixture(scope="session")
def wheel(wheel_python: Path) -> Wheel:
    """The wheel ml-metadata 1.17.1 in an environment of its own."""
    return Wheel(wheel_python)
