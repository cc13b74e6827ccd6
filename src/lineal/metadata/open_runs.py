"""Which executions are open around the code that runs: here, in the process, in the one above.

A run that is opened in a `with` block is seen by the code inside it, and by the threads and
processes that this code starts. One that is opened for the whole process is seen everywhere in it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.metadata.recorder import Recorder
    from lineal.metadata.running import Running

__all__ = [
    "PARENT_VARIABLE",
    "carried",
    "carry",
    "detached",
    "enter",
    "entries",
    "inherited",
    "inherited_spool",
    "leave",
    "tell_children",
    "tracked",
]

PARENT_VARIABLE = "LINEAL_PARENT_RUN"
"""The environment variable by which a process finds the run that it was started in."""

Entry = tuple["Recorder", "Running"]

_here: ContextVar[tuple[Entry | None, ...]] = ContextVar("lineal_open_runs", default=())
_of_process: list[Entry] = []
# What stood there before this process opened anything.
_INHERITED = os.environ.get(PARENT_VARIABLE, "")


def entries() -> list[Entry]:
    """Return the open runs around this code with their recorders, innermost first."""
    found: list[Entry] = []
    for entry in reversed(_here.get()):
        if entry is None:  # detached: what is further out is not seen
            return found
        if entry[1].is_open:
            found.append(entry)
    return found + [entry for entry in reversed(_of_process) if entry[1].is_open]


def enter(recorder: Recorder, running: Running, *, whole_process: bool) -> None:
    """Make an execution the innermost open one, here or in the whole process."""
    if whole_process:
        _of_process.append((recorder, running))
    else:
        _here.set((*_here.get(), (recorder, running)))
    if running.tracks_reads:
        tell_children()
        from lineal.metadata import inheritance

        inheritance.begin()


def leave(running: Running) -> None:
    """Take an execution, which is closed, out again; it may end in another context."""
    running.is_open = False
    # No token: the body may end in another context than it began in.
    _here.set(tuple(entry for entry in _here.get() if entry is None or entry[1].is_open))
    _of_process[:] = [entry for entry in _of_process if entry[1].is_open]
    if running.tracks_reads:
        from lineal.metadata import inheritance

        inheritance.end()
        tell_children()


@contextmanager
def detached() -> Iterator[None]:
    """Let executions of the block stand alone, whatever run is open around it."""
    _here.set((*_here.get(), None))
    try:
        yield
    finally:
        held = _here.get()
        last = len(held) - 1 - held[::-1].index(None)
        _here.set(held[:last] + held[last + 1 :])


def carried() -> tuple[Entry | None, ...]:
    """Return what a thread that starts here takes along."""
    return _here.get()


def carry(taken: tuple[Entry | None, ...]) -> None:
    """Take over, in a thread, what its starter had open."""
    _here.set(taken)


def inherited(store_uuid: str) -> int | None:
    """Return the id of the execution of this store that this process was started in, if any."""
    uuid, _, rest = _INHERITED.partition("/")
    number = rest.partition(":")[0]
    return int(number) if uuid == store_uuid and number.isdecimal() else None


def inherited_spool() -> str:
    """Return the file in which the run that this process was started in is told of its reads."""
    return _INHERITED.partition("/")[2].partition(":")[2]


def tracked() -> str:
    """Return what `PARENT_VARIABLE` tells a process that is started here."""
    for recorder, running in entries():
        if running.tracks_reads:
            spool = f":{running.spool}" if running.spool else ""
            return f"{recorder.store.uuid}/{running.execution_id}{spool}"
    return _INHERITED


def tell_children() -> None:
    """Tell the processes that start from here on which run they belong to."""
    told = tracked()
    if told:
        os.environ[PARENT_VARIABLE] = told
    else:
        os.environ.pop(PARENT_VARIABLE, None)
