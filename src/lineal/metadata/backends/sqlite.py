"""SQLite: a file beside the workspace, or memory.

A file on a local disk runs in WAL mode, so that readers never wait for a writer; one on a network
share keeps the rollback journal, since WAL needs memory that all its users share. Writers take
the write lock when they begin (`BEGIN IMMEDIATE`) and wait their turn: a transaction that starts
by reading and writes later would fail at once instead of waiting.
"""

from __future__ import annotations

import json
import sqlite3
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import QueuePool, StaticPool

from lineal.errors import AlreadyExists, Conflict, Corrupt, InvalidInput, LinealError, Unavailable
from lineal.metadata import tables
from lineal.metadata.backends.lists import storable
from lineal.metadata.backends.texts import check_cells, insert_text, upsert_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.metadata.backends.address import Address
    from lineal.metadata.backends.protocol import Backend, Synchronous

__all__ = ["BACKEND"]

_REACH = "SELECT name, seq FROM sqlite_sequence"
_RESERVE = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ? RETURNING seq"
_LAST_COMMIT = "SELECT number, time_us, frontier FROM lineal_commit ORDER BY number DESC LIMIT 1"
_SHARES = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs", "afs"}


class _Sqlite:
    """SQLite by Python's own driver, whose cursor takes the hot statements."""

    name = "sqlite"
    makes_tables_at_once = True

    # Opening

    def engine(
        self, address: Address, *, busy_seconds: float, synchronous: Synchronous
    ) -> sa.Engine:
        """Return the engine; a connection's option `lineal_write` says which way it begins."""
        if address.path is None:
            engine = sa.create_engine(
                address.url, poolclass=StaticPool, connect_args={"check_same_thread": False}
            )
        else:
            engine = sa.create_engine(
                address.url,
                poolclass=QueuePool,
                max_overflow=-1,  # threads wait for SQLite's lock, with its time limit, not for us
                connect_args={"timeout": busy_seconds, "check_same_thread": False},
            )
        is_local = address.path is None or not _is_shared(address.path)

        @sa.event.listens_for(engine, "connect")
        def _configure(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves, below
            if address.path is not None and is_local:
                _use_write_ahead_log(connection, busy_seconds)
            lasting = synchronous if is_local else "FULL"
            connection.execute(f"PRAGMA synchronous = {lasting}")
            # The log is copied into the file at 16 MB instead of 4: a tenth off small writes.
            connection.execute("PRAGMA wal_autocheckpoint = 4000")

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            write = connection.get_execution_options().get("lineal_write", False)
            if not write and _driver(connection).in_transaction:
                return  # a quick select began it
            try:
                _cursor(connection).execute("BEGIN IMMEDIATE" if write else "BEGIN")
            except sqlite3.Error as error:
                raise sa.exc.OperationalError("BEGIN", None, error) from error

        return engine

    def lock_commits(self, connection: sa.Connection) -> None:
        """Wait for the right to commit: BEGIN IMMEDIATE has done it."""

    def lock_schema(self, connection: sa.Connection) -> None:
        """Wait for the right to make tables: BEGIN IMMEDIATE has done it."""

    def create(self, connection: sa.Connection, table_set: sa.MetaData) -> None:
        """Make the tables of a set, with their indexes, that aren't there."""
        cursor = _cursor(connection)
        found = cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        if {name for (name,) in found} & set(table_set.tables):
            table_set.create_all(connection)
            return
        for text in _making(table_set):
            cursor.execute(text)

    def adapt(self, connection: sa.Connection) -> None:
        """Give ML Metadata's own tables what Lineal needs of them and they may lack."""
        for text in _our_indexes():
            _cursor(connection).execute(text)

    # Errors

    def failure(
        self,
        error: BaseException,
        where: str,
        *,
        busy_seconds: float,
        writing: bool = True,  # noqa: ARG002 -- SQLite's own words tell
    ) -> LinealError | None:
        """Return what the driver's error means, or None where it is a defect of ours."""
        text = str(error)
        if "locked" in text or "busy" in text:
            return Conflict(
                f"{where} is held by another process for over {busy_seconds:g} s; "
                "see what holds it, then try again"
            )
        if "not a database" in text or "malformed" in text:
            return Corrupt(
                f"{where} is damaged ({text}); restore it from a copy, "
                "or move it away to start a new one"
            )
        if "no such table" in text or "no such column" in text:
            return Corrupt(f"{where} lacks a table or column ({text}); restore it from a copy")
        if "integer overflow" in text or "too big" in text:
            return InvalidInput(
                f"{where} can't hold or work out a value that was given ({text}); numbers must "
                "fit 64 bits, and texts a gigabyte"
            )
        if any(sign in text for sign in ("full", "disk I/O", "unable to open", "readonly")):
            return Unavailable(
                f"{where} can't be written or opened ({text}); "
                "check free space and permissions, then try again"
            )
        if isinstance(error, sqlite3.IntegrityError):
            return AlreadyExists(
                f"{where} already holds a row with these values ({text}), perhaps written by "
                "another client; choose another name"
            )
        return None

    # Statements

    def among(
        self, column: sa.ColumnElement[int] | sa.ColumnElement[str], values: Sequence[int | str]
    ) -> sa.ColumnElement[bool]:
        """Return the condition that `column` is one of `values`."""
        given = sa.func.json_each(sa.literal(json.dumps(storable(values)), sa.Text))
        return column.in_(sa.select(given.table_valued("value").c.value))

    def steps_in_order(self, query: sa.Select[int, int, int, str]) -> sa.Select[int, int, int, str]:
        """Return the query of event paths with the steps of each in the order of insertion."""
        return query.order_by(sa.text("rowid"))

    def reserve(self, connection: sa.Connection, table: sa.Table, count: int) -> Sequence[int]:
        """Return `count` new ids of `table`, ascending, for rows that this transaction inserts."""
        cursor = _cursor(connection)
        # The sequence itself moves, so that the wheel and AUTOINCREMENT go on behind it.
        row = cursor.execute(_RESERVE, (count, table.name)).fetchone()
        if row is None:  # nothing was ever inserted
            cursor.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table.name, count))
            row = (count,)
        return range(row[0] - count + 1, row[0] + 1)

    def pass_by(self, connection: sa.Connection, table: sa.Table, number: int) -> None:
        """See to it that ids up to `number`, which were inserted as given, aren't given again.

        AUTOINCREMENT does so itself.
        """

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


