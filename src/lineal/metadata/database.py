"""Open the metadata database: create it, check its versions, hand out connections.

SQLite runs in WAL mode, so that readers never wait for a writer, and with every commit synced
to disk. Writers take the write lock when they begin (`BEGIN IMMEDIATE`) and wait their turn: a
transaction that starts by reading and writes later would fail at once instead of waiting.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool, StaticPool

from lineal.errors import Conflict, Corrupt, IncompatibleVersion, Unavailable
from lineal.metadata import tables

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["LINEAL_SCHEMA_VERSION", "Database"]

LINEAL_SCHEMA_VERSION = 1

_BUSY_SECONDS = 60.0


class Database:
    """A metadata database on a file, or in memory when `path` is None."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._engine = _engine(path)
        where = str(path or "in memory")
        with self.read() as connection:
            ready = _is_ready(connection, where)
        if not ready:
            with self.write() as connection:
                _prepare(connection, where)
        with self.read() as connection:
            self.uuid = _value(connection, "uuid")

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Yield a connection inside one read transaction: all its selects see one state."""
        with _translated(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Yield a connection that holds the write lock; commit at the end, or roll back."""
        with (
            _translated(self.path),
            self._engine.connect().execution_options(lineal_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _engine(path: Path | None) -> sa.Engine:
    if path is None:
        engine = sa.create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    else:
        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(path)),
            poolclass=QueuePool,
            connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
        )

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("lineal_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


@contextmanager
def _translated(path: Path | None) -> Iterator[None]:
    """Turn the driver's errors into ours, naming the file."""
    try:
        yield
    except sa.exc.DatabaseError as error:
        text = str(error.orig)
        where = f"the metadata database {path}"
        if "locked" in text or "busy" in text:
            raise Conflict(
                f"{where} is held by another process for over {_BUSY_SECONDS:.0f} s; "
                "see what holds it, then try again"
            ) from error
        if "not a database" in text or "malformed" in text:
            raise Corrupt(
                f"{where} is damaged ({text}); restore it from a copy, "
                "or move it away to start a new one"
            ) from error
        if "full" in text or "disk I/O" in text or "unable to open" in text or "readonly" in text:
            raise Unavailable(
                f"{where} can't be written or opened ({text}); "
                "check free space and permissions, then try again"
            ) from error
        raise


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
    if "MLMDEnv" in present:
        _check_mlmd_version(connection, where)
    elif present & set(tables.mlmd_metadata.tables):
        raise IncompatibleVersion(
            f"{where} holds ML Metadata tables of a release before 0.14, or half of them; "
            "upgrade it with ML Metadata's own enable_upgrade_migration first"
        )
    else:
        tables.mlmd_metadata.create_all(connection)
        connection.execute(tables.mlmd_env.insert(), {"schema_version": 10})
        connection.execute(
            tables.type_.insert(),
            [{"name": name, "type_kind": kind} for name, kind in tables.SIMPLE_TYPES],
        )
    for index in _our_indexes():
        index.create(connection, checkfirst=True)
    tables.lineal_metadata.create_all(connection)
    _check_lineal_version(connection, where)


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
        raise Corrupt(f"{where} states {len(versions)} ML Metadata schema versions instead of one")
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
    if not found:
        connection.execute(
            tables.store.insert(),
            [
                {"key": "schema", "value": str(LINEAL_SCHEMA_VERSION)},
                {"key": "uuid", "value": str(uuid.uuid4())},
            ],
        )
    elif int(found) > LINEAL_SCHEMA_VERSION:
        raise IncompatibleVersion(
            f"{where} was made by a newer Lineal (its tables have version {found}, "
            f"this Lineal knows {LINEAL_SCHEMA_VERSION}); upgrade Lineal to open it"
        )


def _value(connection: sa.Connection, key: str) -> str:
    found: str | None = connection.scalar(
        sa.select(tables.store.c.value).where(tables.store.c.key == key)
    )
    return found or ""
