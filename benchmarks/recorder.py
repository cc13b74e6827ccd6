"""What recording and asking back costs: small saves, a tracked script, long and wide lineage.

The peers' numbers were measured with LaminDB 2.12.1 on a like machine and stand in the notes; the
limits are what Lineal promises.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lineal.workspace import Workspace

__all__ = ["measure"]

FILES, FILE_BYTES = 1_000, 512
CHAIN = 10_000
PROCESSES = 9
ALONE = "import lineal\n"
TRACKED = "import lineal\nlineal.track()\n"


def measure(repeats: int) -> list[Measurement]:
    """Do every job as often as asked, on data of its own each time."""
    measured = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        measured += _saves(folder / "saves", repeats)
        measured.append(_track(folder / "track"))
        measured += _walks(folder / "walks", repeats)
    return measured


@dataclass(frozen=True)
class Spent:
    """The seconds that a job took, on the wall and of all cores."""

    wall: float
    cpu: float


def _budget(
    name: str, spent: Sequence[Spent], budget: float, *, rows: int | None = None, note: str = ""
) -> Measurement:
    """Hold the best of several times to a budget; the time of the cores is told beside it."""
    return Measurement(
        name,
        min(each.wall for each in spent),
        "budget",
        budget,
        limit_ratio=1,
        rows=rows,
        note=note,
        ours_cpu_seconds=min(each.cpu for each in spent),
        peer_cpu_seconds=budget,
    )


def _spent(job: Callable[..., object], *given: object) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    job(*given)
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


# Saves


def _saves(folder: Path, repeats: int) -> list[Measurement]:
    singly, at_once, again = [], [], []
    for turn in range(repeats):
        workspace = _workspace(folder / f"singly{turn}")
        singly.append(_spent(_save_singly, workspace, _files(workspace.root, seed=turn)))
        workspace.store.close()
        workspace = _workspace(folder / f"at_once{turn}")
        files = _files(workspace.root, seed=turn)
        at_once.append(_spent(workspace.lake.add_all, files))
        again.append(_spent(workspace.lake.add_all, files))
        if len(workspace.lake.names()) != FILES:
            raise AssertionError("some files were not saved")
        workspace.store.close()
    job = "save 1,000 files of 0.5 KB"
    return [
        _budget(f"{job} singly", singly, 3, rows=FILES, note="LaminDB: 42 s (10.6 of CPU)"),
        _budget(f"{job} in one call", at_once, 0.5, rows=FILES, note="LaminDB: 29 s (8.2 of CPU)"),
        _budget(f"{job} again", again, 0.5, rows=FILES, note="LaminDB: 5.2 s for 200"),
    ]


def _save_singly(workspace: Workspace, files: Sequence[Path]) -> None:
    for path in files:
        workspace.save(path, path.name)


def _files(root: Path, *, seed: int) -> list[Path]:
    folder = root / "data"
    folder.mkdir()
    chance = random.Random(seed)  # noqa: S311 -- no secret
    paths = [folder / f"{number:04}.bin" for number in range(FILES)]
    for path in paths:
        path.write_bytes(chance.randbytes(FILE_BYTES))
    return paths


def _workspace(folder: Path) -> Workspace:
    import lineal

    folder.mkdir(parents=True)
    return lineal.open(folder)


# A tracked script


def _track(folder: Path) -> Measurement:
    """Run an empty script with and without tracking, in turns, in a workspace that knows it."""
    workspace = _workspace(folder)
    alone, tracked = workspace.root / "alone.py", workspace.root / "tracked.py"
    alone.write_text(ALONE)
    tracked.write_text(TRACKED)
    workspace.store.close()
    first = _of_script(tracked)
    pairs = [(_of_script(alone), _of_script(tracked)) for _ in range(PROCESSES)]
    without = Spent(median(a.wall for a, _ in pairs), median(a.cpu for a, _ in pairs))
    whole = Spent(median(t.wall for _, t in pairs), median(t.cpu for _, t in pairs))
    return _budget(
        "track an empty script",
        [Spent(whole.wall - without.wall, whole.cpu - without.cpu)],
        0.15,
        note=f"beyond Python and `import lineal`, {without.wall:.2f} s; the first time "
        f"{first.wall - without.wall:.2f} s; LaminDB: 3.3 s (0.66 of CPU)",
    )


def _of_script(script: Path) -> Spent:
    """Run a script; return what its process spent."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, str(script)], cwd=script.parent, check=True, stderr=subprocess.DEVNULL
    )
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall, spent)


# Walks


def _walks(folder: Path, repeats: int) -> list[Measurement]:
    measured = []
    for name, steps, width, note in (
        (f"a chain of {CHAIN:,}", CHAIN, 1, "LaminDB: 1.1 s for 200"),
        ("24 diamonds", 24, 2, "LaminDB: 17 s for 12, 2^24 visits for 24"),
        ("1,000 diamonds, 3,000 nodes", 1_000, 2, "LaminDB: 2^1000 visits"),
    ):
        workspace = _workspace(folder / f"{steps}_{width}")
        top = _ladder(workspace, steps, width)
        for way, depth, executions in (("upstream", None, steps), ("5 executions up", 5, 5)):
            walk = partial(workspace.lineage, f"artifact/{top}", depth=depth)
            found = walk()  # once to warm up, and to look
            if len(found.executions) != executions:
                raise AssertionError(f"{name}, {way}: {len(found.executions)} executions")
            spent = [_spent(walk) for _ in range(repeats)]
            measured.append(_budget(f"{name}, {way}", spent, 0.5, rows=executions, note=note))
        workspace.store.close()
    return measured


def _ladder(workspace: Workspace, steps: int, width: int) -> int:
    """Make executions, each of all that the one before made; return the last artifact."""
    from lineal.metadata import Artifact, ArtifactType, Event, EventType, Execution, ExecutionType

    graph = workspace.graph
    graph.put_types([ArtifactType("Thing"), ExecutionType("Step")])
    made = graph.put_artifacts([Artifact("Thing") for _ in range(steps * width)])
    runs = graph.put_executions([Execution("Step") for _ in range(steps)])
    events = []
    for step, run in enumerate(runs):
        rung = made[step * width : (step + 1) * width]
        before = made[max(0, step - 1) * width : step * width]
        events += [Event(number, run, EventType.INPUT) for number in before]
        events += [Event(number, run, EventType.OUTPUT) for number in rung]
    graph.put_events(events)
    return made[-1]
