"""See which files the program opens, through Python's audit events.

Only what Python itself opens is seen here: `open`, pandas, pickle, joblib. What libraries open in
C++ is seen by `readers`. The hook can't be taken out of Python again; while no run is watched it
returns at once. What it sees never changes or fails what the program does.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Protocol

from lineal.metadata import open_runs

if TYPE_CHECKING:
    from lineal.metadata import Running

__all__ = ["Observer", "is_watched", "look_away", "reads", "unwatch", "watch", "writes"]

_ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR
_CHANGING = ("w", "a", "x", "+")

Given = str | bytes | os.PathLike[str] | os.PathLike[bytes]


class Observer(Protocol):
    """What is told of the files that a run opens."""

    def reads(self, path: str) -> None:
        """Take note that the file at this absolute path is about to be read."""
        ...

    def writes(self, path: str) -> None:
        """Take note that the file at this absolute path is about to be written."""
        ...


_observers: dict[int, Observer] = {}
_installed = False
_busy = threading.local()


def watch(running: Running, observer: Observer) -> None:
    """Tell `observer` of the files that are opened inside of this run from here on."""
    global _installed  # noqa: PLW0603 -- one hook for the process
    _observers[id(running)] = observer
    if not _installed:
        sys.addaudithook(_hook)
        _installed = True


def unwatch(running: Running) -> None:
    """Tell nobody of this run's files any more."""
    _observers.pop(id(running), None)


class look_away:  # noqa: N801 -- reads as what it does: `with look_away():`
    """Take no note of what the block opens: it is ours, not the program's."""

    def __enter__(self) -> None:
        """Begin."""
        self._before = getattr(_busy, "now", False)
        _busy.now = True

    def __exit__(self, *_: object) -> None:
        """End."""
        _busy.now = self._before


def is_watched() -> bool:
    """Tell whether somebody is told of what this code opens."""
    return bool(_observers) and not getattr(_busy, "now", False) and _around() is not None


def reads(path: object) -> None:
    """Take note, for the run around this code, that a file is about to be read."""
    _tell(path, writing=False)


def writes(path: object) -> None:
    """Take note, for the run around this code, that a file is about to be written."""
    _tell(path, writing=True)


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event != "open" or not _observers:
        return
    path, mode, flags = arguments
    if isinstance(path, int) or path is None:
        return
    if isinstance(mode, str):
        writing = any(sign in mode for sign in _CHANGING)
    else:
        writing = isinstance(flags, int) and flags & _ACCESS != os.O_RDONLY
    _tell(path, writing=writing)


def _tell(path: object, *, writing: bool) -> None:
    if not _observers or getattr(_busy, "now", False):
        return
    with look_away():
        try:
            observer = _around()
            if observer is None or not isinstance(path, str | bytes | os.PathLike):
                return
            whole = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 -- links stay as they are
            (observer.writes if writing else observer.reads)(whole)
        except Exception:  # noqa: BLE001, S110 -- whatever goes wrong here is no matter of the program's
            pass


def _around() -> Observer | None:
    """Return who is told of what this code opens: nobody, inside of a verb of ours."""
    for _, running in open_runs.entries():
        return _observers.get(id(running))
    return None
