"""The metadata store against the official ML Metadata wheel, on SQLite, both with their defaults.

The same calls run on either side, each in a process and on a file of its own, in turns. Where
people can do without ML Metadata's messages, our plain rows and Arrow are timed against them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measurement import Measurement
from benchmarks.metadata_peer import wheel_python

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["measure"]

HERE = Path(__file__).parent
PEER = "ml-metadata 1.17.1"


@dataclass(frozen=True)
class Job:
    """What is timed, and how many times faster than the wheel it must be."""

    name: str
    job: str
    faster: float
    rows: int | None = None
    ours: str | None = None
    """Our side's job, where it is another way to the same end."""


JOBS = (
    Job("put 1 artifact", "put_one_bare", 5, 1),
    Job("put 1 artifact, 10 properties", "put_one", 5, 1),
    Job("put_execution, 10 artifacts", "put_execution", 5, 10),
    Job("put 1,000 artifacts, 10 properties", "put_1000", 1.8, 1000),
    Job("the same from Arrow", "put_1000", 2.5, 1000, "put_1000_arrow"),
    Job("put 1,000 events", "put_events", 5, 1000),
    Job("put 1,500 attributions", "put_attributions", 5, 1500),
    Job("put 1,500 associations", "put_associations", 5, 1500),
    Job("filter with 1 hit", "filter_few", 5, 1),
    Job("filter with 8,000 hits", "filter_many", 2.5, 8000),
    Job("1,000 artifacts by id", "get_1000", 1.3, 1000),
    Job("the same as Arrow", "get_1000", 1.8, 1000, "get_1000_arrow"),
    Job("open a store", "reopen", 5),
    Job("upstream of 3,000 nodes", "upstream", 2, 3000),
    Job("the same as ids", "upstream", 3, 3000, "upstream_ids"),
    Job("bulk import, 5 properties, a row", "bulk", 2.5, 1, "bulk_arrow"),
)


def measure(repeats: int) -> list[Measurement]:
    """Time every job on both sides in turns; keep the best of each."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        peer = held.enter_context(_worker(wheel_python(), "ml_metadata", folder / "peer"))
        ours = held.enter_context(_worker(Path(sys.executable), "lineal.mlmd", folder / "ours"))
        return [_compare(job, ours, peer, repeats=repeats) for job in JOBS]


class _Worker:
    """One side, ready to do jobs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, job: str) -> dict[str, float]:
        """Let it do `job`; return the seconds that a call took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{job}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            sys.exit(f"{self._process.args} ended at {job}")
        spent: dict[str, float] = json.loads(answer)
        return spent


@contextmanager
def _worker(python: Path, package: str, folder: Path) -> Iterator[_Worker]:
    folder.mkdir()
    command = [str(python), str(HERE / "metadata_worker.py"), package, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _Worker(process)
        finally:
            process.kill()


def _compare(job: Job, ours: _Worker, peer: _Worker, *, repeats: int) -> Measurement:
    theirs, mine = [], []
    for _ in range(repeats):
        theirs.append(peer(job.job))
        mine.append(ours(job.ours or job.job))
    return Measurement(
        job.name,
        min(one["seconds"] for one in mine),
        PEER,
        min(one["seconds"] for one in theirs),
        limit_ratio=round(1 / job.faster, 3),
        rows=job.rows,
        note=f"{job.faster:g} times as fast is asked",
        ours_cpu_seconds=min(one["cpu_seconds"] for one in mine),
        peer_cpu_seconds=min(one["cpu_seconds"] for one in theirs),
    )
