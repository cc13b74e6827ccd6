"""What a database refuses, or can't do, is told by our errors: which thing, and what to do."""

from __future__ import annotations

import base64
from contextlib import closing

import pytest
import sqlalchemy as sa
from tests.services import server

from lineal.errors import Corrupt, InvalidInput, Unavailable
from lineal.metadata import (
    Artifact,
    ArtifactType,
    Event,
    EventType,
    Execution,
    ExecutionType,
    Graph,
    Store,
)
from lineal.metadata.backends.address import parse_address

EVERYWHERE = ["sqlite", "postgresql", "mysql"]
every_database = pytest.mark.parametrize("database", EVERYWHERE, indirect=True)
on_servers = pytest.mark.parametrize("database", EVERYWHERE[1:], indirect=True)
on_mysql = pytest.mark.parametrize("database", ["mysql"], indirect=True)


@pytest.fixture
def held(store: Store) -> Graph:
    """A graph with a type of artifacts, one of executions, and one artifact."""
    graph = Graph(store)
    graph.put_types([ArtifactType("A"), ExecutionType("X")])
    graph.put_artifacts([Artifact("A", uri="u1")])
    return graph


# Closed


@every_database
def test_a_closed_store_neither_reads_nor_writes(held: Graph, store: Store) -> None:
    view = store.as_of("2020-01-01")
    store.close()

    for use in (
        lambda: store.artifact(1),
        lambda: held.put_artifacts([Artifact("A")]),
        view.artifacts,
        lambda: held.artifacts(filter="id = 1"),
    ):
        with pytest.raises(Unavailable, match=r"is closed.*open it again"):
            use()
    store.close()  # again


# Filters that outgrow the numbers of a database


@on_servers
@pytest.mark.parametrize(
    "text",
    ["9223372036854775807 + id > 0", "id * 9223372036854775807 * 4 > 0",
     "-9223372036854775808 - id < 0"],
)  # fmt: skip
def test_a_filter_that_outgrows_64_bits_is_told_as_a_question(held: Graph, text: str) -> None:
    with pytest.raises(InvalidInput, match=r"can't work out what was asked.*64 bits"):
        held.artifacts(filter=text)


# What is longer than MySQL holds


@on_mysql
@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"uri": "ü" * 35_000}, r"Artifact\.uri has 70000 bytes.*hold 65535 at most"),
        (
            {"custom_properties": {"small": "x", "notes": "x" * 20_000_000}},
            "the property 'notes' has 20000000 bytes.*hold 16777215 at most",
        ),
        (
            {"custom_properties": {"quotes": "'" * 9_000_000}},
            "the property 'quotes' has 9000000 bytes.*max_allowed_packet",
        ),
    ],
    ids=["uri", "property", "packet"],
)
def test_a_text_that_is_too_long_is_told_with_its_name_and_limit(
    held: Graph, columns: dict[str, object], told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        held.put_artifacts([Artifact("A", **columns)])  # type: ignore[arg-type]

    assert [each.id for each in held.artifacts()] == [1]


@on_mysql
def test_a_uri_that_an_update_makes_too_long_is_told_with_its_limit(held: Graph) -> None:
    with pytest.raises(InvalidInput, match=r"'uri'.*65535 bytes of a URI"):
        held.put_artifacts([Artifact("A", id=1, uri="x" * 70_000)])


@on_mysql
def test_a_step_of_a_path_that_is_too_long_is_told_with_its_limit(held: Graph) -> None:
    (run,) = held.put_executions([Execution("X")])
    with pytest.raises(InvalidInput, match=r"EventPath\.step_key has 70000 bytes.*65535"):
        held.put_events([Event(1, run, EventType.INPUT, path=("k" * 70_000,))])


# Damage and connections


@every_database
def test_a_table_that_is_gone_is_damage(held: Graph, place: str) -> None:
    engine = sa.create_engine(parse_address(place).url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE EventPath")

    (run,) = held.put_executions([Execution("X")])
    with pytest.raises(Corrupt, match=r"lacks a table or column.*(?i:eventpath)"):
        held.put_events([Event(1, run, EventType.INPUT, path=("a",))])


@on_servers
def test_a_refused_connection_speaks_of_no_write(database: str) -> None:
    url = sa.make_url(server(database).url)
    nobody = url.set(username="nobody", password="none", database="nothing")  # noqa: S106
    for wrong in (url.set(port=9, database="nothing"), nobody):
        with pytest.raises(Unavailable) as caught:
            Store.open(wrong.render_as_string(hide_password=False), busy_seconds=1)
        assert "check that the server runs" in str(caught.value)
        assert "If this was a write" not in str(caught.value)


@on_servers
def test_a_connection_lost_in_a_write_tells_to_look(
    held: Graph, store: Store, database: str
) -> None:
    ends = (
        "SELECT pg_terminate_backend(pg_backend_pid())"
        if database == "postgresql"
        else "KILL CONNECTION_ID()"
    )

    def write() -> None:
        with store.write() as transaction:
            transaction.commit.touch()
            transaction.commit.connection.exec_driver_sql(ends)
            transaction.commit.connection.exec_driver_sql("SELECT 1")

    with pytest.raises(Unavailable, match="look whether it was stored"):
        write()
    assert held.artifacts(ids=[1])[0].uri == "u1"


@pytest.mark.parametrize("port", [0, 65_536, 99_999])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(InvalidInput, match=f"port.*is {port}; give one from 1 to 65535"):
        parse_address(f"mysql://u@127.0.0.1:{port}/d")


@every_database
def test_a_text_that_ends_with_nul_is_nobodys(store: Store, held: Graph) -> None:
    del held
    backend = store._database.backend
    from lineal.metadata import tables

    with closing(store), store.reading() as (connection, _):
        for given, count in ((["u1\0"], 0), (["u1", "u1\0x"], 1)):
            query = sa.select(tables.artifact.c.id).where(
                backend.among(sa.type_coerce(tables.artifact.c.uri, sa.Text), given)
            )
            assert len(connection.execute(query).all()) == count


# Values that are none


COLUMNS = "(artifact_id, name, is_custom_property, string_value)"
NO_STRUCT = "'mlmd-struct::" + base64.b64encode(b"\xff\xef").decode() + "'"


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE Artifact SET uri = x'ff'", "the uri of artifact/1 can't be read"),
        ("UPDATE Artifact SET name = x'ff'", "the name of artifact/1 can't be read"),
        (
            f"INSERT INTO ArtifactProperty {COLUMNS} VALUES (1, 'z', 1, {NO_STRUCT})",
            "the property 'z' of artifact/1 can't be read",
        ),
    ],
    ids=["uri", "name", "struct"],
)
def test_a_stored_value_that_is_none_is_told_with_its_node(
    held: Graph, store: Store, place: str, statement: str, told: str
) -> None:
    engine = sa.create_engine(parse_address(place).url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)

    with pytest.raises(Corrupt, match=told):
        held.artifacts(ids=[1])
    with pytest.raises(Corrupt, match=told):
        store.artifacts(ids=[1])
