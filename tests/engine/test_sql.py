from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pytest

from lineal.engine import ArrowData, Engine, Source
from lineal.errors import InvalidInput, NotFound

FLIGHTS = ArrowData(pa.table({"carrier": ["UA", "AA", "UA"], "delay": [2, 4, None]}))
TABLES: Mapping[str, Source] = {"ops.flights": FLIGHTS, "planes": FLIGHTS}


def rows(engine: Engine, query: str, tables: Mapping[str, Source] = TABLES) -> list[dict]:
    return engine.sql(query, tables).read_all().to_pylist()


def test_a_dotted_name_is_a_table_in_a_schema(engine: Engine) -> None:
    query = "SELECT f.carrier, count(*) AS n FROM OPS.Flights f JOIN planes p USING (carrier) "
    assert rows(engine, query + "GROUP BY ALL ORDER BY n") == [
        {"carrier": "AA", "n": 1},
        {"carrier": "UA", "n": 4},
    ]


@pytest.mark.parametrize(
    "name", ["memory.t", "main.t", "select.from", 'a"b.c d', "a.b.c", "ümlaut"]
)
def test_schemas_may_have_names_that_the_engine_uses(engine: Engine, name: str) -> None:
    schema, _, table = name.rpartition(".")
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in [schema, table] if part)
    assert rows(engine, f"SELECT count(*) AS n FROM {quoted}", {name: FLIGHTS}) == [{"n": 3}]


@pytest.mark.parametrize(
    "query",
    [
        "FROM ops.flights",
        "WITH f AS (SELECT * FROM ops.flights) SELECT * FROM f",
        "SUMMARIZE ops.flights",
        "DESCRIBE ops.flights",
        "SHOW ALL TABLES",
        "EXPLAIN SELECT * FROM ops.flights",
        "PIVOT ops.flights ON carrier USING sum(delay)",
        "SELECT 1;",
        "VALUES (1)",
    ],
)
def test_statements_that_read_are_run(engine: Engine, query: str) -> None:
    assert rows(engine, query)


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE ops.flights",
        "CREATE TABLE t AS SELECT 1",
        "COPY (SELECT 1) TO '/tmp/never'",
        "INSTALL httpfs",
        "SET threads = 1",
        "ATTACH '/tmp/never.db'",
        "SELECT 1; SELECT 2",
        "",
        "PRAGMA version",
    ],
)
def test_anything_else_is_refused(engine: Engine, query: str) -> None:
    with pytest.raises(InvalidInput, match="one statement that reads"):
        rows(engine, query)


@pytest.mark.parametrize("name", ["temp.t", "system.t"])
def test_a_schema_that_the_engine_keeps_is_refused_only_when_asked_for(
    engine: Engine, name: str
) -> None:
    assert rows(engine, "SELECT 1 AS n", {name: FLIGHTS}) == [{"n": 1}]
    with pytest.raises(InvalidInput, match="keeps"):
        rows(engine, f"SELECT * FROM {name}", {name: FLIGHTS})


def test_an_unknown_table_is_named_with_what_was_meant(engine: Engine) -> None:
    with pytest.raises(NotFound, match=r"'ops.flightz'; did you mean 'ops.flights'.*planes"):
        rows(engine, "SELECT * FROM ops.flightz")
    with pytest.raises(NotFound, match=r"'opps.flights'; did you mean 'ops.flights'"):
        rows(engine, "SELECT * FROM opps.flights")


def test_a_mistake_shows_where_it_is(engine: Engine) -> None:
    with pytest.raises(InvalidInput) as failure:
        rows(engine, "SELECT carrier,\n  dely FROM ops.flights")
    assert "LINE 2:   dely FROM ops.flights" in str(failure.value)
    assert '"delay"' in str(failure.value)


def test_only_tables_that_the_query_can_mean_are_asked_for(engine: Engine) -> None:
    class Planned(Mapping[str, Source]):
        """Tables whose sources cost something to find."""

        asked: list[str] = []  # noqa: RUF012

        def __getitem__(self, name: str) -> Source:
            self.asked.append(name)
            return TABLES[name]

        def __iter__(self) -> Iterator[str]:
            return iter(TABLES)

        def __len__(self) -> int:
            return len(TABLES)

    tables = Planned()
    assert rows(engine, "SELECT count(*) AS n FROM ops.flights", tables) == [{"n": 3}]
    assert tables.asked == ["ops.flights"]


def test_variables_of_the_caller_are_no_tables(engine: Engine) -> None:
    secret = pa.table({"n": [1]})
    with pytest.raises(NotFound, match="secret"):
        rows(engine, "SELECT * FROM secret")
    assert secret.num_rows == 1


def test_nothing_is_fetched_from_the_network(engine: Engine) -> None:
    with pytest.raises(InvalidInput, match="httpfs"):
        rows(engine, "SELECT * FROM read_parquet('https://example.org/x.parquet')")


def test_times_are_utc(engine: Engine) -> None:
    query = "SELECT TIMESTAMPTZ '2013-01-01 00:00:00+02:00' AS t, TIMESTAMPTZ '2013-01-01' AS u"
    schema = engine.sql(query, {}).schema
    assert schema.types == [pa.timestamp("us", "UTC")] * 2
    assert [str(value) for value in rows(engine, query)[0].values()] == [
        "2012-12-31 22:00:00+00:00",
        "2013-01-01 00:00:00+00:00",
    ]
