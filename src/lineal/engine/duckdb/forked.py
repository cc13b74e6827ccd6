"""Keep a forked child off its parent's databases: the threads that serve them are not in it."""

from __future__ import annotations

import os
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.engine.duckdb.engine import DuckDBEngine
    from lineal.engine.protocol import EngineSettings

__all__ = ["apart", "engines"]

engines: weakref.WeakSet[DuckDBEngine] = weakref.WeakSet()
"""The engines of this process."""
_of_the_parent: list[object] = []


def apart(settings: EngineSettings) -> EngineSettings:
    """Return settings with a folder of its own to spill to: two databases can't share one."""
    folder = settings.temporary_directory
    if folder is None:
        return settings
    return replace(settings, temporary_directory=folder / f"forked-{os.getpid()}")


def _begin_anew() -> None:
    for engine in list(engines):
        _of_the_parent.extend(engine.begin_anew())


os.register_at_fork(after_in_child=_begin_anew)
