"""Open an engine by its settings, and the one that plain data frames share."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.engine.protocol import EngineSettings

if TYPE_CHECKING:
    from lineal.engine.protocol import Engine

__all__ = ["embedded", "open_engine"]

_lock = threading.Lock()
_embedded: list[Engine] = []


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
    with _lock:
        if not _embedded:
            import atexit
            import os
            import tempfile

            spill = Path(tempfile.gettempdir()) / f"lineal-engine-{os.getpid()}"
            engine = open_engine(EngineSettings(temporary_directory=spill))
            atexit.register(engine.close)
            _embedded.append(engine)
        return _embedded[0]


def _forget_after_fork() -> None:
    """Let a forked child open its own engine: the parent's threads do not exist in it."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _embedded.clear()


if hasattr(__import__("os"), "register_at_fork"):
    __import__("os").register_at_fork(after_in_child=_forget_after_fork)
