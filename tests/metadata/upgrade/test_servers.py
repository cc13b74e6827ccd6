"""Every version, down and up, on a real PostgreSQL and a real MariaDB."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.services import database as database_url
from tests.services import server

from lineal.errors import Conflict
from lineal.metadata import Event, EventType, Recorder, Store
from lineal.metadata.upgrade import check, downgrade, upgrade
from lineal.metadata.upgrade.locking import address_of, looking, working
from lineal.metadata.upgrade.shapes import shapes
from lineal.metadata.upgrade.spelling import SPELLINGS
from lineal.metadata.upgrade.survey import Survey, look

if TYPE_CHECKING:
    from collections.abc import Iterator


SERVICES = ["postgresql", "mysql"]
SCRIPT = "import sys; from lineal.metadata.upgrade import upgrade; upgrade(sys.argv[1])"


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    """The kind of server."""
    return str(request.param)


@pytest.fixture
def place(service: str) -> Iterator[str]:
    """The URL of a database with nothing in it; dropped afterwards, whatever became of it."""
    running = server(service)
    urls = database_url(running)
    url = next(urls)
    execute(url, *(f"DROP TABLE {name}" for name in survey(url, every=True)))
    yield url
    execute(url, *(f"DROP TABLE {name}" for name in survey(url, every=True)))
    urls.close()


@pytest.fixture
def filled(place: str) -> str:
    """The URL of a store with some of everything."""
    from tests.metadata.conftest import Graph

    with closing(Store.open(place)) as store:
        graph = Graph(store, Recorder(store))
        first = graph.artifact("thing", "a")
        graph.make("thing", "b", first, properties={"note": "x" * 5_000})
        with store.write() as transaction:
            path = ("z", 1, "a", 0, "m")
            transaction.put_event(Event(first.id or 0, 2, EventType.DECLARED_INPUT, path))
    return place


def execute(url: str, *statements: str) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    with working(address_of(url), busy_seconds=10) as connection:
        for statement in statements:
            result = connection.exec_driver_sql(statement)
            rows = [tuple(row) for row in result] if result.returns_rows else []
    return rows


def survey(url: str, *, every: bool = False) -> Survey | list[str]:
    address = address_of(url)
    with looking(address) as connection:
        if every:
            return sa.inspect(connection).get_table_names()
        return look(connection, SPELLINGS[address.dialect], url)


def shape_of(url: str) -> dict[str, object]:
    """Return ML Metadata's columns, unique sets and indexes by table."""
    return {
        name: (
            set(table.columns) - {one.name for one in table.extra_columns},
            set(table.unique),
            set(table.indexes),
        )
        for name, table in survey(url).tables.items()
    }


def wanted(version: int) -> dict[str, object]:
    return {
        name: (set(shape.names), set(shape.unique), {index.name for index in shape.indexes})
        for name, shape in shapes(version).items()
    }


def kept(url: str) -> dict[str, object]:
    """Return what every version has a place for."""
    return {
        "artifacts": execute(url, "SELECT id, type_id, uri FROM Artifact ORDER BY id"),
        "executions": execute(url, "SELECT id, type_id FROM Execution ORDER BY id"),
        "events": execute(url, "SELECT id, artifact_id, execution_id, type FROM Event ORDER BY id"),
        "texts": execute(
            url,
            "SELECT artifact_id, name, string_value FROM ArtifactProperty "
            "WHERE string_value IS NOT NULL ORDER BY artifact_id, name",
        ),
    }


def test_each_version_has_its_shape_and_rows_survive(filled: str) -> None:
    before = kept(filled)

    for version in range(9, -1, -1):
        downgrade(filled, version, force=True)
        assert shape_of(filled) == wanted(version)
        assert kept(filled) == before
    planned = upgrade(filled, dry_run=True)
    assert shape_of(filled) == wanted(0)
    done = upgrade(filled)

    assert done.steps == planned.steps
    assert shape_of(filled) == wanted(10)
    assert check(filled).problem == ""
    assert kept(filled) == before
    with closing(Store.open(filled)) as store:
        assert [row.number for row in store.versions("thing")] == [1, 2]
        events = store.events(artifact_ids=[before["artifacts"][0][0]])
        assert ("z", 1, "a", 0, "m") in [event.path for event in events]


def test_doubled_events_end_as_one(filled: str) -> None:
    downgrade(filled, 7, force=True)
    events = execute(filled, "SELECT id FROM Event")
    execute(
        filled,
        "INSERT INTO Event (artifact_id, execution_id, type) "
        "SELECT artifact_id, execution_id, type FROM Event",
    )

    migration = upgrade(filled)

    left = execute(filled, "SELECT id FROM Event")
    assert len(left) == len(events)
    assert not {*left} & {*events}
    assert migration.lost[0].rows == len(events)
    assert execute(filled, "SELECT * FROM EventPath") == []


def test_killed_upgrade_is_begun_again(filled: str, service: str) -> None:
    """PostgreSQL undoes all of it; MariaDB keeps the steps that were done, and goes on."""
    downgrade(filled, 4, force=True)
    before = kept(filled)

    killed = subprocess.run(
        [sys.executable, "-c", SCRIPT, filled],
        env={**os.environ, "LINEAL_KILL_AT": "upgrade.step"},
        check=False,
    )
    left = check(filled).version
    upgrade(filled)

    assert killed.returncode == -signal.SIGKILL
    assert left == (4 if service == "postgresql" else 5)
    assert shape_of(filled) == wanted(10)
    assert kept(filled) == before


@pytest.mark.parametrize("service", ["mysql"])
def test_half_a_step_is_finished(filled: str) -> None:
    downgrade(filled, 5, force=True)
    execute(
        filled,
        "ALTER TABLE Type ADD COLUMN version VARCHAR(255)",
        "CREATE TABLE ParentType (type_id INT, parent_type_id INT, "
        "PRIMARY KEY (type_id, parent_type_id))",
        "CREATE INDEX idx_artifact_uri ON Artifact (uri(255))",
    )

    upgrade(filled)

    assert shape_of(filled) == wanted(10)


def test_two_upgrades_at_once_are_one(filled: str) -> None:
    downgrade(filled, 6, force=True)

    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: upgrade(filled), range(3)))

    assert sorted(len(migration.steps) for migration in done) == [0, 0, 4]
    assert shape_of(filled) == wanted(10)


def test_held_lock_is_told(filled: str) -> None:
    downgrade(filled, 8, force=True)

    with working(address_of(filled), busy_seconds=10), pytest.raises(Conflict, match="over 1 s"):
        upgrade(filled, busy_seconds=1)
