"""A full disk: a clear error, no half-written file, and the next try works.

The kernel refuses bytes beyond a file's allowed length as it refuses any on a full disk.
"""

from __future__ import annotations

import gzip
import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.metadata import ExecutionState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lineal.warehouse import Warehouse

LOAD = "warehouse.ingest('ops.t', warehouse._lake.get('big.csv.gz'))"
LIMITED = """
import resource
import lineal.warehouse.load as load

_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
write_files = load.write_files

def on_a_full_disk(*args, **more):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        return write_files(*args, **more)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

load.write_files = on_a_full_disk
"""


@pytest.mark.parametrize(
    ("code", "environment", "told"),
    [
        # The source unpacked has 10 MB; the graph's own file stays below.
        (LOAD, {"TEST_FILE_BYTES": str(6 << 20)}, "could not unpack big.csv.gz"),
        (LIMITED + LOAD, {}, "could not write data files"),
    ],
    ids=["unpacking", "writing"],
)
def test_a_disk_that_fills_up_leaves_nothing_half_written(
    warehouse: Warehouse,
    children: Callable[..., list],
    root: Path,
    tmp_path: Path,
    code: str,
    environment: dict[str, str],
    told: str,
) -> None:
    warehouse.save(pa.table({"a": [0]}), "ops.t")
    files = sorted(root.glob("warehouse/*/data/*"))
    numbers = random.Random(7)
    text = "a\n" + "\n".join(str(numbers.getrandbits(62)) for _ in range(500_000)) + "\n"
    path = tmp_path / "big.csv.gz"
    path.write_bytes(gzip.compress(text.encode(), 1))
    warehouse._lake.add(path)

    (ended,) = children(code, **environment)

    assert ended.code == 1
    assert told in ended.error
    assert "free some space" in ended.error
    assert sorted(root.glob("warehouse/*/data/*")) == files
    assert list((root / "tmp").iterdir()) == []
    assert warehouse["ops.t"].to_arrow().to_pylist() == [{"a": 0}]
    (failed,) = warehouse.store.executions(type="lineal.ingest", state=ExecutionState.FAILED)
    assert told in str(failed.get("lineal_error"))
    (again,) = children(LOAD)
    assert again.code == 0, again.error
    assert warehouse.newest("ops.t").rows == 500_001
