"""Stores to export, and what they hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.metadata.upgrade.conftest import Rows, execute

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.metadata.conftest import Graph

    Open = Callable[[Path | None], Graph]

LAYOUTS = pytest.mark.parametrize("layout", ["parquet", "jsonl"])
OWN = ("lineal_store", "lineal_origin", "lineal_outbox", "MLMDEnv")
FILL = (
    "INSERT INTO Type (id, name, type_kind) VALUES (30, 'T', 1), (31, 'E', 0), (32, 'C', 2)",
    "INSERT INTO TypeProperty VALUES (30, 'n', 1)",
    "INSERT INTO Artifact (id, type_id, uri, name) VALUES (3, 30, 'a', 'x'), (7, 30, 'b', NULL)",
    "INSERT INTO Artifact (id, type_id, uri, external_id) VALUES (8, 30, 'c', 'outside')",
    "INSERT INTO Execution (id, type_id, name) VALUES (2, 31, 'run')",
    "INSERT INTO Context (id, type_id, name) VALUES (1, 32, 'group'), (2, 32, 'above')",
    "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property) VALUES (3, 'n', 0)",
    "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property) VALUES (7, 'n', 0)",
    "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property) VALUES (8, 'n', 1)",
    "UPDATE ArtifactProperty SET int_value = artifact_id + 4",
    "INSERT INTO Event (id, artifact_id, execution_id, type) VALUES (4, 3, 2, 3), (5, 7, 2, 4)",
    "INSERT INTO EventPath VALUES (4, 0, NULL, 'z'), (4, 1, 0, NULL), (4, 0, NULL, 'a')",
    "INSERT INTO Attribution (context_id, artifact_id) VALUES (1, 3), (1, 7)",
    "INSERT INTO Association (context_id, execution_id) VALUES (1, 2)",
    "INSERT INTO ParentContext VALUES (1, 2)",
)


def rows(path: Path) -> Rows:
    """Return the rows of all tables that an export holds, as they are kept."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {
            name: sorted(connection.execute(f"SELECT * FROM `{name}`"), key=repr)
            for (name,) in names
            if name not in OWN
        }


def sizes(path: Path) -> dict[str, int]:
    return {name: len(found) for name, found in rows(path).items() if found}


@pytest.fixture
def filled(open_graph: Open, tmp_path: Path) -> Graph:
    """A store with some of everything, with gaps between its ids."""
    path = tmp_path / "filled.db"
    graph = open_graph(path)
    execute(path, *FILL)
    return graph


@pytest.fixture
def recorded(open_graph: Open, tmp_path: Path) -> Graph:
    """A store with versions, an alias, and things replaced since."""
    graph = open_graph(tmp_path / "recorded.db")
    first = graph.artifact("thing", "a")
    graph.artifact("thing", "b", first)
    with graph.store.write() as transaction:
        transaction.versions.set_alias("thing", "best", 1)
    with graph.store.write() as transaction:
        transaction.versions.set_alias("thing", "best", 2)
    return graph
