"""The command line through its real entry point, each command in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> object:
        return json.loads(self.out)


@dataclass(frozen=True)
class Lineal:
    """Runs `lineal` in a directory, as a person would."""

    directory: Path

    def __call__(self, *arguments: str, **environment: str) -> Done:
        done = subprocess.run(
            [Path(sys.executable).with_name("lineal"), *arguments],
            cwd=self.directory,
            env={**os.environ, "NO_COLOR": "1", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str) -> Done:
        done = self(*arguments)
        assert done.code == 0, done
        return done

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def lineal(tmp_path: Path) -> Lineal:
    """The command in an empty folder."""
    return Lineal(tmp_path)


@pytest.fixture
def workspace(lineal: Lineal) -> Lineal:
    """The command in a fresh workspace."""
    lineal.ok("init", ".")
    return lineal
