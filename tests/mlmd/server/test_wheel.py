"""The official wheel as a client of ours, ours as a client of the official core, and each alone."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lineal.metadata import Store
from lineal.mlmd import metadata_store
from lineal.mlmd.proto import metadata_store_pb2
from lineal.mlmd.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mlmd.server.conftest import Authority

HERE = Path(__file__).parent
Start = "Callable[..., Server]"


def _journey() -> Any:
    spec = importlib.util.spec_from_file_location("journey", HERE / "journey.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_the_wheel(python: Path, *address: str | Path) -> dict[str, object]:
    """Let the wheel make the journey against the server at an address."""
    done = subprocess.run(
        [python, HERE / "journey.py", *map(str, address)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def by_us(*address: str) -> dict[str, object]:
    """Make the journey with our client."""
    told = _journey().run(metadata_store, metadata_store_pb2, list(address))
    plain: dict[str, object] = json.loads(json.dumps(told))
    return plain


@pytest.fixture
def core(wheel_python: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A server that is the wheel's own core, in its own process."""
    command = [wheel_python, HERE / "wheel_core.py", tmp_path / "core.db"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield "127.0.0.1", process.stdout.readline().strip()
        process.kill()


def test_all_four_pairs_of_client_and_server_say_the_same(
    running: Start, core: tuple[str, str], wheel_python: Path, tmp_path: Path
) -> None:
    server = running()
    said = by_the_wheel(wheel_python, "127.0.0.1", str(server.port))

    assert said["mistakes"] == [
        "NotFoundError",
        "InvalidArgumentError",
        "AlreadyExistsError",
        "InvalidArgumentError",
    ]
    assert (said["all"], len(said["limited"])) == (252, 120)  # type: ignore[arg-type]
    assert said == by_the_core_s_own(wheel_python, core)
    other = Store(tmp_path / "other.db")
    with Server(other, port=0) as fresh:
        assert by_us("127.0.0.1", str(fresh.port)) == said
    other.close()


def by_the_core_s_own(python: Path, core: tuple[str, str]) -> dict[str, object]:
    """Let the wheel talk to its own core; what it says is what ML Metadata says."""
    return by_the_wheel(python, *core)


def test_our_client_speaks_to_the_real_core(core: tuple[str, str]) -> None:
    said = by_us(*core)

    assert said["table"]["uri"] == "file:///a"  # type: ignore[index]
    assert said["graph"] == [2, 1, 2]
    assert said["all"] == 252


def test_the_wheel_comes_in_by_mutual_tls(
    running: Start, wheel_python: Path, authority: Authority
) -> None:
    server = running(certificates=authority.certificates(mutual=True))
    files = (authority.own.certificate, authority.client.key, authority.client.certificate)

    said = by_the_wheel(wheel_python, "127.0.0.1", str(server.port), *files)

    assert said["all"] == 252
