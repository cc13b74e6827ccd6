"""Open an engine by its settings, and the one that plain data frames share."""

from __future__ import annotations

import atexit
import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.engine.protocol import EngineSettings

if TYPE_CHECKING:
    from lineal.engine.protocol import Engine

__all__ = ["embedded", "open_engine"]

_lock = threading.Lock()
_embedded: dict[int, Engine] = {}


def open_engine(settings: EngineSettings | None = None) -> Engine:
    """Open an engine of its own with these limits; close it when done.

    Raises `InvalidInput` for a limit that the engine does not understand.
    """
    from lineal.engine.duckdb import DuckDBEngine

    return DuckDBEngine(settings or EngineSettings())


def embedded() -> Engine:
    """Return the engine of this process for data that belongs to no workspace.

    It is opened at the first call, spills to the system's temporary directory, and is closed
    at exit. Don't close it.
    """
    process = os.getpid()  # a forked child opens its own: the parent's threads are not in it
    with _lock:
        if process not in _embedded:
            spill = Path(tempfile.gettempdir()) / f"lineal-engine-{process}"
            engine = open_engine(EngineSettings(temporary_directory=spill))
            atexit.register(engine.close)
            _embedded[process] = engine
        return _embedded[process]
