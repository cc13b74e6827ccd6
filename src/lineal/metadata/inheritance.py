"""While a run is open, threads and processes that start inside of it belong to it.

Python (before 3.14) starts a thread without its starter's context variables. Only ours is carried
over, so that nothing else of the program's changes; what is replaced here is put back when the
last run closes, unless somebody else has replaced it again meanwhile.
"""

from __future__ import annotations

import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING

from lineal.metadata import open_runs

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["begin", "end"]

_POSITIONAL_ENVIRONMENT = 11  # where Popen takes `env`, counted with itself


@dataclass
class _Replaced:
    owner: type
    name: str
    original: Callable[..., object]
    ours: Callable[..., object]


_lock = threading.Lock()
_replaced: list[_Replaced] = []
_runs = 0


def begin() -> None:
    """Carry open runs along from here on; once more for each run."""
    global _runs  # noqa: PLW0603 -- one count for the process, as what it guards
    with _lock:
        _runs += 1
        if not _replaced:
            _replace(threading.Thread, "start", _start)
            _replace(ThreadPoolExecutor, "submit", _submit)
            _replace(subprocess.Popen, "__init__", _spawn)


def end() -> None:
    """Put back what was there, when as many runs have ended as began."""
    global _runs  # noqa: PLW0603
    with _lock:
        _runs -= 1
        if _runs:
            return
        for each in _replaced:
            if each.owner.__dict__.get(each.name) is each.ours:
                setattr(each.owner, each.name, each.original)
        _replaced.clear()


def _replace(
    owner: type, name: str, wrap: Callable[[Callable[..., object]], Callable[..., object]]
) -> None:
    original = getattr(owner, name)
    ours = wraps(original)(wrap(original))
    setattr(owner, name, ours)
    _replaced.append(_Replaced(owner, name, original, ours))


def _start(original: Callable[..., object]) -> Callable[..., object]:
    def start(thread: threading.Thread) -> object:
        taken = open_runs.carried()
        if taken:
            body = thread.run

            def run() -> None:
                open_runs.carry(taken)
                body()

            thread.run = run  # type: ignore[method-assign]
        return original(thread)

    return start


def _submit(original: Callable[..., object]) -> Callable[..., object]:
    def submit(
        pool: ThreadPoolExecutor,
        function: Callable[..., object],
        /,
        *arguments: object,
        **options: object,
    ) -> object:
        taken = open_runs.carried()

        @wraps(function)
        def call(*arguments: object, **options: object) -> object:
            before = open_runs.carried()
            open_runs.carry(taken)
            try:
                return function(*arguments, **options)
            finally:
                open_runs.carry(before)  # the worker may serve another run next

        return original(pool, call, *arguments, **options)

    return submit


def _spawn(original: Callable[..., object]) -> Callable[..., object]:
    def spawn(process: object, *arguments: object, **options: object) -> object:
        told, given = open_runs.tracked(), options.get("env")
        if told and len(arguments) < _POSITIONAL_ENVIRONMENT:
            # The run of this very context: another thread may have opened one since.
            around = os.environ if given is None else given
            options["env"] = {**around, open_runs.PARENT_VARIABLE: told}  # type: ignore[dict-item]
        return original(process, *arguments, **options)

    return spawn
