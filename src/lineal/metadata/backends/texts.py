"""Statements as text for the driver's own cursor, each written once and kept.

SQLAlchemy's way from construct to cursor costs some 50 microseconds a statement, which single
writes would feel; the names come from the tables' declarations alone.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata.integers import is_int32, is_int64
from lineal.metadata.spellings import BigInt

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

__all__ = ["check_cells", "insert_text", "upsert_text"]


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
    table: sa.Table,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
    *,
    has_lengths: bool = False,
    holds_nul: bool = True,
    holds_infinity: bool = True,
    has_narrow_values: bool = False,
) -> None:
    """Raise `InvalidInput` naming the first value that the database can't hold, if there is one.

    Called after a driver refused the rows, so that good rows never pay for it.
    """
    longest = {
        c: getattr(table.c[c].type, "length", None) if has_lengths else None for c in columns
    }
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            where = f"{table.name}.{column}"
            if isinstance(value, str):
                _check_text(where, value, longest[column], holds_nul=holds_nul)
            elif isinstance(value, float) and not holds_infinity and not math.isfinite(value):
                raise InvalidInput(f"{where} can't hold {value} in this database")
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            if isinstance(value, int):
                _check_number(table, column, value, is_narrow=has_narrow_values)


def _check_text(where: str, value: str, longest: int | None, *, holds_nul: bool) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{where} can't hold the broken text {value[:60]!r}") from error
    if longest is not None and len(value) > longest:
        raise InvalidInput(
            f"{where} holds at most {longest} characters, {value[:40]!r}… has {len(value)}"
        )
    if not holds_nul and "\0" in value:
        raise InvalidInput(f"{where} can't hold a NUL character: {value[:60]!r}")


def _check_number(table: sa.Table, column: str, value: int, *, is_narrow: bool) -> None:
    if not is_int64(value):
        raise InvalidInput(f"{table.name}.{column} can't hold {value}: over 64 bits")
    if not is_narrow or is_int32(value):
        return
    if column == "int_value":  # which Lineal makes wider
        raise InvalidInput(
            f"{table.name}.{column} can't hold {value}: ML Metadata made it 32 bits wide in this "
            "database; widen it (ALTER TABLE) or keep the value as text"
        )
    if not isinstance(table.c[column].type, BigInt):
        raise InvalidInput(f"{table.name}.{column} can't hold {value}: it is 32 bits wide")
