"""Many processes on one warehouse: all succeed, and each row is there once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineal.warehouse import Warehouse


def test_eight_processes_append_at_once_to_a_table_that_none_has_made(
    warehouse: Warehouse, children: Callable[..., list]
) -> None:
    code = """
import pyarrow
for number in range({start}, {start} + 3):
    warehouse.ingest("ops.t", pyarrow.table({{"a": [number]}}))
"""

    ended = children(*(code.format(start=3 * writer) for writer in range(8)))

    assert [(end.code, end.error) for end in ended] == [(0, "")] * 8
    found = warehouse["ops.t"].to_arrow().column("a").to_pylist()
    assert sorted(found) == list(range(24))
    history = warehouse.history("ops.t")
    assert [entry.number for entry in history] == list(range(1, 25))
    assert [entry.rows for entry in history] == list(range(1, 25))
    assert warehouse.settle() == []


def test_the_same_file_loaded_by_many_at_once_is_loaded_once(
    warehouse: Warehouse, children: Callable[..., list]
) -> None:
    code = 'import pyarrow\nwarehouse.ingest("ops.t", pyarrow.table({"a": [1, 2]}))'

    ended = children(*[code] * 4)

    assert [(end.code, end.error) for end in ended] == [(0, "")] * 4
    assert len(warehouse.table("ops.t").versions) == 1
    assert warehouse["ops.t"].to_arrow().column("a").to_pylist() == [1, 2]


def test_readers_see_whole_versions_while_others_write(
    warehouse: Warehouse, children: Callable[..., list]
) -> None:
    write = """
import pyarrow
for number in range(6):
    warehouse.save(pyarrow.table({"a": [number] * 10}), "ops.t")
"""
    read = """
import time
ends = time.monotonic() + 3
while time.monotonic() < ends:
    if "ops.t" in warehouse:
        found = warehouse.newest("ops.t").to_arrow().column("a").to_pylist()
        assert len(found) == 10 and len(set(found)) == 1, found
"""

    ended = children(write, read, read)

    assert [(end.code, end.error) for end in ended] == [(0, "")] * 3
    assert len(warehouse.table("ops.t").versions) == 6
