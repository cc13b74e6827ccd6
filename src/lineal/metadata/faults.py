"""Finer kinds of error that writing and reading batches tell apart.

`Stale` and `Retriable` are kinds of `Conflict`; `OutOfRange` and `Unsupported` of `InvalidInput`.
"""

from __future__ import annotations

from lineal.errors import Conflict, InvalidInput

__all__ = ["OutOfRange", "Retriable", "Stale", "Unsupported"]


class Stale(Conflict):
    """The stored thing changed since the caller read it; read it again, then decide anew."""


class OutOfRange(InvalidInput):
    """An index points outside of what was given with it."""


class Unsupported(InvalidInput):
    """A wish that the format has a word for, and that no store fulfils."""


class Retriable(Conflict):
    """The database undid a write to let another go first; nothing of it stands, do it again."""
