"""Open the metadata database: create it, check its versions, hand out connections.

SQLite runs in WAL mode, so that readers never wait for a writer, and with every commit synced
to disk. Writers take the write lock when they begin (`BEGIN IMMEDIATE`) and wait their turn: a
transaction that starts by reading and writes later would fail at once instead of waiting.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import uuid
import weakref
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool, StaticPool

from lineal.errors import (
    AlreadyExists,
    Conflict,
    Corrupt,
    IncompatibleVersion,
    InvalidInput,
    LinealError,
    Unavailable,
)
from lineal.metadata import tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["BUSY_SECONDS", "LINEAL_SCHEMA_VERSION", "Database", "Synchronous"]

LINEAL_SCHEMA_VERSION = 1

BUSY_SECONDS = 60.0
"""How long a writer waits for another process's transaction, which takes milliseconds."""

Synchronous = Literal["FULL", "NORMAL"]

_open: weakref.WeakSet[Database] = weakref.WeakSet()


class Database:
    """A metadata database on a file, or in memory when `path` is None.

    A writer that another process keeps waiting for over `busy_seconds` gives up with `Conflict`.
    With `synchronous="NORMAL"` commits are synced to disk by and by: all survive `kill -9`, the
    last ones may be lost in a power failure, and the file stays whole in any case.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        busy_seconds: float = BUSY_SECONDS,
        synchronous: Synchronous = "FULL",
    ) -> None:
        if synchronous not in get_args(Synchronous):
            raise InvalidInput(f"synchronous can't be {synchronous!r}; choose 'FULL' or 'NORMAL'")
        self.path = path
        self._busy_seconds = busy_seconds
        self._engine = _engine(path, busy_seconds, synchronous)
        # In memory there is one connection, which the threads take in turns.
        self._turn: AbstractContextManager[object] = (
            threading.RLock() if path is None else nullcontext()
        )
        weakref.finalize(self, self._engine.dispose)
        self.uuid = self._open_tables(str(path or "in memory"))
        if path is not None:
            _open.add(self)

    def _open_tables(self, where: str) -> str:
        """Make the tables if there are none, check their versions; return the store's UUID."""
        try:
            with self.read() as connection:
                ready = _is_ready(connection, where)
            if not ready:
                with self.write() as connection:
                    _prepare(connection, where)
            with self.read() as connection:
                return _value(connection, "uuid")
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Yield a connection inside one read transaction: all its selects see one state."""
        with self._turn, self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Yield a connection that holds the write lock; commit at the end, or roll back."""
        with (
            self._turn,
            self._translated(),
            self._engine.connect().execution_options(lineal_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    @property
    def open_connections(self) -> int:
        """How many connections are open, in use or not."""
        pool = self._engine.pool
        return pool.checkedin() + pool.checkedout() if isinstance(pool, QueuePool) else 1

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def forget_connections(self) -> None:
        """Leave the connections of the parent process alone, neither using nor closing them."""
        self._inherited = self._engine.pool  # kept, since collecting would close them
        self._engine.dispose(close=False)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the driver's errors into ours, naming the file."""
        try:
            yield
        except sa.exc.DatabaseError as error:
            ours = _our_error(error.orig, f"the metadata database {self.path}", self._busy_seconds)
            if ours is None:
                raise
            raise ours from error
        except sqlite3.DatabaseError as error:  # of the hot statements, which go to the cursor
            ours = _our_error(error, f"the metadata database {self.path}", self._busy_seconds)
            raise ours or sa.exc.DatabaseError(None, None, error) from error


def _engine(path: Path | None, busy_seconds: float, synchronous: Synchronous) -> sa.Engine:
    if path is None:
        engine = sa.create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    else:
        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(path)),
            poolclass=QueuePool,
            max_overflow=-1,  # threads wait for SQLite's lock, with its time limit, not for us
            connect_args={"timeout": busy_seconds, "check_same_thread": False},
        )

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        if path is not None:
            _use_write_ahead_log(connection, busy_seconds)
        connection.execute(f"PRAGMA synchronous = {synchronous}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("lineal_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _use_write_ahead_log(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Switch to WAL mode, which the file then keeps.

    The switch fails at once, whatever the timeout, while another process makes it too.
    """
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except Exception as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _close_idle_connections() -> None:
    """Before a fork, leave nothing open that the child would inherit."""
    for database in list(_open):
        database.close()


def _leave_to_the_parent() -> None:
    """In a forked child, keep off what a thread of the parent was in the middle of."""
    for database in list(_open):
        database.forget_connections()


# SQLite's connections can't be shared with a child: it would take the parent's locks for its own.
os.register_at_fork(before=_close_idle_connections, after_in_child=_leave_to_the_parent)


def _our_error(error: BaseException | None, where: str, busy_seconds: float) -> LinealError | None:
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


def _is_ready(connection: sa.Connection, where: str) -> bool:
    """Return whether all tables are there, without the write lock that making them takes."""
    present = set(sa.inspect(connection).get_table_names())
    wanted = {*tables.mlmd_metadata.tables, *tables.lineal_metadata.tables}
    if not wanted <= present or not _value(connection, "uuid"):
        return False
    _check_mlmd_version(connection, where)
    _check_lineal_version(connection, where)
    return True


def _prepare(connection: sa.Connection, where: str) -> None:
    """Make what is missing of both sets of tables, and refuse versions that we don't know."""
    present = set(sa.inspect(connection).get_table_names())
    missing = set(tables.mlmd_metadata.tables) - present
    if "MLMDEnv" in present:
        _check_mlmd_version(connection, where)
        if missing:
            raise Corrupt(
                f"{where} lacks the tables {', '.join(sorted(missing))} of ML Metadata; "
                "restore it from a copy"
            )
    elif present & set(tables.mlmd_metadata.tables):
        raise IncompatibleVersion(
            f"{where} holds ML Metadata tables of a release before 0.14, or half of them; "
            "upgrade it with ML Metadata's own enable_upgrade_migration first"
        )
    else:
        tables.mlmd_metadata.create_all(connection)
        connection.execute(tables.mlmd_env.insert(), {"schema_version": tables.MLMD_SCHEMA_VERSION})
        connection.execute(
            tables.type_.insert(),
            [{"name": name, "type_kind": kind} for name, kind in tables.SIMPLE_TYPES],
        )
    if tables.store.name in present:  # before anything of another version's is touched
        _check_lineal_version(connection, where)
    for index in _our_indexes():
        index.create(connection, checkfirst=True)
    tables.lineal_metadata.create_all(connection)
    if not _value(connection, "uuid"):
        connection.execute(
            tables.store.insert(),
            [
                {"key": "schema", "value": str(LINEAL_SCHEMA_VERSION)},
                {"key": "uuid", "value": str(uuid.uuid4())},
            ],
        )


def _our_indexes() -> list[sa.Index]:
    """Indexes that ML Metadata's tables lack: without them, 'contexts of an artifact' scans."""
    return [
        index
        for table in (tables.attribution, tables.association)
        for index in table.indexes
        if str(index.name).startswith("idx_lineal_")
    ]


def _check_mlmd_version(connection: sa.Connection, where: str) -> None:
    versions = list(connection.scalars(sa.select(tables.mlmd_env.c.schema_version)))
    if len(versions) != 1:
        raise Corrupt(
            f"{where} states {len(versions)} ML Metadata schema versions instead of one; "
            "restore it from a copy"
        )
    if versions[0] != tables.MLMD_SCHEMA_VERSION:
        remedy = (
            "use a newer Lineal"
            if versions[0] > tables.MLMD_SCHEMA_VERSION
            else "upgrade it with ML Metadata's enable_upgrade_migration first"
        )
        raise IncompatibleVersion(
            f"{where} has ML Metadata schema {versions[0]}, "
            f"this Lineal reads {tables.MLMD_SCHEMA_VERSION}; {remedy}"
        )


def _check_lineal_version(connection: sa.Connection, where: str) -> None:
    found = _value(connection, "schema")
    if not found.isdecimal():
        raise Corrupt(f"{where} doesn't state the version of Lineal's tables; restore it")
    if int(found) > LINEAL_SCHEMA_VERSION:
        raise IncompatibleVersion(
            f"{where} was made by a newer Lineal (its tables have version {found}, "
            f"this Lineal knows {LINEAL_SCHEMA_VERSION}); upgrade Lineal to open it"
        )


def _value(connection: sa.Connection, key: str) -> str:
    found: str | None = connection.scalar(
        sa.select(tables.store.c.value).where(tables.store.c.key == key)
    )
    return found or ""
