"""Peers that several parts are compared with, each in an environment of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def wheel_python() -> Path:
    """The interpreter of an environment with the wheel ml-metadata 1.17.1, made on first use.

    It needs CPython 3.11 or older and protobuf below 5, so it can't share ours. It brings gRPC.
    """
    place = ROOT / ".peers" / "mlmd"
    place.parent.mkdir(exist_ok=True)
    with (place.parent / "mlmd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "ready").exists():
            trouble = _make_peer(place)
            if trouble and os.environ.get("CI"):
                pytest.fail(trouble)
            if trouble:
                pytest.skip(trouble)
    return place / "bin" / "python"


def _make_peer(place: Path) -> str:
    """Make the wheel's environment; return why that can't be, or nothing."""
    python = next(filter(_is_old_enough, _interpreters()), None)
    if python is None:
        return (
            "the conformance tests need CPython 3.9, 3.10 or 3.11 for the ml-metadata wheel: "
            "install one (pyenv install 3.11, apt install python3.11)"
        )
    shutil.rmtree(place, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--python", place / "bin" / "python"]
    for step in (
        [python, "-m", "venv", "--without-pip", place],
        [*pip, "install", "-q", "--only-binary=:all:", "ml-metadata==1.17.1"],
    ):
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"the ml-metadata wheel can't be installed here:\n{done.stdout}{done.stderr}"
    (place / "ready").touch()
    return ""


def _interpreters() -> Iterator[str]:
    yield sys.executable
    for version in ("3.11", "3.10", "3.9"):
        yield f"python{version}"
        for found in sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*")):
            yield str(found / "bin" / "python")


def _is_old_enough(python: str) -> bool:
    check = (
        "import platform, sys; "
        "sys.exit(platform.python_implementation() != 'CPython' "
        "or not (3, 9) <= sys.version_info[:2] <= (3, 11))"
    )
    command: Sequence[str] = [python, "-c", check]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