@cache
def _making(table_set: sa.MetaData) -> list[str]:
    """Return the statements that make all tables of a set where there are none.

    SQLAlchemy takes longer to say them than SQLite to do them.
    """
    texts: list[str] = []

    def keep(statement: sa.schema.ExecutableDDLElement, *_: object, **__: object) -> None:
        texts.append(str(statement.compile(dialect=engine.dialect)))

    engine = sa.create_mock_engine("sqlite://", keep)
    table_set.create_all(engine, checkfirst=False)
    return texts


@cache
def _our_indexes() -> list[str]:
    made = [sa.schema.CreateIndex(index, if_not_exists=True) for index in tables.OUR_INDEXES]
    return [str(each.compile(dialect=sqlite.dialect())) for each in made]


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)


def _cursor(connection: sa.Connection) -> sqlite3.Cursor:
    return _driver(connection).cursor()


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


def _use_write_ahead_log(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Switch to WAL mode, which the file then keeps.

    The switch fails at once, whatever the timeout, while another process makes it too.
    """
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _is_shared(path: Path, mounts: Path = Path("/proc/mounts")) -> bool:
    """Return whether the file lies on a network share, as far as the kernel's list tells."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    place = path.absolute()
    found = ("", "")
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if place.is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, kind)
    return found[1] in _SHARES
