"""The demonstration, run as a person runs it: killed on its way, finished, and run again.

The runs are shared by all tests of a session, also where several workers share them out.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lineal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.workspace import Workspace

# Loaded by Python itself before the program: every way out is closed, and who tries is noted.
NO_SOCKETS = """
import os, socket

def refuse(*arguments, **options):
    with open(os.environ["TEST_ATTEMPTS"], "a") as file:
        file.write(f"{arguments!r}\\n")
    raise PermissionError("the demo must not call out")

class Closed(socket.socket):
    def __init__(self, family=-1, *arguments, **options):
        super().__init__(family, *arguments, **options)
        if self.family in (socket.AF_INET, socket.AF_INET6):
            self.close()
            refuse(family)

socket.socket = Closed
socket.create_connection = socket.getaddrinfo = socket.gethostbyname = refuse
"""
KILLED_AT = "workspace.stored"
"""Where the first run dies: three tables are loaded, the first statistics are on their way."""


@dataclass(frozen=True)
class Run:
    """How a run ended, what it said, and what the workspace held afterwards."""

    code: int
    out: str
    err: str
    versions: dict[str, int]


@dataclass(frozen=True)
class Story:
    """All runs in one folder."""

    folder: str
    attempts: list[str]
    """Calls to the network that were tried."""
    killed: Run
    finished: Run
    doctored: list[str]
    """What doctor found after the run that was finished, and then once more."""
    again: Run

    @property
    def json(self) -> dict[str, object]:
        """The document that the last run printed."""
        document: dict[str, object] = json.loads(self.again.out)
        return document


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Run the demo three times, once a session: the worker that comes first does it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = shared / "demo.json"
        if not told.exists():
            told.write_text(json.dumps(dataclasses.asdict(_tell(shared / "the demo"))))
        content = json.loads(told.read_text())
    runs = {name: Run(**content.pop(name)) for name in ("killed", "finished", "again")}
    return Story(**content, **runs)


@pytest.fixture
def ws(story: Story) -> Iterator[Workspace]:
    """The workspace that the demo left."""
    with lineal.open(story.folder) as workspace:
        yield workspace


def _tell(folder: Path) -> Story:
    place = folder.parent / "no sockets"
    place.mkdir()
    (place / "sitecustomize.py").write_text(NO_SOCKETS)
    attempts = place / "attempts"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("LINEAL_")},
        "PYTHONPATH": str(place),
        "TEST_ATTEMPTS": str(attempts),
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    killed = _run(folder, {**environment, "LINEAL_KILL_AT": KILLED_AT})
    finished = _run(folder, environment)
    with lineal.open(folder) as ws:
        doctored = [each.what for each in [*ws.doctor(), *ws.doctor()]]
    again = _run(folder, environment, "--json")
    tried = attempts.read_text().splitlines() if attempts.exists() else []
    return Story(str(folder), tried, killed, finished, doctored, again)


def _run(folder: Path, environment: dict[str, str], *options: str) -> Run:
    done = subprocess.run(
        [*_without_network(), Path(sys.executable).with_name("lineal"), "demo", folder, *options],
        env=environment,
        cwd=folder.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    with lineal.open(folder) as ws:
        versions = {name: len(ws.store.versions(name)) for name in ws.store.names()}
    return Run(done.returncode, done.stdout, done.stderr, versions)


def _without_network() -> tuple[str, ...]:
    """Return what takes the network away from what follows, where the kernel allows that."""
    command = ("unshare", "--map-root-user", "--net")
    if shutil.which("unshare") is None:
        return ()
    allowed = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    return command if allowed else ()
