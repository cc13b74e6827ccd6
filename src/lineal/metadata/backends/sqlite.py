"""SQLite: a file beside the workspace, or memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.backends.texts import check_cells, insert_text, upsert_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from lineal.metadata.backends.protocol import Backend

__all__ = ["BACKEND"]

_REACH = "SELECT name, seq FROM sqlite_sequence"
_RESERVE = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ? RETURNING seq"
_LAST_COMMIT = "SELECT number, time_us, frontier FROM lineal_commit ORDER BY number DESC LIMIT 1"


class _Sqlite:
    """SQLite by Python's own driver, whose cursor takes the hot statements."""

    name = "sqlite"

    # Statements

    def among(
        self, column: sa.ColumnElement[int] | sa.ColumnElement[str], values: Sequence[int | str]
    ) -> sa.ColumnElement[bool]:
        """Return the condition that `column` is one of `values`."""
        given = sa.func.json_each(sa.literal(json.dumps(list(values)), sa.Text))
        return column.in_(sa.select(given.table_valued("value").c.value))

    def reserve(self, connection: sa.Connection, table: sa.Table, count: int) -> Sequence[int]:
        """Return `count` new ids of `table`, ascending, for rows that this transaction inserts."""
        cursor = _cursor(connection)
        # The sequence itself moves, so that the wheel and AUTOINCREMENT go on behind it.
        row = cursor.execute(_RESERVE, (count, table.name)).fetchone()
        if row is None:  # nothing was ever inserted
            cursor.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table.name, count))
            row = (count,)
        return range(row[0] - count + 1, row[0] + 1)

    def insert(
        self,
        connection: sa.Connection,
        table: sa.Table,
        columns: Sequence[str],
        rows: Sequence[tuple[object, ...]],
        *,
        ignore: bool = False,
    ) -> None:
        """Insert rows given as tuples in the order of `columns`; with `ignore` only new ones."""
        verb = "INSERT OR IGNORE" if ignore else "INSERT"
        text = insert_text(table, tuple(columns), verb=verb, mark="?")
        _run(connection, text, table, columns, rows)

    def upsert(
        self,
        connection: sa.Connection,
        table: sa.Table,
        columns: Sequence[str],
        rows: Sequence[tuple[object, ...]],
        *,
        key: Sequence[str],
    ) -> None:
        """Insert rows, or replace the other columns of those whose `key` is there already."""
        text = upsert_text(table, tuple(columns), tuple(key), mark="?")
        _run(connection, text, table, columns, rows)

    # Commits

    def last_commit(self, connection: sa.Connection) -> tuple[int, int, str] | None:
        """Return number, time and frontier of the newest commit, if there is one."""
        found: tuple[int, int, str] | None = _cursor(connection).execute(_LAST_COMMIT).fetchone()
        return found

    def reach(self, connection: sa.Connection) -> dict[str, int]:
        """Return the greatest id that each kind of row ever had."""
        kept = tables.DATED
        return {
            kept[name]: reached
            for name, reached in _cursor(connection).execute(_REACH)
            if name in kept
        }


BACKEND: Backend = _Sqlite()


def _cursor(connection: sa.Connection) -> sqlite3.Cursor:
    return cast("sqlite3.Connection", connection.connection.dbapi_connection).cursor()


def _run(
    connection: sa.Connection,
    text: str,
    table: sa.Table,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    try:
        _cursor(connection).executemany(text, rows)
    except (OverflowError, UnicodeEncodeError):
        check_cells(table, columns, rows)
        raise
