"""A workspace's folder that was copied or moved."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from lineal.lake import Lake, ObjectStore
from lineal.metadata import Recorder, Store
from lineal.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lineal.engine import Engine


def opened(root: Path, engine: Engine) -> Warehouse:
    recorder = Recorder(Store(root / "metadata.db"))
    return Warehouse(recorder, Lake(recorder, ObjectStore(root)), engine, root)


def files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (root / "warehouse").rglob("*") if path.is_file()}


def rows(warehouse: Warehouse, table: str) -> list[int]:
    return sorted(warehouse[table].to_arrow().column("a").to_pylist())


def test_what_is_written_to_a_copy_leaves_the_original_alone(
    warehouse: Warehouse, root: Path, engine: Engine, csv: Callable[..., Path], tmp_path: Path
) -> None:
    warehouse.ingest("ops.t", csv("1.csv", "a", "1"))
    copy = tmp_path / "copy" / ".lineal"
    shutil.copytree(root, copy)
    before = files(root)
    there = opened(copy, engine)
    for number in range(2, 14):  # beyond the metadata files that are kept: old ones are removed
        there.ingest("ops.t", csv(f"{number}.csv", "a", str(number)))
    there.save(warehouse["ops.t"].to_arrow(), "ops.t")
    there["ops.t"].rename_column("a", "b")
    assert files(root) == before
    assert rows(warehouse, "ops.t") == [1]


def test_a_moved_workspace_is_written_to_and_settled_as_before(
    warehouse: Warehouse, root: Path, engine: Engine, csv: Callable[..., Path], tmp_path: Path
) -> None:
    warehouse.ingest("ops.t", csv("1.csv", "a", "1"))
    moved = tmp_path / "moved" / ".lineal"
    moved.parent.mkdir()
    root.rename(moved)
    there = opened(moved, engine)
    there.ingest("ops.t", csv("2.csv", "a", "2"))
    assert rows(there, "ops.t") == [1, 2]
    assert there.settle() == []
    assert not root.exists()
