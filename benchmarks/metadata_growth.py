"""How a store answers while it grows from 10,000 artifacts to 10 million: it must not slow down.

One workspace is filled in steps, with an execution for every ten artifacts, in chains of twenty;
at each size the same questions are asked. LINEAL_BENCH_ARTIFACTS=10000000 asks for the largest
size (4 GB in the temporary folder, some ten minutes to fill); without it the growth ends at a
million.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Sized
    from typing import Unpack

    import pyarrow as pa

    from lineal.metadata import Value
    from lineal.metadata.batch.forms import OrderBy
    from lineal.metadata.batch.graph_reads import Wanted
    from lineal.workspace import Workspace

__all__ = ["measure"]

BUDGET = 0.05
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
MOST = int(os.environ.get("LINEAL_BENCH_ARTIFACTS", "1000000"))
CHUNK = 100_000
PAGE = 100
CHAIN = 20
CALLS = 7


@dataclass(frozen=True)
class Timing:
    """The seconds of the first call in a store just opened, and of those after it."""

    first: float
    warm: float


@dataclass(frozen=True)
class Stage:
    """What was measured at one size."""

    artifacts: int
    rate: float
    bytes: int
    timings: dict[str, Timing]


class Growing:
    """A workspace that is filled further and further."""

    def __init__(self, folder: Path) -> None:
        import lineal

        self._folder = folder
        self._open = lineal.open
        self.workspace = self._fresh()
        self.count = 0
        self._steps = 0
        notes = folder / "notes.txt"
        notes.write_text("what was saved by a name")
        self.workspace.save(notes, "notes")
        self.first = 0
        self._put_types()

    def _fresh(self) -> Workspace:
        return self._open(self._folder)

    def reopened(self) -> Workspace:
        """Return the workspace opened anew: no connection, nothing in SQLite's own cache."""
        self.workspace.store.close()
        self.workspace = self._fresh()
        return self.workspace

    def grow(self, count: int) -> float:
        """Fill up to `count` artifacts; return how many a second were loaded."""
        loading = 0.0
        while self.count < count:
            size = min(CHUNK, count - self.count)
            table = self._artifacts(size)
            begun = time.perf_counter()
            ids = self.workspace.graph.load("artifact", table, type="Data")
            loading += time.perf_counter() - begun
            self.first = self.first or ids[0].as_py()
            self._chain(ids.to_pylist())
            self.count += size
            print(f"{self.count:,} artifacts", end="\r", file=sys.stderr)
        return count / loading if loading else 0.0

    @property
    def bytes(self) -> int:
        """The size of the database's files."""
        path = self.workspace.store.path
        assert path is not None
        return sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*"))

    def _put_types(self) -> None:
        from lineal.metadata import ArtifactType, ExecutionType, PropertyType

        data = ArtifactType(
            "Data", properties={"serial": PropertyType.INT, "tenth": PropertyType.INT}
        )
        self.workspace.graph.put_types([data, ExecutionType("Step")])

    def _artifacts(self, size: int) -> pa.Table:
        """Return artifacts with a property that tells each apart, and one that a tenth share."""
        import numpy as np
        import pyarrow as pa

        numbers = np.arange(self.count, self.count + size)
        return pa.table(
            {
                "name": pa.array([f"a{number}" for number in numbers.tolist()]),
                "uri": pa.array([f"s3://b/{number}" for number in numbers.tolist()]),
                "state": pa.array([2] * size),  # LIVE
                "serial": pa.array(numbers),
                "tenth": pa.array(numbers % 10),
            }
        )

    def _chain(self, ids: Sequence[int]) -> None:
        """Make every tenth artifact of the one ten before it, in chains of twenty."""
        import pyarrow as pa

        from lineal.metadata import Event, EventType

        made = ids[::10]
        names = [f"e{self._steps + step}" for step in range(len(made))]
        runs = self.workspace.graph.load("execution", pa.table({"name": names}), type="Step")
        events = []
        for step, (run, artifact) in enumerate(zip(runs.to_pylist(), made, strict=True)):
            if step % CHAIN:
                events.append(Event(made[step - 1], run, EventType.INPUT))
            events.append(Event(artifact, run, EventType.OUTPUT))
        self.workspace.graph.put_events(events)
        self._steps += len(made)


def measure(repeats: int) -> list[Measurement]:
    """Ask at every size; hold the largest to the budget."""
    stages = []
    with tempfile.TemporaryDirectory() as place:
        growing = Growing(Path(place))
        for size in SIZES:
            if size > MOST:
                break
            rate = growing.grow(size)
            stages.append(Stage(size, rate, growing.bytes, _asked(growing, CALLS + repeats)))
        growing.workspace.store.close()
    Console(file=sys.stderr, width=150).print(_growth(stages))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    last = stages[-1]
    return [
        Measurement(
            question,
            timing.warm,
            "budget",
            BUDGET,
            limit_ratio=1,
            rows=last.artifacts,
            note=f"first call {timing.first * 1e3:.1f} ms; filled in {peak} MB of memory",
        )
        for question, timing in last.timings.items()
    ]


def _asked(growing: Growing, calls: int) -> dict[str, Timing]:
    """Time every question, each first in a store just opened."""
    timings = {}
    for name, ask in Questions(growing).all().items():
        growing.reopened()
        first = _seconds(ask, 0)
        timings[name] = Timing(first, median(_seconds(ask, turn) for turn in range(1, calls)))
    return timings


