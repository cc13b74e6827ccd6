"""`lineal metadata check`, `upgrade` and `downgrade`."""

from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Lineal

from lineal.metadata import Store
from lineal.metadata.upgrade import downgrade


@pytest.fixture
def old(tmp_path: Path) -> str:
    """The file of a database of version 7."""
    path = tmp_path / "old.db"
    with closing(Store(path)):
        pass
    downgrade(path, 7)
    return str(path)


def test_check_exits_1_until_the_database_is_upgraded(lineal: Lineal, old: str) -> None:
    before = lineal("metadata", "check", old)
    lineal.ok("metadata", "upgrade", old)
    after = lineal.ok("metadata", "check", old, "--json").json

    assert before.code == 1
    assert "version 7 of 10; upgrade it" in before.out
    assert (after["version"], after["problem"]) == (10, "")


def test_dry_run_prints_the_statements(lineal: Lineal, old: str) -> None:
    planned = lineal.ok("metadata", "upgrade", old, "--dry-run").out

    assert "9 -> 10: adds protos and booleans as values" in planned
    assert "ALTER TABLE `ArtifactProperty` ADD COLUMN `proto_value` BLOB;" in planned
    assert "would go from 7 to 10" in planned
    assert lineal("metadata", "check", old).code == 1


def test_downgrade_says_what_it_did_as_json(lineal: Lineal, old: str) -> None:
    told = lineal.ok("metadata", "downgrade", old, "--to", "5", "--json").json

    assert [(step["start"], step["end"]) for step in told["steps"]] == [(7, 6), (6, 5)]
    assert told["lost"] == []


def test_downgrade_too_high_is_wrong_use(lineal: Lineal, old: str) -> None:
    refused = lineal("metadata", "downgrade", old, "--to", "9")

    assert refused.code == 2
    assert "cannot be downgraded to schema_version 9" in refused.err
