"""What one comparison yields, and how two ways are timed fairly on a shared machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Measurement", "compare"]


@dataclass(frozen=True)
class Measurement:
    """Our way and a peer's way through the same job."""

    name: str
    ours_seconds: float
    peer_name: str
    peer_seconds: float
    limit_ratio: float | None = None
    """`ours / peer` must not exceed this; None: shown for information only."""
    rows: int | None = None
    note: str = ""
    ours_cpu_seconds: float | None = None
    peer_cpu_seconds: float | None = None

    @property
    def ratio(self) -> float:
        """Ours over the peer's, by the clock on the wall: below 1 we are faster."""
        return self.ours_seconds / self.peer_seconds

    @property
    def cpu_ratio(self) -> float | None:
        """Ours over the peer's in seconds of all cores, which a busy neighbour disturbs less."""
        if self.ours_cpu_seconds is None or not self.peer_cpu_seconds:
            return None
        return self.ours_cpu_seconds / self.peer_cpu_seconds

    @property
    def within_limit(self) -> bool:
        """Whether the ratio keeps its limit; without a limit it always does."""
        return self.limit_ratio is None or self.ratio <= self.limit_ratio


def compare(
    name: str,
    ours: Callable[[], object],
    *,
    peer_name: str,
    peer: Callable[[], object],
    repeats: int,
    limit_ratio: float | None = None,
    rows: int | None = None,
    note: str = "",
) -> Measurement:
    """Time `ours` and `peer` in turns, `repeats` times each, and keep the best of each.

    Turns, because a busy neighbour then slows both; the best, because noise only ever adds.
    """
    ours_times, peer_times = [], []
    for _ in range(repeats):
        peer_times.append(_timed(peer))
        ours_times.append(_timed(ours))
    ours_best, peer_best = min(ours_times), min(peer_times)
    return Measurement(
        name,
        ours_best[0],
        peer_name,
        peer_best[0],
        limit_ratio=limit_ratio,
        rows=rows,
        note=note,
        ours_cpu_seconds=min(cpu for _, cpu in ours_times),
        peer_cpu_seconds=min(cpu for _, cpu in peer_times),
    )


def _timed(job: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds on the wall and of all cores that `job` took."""
    wall, cpu = time.perf_counter(), time.process_time()
    job()
    return time.perf_counter() - wall, time.process_time() - cpu