def _seconds(ask: Callable[[int], object], turn: int) -> float:
    begun = time.perf_counter()
    ask(turn)
    return time.perf_counter() - begun


class Questions:
    """What is asked of the store as it is now; no turn asks for the same rows as another."""

    def __init__(self, growing: Growing) -> None:
        self._growing = growing
        self._count, self._first = growing.count, growing.first
        middle = growing.workspace.graph.artifacts(ids=[self._first + self._count // 2])[0]
        assert middle.created is not None
        self._time_of_middle = round(middle.created.timestamp() * 1000)

    def all(self) -> dict[str, Callable[[int], object]]:
        """Return the questions, each a call that is given the turn."""
        asked: dict[str, Callable[[int], object]] = {}
        orders: tuple[OrderBy, ...] = ("id", "create_time", "last_update_time")
        for order in orders:
            asked[f"first page by {order}"] = partial(self.page, order)
            asked[f"deep page by {order}"] = partial(self.page, order, deep=True)
        tenth = "properties.tenth = 7"
        return asked | {
            "last page by create_time": partial(self.page, "create_time", ascending=False),
            "filter with 1 hit": lambda turn: self.graph(
                filter=f"properties.serial = {self.serial(turn)}"
            ),
            "page of a filter that a tenth fit": partial(self.page, "id", text=tenth),
            "the same, deep": partial(self.page, "id", deep=True, text=tenth),
            "the same, newest first": partial(
                self.page, "create_time", text=tenth, ascending=False
            ),
            "filter by name": lambda turn: self.graph(filter=f"name = 'a{self.serial(turn)}'"),
            "by name": lambda turn: self.graph(name=f"a{self.serial(turn)}"),
            "by name and type": lambda turn: self.graph(name=f"a{self.serial(turn)}", type="Data"),
            "find a property": lambda turn: self.find(serial=self.serial(turn)),
            "find by a filter": lambda turn: self.find(f"properties.serial = {self.serial(turn)}"),
            "find a name": lambda _: self.find(name="notes"),
            "subgraph of 10 hops": self.subgraph,
            "lineage of 10 executions": self.lineage,
        }

    def page(
        self,
        order: OrderBy,
        turn: int,
        *,
        deep: bool = False,
        text: str = "",
        ascending: bool = True,
    ) -> None:
        """Read a page, the first one or one from the middle on."""
        from lineal.metadata.batch.forms import PageRequest
        from lineal.metadata.batch.tokens import Place, write_token

        token = ""
        if deep:
            number = self._first + self._count // 2 + PAGE * turn
            value = number if order == "id" else self._time_of_middle
            request = PageRequest(PAGE, order, ascending, filter=text)
            token = write_token(request, Place(value, number), [number])
        found = self._growing.workspace.graph.page(
            "artifact", order_by=order, ascending=ascending, limit=PAGE, token=token, filter=text
        )
        _expect(found.nodes, PAGE)

    def serial(self, turn: int) -> int:
        """Return the number of one artifact."""
        return (self._count * 7 // 10 + 997 * turn) % self._count

    def graph(self, **wanted: Unpack[Wanted]) -> None:
        """Read the one artifact that fits."""
        _expect(self._growing.workspace.graph.artifacts(**wanted), 1)

    def find(self, text: str = "", **fields: Value) -> None:
        """Find the one version that fits."""
        _expect(self._growing.workspace.find(text, **fields), 1)

    def subgraph(self, turn: int) -> None:
        """Walk ten hops of ML Metadata's up a chain."""
        from lineal.metadata.batch.subgraph import lineage_subgraph

        with self._growing.workspace.store.reading() as (connection, _):
            found = lineage_subgraph(
                connection,
                starting="artifact",
                starting_filter=f"id = {self._end_of_chain(turn)}",
                max_hops=10,
                direction="upstream",
            )
        _expect(found.execution_ids, 5)

    def lineage(self, turn: int) -> None:
        """Walk ten executions up a chain, with all nodes read."""
        found = self._growing.workspace.lineage(f"artifact/{self._end_of_chain(turn)}", depth=10)
        _expect(found.executions, 10)

    def _end_of_chain(self, turn: int) -> int:
        chains = self._count // (10 * CHAIN)
        chain = (chains // 2 + turn) % chains
        return self._first + (chain * CHAIN + CHAIN - 1) * 10


def _expect(found: Sized, count: int) -> None:
    if len(found) != count:
        raise AssertionError(f"{len(found)} found instead of {count}")


def _growth(stages: Sequence[Stage]) -> Table:
    """Lay out how every question's time grew: warm, and the first call in parentheses, in ms."""
    drawn = Table(title="Milliseconds a call while the store grows (first call in parentheses)")
    drawn.add_column("artifacts")
    for stage in stages:
        drawn.add_column(f"{stage.artifacts:,}", justify="right")
    for question in stages[-1].timings:
        timings = [stage.timings[question] for stage in stages]
        drawn.add_row(
            question, *(f"{each.warm * 1e3:.2f} ({each.first * 1e3:.1f})" for each in timings)
        )
    drawn.add_row("loaded a second", *(f"{stage.rate:,.0f}" for stage in stages))
    drawn.add_row("MB in the database", *(f"{stage.bytes / 1e6:,.0f}" for stage in stages))
    return drawn
