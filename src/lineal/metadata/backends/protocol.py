"""What the statements need of a database beyond SQLAlchemy's one set for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

__all__ = ["Backend"]


class Backend(Protocol):
    """SQLite, PostgreSQL or MySQL/MariaDB, where they differ.

    `among` binds a whole list as one parameter, so that a statement's text, and with it every
    cache, is the same whatever the list's length.
    """

    name: str

    def among(
        self, column: sa.ColumnElement[int] | sa.ColumnElement[str], values: Sequence[int | str]
    ) -> sa.ColumnElement[bool]:
        """Return the condition that `column` is one of `values`."""
        ...

    def reserve(self, connection: sa.Connection, table: sa.Table, count: int) -> Sequence[int]:
        """Return `count` new ids of `table`, ascending, for rows that this transaction inserts."""
        ...

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
        ...

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
        ...

    def last_commit(self, connection: sa.Connection) -> tuple[int, int, str] | None:
        """Return number, time and frontier of the newest commit, if there is one."""
        ...

    def reach(self, connection: sa.Connection) -> dict[str, int]:
        """Return the greatest id that each dated kind of row has, or ever had."""
        ...
