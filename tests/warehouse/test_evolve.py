"""Changes of columns: each a version, and rows read right before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.errors import AlreadyExists, InvalidInput, NotFound

if TYPE_CHECKING:
    from lineal.warehouse import Table, Warehouse


@pytest.fixture
def table(warehouse: Warehouse) -> Table:
    warehouse.save(pa.table({"a": [1, 2], "b": ["x", None]}), "ops.t")
    return warehouse.table("ops.t")


def test_an_added_column_is_null_in_rows_that_were_there(table: Table) -> None:
    added = table.add_column("c", "double")

    assert (added.number, added.operation, added.added_rows, added.rows) == (2, "schema", 0, 2)
    assert added.to_arrow().to_pylist()[0] == {"a": 1, "b": "x", "c": None}
    assert table[1].schema.names == ["a", "b"]


def test_a_renamed_column_keeps_its_values_and_old_versions_the_old_name(table: Table) -> None:
    renamed = table.rename_column("b", "tail")

    assert renamed.to_arrow().to_pylist()[0] == {"a": 1, "tail": "x"}
    assert table[1].to_arrow().to_pylist()[0] == {"a": 1, "b": "x"}


def test_a_column_added_again_does_not_get_the_dropped_values_back(table: Table) -> None:
    table.drop_column("b")

    again = table.add_column("b", "string")

    assert again.to_arrow().to_pylist() == [{"a": 1, "b": None}, {"a": 2, "b": None}]
    assert table[1].select("b").to_pylist() == [{"b": "x"}, {"b": None}]


def test_names_can_be_swapped(table: Table) -> None:
    table.rename_column("a", "old_a")
    table.rename_column("b", "a")
    swapped = table.rename_column("old_a", "b")

    assert swapped.to_arrow().to_pylist()[0] == {"b": 1, "a": "x"}


def test_a_type_can_be_widened(warehouse: Warehouse) -> None:
    warehouse.save(pa.table({"n": pa.array([1], pa.int32()), "x": [0.5]}), "ops.t")
    table = warehouse.table("ops.t")

    widened = table.set_type("n", "long")

    assert widened.schema.field("n").type == pa.int64()
    loaded = warehouse.ingest("ops.t", pa.table({"n": [2**40], "x": [1.5]}))
    assert loaded.to_arrow().to_pylist() == [{"n": 1, "x": 0.5}, {"n": 2**40, "x": 1.5}]
    with pytest.raises(InvalidInput, match="only int becomes long"):
        table.set_type("n", "string")


def test_a_column_without_values_can_get_any_type(warehouse: Warehouse) -> None:
    warehouse.save(pa.table({"n": [1], "x": pa.nulls(1)}), "ops.t")

    changed = warehouse.table("ops.t").set_type("x", pa.float64())

    assert changed.schema.field("x").type == pa.float64()
    loaded = warehouse.ingest("ops.t", pa.table({"n": [2], "x": [0.5]}))
    assert loaded.select("x").to_pylist() == [{"x": None}, {"x": 0.5}]


def test_the_event_time_follows_a_rename_and_can_not_be_dropped(warehouse: Warehouse) -> None:
    frame = pa.table({"at": pa.array([0], pa.timestamp("us", "UTC")), "n": [1]})
    warehouse.ingest("ops.t", frame, event_time="at")
    table = warehouse.table("ops.t")

    assert table.rename_column("at", "happened").event_time == "happened"
    with pytest.raises(InvalidInput, match="is the event time"):
        table.drop_column("happened")


def test_what_can_not_be_changed_is_refused(table: Table) -> None:
    with pytest.raises(NotFound, match="did you mean 'b'"):
        table.rename_column("bb", "c")
    with pytest.raises(AlreadyExists, match="has a column 'a' already"):
        table.rename_column("b", "a")
    with pytest.raises(AlreadyExists, match="has a column 'a' already"):
        table.add_column("a", "long")
    with pytest.raises(InvalidInput, match="differ in case alone"):
        table.add_column("A", "long")
    with pytest.raises(InvalidInput, match="is taken"):
        table.add_column("_artifact", "long")
    with pytest.raises(NotFound):
        table.drop_column("_artifact")
    with pytest.raises(InvalidInput, match="no type of a column"):
        table.add_column("c", "number")
    table.drop_column("b")
    with pytest.raises(InvalidInput, match="the last one"):
        table.drop_column("a")
    assert len(table.versions) == 2


def test_an_edit_has_the_version_before_as_its_input(table: Table, warehouse: Warehouse) -> None:
    before = table.newest

    after = table.add_column("c", "long")

    assert before.id in after.lineage().artifacts
    edit = warehouse.store.executions(type="lineal.schema")[0]
    assert (edit.get("edit"), edit.get("column"), edit.get("type")) == ("add", "c", "long")
