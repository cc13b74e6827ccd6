"""Real scripts in real processes, in a folder that is a workspace."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import lineal
from lineal.workspace.tracking.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineal.metadata import Artifact, Execution
    from lineal.workspace import Workspace


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it wrote."""

    code: int
    out: str
    err: str


class Project:
    """A folder with a workspace, in which scripts and commands run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        lineal.open(root).close()

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def python(self, *arguments: str, **environment: str) -> Ended:
        """Run Python in the project's folder."""
        return self.run(sys.executable, *arguments, **environment)

    def script(self, text: str, *arguments: str, name: str = "script.py", **more: str) -> Ended:
        """Write a script, and run it."""
        self.write(name, text)
        return self.python(name, *arguments, **more)

    def lineal(self, *arguments: str, **environment: str) -> Ended:
        """Run the command in the project's folder."""
        return self.python("-c", "from lineal.cli import main; main()", *arguments, **environment)

    def run(self, *command: str, **environment: str) -> Ended:
        """Run any command in the project's folder."""
        given = {k: v for k, v in os.environ.items() if k != "LINEAL_KILL_AT"}
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**given, **environment},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def ws(project: Project) -> Iterator[Workspace]:
    with lineal.open(project.root) as workspace:
        yield workspace


def only_run(ws: Workspace, kind: str = "lineal.track") -> Execution:
    """Return the one execution of that type."""
    (found,) = ws.store.executions(type=kind)
    return found


def inputs(ws: Workspace, execution: Execution) -> list[Artifact]:
    """Return what came into a run, or began inside of it, from outside."""
    ids = summarize(ws.store, execution.id or 0).inputs
    return ws.store.artifacts(ids=ids)


def input_names(ws: Workspace, execution: Execution) -> list[str]:
    """Return what the inputs of a run are called: by their version, or by their file's name."""
    names = []
    for artifact in inputs(ws, execution):
        row = ws.store.version_of(artifact.id or 0)
        source = str(artifact.get("source", "")).rpartition("/")[2]
        names.append(source if row is None else f"{row.name}@{row.number}")
    return sorted(names)


def records(ws: Workspace, execution: Execution, key: str) -> list[str]:
    """Return the texts that were kept with an execution under that key."""
    events = ws.store.events(execution_ids=[execution.id or 0])
    ids = [event.artifact_id for event in events if event.path and event.path[0] == key]
    return [
        ws.objects.read(str(each.get("sha256"))).decode() for each in ws.store.artifacts(ids=ids)
    ]
