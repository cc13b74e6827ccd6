"""Upgrades and downgrades: nothing kept is lost, nothing is half done, and refusals help."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.metadata.upgrade.conftest import execute, golden, rows, schema

from lineal.errors import Conflict, Corrupt, IncompatibleVersion, InvalidInput, NotFound
from lineal.metadata import Store
from lineal.metadata.upgrade import check, downgrade, upgrade

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.metadata.conftest import Graph

    Old = Callable[[int], Path]

VERSIONS = range(10)
FILL = (
    "INSERT INTO Artifact (id, type_id, uri) VALUES (1, 1, 'a'), (2, 1, 'b'), (9, 1, 'c')",
    "DELETE FROM Artifact WHERE id = 9",
    "INSERT INTO Execution (id, type_id) VALUES (1, 5)",
    "INSERT INTO Event (id, artifact_id, execution_id, type) VALUES (1, 1, 1, 3), (2, 2, 1, 4)",
    "INSERT INTO EventPath VALUES (1, 0, NULL, 'z'), (1, 1, 0, NULL), (1, 0, NULL, 'a')",
    "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property) VALUES (1, 'n', 1)",
    "UPDATE ArtifactProperty SET int_value = 7",
)
SCRIPT = "import sys; from lineal.metadata.upgrade import upgrade; upgrade(sys.argv[1])"


@pytest.mark.parametrize("version", VERSIONS)
def test_downgrade_then_upgrade_passes_through_the_kept_schemas(old: Old, version: int) -> None:
    path = old(version)
    down = schema(path)

    migration = upgrade(path)

    assert down == golden(version)
    assert schema(path) == golden(10)
    assert [(step.start, step.end) for step in migration.steps] == [
        (before, before + 1) for before in range(version, 10)
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_ids_and_order_of_steps_survive(old: Old, version: int) -> None:
    path = old(version)
    execute(path, *FILL)

    upgrade(path)

    assert [row[:3] for row in rows(path)["Artifact"]] == [(1, 1, "a"), (2, 1, "b")]
    assert execute(path, "SELECT step_key FROM EventPath ORDER BY rowid") == [
        ("z",),
        (None,),
        ("a",),
    ]
    # An id that was given once is not given again.
    again = "INSERT INTO Artifact (type_id) VALUES (1) RETURNING id"
    assert execute(path, again) == [(10,)]


def test_newest_of_doubled_events_stays_with_its_steps(old: Old) -> None:
    path = old(7)
    execute(
        path,
        *FILL,
        "INSERT INTO Event (id, artifact_id, execution_id, type) VALUES (5, 1, 1, 3), (6, 1, 1, 4)",
        "INSERT INTO EventPath VALUES (5, 0, NULL, 'newest'), (88, 0, NULL, 'of no event')",
    )

    migration = upgrade(path)

    assert execute(path, "SELECT id FROM Event ORDER BY id") == [(2,), (5,), (6,)]
    assert execute(path, "SELECT event_id, step_key FROM EventPath") == [(5, "newest")]
    assert [loss.rows for loss in migration.lost] == [1, 4]


def test_what_others_added_to_the_tables_stays(old: Old) -> None:
    path = old(4)
    execute(
        path,
        *FILL,
        "ALTER TABLE Artifact ADD COLUMN note TEXT DEFAULT 'none'",
        "UPDATE Artifact SET note = 'mine' WHERE id = 2",
        "CREATE INDEX my_index ON Artifact (note)",
        "CREATE TABLE mine (a INT)",
        "CREATE VIEW my_view AS SELECT id, note FROM Artifact",
        "CREATE TRIGGER my_trigger AFTER INSERT ON Artifact BEGIN INSERT INTO mine VALUES (1); END",
    )

    upgrade(path)
    execute(path, "INSERT INTO Artifact (type_id) VALUES (1)")

    found = execute(path, "SELECT id, note FROM my_view ORDER BY id")
    assert found == [(1, "none"), (2, "mine"), (10, "none")]
    assert execute(path, "SELECT a FROM mine") == [(1,)]
    query = "SELECT name FROM sqlite_master WHERE name LIKE 'my_%' ORDER BY name"
    assert execute(path, query) == [("my_index",), ("my_trigger",), ("my_view",)]


@pytest.mark.parametrize("version", [0, 6, 9])
def test_dry_run_tells_what_is_then_done_and_changes_nothing(old: Old, version: int) -> None:
    path = old(version)
    execute(path, *FILL)
    before = path.read_bytes()

    planned = upgrade(path, dry_run=True)

    assert path.read_bytes() == before
    assert planned.dry_run
    assert upgrade(path).steps == planned.steps


def test_upgraded_database_is_left_alone(old: Old) -> None:
    path = old(9)
    upgrade(path)
    before = rows(path)

    migration = upgrade(path)

    assert migration.steps == ()
    assert rows(path) == before


def test_downgrade_refuses_to_lose_and_names_it(graph: Graph, path: Path) -> None:
    graph.make("thing", "a")
    graph.store.close()
    before = rows(path)

    with pytest.raises(Conflict, match=r"no place for .*Artifact\.name \(1\).*force=True"):
        downgrade(path, 4)

    assert rows(path) == before


def test_downgrade_that_loses_nothing_needs_no_force(old: Old) -> None:
    path = old(9)
    execute(path, *FILL)
    upgrade(path)

    assert downgrade(path, 7).lost == ()


def test_versions_and_history_are_there_after_down_and_up(graph: Graph, path: Path) -> None:
    made = graph.make("thing", "a")
    graph.make("thing", "b")
    graph.store.close()

    down = downgrade(path, 5, force=True)
    upgrade(path)

    assert any("Lineal's versions" in note for note in down.notes)
    with closing(Store(path)) as store:
        assert [row.number for row in store.versions("thing")] == [1, 2]
        assert len(store.commits()) == 4
        assert store.artifact(made.artifacts["out"].id or 0).name == "thing@1"
    assert '"to": 5' in check(path).downgrades[0]


def test_indexes_of_ours_come_back_with_their_tables(graph: Graph, path: Path) -> None:
    graph.store.close()
    downgrade(path, 3, force=True)

    upgrade(path)

    found = execute(path, "SELECT name FROM sqlite_master WHERE name LIKE 'idx_lineal_a%'")
    assert {name for (name,) in found} == {
        "idx_lineal_attribution_artifact_id",
        "idx_lineal_association_execution_id",
    }


# What can't be upgraded


def test_newer_version_is_refused(old: Old) -> None:
    path = old(9)
    execute(path, "UPDATE MLMDEnv SET schema_version = 11")

    with pytest.raises(IncompatibleVersion, match=r"schema 11.*use a newer Lineal"):
        upgrade(path)


def test_two_version_rows_are_refused_with_the_remedy(old: Old) -> None:
    path = old(9)
    execute(path, "INSERT INTO MLMDEnv VALUES (10)")

    with pytest.raises(Corrupt, match=r"\(9, 10\).*those of version 9: keep that row"):
        upgrade(path)


def test_missing_version_row_is_settled_by_the_tables(old: Old) -> None:
    path = old(8)
    execute(path, *FILL, "DELETE FROM MLMDEnv")

    migration = upgrade(path)

    assert migration.start == 8
    assert "those of version 8" in migration.notes[0]
    assert schema(path) == golden(10)
    assert execute(path, "SELECT * FROM MLMDEnv") == [(10,)]


def test_half_made_database_is_completed_while_it_is_empty(path: Path, old: Old) -> None:
    path = old(9)
    upgrade(path)
    execute(path, "DELETE FROM MLMDEnv", "DROP TABLE ParentContext", "DROP TABLE Event")

    upgrade(path)

    assert schema(path) == golden(10)
    assert execute(path, "SELECT * FROM MLMDEnv") == [(10,)]


@pytest.mark.parametrize("stated", [True, False])
def test_half_the_tables_with_rows_are_refused(old: Old, stated: bool) -> None:
    path = old(9)
    execute(path, *FILL, "DROP TABLE EventPath", "DROP TABLE Context")
    if not stated:
        execute(path, "DELETE FROM MLMDEnv")
    before = rows(path)

    with pytest.raises(Corrupt, match="restore it from a copy"):
        upgrade(path)

    assert rows(path) == before


def test_wrong_versions_and_places_are_refused(old: Old, tmp_path: Path) -> None:
    path = old(5)

    with pytest.raises(InvalidInput, match="downgrade_to_schema_version not specified"):
        downgrade(path, -1)
    with pytest.raises(InvalidInput, match=r"cannot be downgraded to schema_version 6.*version 5"):
        downgrade(path, 6)
    with pytest.raises(InvalidInput, match="cannot be downgraded to schema_version 99"):
        downgrade(path, 99)
    with pytest.raises(NotFound, match=r"no database .*nowhere"):
        upgrade(tmp_path / "nowhere.db")
    with pytest.raises(InvalidInput, match="in memory is always new"):
        upgrade("sqlite://")
    with pytest.raises(InvalidInput, match="'oracle' is no kind of metadata database"):
        upgrade("oracle://host/name")
    execute(tmp_path / "other.db", "CREATE TABLE mine (a INT)")
    with pytest.raises(NotFound, match="holds no ML Metadata tables"):
        upgrade(tmp_path / "other.db")


def test_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"is a folder; give the database's file"):
        upgrade(tmp_path)
    with pytest.raises(InvalidInput, match="is a folder"):
        check(tmp_path)


# Others at the same time, and crashes


def test_upgrade_waits_for_a_writer_and_says_so_when_it_takes_too_long(old: Old) -> None:
    path = old(5)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")

        with pytest.raises(Conflict, match=r"another process for over 0\.1 s"):
            upgrade(path, busy_seconds=0.1)

    assert upgrade(path).start == 5


def test_two_upgrades_at_once_are_one(old: Old) -> None:
    path = old(0)
    execute(path, *FILL)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: upgrade(path), range(4)))

    assert sorted(len(migration.steps) for migration in done) == [0, 0, 0, 10]
    assert schema(path) == golden(10)


def test_killed_upgrade_leaves_the_database_as_it_was(old: Old) -> None:
    path = old(4)
    execute(path, *FILL)
    before = rows(path)

    killed = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)],
        env={**os.environ, "LINEAL_KILL_AT": "upgrade.step"},
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL
    assert rows(path) == before
    assert schema(path) == golden(4)
    assert upgrade(path).start == 4


# Check


def test_check_tells_versions_and_rows(graph: Graph, path: Path) -> None:
    graph.make("thing", "a")
    graph.store.close()

    found = check(path)

    assert (found.version, found.lineal_version, found.problem) == (10, "1", "")
    assert found.rows["Artifact"] == 1
    assert found.rows["lineal_version"] == 1


def test_check_tells_the_problem(old: Old) -> None:
    path = old(6)

    assert "version 6 of 10; upgrade it" in check(path).problem
    execute(path, "INSERT INTO MLMDEnv VALUES (7)")
    assert "two upgrades at once" in check(path).problem
