"""A store's address: what a path or URL stands for, and where its password comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineal.errors import InvalidInput
from lineal.metadata.backends.address import parse_address
from lineal.metadata.backends.sqlite import _is_shared


@pytest.mark.parametrize(
    ("given", "dialect", "driver"),
    [
        ("postgresql://me@db:5433/flights", "postgresql", "postgresql+psycopg"),
        ("postgres://me@db/flights", "postgresql", "postgresql+psycopg"),
        ("mysql://me@db/flights", "mysql", "mysql+pymysql"),
        ("mariadb://me@db/flights", "mysql", "mysql+pymysql"),
        ("sqlite:///graph.db", "sqlite", "sqlite"),
    ],
)
def test_a_url_names_its_database(given: str, dialect: str, driver: str) -> None:
    address = parse_address(given)

    assert (address.dialect, address.url.drivername) == (dialect, driver)


def test_a_path_is_a_file_and_nothing_is_memory() -> None:
    assert parse_address("a b/graph.db").path == Path("a b/graph.db")
    assert parse_address(Path("graph.db")).where == "graph.db"
    assert parse_address("sqlite:///graph.db").path == Path("graph.db")
    assert parse_address("sqlite:////data/graph.db").path == Path("/data/graph.db")
    assert parse_address(None).in_memory
    assert parse_address("sqlite://").in_memory


def test_the_password_comes_from_the_variable_and_is_never_told(monkeypatch) -> None:
    monkeypatch.setenv("FLIGHTS_PASSWORD", "p@ss/word")

    named = parse_address("mysql://me@db/flights", password_env="FLIGHTS_PASSWORD")  # noqa: S106 -- a name
    in_url = parse_address("mysql://me@db/flights?password_env=FLIGHTS_PASSWORD&ssl_ca=x.pem")

    assert {named.url.password, in_url.url.password} == {"p@ss/word"}
    assert dict(in_url.url.query) == {"ssl_ca": "x.pem"}
    assert named.where == in_url.where == "mysql://me@db/flights"
    assert "p@ss" not in repr(in_url)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("oracle://me@db/x", "'oracle' is no kind of metadata database"),
        ("postgresql://me@db", "names no database"),
        ("postgresql://me@db/x?pool_size=0", "pool_size=0 .* whole number, 1 or more"),
        ("postgresql://me@db/x?pool_size=many", "pool_size=many"),
        (
            "postgresql://me@db/x?password_env=NOT_SET_ANYWHERE",
            "NOT_SET_ANYWHERE, which is not set",
        ),
        ("postgresql://me:geheim@db:port/x", r"postgresql://…@db:port/x.* is no database's URL"),
    ],
)
def test_what_is_no_address_is_refused(given: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told) as caught:
        parse_address(given)

    assert "geheim" not in str(caught.value)


def test_connections_are_counted_by_the_url() -> None:
    address = parse_address("postgresql://me@db/x?pool_size=3&max_overflow=-1&recycle_seconds=60")

    assert (address.pool_size, address.max_overflow, address.recycle_seconds) == (3, -1, 60)
    assert not address.url.query


def test_a_network_share_is_told_by_its_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\nserver:/home /home/my\\040share nfs4 rw 0 0\n"
        "tmpfs /home/my\\040share/local tmpfs rw 0 0\n"
    )

    assert _is_shared(Path("/home/my share/x/graph.db"), mounts)
    assert not _is_shared(Path("/home/my share/local/graph.db"), mounts)
    assert not _is_shared(Path("/home/mine/graph.db"), mounts)
    assert not _is_shared(Path("/x.db"), tmp_path / "none")
