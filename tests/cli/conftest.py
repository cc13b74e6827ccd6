"""The command line, as a process of its own, or within this one where starting is no matter."""

import contextlib
import io
import json
import os
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest

from lineal.cli import main


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> object:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.out.splitlines()]


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


class InProcess(Lineal):
    """The same through the same entry point, without a new process for each command."""

    def __call__(self, *arguments: str, **environment: str) -> Done:
        assert not environment
        out, err = io.StringIO(), io.StringIO()
        before, path = Path.cwd(), [*sys.path]
        os.chdir(self.directory)
        try:
            with (
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
                warnings.catch_warnings(),
            ):
                warnings.simplefilter("default", UserWarning)
                main(list(arguments))
        except SystemExit as leaving:
            return Done(int(leaving.code or 0), out.getvalue(), err.getvalue())
        finally:
            os.chdir(before)
            sys.path[:] = path
        raise AssertionError("main returned instead of exiting")


@pytest.fixture
def lineal(tmp_path: Path) -> Lineal:
    """The command in an empty folder, each time in a process of its own."""
    return Lineal(tmp_path)


@pytest.fixture
def workspace(tmp_path: Path) -> InProcess:
    """The command in a fresh workspace."""
    fresh = InProcess(tmp_path)
    fresh.ok("init", ".")
    return fresh
