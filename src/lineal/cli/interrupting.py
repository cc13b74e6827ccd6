"""Ctrl-C ends a command, also while it computes outside of Python.

Python raises `KeyboardInterrupt` only between two of its own instructions, and a query of the
engine may take minutes until then. A write is safe at whatever moment its process ends, so after
a moment of grace, in which an ordinary interrupt tidies up, the process is ended as it is.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["INTERRUPTED", "interruptible"]

INTERRUPTED = 130
_GRACE_SECONDS = 3.0


@contextmanager
def interruptible() -> Iterator[None]:
    """End the process for sure when it is interrupted inside the block."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    heard, told = os.pipe()
    os.set_blocking(told, False)
    before = signal.set_wakeup_fd(told)
    threading.Thread(target=_watch, args=(heard,), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(told)  # which ends the watch


def _watch(heard: int) -> None:
    while received := os.read(heard, 1):
        if received[0] == signal.SIGINT:
            time.sleep(_GRACE_SECONDS)
            print("interrupted ('lineal doctor' settles what was not finished)", file=sys.stderr)
            sys.stderr.flush()
            os._exit(INTERRUPTED)
    os.close(heard)
