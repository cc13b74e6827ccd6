"""Against the real ML Metadata: each version, down and up, its tables and rows the same as ours.

With one difference. The wheel keeps the row of a boolean or proto property without its value,
and then can't read that node any more, neither before nor after an upgrade: ours takes the row
away.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.metadata.upgrade.conftest import execute, golden, rows, schema

from lineal.metadata.upgrade import downgrade, upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from tests.metadata.upgrade.conftest import Rows

VERSIONS = range(10)


@pytest.fixture(scope="module")
def theirs(peer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a full store, and what the wheel made of it at each version."""
    folder = tmp_path_factory.mktemp("versions")
    peer("seed", folder / "seed.db")
    peer("versions", folder)
    return folder


@pytest.mark.parametrize("version", VERSIONS)
def test_kept_schemas_are_those_of_the_wheel(theirs: Path, version: int) -> None:
    assert schema(theirs / f"down_{version}.db") == golden(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_upgrade_leaves_what_the_wheels_upgrade_leaves(
    theirs: Path, path: Path, version: int
) -> None:
    shutil.copy(theirs / f"down_{version}.db", path)

    upgrade(path)

    assert schema(path) == schema(theirs / f"up_{version}.db")
    assert rows(path) == with_values(rows(theirs / f"up_{version}.db"))


@pytest.mark.parametrize("version", VERSIONS)
def test_downgrade_leaves_what_the_wheels_downgrade_leaves(
    theirs: Path, path: Path, version: int
) -> None:
    shutil.copy(theirs / "seed.db", path)

    downgrade(path, version, force=True)

    assert schema(path) == schema(theirs / f"down_{version}.db")
    assert rows(path) == with_values(rows(theirs / f"down_{version}.db"))


def test_wheel_upgrades_what_was_downgraded_here(theirs: Path, tmp_path: Path, peer) -> None:
    paths = [tmp_path / f"{version}.db" for version in VERSIONS]
    for version, path in enumerate(paths):
        shutil.copy(theirs / "seed.db", path)
        downgrade(path, version, force=True)

    artifacts = json.loads(peer("read", *paths))

    assert artifacts == [4] * 10
    for version, path in enumerate(paths):
        assert schema(path) == golden(10)
        assert rows(path) == with_values(rows(theirs / f"up_{version}.db"))


def test_wheel_reads_what_its_own_downgrade_left_once_it_is_upgraded_here(
    theirs: Path, tmp_path: Path, peer
) -> None:
    paths = [shutil.copy(theirs / f"down_{version}.db", tmp_path) for version in VERSIONS]
    for path in paths:
        upgrade(path)

    assert json.loads(peer("read", *paths)) == [4] * 10


@pytest.mark.parametrize("version", [1, 5, 7])
def test_doubled_events_and_lone_steps_end_as_with_the_wheel(
    theirs: Path, tmp_path: Path, peer, version: int
) -> None:
    mine, wheels = tmp_path / "mine.db", tmp_path / "wheels.db"
    shutil.copy(theirs / f"down_{version}.db", mine)
    _add_doubled_events(mine)
    shutil.copy(mine, wheels)

    migration = upgrade(mine)
    peer("upgrade", wheels)

    assert rows(mine) == with_values(rows(wheels))
    assert {loss.what.split()[0]: loss.rows for loss in migration.lost} == {
        "events": 2,
        "steps": 4 + 1 + 3,  # of event 1, of event 2, of no event
        "properties": 4,
    }


@pytest.mark.parametrize("version", [0, 5])
def test_store_without_simple_types_gets_them_as_with_the_wheel(
    theirs: Path, tmp_path: Path, peer, version: int
) -> None:
    mine, wheels = tmp_path / "mine.db", tmp_path / "wheels.db"
    shutil.copy(theirs / f"down_{version}.db", mine)
    execute(mine, "DELETE FROM Type WHERE name LIKE 'mlmd.%'")
    shutil.copy(mine, wheels)

    upgrade(mine)
    peer("upgrade", wheels)

    assert rows(mine) == with_values(rows(wheels))


def with_values(found: Rows) -> Rows:
    """Return the rows without those of properties that hold no value (each begins with a key)."""
    return {
        name: [
            row
            for row in kept
            if not name.endswith("Property")
            or name == "TypeProperty"
            or any(cell is not None for cell in row[3:])
        ]
        for name, kept in found.items()
    }


def _add_doubled_events(path: Path) -> None:
    """Add the two first events again, one with a step, and a step of no event at all."""
    execute(
        path,
        "INSERT INTO Event (artifact_id, execution_id, type) VALUES (1, 1, 3), (2, 1, 4)",
        "INSERT INTO EventPath VALUES (5, 0, NULL, 'newer'), (77, 1, 3, NULL), (77, 1, 4, NULL)",
        "INSERT INTO EventPath VALUES (78, 1, 3, NULL)",
    )
