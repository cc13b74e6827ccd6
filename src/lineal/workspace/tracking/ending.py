"""Tell how this process ends: by an exception, by an exit code, or just so."""

from __future__ import annotations

import atexit
import builtins
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["Ending"]

_EXITS = ((sys, "exit"), (builtins, "exit"), (builtins, "quit"))


class Ending:
    """Listens until it is closed; what it replaces behaves as before.

    `uncaught` gets the exception that ends the program, after it was shown. `at_exit` is called
    at the interpreter's end, and gets what the program gave to `sys.exit`, `exit` or `quit`.
    """

    def __init__(
        self, *, uncaught: Callable[[BaseException], None], at_exit: Callable[[object], None]
    ) -> None:
        self._told = uncaught, at_exit
        self._code: object = None
        self._excepthook = sys.excepthook
        sys.excepthook = self._uncaught
        self._exits: list[tuple[object, str, object, _Exit]] = []
        for owner, name in _EXITS:
            original = getattr(owner, name, None)  # the last two are not there with -S
            if original is not None:
                ours = _Exit(original, self._note)
                setattr(owner, name, ours)
                self._exits.append((owner, name, original, ours))
        atexit.register(self._at_exit)

    def close(self) -> None:
        """Listen no more."""
        atexit.unregister(self._at_exit)
        # Bound methods are made anew at each look, but are equal.
        if sys.excepthook == self._uncaught:
            sys.excepthook = self._excepthook
        for owner, name, original, ours in self._exits:
            if getattr(owner, name, None) is ours:
                setattr(owner, name, original)

    def _uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self._excepthook(kind, error, trace)
        self._told[0](error.with_traceback(trace))

    def _note(self, code: object) -> None:
        self._code = code

    def _at_exit(self) -> None:
        self._told[1](self._code)


class _Exit:
    """One of the functions that end Python, which takes note of the code."""

    def __init__(
        self, original: Callable[[object], NoReturn], told: Callable[[object], None]
    ) -> None:
        self._original = original
        self._told = told
        self.__doc__ = original.__doc__

    def __call__(self, code: object = None) -> NoReturn:
        self._told(code)
        self._original(code)

    def __repr__(self) -> str:
        return repr(self._original)
