"""Statements as text for the driver's own cursor, each written once and kept.

SQLAlchemy's way from construct to cursor costs some 50 microseconds a statement, which single
writes would feel; the names come from the tables' declarations alone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

__all__ = ["check_cells", "insert_text", "upsert_text"]

_INT64 = range(-(2**63), 2**63)


@lru_cache(maxsize=512)
def insert_text(
    table: sa.Table, columns: tuple[str, ...], *, verb: str, mark: str, quote: str = '"'
) -> str:
    """Return the text that inserts one row; `mark` is the driver's sign for a parameter."""
    names = ", ".join(f"{quote}{name}{quote}" for name in columns)
    marks = ", ".join(mark for _ in columns)
    return f"{verb} INTO {table.name} ({names}) VALUES ({marks})"


@lru_cache(maxsize=512)
def upsert_text(
    table: sa.Table, columns: tuple[str, ...], key: tuple[str, ...], *, mark: str
) -> str:
    """Return the text that inserts one row, or replaces what isn't `key` of the one there."""
    text = insert_text(table, columns, verb="INSERT", mark=mark)
    target = ", ".join(f'"{name}"' for name in key)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in key)
    act = f"UPDATE SET {changes}" if changes else "NOTHING"
    return f"{text} ON CONFLICT ({target}) DO {act}"


def check_cells(
    table: sa.Table, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Raise `InvalidInput` naming the first value that no database holds, if there is one.

    Called after a driver refused the rows, so that good rows never pay for it.
    """
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            if isinstance(value, int) and value not in _INT64:
                raise InvalidInput(f"{table.name}.{column} can't hold {value}: over 64 bits")
            if isinstance(value, str):
                _check_text(f"{table.name}.{column}", value)


def _check_text(where: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{where} can't hold the broken text {value[:60]!r}") from error
