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
    from collections.abc import Callable

    from lineal.metadata import Running

__all__ = [
    "Observer",
    "fails",
    "is_watched",
    "look_away",
    "reads",
    "unwatch",
    "watch",
    "watch_always",
    "writes",
]

_ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR
_REMOVALS = frozenset({"os.remove", "os.rename", "os.rmdir", "shutil.rmtree"})
_PROGRAMS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"})
_EVENTS = _REMOVALS | _PROGRAMS | {"open", "sqlite3.connect"}
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

    def updates(self, path: str) -> None:
        """Take note that the file is about to be read, and maybe written, as a database is."""
        ...

    def loses(self, path: str, target: str | None) -> None:
        """Take note that what lies at this path is about to be removed, or moved to `target`."""
        ...

    def leaves(self) -> None:
        """Take note that another program is about to run, which may change any file."""
        ...

    def fails(self, error: Exception) -> None:
        """Take note that something was not seen, for this reason."""
        ...


_observers: dict[int, Observer] = {}
_always: Observer | None = None
_installed = False
_busy = threading.local()


def watch(running: Running, observer: Observer) -> None:
    """Tell `observer` of the files that are opened inside of this run from here on."""
    global _installed  # noqa: PLW0603 -- one hook for the process
    _observers[id(running)] = observer
    if not _installed:
        sys.addaudithook(_hook)
        _installed = True


def watch_always(observer: Observer) -> None:
    """Tell `observer` of the files that this process opens where no run is open."""
    global _always, _installed  # noqa: PLW0603 -- one hook for the process
    _always = observer
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
    if not _observers and _always is None:
        return False
    return not getattr(_busy, "now", False) and _around() is not None


def reads(path: object) -> None:
    """Take note, for the run around this code, that a file is about to be read."""
    _tell(path, lambda observer, whole: observer.reads(whole))


def writes(path: object) -> None:
    """Take note, for the run around this code, that a file is about to be written."""
    _tell(path, lambda observer, whole: observer.writes(whole))


def fails(error: Exception) -> None:
    """Take note, for the run around this code, that something was not seen."""
    observer = _around()
    if observer is not None:
        observer.fails(error)


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    # The observers first: while the interpreter ends, everything in this module becomes None.
    if (not _observers and _always is None) or event not in _EVENTS:
        return
    if getattr(_busy, "now", False):
        return
    if event == "open":
        path, mode, flags = arguments
        if isinstance(path, int) or path is None:
            return
        if isinstance(mode, str):
            writing = any(sign in mode for sign in _CHANGING)
        else:
            writing = isinstance(flags, int) and flags & _ACCESS != os.O_RDONLY
        (writes if writing else reads)(path)
    elif event == "sqlite3.connect":
        path = _database(arguments[0])
        _tell(path, lambda observer, whole: observer.updates(whole))
    elif event in _REMOVALS:
        _tell_of_loss(arguments[0], arguments[1] if event == "os.rename" else None)
    else:
        _safely(lambda observer: observer.leaves())


def _tell(path: object, how: Callable[[Observer, str], None]) -> None:
    if isinstance(path, str | bytes | os.PathLike):
        _safely(lambda observer: how(observer, _whole(path)))


def _tell_of_loss(path: object, target: object) -> None:
    if isinstance(path, str | bytes | os.PathLike):
        to = target if isinstance(target, str | bytes | os.PathLike) else None
        _safely(lambda each: each.loses(_whole(path), None if to is None else _whole(to)))


def _safely(call: Callable[[Observer], None]) -> None:
    """Tell the observer around this code; whatever goes wrong is no matter of the program's."""
    if getattr(_busy, "now", False):
        return
    with look_away():
        observer = _around()
        if observer is None:
            return
        try:
            call(observer)
        except Exception as error:  # noqa: BLE001 -- told in the end
            observer.fails(error)


def _whole(path: Given) -> str:
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 -- links stay as they are


def _database(given: object) -> object:
    """Return the file of a database of SQLite's; None for one in memory."""
    if not isinstance(given, str | bytes | os.PathLike):
        return None
    path = os.fsdecode(given)
    if path.startswith("file:"):
        from urllib.parse import unquote, urlsplit

        if "mode=memory" in path:
            return None
        path = unquote(urlsplit(path).path)
    return None if path in ("", ":memory:") else path


def _around() -> Observer | None:
    """Return who is told of what this code opens: nobody, inside of a verb of ours."""
    for _, running in open_runs.entries():
        return _observers.get(id(running))
    return _always
