"""Names of tables and columns: what may be one, and what a refusal says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.metadata import format_name
from lineal.warehouse import TableName

if TYPE_CHECKING:
    from lineal.warehouse import Warehouse


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "ops",
        "ops.",
        ".flights",
        "ops..flights",
        "a.b.c",
        "ops.fl/ights",
        "../x.y",
        " a.b ",
        "ops. flights",
        "ops.fl\nights",
        "",
        "ops\\x.y",
    ],
)
def test_what_is_no_table_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        TableName.of(name)


@pytest.mark.parametrize("name", ["ops.flights", "ops.my flights", "o\"p.it's", "🛫.✈", "a@b.c:d"])
def test_odd_names_are_tables_like_others(warehouse: Warehouse, name: str) -> None:
    saved = warehouse.save(pa.table({"a": [1]}), format_name(name))

    assert saved.name == name
    assert warehouse[saved.ref].to_arrow().to_pylist() == [{"a": 1}]
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
    assert warehouse.sql(f"SELECT a FROM {quoted}").read_all().to_pylist() == [{"a": 1}]


@pytest.mark.parametrize("name", ["ops.flights@3", "ops.flights:best", "a@b.c", "artifact/3"])
def test_a_selector_is_no_place_to_load_into(warehouse: Warehouse, name: str) -> None:
    with pytest.raises(InvalidInput, match="can't be"):
        warehouse.save(pa.table({"a": [1]}), name)

    assert warehouse.tables() == []


def test_a_name_that_differs_in_case_alone_is_refused(warehouse: Warehouse) -> None:
    warehouse.save(pa.table({"a": [1]}), "ops.flights")

    with pytest.raises(AlreadyExists, match=r"there is a table 'ops\.flights'"):
        warehouse.save(pa.table({"a": [1]}), "ops.Flights")


def test_an_unknown_table_tells_the_likely_one(warehouse: Warehouse) -> None:
    warehouse.save(pa.table({"a": [1]}), "ops.flights")

    with pytest.raises(NotFound, match=r"did you mean 'ops\.flights'"):
        warehouse.table("ops.flight")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (["a", "a"], "columns 1 and 2 have the same name"),
        (["a", "A"], "differ in case alone"),
        (["a", ""], "column 2 of 2 has no name"),
        (["a", "_artifact"], "'_artifact' is taken"),
        (["a", "b\n"], "control characters"),
    ],
)
def test_columns_that_can_not_be_told_apart_are_refused(
    warehouse: Warehouse, columns: list[str], told: str
) -> None:
    frame = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=columns)

    with pytest.raises(InvalidInput, match=told):
        warehouse.save(frame, "ops.flights")


def test_columns_with_odd_names_keep_them(warehouse: Warehouse) -> None:
    frame = pa.table({"a.b": [1], 'it\'s "x"': [2], "🛫": [3], "with space": [4], "1st": [5]})

    saved = warehouse.save(frame, "ops.odd")

    assert saved.to_arrow().equals(frame)


def test_fields_inside_columns_may_have_odd_names_too(warehouse: Warehouse) -> None:
    inside = pa.struct([("x y", pa.int64()), ("a.b", pa.string()), ("🛫", pa.bool_())])
    values = [{"x y": 1, "a.b": "v", "🛫": True}]
    frame = pa.table({"s": pa.array(values, inside), "l": pa.array([values], pa.list_(inside))})

    saved = warehouse.save(frame, "ops.inside")

    assert saved.to_arrow().to_pylist() == frame.to_pylist()


def test_names_inside_files_do_not_clash(warehouse: Warehouse) -> None:
    frame = pa.table({"a b": [1], "_a_b_1": [2], "a_b": [3], "_a_b_1_": [4]})

    assert warehouse.save(frame, "ops.clash").to_arrow().equals(frame)
