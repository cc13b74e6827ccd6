"""The errors that Lineal raises; catch by meaning, not by text.

    LinealError
    ├── NotFound              nothing has that name, id, version or column
    ├── AlreadyExists         the name is taken by something else
    ├── InvalidInput          what was given cannot be right: data, arguments, files, names
    ├── Conflict              somebody else changed the same thing; try again
    ├── Corrupt               stored bytes or records are not what was written
    ├── Unavailable           a needed program, package, file or service cannot be reached
    └── IncompatibleVersion   written by another version of Lineal or of a format

A message says what happened, to which thing, and what to do. Errors of libraries are
translated at the edge of the part that uses the library, with the cause kept.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "AlreadyExists",
    "Conflict",
    "Corrupt",
    "IncompatibleVersion",
    "InvalidInput",
    "LinealError",
    "NotFound",
    "Unavailable",
]


class LinealError(Exception):
    """The base of every error that Lineal raises on purpose."""


class NotFound(LinealError):
    """Nothing has that name, id, version or column."""

    @classmethod
    def among(cls, what: str, wanted: str, known: Iterable[str], *, remedy: str = "") -> NotFound:
        """Say that `what` has no `wanted`, and which of the `known` names was likely meant."""
        close = get_close_matches(wanted, list(known), n=1, cutoff=0.6)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        hint = f" ({remedy})" if remedy else ""
        return cls(f"{what} {wanted!r}{meant}{hint}")


class AlreadyExists(LinealError):
    """The name is taken by something else."""


class InvalidInput(LinealError):
    """What was given cannot be right: data, arguments, files, names."""


class Conflict(LinealError):
    """Somebody else changed the same thing first; the whole act can be tried again."""


class Corrupt(LinealError):
    """Stored bytes or records are not what was written."""


class Unavailable(LinealError):
    """A needed program, package, file, disk space or service cannot be reached."""


class IncompatibleVersion(LinealError):
    """Written by another version of Lineal, or of a format, than this one can read."""
