"""What doctor tells of damage, and what it settles in spite of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.metadata import ExecutionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineal.workspace import Workspace


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("{}")])
def test_a_damaged_table_is_told_and_the_others_are_settled(
    ws: Workspace,
    root: Path,
    children: Callable[..., list[object]],
    damage: Callable[[Path], object],
) -> None:
    ws.save(pa.table({"a": [1]}), "a.damaged")
    for path in (root / ".lineal" / "warehouse").glob("*/metadata/*.metadata.json"):
        damage(path)
    code = "ws.save(pa.table({'a': [1]}), 'b.whole')"
    children(code, LINEAL_KILL_AT="warehouse.committed")

    told, did = ws.doctor(dry_run=True), ws.doctor()

    for findings in (told, did):
        (broken,) = [each for each in findings if each.what == "damaged table"]
        assert broken.where == "a.damaged"
        assert "put it back from a copy" in broken.action
        assert "unsettled write" in [each.what for each in findings]
    assert ws.read("b.whole").to_arrow().to_pydict() == {"a": [1]}
    assert [each.what for each in ws.doctor() if each.what != "leftover bytes"] == ["damaged table"]
    assert ws.store.executions(state=ExecutionState.RUNNING) == []
