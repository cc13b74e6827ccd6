"""What the statements need of a database beyond SQLAlchemy's one set for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from lineal.errors import LinealError
    from lineal.metadata.backends.address import Address

__all__ = ["Backend", "Synchronous"]

Synchronous = Literal["FULL", "NORMAL"]
"""Whether SQLite syncs every commit to disk, or by and by."""


class Backend(Protocol):
    """SQLite, PostgreSQL or MySQL/MariaDB, where they differ.

    `among` binds a whole list as one parameter, so that a statement's text, and with it every
    cache, is the same whatever the list's length. `makes_tables_at_once` says whether tables are
    made in a transaction, all or none.
    """

    name: str
    makes_tables_at_once: bool

    # Opening

    def engine(
        self, address: Address, *, busy_seconds: float, synchronous: Synchronous
    ) -> sa.Engine:
        """Return the engine; a connection's option `lineal_write` says which way it begins."""
        ...

    def lock_commits(self, connection: sa.Connection) -> None:
        """Wait for the right to commit, which the transaction keeps until its end."""
        ...

    def lock_schema(self, connection: sa.Connection) -> None:
        """Wait for the right to make tables, until the transaction or the session ends."""
        ...

    def create(self, connection: sa.Connection, table_set: sa.MetaData) -> None:
        """Make the tables of a set, with their indexes, that aren't there."""
        ...

    def adapt(self, connection: sa.Connection) -> None:
        """Give ML Metadata's own tables what Lineal needs of them and they may lack."""
        ...

    # Errors

    def failure(
        self, error: BaseException, where: str, *, busy_seconds: float, writing: bool = True
    ) -> LinealError | None:
        """Return what the driver's error means, or None where it is a defect of ours."""
        ...

    # Statements

    def among(
        self, column: sa.ColumnElement[int] | sa.ColumnElement[str], values: Sequence[int | str]
    ) -> sa.ColumnElement[bool]:
        """Return the condition that `column` is one of `values`."""
        ...

    def steps_in_order(self, query: sa.Select[int, int, int, str]) -> sa.Select[int, int, int, str]:
        """Return the query of event paths with the steps of each in the order of insertion."""
        ...

    def reserve(self, connection: sa.Connection, table: sa.Table, count: int) -> Sequence[int]:
        """Return `count` new ids of `table`, ascending, for rows that this transaction inserts."""
        ...

    def pass_by(self, connection: sa.Connection, table: sa.Table, number: int) -> None:
        """See to it that ids up to `number`, which were inserted as given, aren't given again."""
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

    # Commits

    def last_commit(self, connection: sa.Connection) -> tuple[int, int, str] | None:
        """Return number, time and frontier of the newest commit, if there is one."""
        ...

    def reach(self, connection: sa.Connection) -> dict[str, int]:
        """Return the greatest id that each dated kind of row has, or ever had."""
        ...
