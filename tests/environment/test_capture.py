"""What is captured of an environment, and what its fingerprint depends on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lineal.environment import Environment, GitState, capture, properties_of
from lineal.errors import Corrupt

HERE = Path(__file__).parent


def test_capture_tells_this_interpreter_and_what_is_installed_in_it(tmp_path: Path) -> None:
    found = capture(tmp_path)

    assert found.interpreter.version.startswith(sys.version.split()[0].rstrip("+"))
    names = [one.name for one in found.distributions]
    assert "pytest" in names
    assert names == sorted(set(names))
    assert found.git is None


def test_an_environment_comes_back_equal_from_its_json(tmp_path: Path) -> None:
    found = replace(capture(tmp_path), git=GitState("a" * 40, "main", dirty=True))

    back = Environment.from_json(found.to_json())

    assert back == found
    assert back.fingerprint == found.fingerprint
    assert back.to_json() == found.to_json()


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"git": 1, "interpreter": {}}', b"\xff"])
def test_what_is_no_environment_is_refused(data: bytes) -> None:
    with pytest.raises(Corrupt, match="no environment as Lineal writes it"):
        Environment.from_json(data)


def test_the_fingerprint_ignores_git_and_kernel_but_not_a_rebuilt_distribution(
    tmp_path: Path,
) -> None:
    found = capture(tmp_path)
    first = found.distributions[0]

    elsewhere = replace(found, git=GitState("a" * 40, "main", dirty=True), platform="Linux 1.0")
    rebuilt = replace(
        found, distributions=(replace(first, record="0" * 64), *found.distributions[1:])
    )

    assert elsewhere.fingerprint == found.fingerprint
    assert rebuilt.fingerprint != found.fingerprint
    assert replace(found, interpreter=replace(found.interpreter, version="3.99.0")).fingerprint != (
        found.fingerprint
    )


def test_no_environment_variable_is_recorded(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys; from lineal.environment import capture, properties_of;"
        "e = capture(pathlib.Path(sys.argv[1]));"
        "sys.stdout.buffer.write(e.to_json() + repr(properties_of(e)).encode())"
    )
    secret = "hunter2-is-secret"  # noqa: S105 - the point of the test
    shown = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, "API_TOKEN": secret, "LINEAL_PASSWORD": secret},
        capture_output=True,
        check=True,
    ).stdout

    assert secret.encode() not in shown


def test_properties_are_those_that_the_type_declares(tmp_path: Path) -> None:
    from lineal.environment import ENVIRONMENT

    found = replace(capture(tmp_path), git=GitState("a" * 40, "main", dirty=False))

    properties = properties_of(found)

    # The recorder adds the hash of the description, by which it finds an equal environment.
    assert {*properties, "sha256"} == set(ENVIRONMENT.properties)
    assert properties["fingerprint"] == found.fingerprint
    json.dumps(properties)
