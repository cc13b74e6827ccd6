"""Several threads and processes in one workspace at once, and a disk that is full."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import lineal
from lineal.metadata import ExecutionState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lineal.workspace import Workspace


def test_a_query_sees_all_tables_at_one_commit_while_another_thread_loads(ws: Workspace) -> None:
    # The left table is always loaded first, so at each commit it leads by one load at most.
    for table in ("ops.left", "ops.right"):
        ws.warehouse.ingest(table, pa.table({"n": [0]}))
    query = """
        SELECT (SELECT max(n) FROM ops.left) AS l, (SELECT count(*) FROM ops.left) AS ls,
               (SELECT max(n) FROM ops.right) AS r, (SELECT count(*) FROM ops.right) AS rs
    """
    seen: list[tuple[int, int]] = []
    done, errors = threading.Event(), []

    def ask() -> None:
        try:
            while not done.is_set():
                (row,) = ws.sql(query).read_all().to_pylist()
                assert (row["ls"], row["rs"]) == (row["l"] + 1, row["r"] + 1)
                seen.append((row["l"], row["r"]))
        except BaseException as error:  # noqa: BLE001 -- told by the test's own thread
            errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    for number in range(1, 9):
        for table in ("ops.left", "ops.right"):
            ws.warehouse.ingest(table, pa.table({"n": [number]}))
    done.set()
    asking.join()

    assert errors == []
    assert len(set(seen)) > 1, "the loads were seen as they came"
    assert {left - right for left, right in seen} <= {0, 1}
    assert seen == sorted(seen)


def test_a_stream_that_was_begun_shows_what_was_then(ws: Workspace) -> None:
    ws.warehouse.save(pa.table({"n": [1]}), "ops.t")

    rows = ws.sql("SELECT n FROM ops.t")
    ws.warehouse.save(pa.table({"n": [2]}), "ops.t")

    assert rows.read_all()["n"].to_pylist() == [1]


def test_threads_share_one_workspace(ws: Workspace, write: Callable[..., Path]) -> None:
    paths = [write(f"{number}.csv", "n", str(number)) for number in range(6)]
    errors: list[BaseException] = []

    def work(path: Path) -> None:
        try:
            table = ws.warehouse.ingest("ops.t", ws.lake.add(path))
            assert lineal.statistics(table).num_examples == table.rows
        except BaseException as error:  # noqa: BLE001 -- told by the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert sorted(ws.get("ops.t").to_arrow()["n"].to_pylist()) == list(range(6))
    # A verb of one thread is no child of another's.
    assert all(e.get("lineal_parent") is None for e in ws.store.executions())


def test_two_processes_use_one_workspace_at_once(
    ws: Workspace, children: Callable[..., list], write: Callable[..., Path]
) -> None:
    ws.warehouse.ingest("ops.t", pa.table({"n": [-1]}))
    folder = write("in/0.csv", "n", "0").parent
    for number in range(1, 10):
        write(f"in/{number}.csv", "n", str(number))
    code = f"""
from pathlib import Path
before = 0
for number in range(PART, 10, 2):
    raw = ws.lake.add(Path({str(folder)!r}) / f"{{number}}.csv")
    ws.warehouse.ingest("ops.t", raw)
    rows = ws.sql("SELECT count(*) AS rows, count(DISTINCT n) AS n FROM ops.t").read_all()
    (row,) = rows.to_pylist()
    assert row["rows"] == row["n"] > before, row
    before = row["rows"]
    ws.lake.add(Path({str(folder)!r}) / f"{{number}}.csv", "shared")
"""

    ended = children(code.replace("PART", "0"), code.replace("PART", "1"))

    assert [each.code for each in ended] == [0, 0], ended[0].error + ended[1].error
    assert sorted(ws.get("ops.t").to_arrow()["n"].to_pylist()) == list(range(-1, 10))
    assert [row.number for row in ws.store.versions("ops.t")] == list(range(1, 12))
    assert [row.number for row in ws.store.versions("shared")] == list(range(1, 11))
    assert ws.doctor() == []


def test_two_processes_open_a_new_workspace_at_once(
    children: Callable[..., list], root: Path, write: Callable[..., Path]
) -> None:
    path = write("a.txt", "a")
    code = f"ws.lake.add({str(path)!r})"

    ended = children(*[code] * 4)

    assert [each.code for each in ended] == [0] * 4, [each.error for each in ended]
    with lineal.open(root) as ws:
        assert [row.number for row in ws.store.versions("a.txt")] == [1]
        assert ws.doctor() == []


@pytest.mark.parametrize("name", ["add", "ingest", "statistics"])
def test_a_disk_that_fills_up_leaves_what_was_and_the_next_try_works(
    ws: Workspace, children: Callable[..., list], write: Callable[..., Path], name: str
) -> None:
    numbers = random.Random(7)
    big = write("big.csv", "n", *(str(numbers.getrandbits(62)) for _ in range(200_000)))
    ws.warehouse.ingest("ops.t", pa.table({"n": [0]}))
    verb = {
        "add": f"ws.lake.add({str(big)!r})",
        "ingest": f"ws.warehouse.ingest('ops.t', {str(big)!r})",
        "statistics": f"ws.statistics({str(big)!r}, name='stats')",
    }[name]
    before = ws.store.names()

    # The kernel refuses any file beyond this length, as a full disk refuses any further byte.
    (full,) = children(verb, TEST_FILE_BYTES=str(3_000_000))

    assert full.code == 1
    assert "lineal.errors.Unavailable" in full.error
    assert "free some space" in full.error
    assert ws.store.names() == before
    assert ws.get("ops.t").rows == 1
    assert [e.state for e in ws.store.executions()][-1] == ExecutionState.FAILED
    assert ws.doctor() == []

    (again,) = children(verb)
    assert again.code == 0, again.error
    assert ws.doctor() == []


def test_a_forked_child_uses_the_workspace_of_its_parent(
    ws: Workspace, children: Callable[..., list]
) -> None:
    ws.warehouse.save(pa.table({"n": [1, 2]}), "ops.t")
    code = """
import os, signal
total = "SELECT sum(n)::BIGINT AS s FROM ops.t"
waiting = ws.sql(total)  # a stream that is open while the process forks
assert ws.sql(total).read_all()["s"].to_pylist() == [3]
pids = []
for number in range(2):
    pid = os.fork()
    if pid == 0:
        signal.alarm(100)  # it would hang, were it to wait for a thread of its parent
        code = 1
        try:
            assert ws.sql(total).read_all()["s"][0].as_py() >= 3
            assert lineal.statistics(ws.get("ops.t@1")).num_examples == 2
            ws.save(pa.table({"n": [number]}), f"ops.u{number}")
            ws.close()
            code = 0
        finally:
            os._exit(code)
    pids.append(pid)
assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0, 0]
assert waiting.read_all()["s"].to_pylist() == [3]
assert ws.sql(total).read_all()["s"].to_pylist() == [3]
"""

    (ended,) = children(code)

    assert ended.code == 0, ended.error
    assert ws.warehouse.tables() == ["ops.t", "ops.u0", "ops.u1"]
    assert ws.doctor() == []
