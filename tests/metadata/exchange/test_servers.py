"""Stores move between SQLite, PostgreSQL and MariaDB, all real, and nothing changes on the way."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.metadata.exchange.conftest import LAYOUTS, rows
from tests.services import database as database_url
from tests.services import server

from lineal.metadata import Recorder, Store
from lineal.metadata.exchange import export_store, import_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.metadata.conftest import Graph, Wheel


@pytest.fixture(params=["postgresql", "mysql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database on a real server, with nothing in it."""
    yield from database_url(server(request.param))


@LAYOUTS
def test_store_comes_back_from_a_server_as_it_was(
    wheel: Wheel, url: str, tmp_path: Path, layout: str
) -> None:
    """All kinds of values by the wheel, versions and history by the recorder."""
    wheel("write", tmp_path / "first.db")
    with closing(Store(tmp_path / "first.db")) as store:
        from tests.metadata.conftest import Graph

        graph = Graph(store, Recorder(store))
        graph.artifact("thing", "b", graph.artifact("thing", "a"))
        export_store(store, tmp_path / "one", layout=layout)

    with closing(Store.open(url)) as there:
        assert import_store(there, tmp_path / "one").copied
        assert [row.content for row in there.versions("thing")] == ["a", "b"]
        export_store(there, tmp_path / "two", layout=layout)
        made = Graph(there, Recorder(there)).artifact("thing", "c")
    with closing(Store(tmp_path / "last.db")) as last:
        import_store(last, tmp_path / "two")

    first = rows(tmp_path / "first.db")
    assert made.name == "thing@3"
    if layout == "parquet":  # JSON orders the fields of a Struct anew
        assert rows(tmp_path / "last.db") == first
    assert wheel("read", tmp_path / "last.db") == wheel("read", tmp_path / "first.db")


def test_merge_into_a_server_is_a_union(recorded: Graph, url: str, tmp_path: Path) -> None:
    export_store(recorded.store, tmp_path / "out")
    with closing(Store.open(url)) as there:
        from tests.metadata.conftest import Graph

        Graph(there, Recorder(there)).artifact("thing", "b")

        first = import_store(there, tmp_path / "out")
        again = import_store(there, tmp_path / "out")

        assert first.matched["artifact"] == 1
        assert [row.content for row in there.versions("thing")] == ["b", "a"]
        assert again.added == {}
