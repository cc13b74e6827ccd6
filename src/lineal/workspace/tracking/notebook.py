"""Keep a notebook's cells as they were run: in their order, once for each time, failed ones too."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Protocol

from lineal.workspace.tracking.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Cells", "Shell", "shell"]


class Shell(Protocol):
    """What is asked of IPython's shell."""

    events: Events
    user_ns: dict[str, object]
    execution_count: int


class Events(Protocol):
    """Where IPython tells that a cell begins and ends."""

    def register(self, event: str, function: Callable[..., object]) -> None:
        """Call `function` from now on."""
        ...

    def unregister(self, event: str, function: Callable[..., object]) -> None:
        """Call it no more."""
        ...


def shell() -> Shell | None:
    """Return the shell of the notebook or IPython session that this code runs in, if it does."""
    module = sys.modules.get("IPython")
    get = getattr(module, "get_ipython", None)
    return None if get is None else get()


class Cells:
    """The cells that a kernel ran, also those before the first of ours.

    `ended` is called after each of them. What a cell printed is no part of it, so that the same
    cells run again are the same source.
    """

    def __init__(self, of: Shell, *, ended: Callable[[], None]) -> None:
        self._shell = of
        self._ended = ended
        history = of.user_ns.get("In")
        before = history[1:] if isinstance(history, list) else []
        self._ran: list[tuple[int, str, str]] = [
            (number, str(text), "") for number, text in enumerate(before, 1) if text
        ]
        # The cell that is running now stands in the history already; ours sees only its end.
        self._running = self._ran.pop() if self._ran else None
        self.failure: BaseException | None = None
        """The error of the last cell, if it failed."""
        of.events.register("pre_run_cell", self._begin)
        of.events.register("post_run_cell", self._end)

    def close(self) -> None:
        """Listen no more."""
        for event, function in (("pre_run_cell", self._begin), ("post_run_cell", self._end)):
            try:
                self._shell.events.unregister(event, function)
            except ValueError:  # somebody cleared all
                continue

    def text(self) -> str:
        """Return the cells as a script whose parts say when, and how, each of them ran."""
        parts: list[str] = []
        first: dict[str, int] = {}
        running = [] if self._running is None else [(*self._running[:2], "running")]
        for number, text, how in [*self._ran, *running]:
            again = f", the same as In[{first[text]}]" if text in first else ""
            first.setdefault(text, number)
            parts.append(f"# %% In[{number}]{again}{f', {how}' if how else ''}\n{text.rstrip()}\n")
        return "\n".join(parts)

    def failed(self) -> Sequence[str]:
        """Return what is told of the cells that failed, in their order."""
        return [f"In[{number}] {how}" for number, _, how in self._ran if how.startswith("failed")]

    def _begin(self, info: object) -> None:
        if getattr(info, "store_history", True):
            text = str(getattr(info, "raw_cell", "") or "")
            number = self._ran[-1][0] + 1 if self._ran else self._shell.execution_count
            self._running = (number, text, "")

    def _end(self, result: object) -> None:
        if self._running is None:
            return
        error = getattr(result, "error_before_exec", None) or getattr(result, "error_in_exec", None)
        self.failure = error if isinstance(error, BaseException) else None
        number, text, _ = self._running
        told = getattr(result, "execution_count", None)
        number = told if isinstance(told, int) else number
        how = "" if self.failure is None else f"failed with {_told(self.failure)}"
        self._ran.append((number, text, how))
        self._running = None
        self._ended()


def _told(error: BaseException) -> str:
    told = traceback.format_exception_only(error)[-1].strip().replace("\n", " ")
    return mask(told)[:200]
