"""Peers that several parts are compared with, each in an environment of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]


class Serving:
    """`lineal metadata serve` in a process of its own; it can be killed and started again."""

    def __init__(self, arguments: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        self._arguments = [str(argument) for argument in arguments]
        self._environment = {**os.environ, **environment}
        self.address = ""
        self.metrics_port = 0
        self.start(port="0")

    @property
    def url(self) -> str:
        """The URL of its store."""
        return f"grpc://{self.address}"

    def start(self, *, port: str = "") -> None:
        """Start it, again on the same port unless another is given."""
        lineal = [sys.executable, "-c", "from lineal.cli import main; main()"]
        command = [*lineal, "metadata", "serve", "--metrics-port", "0"]
        port = port or self.address.rpartition(":")[2]
        self.process = subprocess.Popen(
            [*command, "--port", port, *self._arguments],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        if not first.startswith("serving on "):
            pytest.fail(f"the server did not start:\n{first}{self.process.communicate()[1]}")
        self.address = first.removeprefix("serving on ").strip()
        self.metrics_port = int(self.process.stdout.readline().rpartition(" ")[2])
        # Read on, or a full pipe would stop the server.
        self.log: list[str] = []
        self._reader = threading.Thread(
            target=lambda log, stream: log.extend(stream),
            args=(self.log, self.process.stderr),
            daemon=True,
        )
        self._reader.start()

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self.process.kill()
        self._ended()

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.terminate()
        return self._ended()

    def _ended(self) -> int:
        code = self.process.wait(60)
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code


@pytest.fixture
def serve() -> Iterator[Callable[..., Serving]]:
    """Start servers of metadata stores, which are killed when the test ends."""
    started: list[Serving] = []

    def _serve(*arguments: str | Path, **environment: str) -> Serving:
        started.append(Serving(arguments, environment))
        return started[-1]

    yield _serve
    for serving in started:
        if serving.process.poll() is None:
            serving.kill()


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
