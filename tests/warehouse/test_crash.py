"""A process that dies at any point loses nothing and does nothing twice."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.metadata import ExecutionState
from lineal.metadata.killpoints import KILL_POINTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lineal.warehouse import Warehouse

# The recorder's points stand in `store_plain` too: a load passes them twice, and dies the first
# time. Those of the load itself are reached where the source is in the lake already.
POINTS = [p for p in KILL_POINTS if p.partition(".")[0] in ("recorder", "warehouse")]
COMMITTED = {"warehouse.committed", "warehouse.planned", "recorder.closing", "recorder.numbered",
             "recorder.closed"}  # fmt: skip


@pytest.mark.parametrize("point", ["recorder.opened", "lake.placed", "recorder.numbered"])
def test_killed_while_the_source_is_stored(
    warehouse: Warehouse, children: Callable[..., list], csv: Callable[..., Path], point: str
) -> None:
    path = csv("1.csv", "a", "1", "2")
    code = f"warehouse.ingest('ops.t', {str(path)!r})"

    (killed,) = children(code, LINEAL_KILL_AT=point)
    assert killed.code == -signal.SIGKILL, killed.error
    assert warehouse.tables() == []
    (again,) = children(code)

    assert again.code == 0, again.error
    assert warehouse["ops.t"].to_arrow().column("a").to_pylist() == [1, 2]


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_of_a_load(
    warehouse: Warehouse, children: Callable[..., list], csv: Callable[..., Path], point: str
) -> None:
    warehouse.save(pa.table({"a": [0]}), "ops.t")
    added = warehouse._lake.add(csv("1.csv", "a", "1", "2"))
    code = f"source = warehouse._lake.get({added.name!r})\nwarehouse.ingest('ops.t', source)"

    (killed,) = children(code, LINEAL_KILL_AT=point)
    assert killed.code == -signal.SIGKILL, killed.error
    # Half-made things are visible to nobody; what was recorded whole is.
    seen = [0, 1, 2] if point == "recorder.closed" else [0]
    assert warehouse["ops.t"].to_arrow().column("a").to_pylist() == seen
    (again,) = children(code)

    assert again.code == 0, again.error
    assert warehouse["ops.t"].to_arrow().column("a").to_pylist() == [0, 1, 2]
    assert len(warehouse.table("ops.t").versions) == 2
    states = [e.state for e in warehouse.store.executions(type="lineal.ingest")]
    assert ExecutionState.RUNNING not in states
    if point in COMMITTED and point != "recorder.closed":
        # Finished as itself: the version belongs to the execution that died.
        assert states == [ExecutionState.COMPLETE, ExecutionState.COMPLETE]
    assert warehouse.settle() == []


@pytest.mark.parametrize("point", ["warehouse.written", "warehouse.committed"])
def test_killed_at_the_first_load_of_a_table(
    warehouse: Warehouse, children: Callable[..., list], csv: Callable[..., Path], point: str
) -> None:
    code = f"warehouse.ingest('ops.t', {str(csv('1.csv', 'a', '1'))!r}, event_time=None)"

    (killed,) = children(code, LINEAL_KILL_AT=point)
    assert killed.code == -signal.SIGKILL, killed.error
    would = warehouse.settle(dry_run=True)
    did = warehouse.settle()
    (again,) = children(code)

    assert again.code == 0, again.error
    assert would == did
    assert len(did) == 1
    assert warehouse["ops.t"].to_arrow().column("a").to_pylist() == [1]


SAVE = "import pyarrow\nwarehouse.save(pyarrow.table({'a': [7]}), 'ops.t')"
RENAME = """
table = warehouse.table('ops.t')
if 'a' in table.schema.names:
    table.rename_column('a', 'b')
"""


@pytest.mark.parametrize("point", ["warehouse.staged", "warehouse.committed"])
@pytest.mark.parametrize("code", [SAVE, RENAME], ids=["save", "rename"])
def test_killed_in_a_save_or_a_schema_change(
    warehouse: Warehouse, children: Callable[..., list], point: str, code: str
) -> None:
    warehouse.save(pa.table({"a": [0]}), "ops.t")

    (killed,) = children(code, LINEAL_KILL_AT=point)
    assert killed.code == -signal.SIGKILL, killed.error
    assert warehouse["ops.t"].to_arrow().to_pylist() == [{"a": 0}]
    warehouse.settle()
    (again,) = children(code)

    assert again.code == 0, again.error
    expected = [{"a": 7}] if code == SAVE else [{"b": 0}]
    assert warehouse["ops.t"].to_arrow().to_pylist() == expected
    assert len(warehouse.table("ops.t").versions) == 2


def test_a_claim_made_by_a_killed_load_is_kept(
    warehouse: Warehouse, children: Callable[..., list], csv: Callable[..., Path]
) -> None:
    path = csv("1.csv", "a", "1")
    code = f"warehouse.ingest('ops.t', {str(path)!r}, known_at='2013-02-01')"

    children(code, LINEAL_KILL_AT="warehouse.committed")
    warehouse.settle()

    (entry,) = warehouse.history("ops.t")
    assert entry.known_at.isoformat() == "2013-02-01T00:00:00+00:00"
    assert entry.source is not None
