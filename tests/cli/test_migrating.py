"""`lineal metadata check`, `upgrade` and `downgrade`."""

import re
import sqlite3
from collections.abc import Callable
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


@pytest.fixture
def stated(tmp_path: Path) -> Callable[..., str]:
    """Make the file of a database of version 10 that states other versions."""

    def make(*versions: int) -> str:
        path = tmp_path / f"states {len(versions)}.db"
        with closing(Store(path)):
            pass
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM MLMDEnv")
            connection.executemany("INSERT INTO MLMDEnv VALUES (?)", [(v,) for v in versions])
        return str(path)

    return make


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


def test_check_tells_the_version_of_a_database_that_is_too_new(
    lineal: Lineal, stated: Callable[..., str]
) -> None:
    newer = stated(11)

    told = lineal("metadata", "check", newer)

    assert told.code == 1
    assert re.search(r"ML Metadata schema: +11\n", told.out)
    assert lineal("metadata", "check", newer, "--json").json["version"] == 11


def test_init_on_a_database_of_unclear_version_says_what_mends_it(
    lineal: Lineal, stated: Callable[..., str], tmp_path: Path
) -> None:
    for versions in ((9, 10), ()):
        path = stated(*versions)
        folder = tmp_path / "deep" / "ws"

        refused = lineal("init", str(folder), "--metadata", f"sqlite:///{path}")

        assert refused.code != 0
        if versions:
            assert "keep that row, delete the others from MLMDEnv" in refused.err
        else:
            assert "lineal metadata upgrade" in refused.err
            lineal.ok("metadata", "upgrade", path)
            lineal.ok("init", str(folder), "--metadata", f"sqlite:///{path}")


def test_a_failed_init_leaves_no_folder_behind(lineal: Lineal, tmp_path: Path) -> None:
    (tmp_path / "junk.db").write_bytes(b"no database at all" * 100)
    (tmp_path / "kept").mkdir()

    for folder in ("new/er", "kept"):
        refused = lineal(
            "init", str(tmp_path / folder), "--metadata", f"sqlite:///{tmp_path}/junk.db"
        )
        assert refused.code != 0

    assert sorted(each.name for each in tmp_path.iterdir()) == ["junk.db", "kept"]


def test_downgrade_below_zero_is_wrong_use(lineal: Lineal, old: str) -> None:
    refused = lineal("metadata", "downgrade", old, "--to", "-1")

    assert refused.code == 2
    assert "'--to': Input should be greater than or equal to 0" in refused.err
