"""A file that is only read: nothing in it changes, not even how it is kept."""

from __future__ import annotations

import sqlite3
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from lineal.errors import Corrupt, IncompatibleVersion
from lineal.metadata import tables
from lineal.metadata.database import BUSY_SECONDS, Database
from lineal.mlmd.errors import FailedPreconditionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["ReadOnlyDatabase"]


class ReadOnlyDatabase(Database):
    """An SQLite file of ML Metadata's tables; Lineal's own need not be there."""

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._file = path
        super().__init__(path, busy_seconds=busy_seconds)

    def _open_tables(self) -> str:
        """Connect so that nothing can be written, and check what is there; there is no UUID."""
        self._engine = _engine(self._file, self._busy_seconds)
        weakref.finalize(self, self._engine.dispose)
        with self.read() as connection:
            _check(connection, self.address.where)
        return ""

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Refuse."""
        raise FailedPreconditionError(
            f"{self.address.where} was opened READONLY; open it READWRITE to change it"
        )
        yield


def _engine(path: Path, busy_seconds: float) -> sa.Engine:
    uri = f"file:{quote(str(path))}?mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            uri, uri=True, timeout=busy_seconds, check_same_thread=False, isolation_level=None
        )

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=QueuePool, max_overflow=-1)
    # So that all selects of one read see one state.
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _check(connection: sa.Connection, where: str) -> None:
    """Refuse what isn't a whole store of this version, since nothing can be made of it here."""
    missing = set(tables.mlmd_metadata.tables) - set(sa.inspect(connection).get_table_names())
    if missing:
        raise Corrupt(
            f"{where} lacks the tables {', '.join(sorted(missing))} of ML Metadata; "
            "open it READWRITE_OPENCREATE to begin a new store"
        )
    versions = connection.scalars(sa.select(tables.mlmd_env.c.schema_version)).all()
    if versions != [tables.MLMD_SCHEMA_VERSION]:
        raise IncompatibleVersion(
            f"{where} has ML Metadata schema {versions}, this Lineal reads "
            f"{tables.MLMD_SCHEMA_VERSION}"
        )
