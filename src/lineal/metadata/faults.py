"""Finer kinds of error that writing and reading batches tell apart.

`Stale` is a `Conflict`; `OutOfRange` and `Unsupported` are kinds of `InvalidInput`.
"""

from __future__ import annotations

from lineal.errors import Conflict, InvalidInput

__all__ = ["OutOfRange", "Stale", "Unsupported"]


class Stale(Conflict):
    """The stored thing changed since the caller read it; read it again, then decide anew."""


class OutOfRange(InvalidInput):
    """An index points outside of what was given with it."""


class Unsupported(InvalidInput):
    """A wish that the format has a word for, and that no store fulfils."""
