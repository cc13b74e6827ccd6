"""Errors say what to type in a shell."""

import zipfile

import pytest
from tests.cli.conftest import InProcess

from lineal.cli.wording import as_command_line


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("a exists; pass overwrite=True to replace it", "a exists; pass --overwrite to replace it"),
        ("choose one with member=", "choose one with --member"),
        ("add one of them with name=", "add one of them with --name"),
        ("or say na_values=['x'] (--missing) if", "or say --missing if"),
        ("load again with evolve='add' (--evolve add)", "load again with --evolve add"),
        ("say lossy=True (--lossy) to", "say --lossy to"),
        (
            "first: ws.features.materialize('delays@2')",
            "first: lineal features materialize delays@2",
        ),
        ("x.name=3 in 'filename=a' stays", "x.name=3 in 'filename=a' stays"),
    ],
)
def test_arguments_are_told_as_options(message: str, told: str) -> None:
    assert as_command_line(message) == told


def test_one_file_of_a_zip_can_be_loaded(workspace: InProcess) -> None:
    with zipfile.ZipFile(workspace.directory / "two.zip", "w") as archive:
        archive.writestr("a.csv", "x\n1\n")
        archive.writestr("b.csv", "x\n2\n3\n")

    refused = workspace("ingest", "ops.b", "two.zip")

    assert refused.code == 2
    assert "choose one with --member" in refused.err
    workspace.ok("ingest", "ops.b", "two.zip", "--member", "b.csv", "--format", "csv")
    rows = workspace.ok("sql", "select count(*) as n from ops.b", "--json").json
    assert rows == [{"n": 2}]
