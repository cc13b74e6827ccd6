"""Let Ctrl-C end a running query at once.

DuckDB looks for signals only now and then, and Python runs its handlers only between calls. So in
the main thread, the one that gets signals, a call that may be long is made by another thread, and
waited for.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

__all__ = ["interruptible"]

_Result = TypeVar("_Result")


def interruptible(connection: duckdb.DuckDBPyConnection, act: Callable[[], _Result]) -> _Result:
    """Return what `act` returns; end what runs on `connection` when the wait is interrupted."""
    if threading.current_thread() is not threading.main_thread():
        return act()
    done: Future[_Result] = Future()
    thread = threading.Thread(target=_carry_out, args=(act, done), daemon=True)
    thread.start()
    try:
        return done.result()
    except BaseException:
        while thread.is_alive():
            connection.interrupt()
            thread.join(0.05)
        raise


def _carry_out(act: Callable[[], _Result], done: Future[_Result]) -> None:
    try:
        done.set_result(act())
    except BaseException as error:  # noqa: BLE001 - raised where the result is waited for
        done.set_exception(error)
