"""A lake in a folder of its own, and ways to end a process at a named point."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lineal.lake import Lake, ObjectStore
from lineal.metadata import Recorder, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OPEN = (
    "import sys\n"
    "from pathlib import Path\n"
    "from lineal.lake import Lake, ObjectStore\n"
    "from lineal.metadata import Recorder, Store\n"
    "root, source = Path(sys.argv[1]), Path(sys.argv[2])\n"
    "lake = Lake(Recorder(Store(root / 'metadata.db')), ObjectStore(root))\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace" / ".lineal"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def objects(root: Path) -> ObjectStore:
    return ObjectStore(root)


@pytest.fixture
def recorder(root: Path) -> Iterator[Recorder]:
    store = Store(root / "metadata.db")
    yield Recorder(store)
    store.close()


@pytest.fixture
def lake(recorder: Recorder, objects: ObjectStore) -> Lake:
    return Lake(recorder, objects)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Write a file below the test's folder and return its path."""

    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def in_process(root: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script with `lake`, `source` and `root` in a process of its own."""

    def run(script: str, source: Path, *, kill_at: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "LINEAL_KILL_AT": kill_at}
        done = subprocess.run(
            [sys.executable, "-c", OPEN + script, str(root), str(source)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        expected = -signal.SIGKILL if kill_at else 0
        assert done.returncode == expected, done.stderr
        return done

    return run
