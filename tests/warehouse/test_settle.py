"""What others wrote to a table's Iceberg, or a writer left before it died, becomes versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.errors import Conflict, InvalidInput
from lineal.metadata import ExecutionState
from lineal.warehouse import TableName

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyiceberg.table import Table as IcebergTable

    from lineal.warehouse import Warehouse

NAME = TableName("ops", "t")


def iceberg(warehouse: Warehouse) -> IcebergTable:
    """Return the table as another program sees it."""
    table = warehouse._parts.catalog.load(NAME)
    assert table is not None
    return table


def rows(warehouse: Warehouse, reference: str = "ops.t") -> list[object]:
    return sorted(warehouse[reference].to_arrow().column("a").to_pylist())


def test_readers_see_a_foreign_write_only_once_it_is_settled(warehouse: Warehouse) -> None:
    warehouse.save(pa.table({"a": [1]}), "ops.t")
    iceberg(warehouse).append(pa.table({"a": [2]}))

    assert rows(warehouse) == [1]
    would = warehouse.settle(dry_run=True)
    assert rows(warehouse) == [1]
    did = warehouse.settle()

    assert would == did
    assert len(did) == 1
    assert rows(warehouse) == [1, 2]
    assert rows(warehouse, "ops.t@1") == [1]
    newest = warehouse.newest("ops.t")
    assert (newest.operation, newest.rows, newest.added_rows) == ("foreign", 2, 1)
    assert len(warehouse.store.executions(type="lineal.foreign_write")) == 1
    assert warehouse.settle(dry_run=True) == warehouse.settle() == []


def test_every_foreign_snapshot_becomes_a_version_before_the_next_load(
    warehouse: Warehouse,
) -> None:
    warehouse.save(pa.table({"a": [1]}), "ops.t")
    iceberg(warehouse).append(pa.table({"a": [2]}))
    iceberg(warehouse).append(pa.table({"a": [3]}))

    loaded = warehouse.ingest("ops.t", pa.table({"a": [4]}))

    assert loaded.number == 4
    operations = [entry.operation for entry in warehouse.history("ops.t")]
    assert operations == ["replace", "foreign", "foreign", "append"]
    assert rows(warehouse) == [1, 2, 3, 4]
    assert loaded.rows == 4
    provenance = loaded.to_arrow(provenance=True).to_pylist()
    assert [r["_artifact"] is None for r in provenance] == [False, True, True, False]


def test_foreign_deletes_and_overwrites_are_read(warehouse: Warehouse) -> None:
    warehouse.save(pa.table({"a": [1, 2, 3]}), "ops.t")

    iceberg(warehouse).delete("a = 2")
    warehouse.settle()

    assert rows(warehouse) == [1, 3]
    assert warehouse.newest("ops.t").rows == 2
    assert rows(warehouse, "ops.t@1") == [1, 2, 3]


def test_a_foreign_schema_change_without_rows_is_a_version(warehouse: Warehouse) -> None:
    warehouse.save(pa.table({"a": [1], "b": ["x"]}), "ops.t")
    with iceberg(warehouse).update_schema() as update:
        update.rename_column("b", "tail")

    warehouse.settle()

    assert warehouse.newest("ops.t").schema.names == ["a", "tail"]
    assert warehouse["ops.t@1"].schema.names == ["a", "b"]
    with pytest.raises(InvalidInput, match="did you rename it to 'b'"):
        warehouse.ingest("ops.t", pa.table({"a": [2], "b": ["y"]}))


def test_a_foreign_rollback_is_a_version_and_lets_its_loads_come_again(
    warehouse: Warehouse, csv: Callable[..., Path]
) -> None:
    first = warehouse.ingest("ops.t", csv("1.csv", "a", "1"))
    second = csv("2.csv", "a", "2")
    warehouse.ingest("ops.t", second)
    iceberg(warehouse).manage_snapshots().rollback_to_snapshot(first.snapshot_id).commit()

    warehouse.settle()
    assert (rows(warehouse), warehouse.newest("ops.t").number) == ([1], 3)

    assert warehouse.ingest("ops.t", second).number == 4
    assert warehouse.ingest("ops.t", csv("1.csv", "a", "1")).number in (1, 3)
    assert rows(warehouse) == [1, 2]


def test_struct_fields_renamed_by_others_are_read_right(warehouse: Warehouse) -> None:
    kind = pa.struct([("x", pa.int64()), ("y", pa.string())])
    warehouse.save(pa.table({"a": [1], "s": pa.array([{"x": 1, "y": "one"}], kind)}), "ops.t")
    with iceberg(warehouse).update_schema() as update:
        update.rename_column("s.x", "z")
    warehouse.settle()

    renamed = pa.struct([("z", pa.int64()), ("y", pa.string())])
    warehouse.ingest("ops.t", pa.table({"a": [2], "s": pa.array([{"z": 2, "y": "two"}], renamed)}))

    found = warehouse.newest("ops.t").select("a", "s").to_pylist()
    assert sorted(found, key=lambda row: row["a"]) == [
        {"a": 1, "s": {"z": 1, "y": "one"}},
        {"a": 2, "s": {"z": 2, "y": "two"}},
    ]


def test_files_without_field_ids_are_read_by_their_names(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    warehouse.save(pa.table({"a": [1]}), "ops.t")
    added = tmp_path / "added.parquet"
    pq.write_table(pa.table({"a": [2]}), added)
    iceberg(warehouse).add_files([f"file://{added}"])

    warehouse.settle()

    assert rows(warehouse) == [1, 2]
    summed = warehouse.sql("SELECT sum(a) AS s FROM ops.t").read_all().to_pylist()
    assert summed == [{"s": 3}]


def test_a_writer_that_failed_after_its_commit_is_recorded_with_its_source(
    warehouse: Warehouse, csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The disk may fill up, say, when the plan is written: the snapshot is on main by then.
    from lineal.errors import Unavailable
    from lineal.warehouse.plan import Plans

    first = csv("1.csv", "a", "1")
    warehouse.ingest("ops.t", first)
    second = csv("2.csv", "a", "2")

    def full(self: Plans, plan: object) -> object:
        raise Unavailable("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Plans, "put", full)
        with pytest.raises(Unavailable):
            warehouse.ingest("ops.t", second)
    assert rows(warehouse) == [1]

    again = warehouse.ingest("ops.t", second)

    assert (again.number, rows(warehouse)) == (2, [1, 2])
    *_, entry = warehouse.history("ops.t")
    assert entry.source is not None
    assert str(entry.source.get("source")).endswith("2.csv")


def test_a_writer_that_loses_a_race_with_another_program_runs_again(
    warehouse: Warehouse, csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineal.warehouse import load

    warehouse.save(pa.table({"a": [1]}), "ops.t")
    real, races = load.write_files, iter(range(2))

    def raced(*args: object, **kwargs: object) -> object:
        if next(races, None) is not None:
            iceberg(warehouse).append(pa.table({"a": [100]}))
        return real(*args, **kwargs)

    monkeypatch.setattr(load, "write_files", raced)
    loaded = warehouse.ingest("ops.t", csv("1.csv", "a", "2"))

    assert rows(warehouse) == [1, 2, 100, 100]
    assert loaded.number == 4
    failed = warehouse.store.executions(type="lineal.ingest", state=ExecutionState.FAILED)
    assert len(failed) == 2


def test_a_writer_that_always_loses_says_so_in_the_end(
    warehouse: Warehouse, csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineal.warehouse import load, parts

    monkeypatch.setattr(parts, "_ATTEMPTS", 2)
    monkeypatch.setattr(parts, "_PAUSE_SECONDS", 0)
    warehouse.save(pa.table({"a": [1]}), "ops.t")
    real = load.write_files

    def raced(*args: object, **kwargs: object) -> object:
        iceberg(warehouse).append(pa.table({"a": [100]}))
        return real(*args, **kwargs)

    monkeypatch.setattr(load, "write_files", raced)
    with pytest.raises(Conflict, match="changed by another program 2 times"):
        warehouse.ingest("ops.t", csv("1.csv", "a", "2"))

    warehouse.settle()
    assert rows(warehouse) == [1, 100, 100]


def test_old_snapshots_leave_icebergs_list_and_stay_readable(
    warehouse: Warehouse, csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineal.warehouse import retention

    monkeypatch.setattr(retention, "_MOST", 4)
    monkeypatch.setattr(retention, "_KEPT", 2)
    paths = [csv(f"{number}.csv", "a", str(number)) for number in range(9)]
    for path in paths:
        warehouse.ingest("ops.t", path)
    warehouse.save(pa.table({"a": [-1]}), "ops.t")

    assert len(iceberg(warehouse).metadata.snapshots) <= 4
    for number in range(1, 10):
        assert rows(warehouse, f"ops.t@{number}") == list(range(number))
    assert rows(warehouse) == [-1]
    assert warehouse.settle() == []


def test_a_source_loaded_long_ago_is_still_known(
    warehouse: Warehouse, csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineal.warehouse import retention

    monkeypatch.setattr(retention, "_MOST", 3)
    monkeypatch.setattr(retention, "_KEPT", 1)
    paths = [csv(f"{number}.csv", "a", str(number)) for number in range(5)]
    for path in paths:
        warehouse.ingest("ops.t", path)

    assert warehouse.ingest("ops.t", paths[0]).number == 1
    assert rows(warehouse) == [0, 1, 2, 3, 4]
