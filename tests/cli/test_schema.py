"""Schemas through their life, as a person types them."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import InProcess


@pytest.fixture
def named(workspace: InProcess) -> InProcess:
    workspace.write("a.csv", "x,n\na,1\nb,2\n")
    workspace.write("b.csv", "x,n\na,1\nz,\n")
    workspace.ok("schema", "infer", "a.csv", "--name", "s")
    workspace.ok("schema", "set", "s", "x", "domain=a,b,c", "-m", "c came")
    return workspace


def test_log_blame_and_diff_tell_who_changed_what(named: InProcess) -> None:
    log = named.ok("schema", "log", "s", "--json").json
    blame = named.ok("schema", "blame", "s", "x", "--json").json

    assert [(row["ref"], row["class"], row["reason"]) for row in log] == [
        ("s@2", "backward", "c came"),
        ("s@1", None, "inferred"),
    ]
    assert {row["rule"]: row["set by"] for row in blame}["domain"] == "s@2"
    assert named.ok("schema", "diff", "s@1", "s@2").lines[-1] == "compatibility: backward"
    assert named.ok("schema", "diff", "s@1", "s@2", "--json").json[0]["class"] == "backward"
    assert "backward" in named.ok("schema", "log", "s").out
    assert "c came" in named.ok("schema", "blame", "s").out


def test_update_takes_what_is_accepted(named: InProcess) -> None:
    told = named.ok("schema", "update", "s", "b.csv", "--reject", "--json").json
    assert told["ref"] is None
    assert [row["feature"] for row in told["proposals"]] == ["x", "n"]

    assert named("schema", "update", "s", "b.csv").code == 2  # there is no terminal to ask at
    done = named.ok("schema", "update", "s", "b.csv", "--accept", "x", "-m", "z is new")

    assert done.lines[-1] == "kept as s@3"
    assert named.ok("schema", "log", "s", "--json").json[0]["reason"] == "z is new"
    assert named.ok("schema", "update", "s", "a.csv").lines == ["the schema stays as it is"]


def test_lint_exits_by_what_it_finds(named: InProcess) -> None:
    assert named.ok("schema", "lint", "s").lines == ["nothing is wrong"]
    named.ok("schema", "set", "s", "max_examples=9")
    assert "WARNING" in named.ok("schema", "lint", "s").out
    named.ok("schema", "set", "s", "n", "presence.min_fraction=2")

    done = named("schema", "lint", "s", "--json")

    assert done.code == 1
    assert [(row["path"], row["severity"]) for row in done.json][-1] == ("n", "ERROR")


def test_conversions_tell_what_is_lost(named: InProcess) -> None:
    named.ok("schema", "set", "s", "environments=SERVING")

    done = named.ok("schema", "convert", "s", "--to", "json-schema", "-o", "s.json")
    back = named.ok("schema", "convert", "s.json", "--from", "json-schema", "-o", "s.pbtxt")

    assert "lost: environments is not carried: SERVING" in done.err
    assert back.err == ""
    assert json.loads((named.directory / "s.json").read_text())["type"] == "object"
    assert named.ok("schema", "show", "./s.pbtxt", "--json").json["features"][0]["feature"] == "x"
    named.ok("schema", "convert", "s", "--to", "odcs", "-o", "s.yaml")
    named.ok("schema", "convert", "s.yaml", "--from", "odcs")
    assert named("schema", "convert", "s").code == 2
    nowhere = named("schema", "convert", "s", "--to", "odcs", "-o", "no/folder/s.yaml")
    assert nowhere.err.startswith("error: no/folder/s.yaml can't be written")
    assert "did you mean 'arrow'" in named("schema", "convert", "s", "--to", "arow").err


def test_each_proposal_is_reviewed_at_a_terminal(named: InProcess) -> None:
    ours, theirs = pty.openpty()
    command = [Path(sys.executable).with_name("lineal"), "schema", "update", "s", "b.csv"]
    with subprocess.Popen(
        command, cwd=named.directory, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        os.write(ours, b"e\ndomian=a\ndomain=a,b,c,z,y\nr\n")
        said, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)

    assert process.returncode == 0, said
    found = named.ok("schema", "show", "s", "--json").json["features"]
    kept = {row["feature"]: row for row in found}
    assert b"did you mean 'domain'" in said
    assert kept["x"]["domain"] == ["a", "b", "c", "z", "y"]
    assert kept["n"]["presence"] == 1.0
