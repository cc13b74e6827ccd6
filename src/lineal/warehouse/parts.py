"""What the warehouse's verbs work with, and how they take turns on a table."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from lineal.errors import Conflict
from lineal.warehouse.lock import table_lock
from lineal.warehouse.settle import settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lineal.engine import Engine
    from lineal.lake import Lake
    from lineal.metadata import Recorder
    from lineal.warehouse.catalog import Catalog
    from lineal.warehouse.names import TableName
    from lineal.warehouse.plan import Plans
    from lineal.warehouse.settle import TableState

__all__ = ["Parts", "in_turn"]

_ATTEMPTS = 8
_PAUSE_SECONDS = 0.05
_T = TypeVar("_T")


@dataclass(frozen=True)
class Parts:
    """The graph, the lake, the engine and the catalog of one workspace."""

    recorder: Recorder
    lake: Lake
    engine: Engine
    catalog: Catalog
    plans: Plans
    root: Path

    @property
    def temporary(self) -> Path:
        """Where half-made files lie."""
        return self.root / "tmp"


def in_turn(parts: Parts, name: TableName, act: Callable[[TableState], _T]) -> _T:
    """Call `act` with the table settled and its lock held, again while others move it meanwhile.

    Only programs that don't take the lock can do that. Raises `Conflict` when they win each time.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with table_lock(parts.root, parts.recorder.store, str(name)):
                state, _ = settle(parts.recorder, parts.catalog, parts.plans, name)
                return act(state)
        except Conflict as error:
            if attempt == _ATTEMPTS:
                raise Conflict(
                    f"{name} was changed by another program {_ATTEMPTS} times while this one "
                    f"tried to write; try again when that is done ({error})"
                ) from error
            time.sleep(_PAUSE_SECONDS * attempt * (1 + random.random()))  # noqa: S311
    raise AssertionError  # pragma: no cover -- the loop returns or raises
