"""What SQL takes for a table, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.errors import NotFound
from lineal.warehouse.queries import quoted_references

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineal.warehouse import Warehouse


@pytest.mark.parametrize(
    "query",
    [
        'SELECT "a.b" FROM p.q WHERE "a.b" > 0',
        'SELECT t."a.b" AS "p.q" FROM p.q AS t ORDER BY "a.b"',
        """SELECT $$ "p.q" $$, 'in "p.q@1"' FROM p.q -- "p.q@1\"""",
        'WITH "p.q" AS (SELECT 1 AS a) SELECT "p.q".a FROM "p.q"',
        'SELECT "p.q".a FROM p.t AS "p.q"',
        'SELECT FROM WHERE "p.q@1" (',
    ],
)
def test_what_is_no_table_stays_as_it_is_written(query: str) -> None:
    assert quoted_references(query, ["p.q"]) == (query, {})


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ('FROM "p.q@1" SELECT "p.q@1".a, \'ü\'', "FROM {} SELECT {}.a, 'ü'"),
        ('select \'ü😀\' /* "p.q@1" */ from "p.q@1" t', "select 'ü😀' /* \"p.q@1\" */ from {} t"),
        ('explain analyze select 1 from "p.q@1"', "explain analyze select 1 from {}"),
        ('SUMMARIZE "p.q@1"', "SUMMARIZE {}"),
        ('select * from (pivot "p.q@1" on a using sum(b))', None),
    ],
)
def test_a_quoted_table_is_found_wherever_one_can_stand(query: str, text: str | None) -> None:
    wanted = text or query.replace('"p.q@1"', "{}")

    assert quoted_references(query, ["p.q"]) == (
        wanted.replace("{}", "lineal_version_1"),
        {"lineal_version_1": "p.q@1"},
    )


def test_columns_and_tables_with_odd_names_are_reached(warehouse: Warehouse) -> None:
    warehouse.save(pa.table({"a.b": [1, 2]}), "p.q")
    warehouse.save(pa.table({"c": [3]}), '"a@3.t"')
    query = """SELECT "a.b" AS "p.q", c FROM "p.q@1" JOIN "a@3.t" ON "a.b" > 1"""

    assert warehouse.sql(query).read_all().to_pylist() == [{"p.q": 2, "c": 3}]


def test_sql_in_the_past_says_since_when_a_table_is_known(
    warehouse: Warehouse, open_warehouse: Callable[..., Warehouse]
) -> None:
    warehouse.save(pa.table({"a": [1]}), "p.q")
    past = open_warehouse(warehouse.store.as_of(datetime(2000, 1, 1, tzinfo=UTC)))

    with pytest.raises(NotFound, match=r"p\.q was not known yet at 2000-01-01.*known since"):
        past.sql("SELECT a FROM p.q")
