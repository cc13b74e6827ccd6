"""A workspace whose graph is in PostgreSQL or MariaDB: the whole journey, and its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.services import database as database_url
from tests.services import server

import lineal
from lineal.errors import AlreadyExists, InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["postgresql", "mysql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database on a real server."""
    yield from database_url(server(request.param))


def test_the_whole_journey_on_a_shared_database(url: str, tmp_path: Path) -> None:
    source = tmp_path / "flights.csv"
    source.write_text("carrier,delay\nAA,5\nUA,\nAA,12\n")

    with lineal.open(tmp_path / "ws", metadata=url) as ws:
        raw = ws.lake.add(source)
        flights = ws.warehouse.ingest("ops.flights", raw)
        then = ws.store.commits(limit=1)[0][1]
        stats = lineal.statistics(flights)
        schema = lineal.infer_schema(stats)
        number = lineal.validate(stats, schema).version.id
        source.write_text("carrier,delay\nDL,1\n")
        newer = ws.warehouse.ingest("ops.flights", ws.lake.add(source))

    assert newer.number == 2
    assert not (tmp_path / "ws" / ".lineal" / "metadata.db").exists()
    with lineal.open(tmp_path / "ws") as again:
        assert again.warehouse["ops.flights"].newest.number == 2
        past = again.at(then)
        assert past.warehouse["ops.flights"].to_arrow()["carrier"].to_pylist() == ["AA", "UA", "AA"]
        versions = again.lineage(f"artifact/{number}").versions.values()
        assert {"flights.csv@1", "ops.flights@1"} <= {f"{v.name}@{v.number}" for v in versions}


def test_the_file_of_a_workspace_names_the_database(url: str, tmp_path: Path) -> None:
    lineal.open(tmp_path / "ws", metadata=url).close()

    assert f'url = "{url}"' in (tmp_path / "ws" / "lineal.toml").read_text()
    lineal.open(tmp_path / "ws", metadata=url).close()
    with pytest.raises(AlreadyExists, match="keeps its graph in"):
        lineal.open(tmp_path / "ws", metadata="sqlite:///other.db")


def test_nothing_is_made_where_the_database_can_not_be_reached(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="can't be used"):
        lineal.open(tmp_path / "ws", metadata="postgresql://me@127.0.0.1:1/x")

    assert not (tmp_path / "ws").exists()


def test_a_password_does_not_come_into_the_file(tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(InvalidInput, match="environment variable"):
        lineal.open(tmp_path / "ws", metadata="postgresql://me:geheim@127.0.0.1:1/x")
    monkeypatch.setenv("DB_PASSWORD", "geheim")
    with pytest.raises(Unavailable) as caught:
        lineal.open(
            tmp_path / "ws",
            metadata="postgresql://me@127.0.0.1:1/x",
            password_env="DB_PASSWORD",  # noqa: S106 -- the variable's name
        )

    assert "geheim" not in str(caught.value)


def test_a_relative_file_is_one_in_the_workspace(tmp_path: Path) -> None:
    lineal.open(tmp_path / "ws", metadata="sqlite:///graph.db").close()

    assert (tmp_path / "ws" / "graph.db").exists()
    with lineal.open(tmp_path / "ws") as ws:
        assert ws.store.path == tmp_path / "ws" / "graph.db"
