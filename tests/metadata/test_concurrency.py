"""Several processes write one store at once: every write succeeds, numbers have no gaps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lineal.metadata import ArtifactState, ExecutionState

WORKER = Path(__file__).parent / "worker.py"
PROCESSES, EACH = 8, 8


def test_eight_processes_number_one_name_without_gaps(graph, place: str) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, WORKER, "make_many", place, "thing", str(EACH), str(who)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for who in range(PROCESSES)
    ]
    errors = [worker.communicate(timeout=120)[1] for worker in workers]

    rows = graph.store.versions("thing")
    assert errors == [""] * PROCESSES
    assert [row.number for row in rows] == [*range(1, PROCESSES * EACH + 1)]
    assert {r.content for r in rows} == {f"{w}-{n}" for w in range(PROCESSES) for n in range(EACH)}
    # Numbers, commits and times have one order, and nothing is left open.
    assert [row.committed for row in rows] == sorted(row.committed for row in rows)
    commits = [number for number, _ in graph.store.commits()]
    assert commits == [*range(len(commits), 0, -1)]
    assert {e.state for e in graph.store.executions()} == {ExecutionState.COMPLETE}
    assert {a.state for a in graph.store.artifacts()} == {ArtifactState.LIVE}
