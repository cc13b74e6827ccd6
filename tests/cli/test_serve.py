"""`lineal metadata serve` and `lineal metadata token`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import grpc
import pytest

if TYPE_CHECKING:
    from pathlib import Path


def test_a_token_is_printed_once_and_kept_as_a_hash(tmp_path: Path, workspace) -> None:
    file = tmp_path / "tokens.toml"

    done = workspace("metadata", "token", "ada", "--role", "write", "--tokens", str(file))

    token = done.out.strip()
    assert len(token) > 40
    assert token not in file.read_text()
    assert 'name = "ada"' in file.read_text()


def test_a_token_can_be_revoked(tmp_path: Path, workspace) -> None:
    file = str(tmp_path / "tokens.toml")
    made = json.loads(workspace("metadata", "token", "ada", "--tokens", file, "--json").out)
    assert (made["name"], made["role"]) == ("ada", "read")

    told = workspace("metadata", "token", "ada", "--tokens", file, "--revoke")

    assert told.out == "revoked the token of ada\n"
    assert 'name = "ada"' not in (tmp_path / "tokens.toml").read_text()


def test_a_role_that_is_none_is_refused(tmp_path: Path, workspace) -> None:
    done = workspace("metadata", "token", "a", "--tokens", str(tmp_path / "t"), "--role", "admin")

    assert done.code == 2
    assert "there is no role 'admin'" in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--tls-cert", "cert.pem"), "both the server's certificate and its private key"),
        (("--client-ca", "ca.pem"), "--tls-cert and --tls-key"),
        (("--metrics-port", "99999", "--url", "sqlite://"), "to 65535, not 99999"),
        (("--mysql_config_hots=db",), "did you mean '--mysql_config_host'"),
        (("--url", "oracle://db/x"), "no kind of metadata database"),
        (("--tokens", "nowhere.toml", "--url", "sqlite://"), "nowhere.toml can't be read"),
        (("--mlmd-config", "nowhere.pbtxt"), "nowhere.pbtxt can't be read"),
    ],
)
def test_a_server_that_can_not_start_says_why(
    arguments: tuple[str, ...], says: str, workspace
) -> None:
    done = workspace("metadata", "serve", "--port", "0", *arguments)

    assert done.code == 2
    assert says in done.err


def test_a_server_says_where_it_is_and_stops_when_interrupted(tmp_path: Path) -> None:
    lineal = [sys.executable, "-c", "from lineal.cli import main; main()"]
    url = f"sqlite:///{tmp_path / 'metadata.db'}"
    command = [*lineal, "metadata", "serve", "--url", url, "--port", "0", "--quiet", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        with grpc.insecure_channel(told["address"]) as channel:
            grpc.channel_ready_future(channel).result(timeout=30)

        process.send_signal(signal.SIGINT)

        assert process.wait(30) == 0
        assert told["metrics_port"] is None
