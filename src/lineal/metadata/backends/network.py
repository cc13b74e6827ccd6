"""What PostgreSQL and MySQL share: they are reached over a network, by a driver of their own."""

from __future__ import annotations

from functools import cache

from lineal.errors import InvalidInput, Unavailable
from lineal.metadata import tables

__all__ = ["first_line", "is_lost", "missing_driver", "reach_text", "unanswerable", "unusable"]


def missing_driver(database: str, package: str, extra: str) -> Unavailable:
    """Say that the driver isn't installed, and what brings it."""
    return Unavailable(
        f"a metadata store on {database} needs {package}; "
        f"install it with pip install 'lineal[{extra}]'"
    )


def first_line(error: BaseException) -> str:
    """Return the driver's own words, in one line."""
    numbered = len(error.args) == 2 and isinstance(error.args[0], int)
    text = str(error.args[1] if numbered else error)
    return next(iter(text.strip().splitlines()), type(error).__name__)


def is_lost(error: BaseException) -> bool:
    """Return whether an error without a number is the connection's, and no mistake of ours."""
    return type(error).__name__ in ("OperationalError", "InterfaceError", "ConnectionTimeout")


def unusable(where: str, text: str, *, unsure: bool) -> Unavailable:
    """Say that the server can't be used; with `unsure`, it may have taken a write before."""
    after = ". If this was a write, look whether it was stored before trying again"
    return Unavailable(
        f"{where} can't be used ({text}); check that the server runs, and user, password and "
        f"rights{after if unsure else ''}"
    )


def unanswerable(where: str, text: str) -> InvalidInput:
    """Say that a question, and so its filter, asks for what the database can't work out."""
    return InvalidInput(
        f"{where} can't work out what was asked ({text}); what a filter works out must fit "
        "64 bits, and what it looks for must be a value that can be stored"
    )


@cache
def reach_text() -> str:
    """Return the query of the greatest id of each dated table, in the order of `DATED`."""
    parts = [f"(SELECT COALESCE(MAX(id), 0) FROM {name})" for name in tables.DATED]
    return f"SELECT {', '.join(parts)}"
