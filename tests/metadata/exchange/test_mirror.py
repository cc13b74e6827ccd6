"""A mirror of a plain ML Metadata database: what is new and what changed, run by run."""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.metadata.exchange.conftest import rows
from tests.metadata.upgrade.conftest import execute
from tests.services import database as database_url
from tests.services import server

from lineal.errors import IncompatibleVersion, InvalidInput
from lineal.metadata import Recorder, Store
from lineal.metadata.exchange import export_store, import_store, mirror_database
from lineal.metadata.model import ExecutionState
from lineal.metadata.upgrade import downgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.metadata.conftest import Graph, Wheel
    from tests.metadata.exchange.conftest import Open


def test_store_of_the_wheel_is_mirrored_again_and_again(
    wheel: Wheel, open_graph: Open, tmp_path: Path
) -> None:
    source = tmp_path / "theirs.db"
    target = open_graph(tmp_path / "ours.db").store
    wheel("write", source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()

    first = mirror_database(source, target)
    untouched = hashlib.sha256(source.read_bytes()).hexdigest()
    same = mirror_database(source, target)
    wheel("add", source)  # and one artifact gets another property
    second = mirror_database(source, target)
    target.close()

    assert untouched == digest
    assert (first.new["Artifact"], first.changed) == (2, 0)
    assert (same.new, same.changed) == ({}, 0)
    assert (second.new["Artifact"], second.changed) == (1, 1)
    theirs, ours = wheel("read", source), wheel("read", tmp_path / "ours.db")
    assert ours == theirs


def test_changes_keep_what_was_before(filled: Graph, open_graph: Open, tmp_path: Path) -> None:
    target = open_graph(tmp_path / "target.db").store
    mirror_database(tmp_path / "filled.db", target)
    moment = target.commits()[0][1]
    execute(
        tmp_path / "filled.db",
        "UPDATE Execution SET last_known_state = 3, last_update_time_since_epoch = 99",
        "UPDATE ArtifactProperty SET int_value = 70 WHERE artifact_id = 3",
        "UPDATE Artifact SET last_update_time_since_epoch = 98 WHERE id = 3",
    )

    done = mirror_database(tmp_path / "filled.db", target)
    again = mirror_database(tmp_path / "filled.db", target)

    (execution,), (artifact,) = target.executions(), target.artifacts(uri="a")
    assert execution.state is ExecutionState.COMPLETE
    assert artifact.properties == {"n": 70}
    assert (done.new, done.changed) == ({}, 2)
    assert (again.new, again.changed) == ({}, 0)
    before = target.as_of(moment)
    assert before.executions()[0].state is None
    assert before.artifacts(uri="a")[0].properties == {"n": 7}


def test_id_that_comes_late_is_not_missed(filled: Graph, open_graph: Open, tmp_path: Path) -> None:
    """On a server, a transaction may take a lower id and end later than another."""
    target = open_graph(tmp_path / "target.db").store
    mirror_database(tmp_path / "filled.db", target)
    execute(
        tmp_path / "filled.db", "INSERT INTO Artifact (id, type_id, uri) VALUES (5, 30, 'late')"
    )

    assert mirror_database(tmp_path / "filled.db", target).new == {"Artifact": 1}


def test_mirror_and_import_know_each_other(
    recorded: Graph, open_graph: Open, tmp_path: Path
) -> None:
    target = open_graph(tmp_path / "target.db")
    target.artifact("else", "x")
    mirror_database(tmp_path / "recorded.db", target.store)
    export_store(recorded.store, tmp_path / "out")
    before = rows(tmp_path / "target.db")

    imported = import_store(target.store, tmp_path / "out")

    assert imported.added == {}
    assert rows(tmp_path / "target.db") == before
    assert [row.content for row in target.store.versions("thing")] == ["a", "b"]


def test_mirror_refuses_itself_and_older_versions(recorded: Graph, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="the very store"):
        mirror_database(tmp_path / "recorded.db", recorded.store)
    with closing(Store(tmp_path / "old.db")):
        pass
    downgrade(tmp_path / "old.db", 9)
    with pytest.raises(IncompatibleVersion, match="schema 9, a mirror reads 10"):
        mirror_database(tmp_path / "old.db", recorded.store)


@pytest.fixture(params=["postgresql", "mysql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database on a real server, with nothing in it."""
    yield from database_url(server(request.param))


def test_server_is_mirrored(url: str, filled: Graph, open_graph: Open, tmp_path: Path) -> None:
    export_store(filled.store, tmp_path / "out")
    target = open_graph(tmp_path / "target.db")
    with closing(Store.open(url)) as there:
        import_store(there, tmp_path / "out")
        mirror_database(url, target.store)
        graph = type(filled)(there, Recorder(there))
        graph.artifact("thing", "a")

        second = mirror_database(url, target.store)

    assert second.new["lineal_version"] == 1
    (used, _) = target.store.events(artifact_ids=[1, 2])
    assert used.path == ("z", 0, "a")
    assert [row.content for row in target.store.versions("thing")] == ["a"]
    assert len(target.store.artifacts()) == 4
