"""Saves: a frame becomes a table's whole content, the old one stays readable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pytest

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

    from lineal.warehouse import Warehouse

ONE, TWO = pa.table({"a": [1]}), pa.table({"a": [2]})


def test_a_save_replaces_the_content_and_the_old_version_stays(warehouse: Warehouse) -> None:
    warehouse.save(ONE, "ops.clean")
    second = warehouse.save(TWO, "ops.clean")

    assert second.to_arrow().equals(TWO)
    assert (second.rows, second.added_rows, second.operation) == (1, 1, "replace")
    assert warehouse["ops.clean@1"].to_arrow().equals(ONE)


def test_a_save_of_equal_content_makes_no_version(warehouse: Warehouse) -> None:
    warehouse.save(ONE, "ops.clean")

    assert warehouse.save(ONE, "ops.clean").number == 1


def test_going_back_to_old_content_is_a_new_version_that_is_equal(warehouse: Warehouse) -> None:
    first = warehouse.save(ONE, "ops.clean")
    warehouse.save(TWO, "ops.clean")

    third = warehouse.save(ONE, "ops.clean")

    assert third.number == 3
    assert third.content == first.content
    assert third.to_arrow().equals(ONE)


def test_an_appending_save_adds_rows_once(warehouse: Warehouse) -> None:
    warehouse.save(ONE, "ops.clean")
    warehouse.save(TWO, "ops.clean", append=True)

    again = warehouse.save(TWO, "ops.clean", append=True)

    assert again.number == 2
    assert again.to_arrow().to_pylist() == [{"a": 1}, {"a": 2}]


def test_a_save_may_bring_other_columns_and_an_appending_one_may_not(
    warehouse: Warehouse,
) -> None:
    warehouse.save(pa.table({"a": [1], "b": ["x"], "c": [0.5]}), "ops.clean")
    other = pa.table({"c": [1.5], "d": [True], "a": ["now text"]})

    saved = warehouse.save(other, "ops.clean")

    assert saved.to_arrow().equals(other)
    assert saved.schema.names == ["c", "d", "a"]
    with pytest.raises(InvalidInput, match="does not fit the schema"):
        warehouse.save(pa.table({"x": [1]}), "ops.clean", append=True)


def test_a_table_saved_as_another_is_its_source(warehouse: Warehouse) -> None:
    first = warehouse.save(ONE, "ops.raw")

    second = warehouse.save(first, "ops.copy")

    assert second.to_arrow().equals(ONE)
    assert first.id in second.lineage().artifacts


def test_a_save_into_a_table_with_old_rows_of_many_files_leaves_none(
    warehouse: Warehouse,
) -> None:
    for number in range(5):
        warehouse.ingest("ops.clean", pa.table({"a": [number]}))

    saved = warehouse.save(TWO, "ops.clean")

    assert saved.to_arrow().equals(TWO)
    assert len(saved.source().paths) == 1


def test_polars_frames_with_categories_enums_and_nested_texts_are_saved(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    values: dict[str, list[object]] = {
        "c": ["x", "y", None, "x"],
        "e": ["a", "b", "a", None],
        "l": [["p"], [], None, ["q"]],
        "s": [{"u": "v"}, {"u": None}, {"u": "w"}, {"u": "v"}],
    }
    frame = pl.DataFrame(values).with_columns(
        pl.col("c").cast(pl.Categorical), pl.col("e").cast(pl.Enum(["a", "b"]))
    )
    saved = warehouse.save(frame, "ops.saved")
    (file := tmp_path / "x.arrow").touch()
    views = pa.RecordBatchReader.from_stream(frame).read_all().select(["c", "e"])
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, views.schema) as out:
        out.write_table(views)
    loaded = warehouse.ingest("ops.loaded", file)

    assert saved.to_arrow().to_pydict() == values
    assert loaded.to_arrow().to_pydict() == {"c": values["c"], "e": values["e"]}
    assert warehouse.save(frame, "ops.saved").number == 1
