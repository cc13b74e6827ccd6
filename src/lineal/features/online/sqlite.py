"""The embedded online store: one SQLite file, one table for each view.

A row is (key, event, known, blob); a whole-number key is the row id. SQLite could not hold the
features as columns without loss (NaN becomes NULL, -0.0 becomes 0.0, decimals become floats).
A write is one transaction with the progress in it: after a crash the file has the old rows or
the new ones, and readers never wait.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lineal.errors import Conflict, Corrupt, IncompatibleVersion, Unavailable
from lineal.features.online.keys import Key, KeyKind, KeyLayout
from lineal.features.online.packing import Layout
from lineal.features.online.protocol import Progress, StoredRow, StoredView
from lineal.metadata import kill_point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

__all__ = ["SqliteStore"]

_FORMAT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_KEYS_A_STATEMENT = 1024
_VIEWS = """
CREATE TABLE IF NOT EXISTS lineal_view (
    id TEXT PRIMARY KEY,
    keys TEXT NOT NULL,
    layout BLOB NOT NULL,
    source TEXT NOT NULL,
    version INTEGER NOT NULL,
    moment INTEGER NOT NULL
)
"""


class SqliteStore:
    """Keeps the newest rows in the SQLite file at `path`, made on first use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def view(self, view_id: str) -> StoredView | None:
        """Return how a view is stored, or None if it never was."""
        row = self._one("SELECT keys, layout FROM lineal_view WHERE id = ?", view_id)
        if row is None:
            return None
        keys, layout = row
        return StoredView(view_id, _read_keys(keys), _read_layout(layout))

    def progress(self, view_id: str) -> Progress | None:
        """Return up to where a view has been written."""
        row = self._one("SELECT source, version, moment FROM lineal_view WHERE id = ?", view_id)
        if row is None:
            return None
        table, version, moment = row
        return Progress(table, version, _EPOCH + moment * _MICROSECOND)

    def write(
        self,
        view: StoredView,
        batches: Iterable[pa.RecordBatch],
        progress: Progress,
        *,
        replace: bool,
    ) -> int | None:
        """Write rows of `key`, `event`, `known`, `blob`, all or none, and return their number."""
        with self._transaction() as connection:
            stored = self.progress(view.id)
            if stored is not None and stored.is_ahead_of(progress):
                return None
            if replace or not self._is_same_shape(view):
                connection.execute(f"DROP TABLE IF EXISTS {_table(view.id)}")
            connection.execute(_create(view))
            statement = _upsert(view.id)
            written = 0
            for batch in batches:
                columns = (batch.column(name).to_pylist() for name in _COLUMNS)
                connection.executemany(statement, zip(*columns, strict=True))
                written += batch.num_rows
                kill_point("features.materialize.writing")
            self._put(connection, view, progress)
            return written

    def read(self, requests: Sequence[tuple[str, Sequence[Key]]]) -> list[Mapping[Key, StoredRow]]:
        """Return, for each view and its keys, the rows that there are, all of one moment."""
        with self._errors():
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                return [self._lookup(connection, view_id, keys) for view_id, keys in requests]
            finally:
                connection.execute("COMMIT")

    def drop(self, view_id: str) -> None:
        """Remove a view with all of its rows."""
        with self._transaction() as connection:
            connection.execute(f"DROP TABLE IF EXISTS {_table(view_id)}")
            connection.execute("DELETE FROM lineal_view WHERE id = ?", [view_id])

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
            self._local = threading.local()

    def _lookup(
        self, connection: sqlite3.Connection, view_id: str, keys: Sequence[Key]
    ) -> dict[Key, StoredRow]:
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, StoredRow] = {}
        for start in range(0, len(wanted), _KEYS_A_STATEMENT):
            some = wanted[start : start + _KEYS_A_STATEMENT]
            # Few sizes of statement, so that SQLite's cache of prepared ones is hit.
            padded = some + [some[-1]] * ((1 << (len(some) - 1).bit_length()) - len(some))
            marks = ",".join("?" * len(padded))
            query = f"SELECT key, event, known, blob FROM {_table(view_id)} WHERE key IN ({marks})"
            for key, event, known, blob in connection.execute(query, padded):
                found[key] = StoredRow(event, known, blob)
        return found

    def _is_same_shape(self, view: StoredView) -> bool:
        stored = self.view(view.id)
        return (
            stored is not None
            and stored.keys == view.keys
            and bool(stored.layout.schema.equals(view.layout.schema))
        )

    def _put(self, connection: sqlite3.Connection, view: StoredView, progress: Progress) -> None:
        keys = json.dumps([view.keys.names, view.keys.kinds])
        layout = view.layout.schema.serialize().to_pybytes()
        moment = (progress.moment - _EPOCH) // _MICROSECOND
        connection.execute(
            "INSERT OR REPLACE INTO lineal_view VALUES (?, ?, ?, ?, ?, ?)",
            [view.id, keys, layout, progress.table, progress.version, moment],
        )

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        with self._errors():
            row: tuple[Any, ...] | None = self._connection().execute(query, values).fetchone()
            return row

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the file's write lock; everything inside is kept, or nothing."""
        with self._errors():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            self._local.connection = connection
            with self._lock:
                self._opened.append(connection)
        return connection

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._path, timeout=60, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA mmap_size={2**30}")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _FORMAT:
            connection.close()
            raise IncompatibleVersion(
                f"the online store {self._path} was written by a newer Lineal (format {version}); "
                "upgrade Lineal, or remove the file and materialize again"
            )
        if version < _FORMAT:
            connection.execute(_VIEWS)
            connection.execute(f"PRAGMA user_version={_FORMAT}")
        return connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Translate what SQLite raises."""
        try:
            yield
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            problem = Conflict if busy else Unavailable
            told = "is being written by another process" if busy else "can't be used"
            raise problem(f"the online store {self._path} {told}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise Corrupt(
                f"the online store {self._path} can't be read ({error}); it holds nothing that "
                "can't be made again: remove it and materialize"
            ) from error


_COLUMNS = ("key", "event", "known", "blob")


def _table(view_id: str) -> str:
    return f'"view_{view_id}"'


def _create(view: StoredView) -> str:
    kind, shape = ("INTEGER", "") if view.keys.is_row_id else ("BLOB", " WITHOUT ROWID")
    return (
        f"CREATE TABLE IF NOT EXISTS {_table(view.id)} (key {kind} PRIMARY KEY NOT NULL, "
        f"event INTEGER NOT NULL, known INTEGER NOT NULL, blob BLOB NOT NULL){shape}"
    )


def _upsert(view_id: str) -> str:
    return (
        f"INSERT INTO {_table(view_id)} VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE "
        "SET event = excluded.event, known = excluded.known, blob = excluded.blob "
        "WHERE (excluded.event, excluded.known) >= (event, known)"
    )


def _read_keys(text: object) -> KeyLayout:
    names, kinds = json.loads(str(text))
    return KeyLayout(tuple(names), tuple(KeyKind(kind) for kind in kinds))


def _read_layout(data: bytes) -> Layout:
    import pyarrow as pa

    return Layout(pa.ipc.read_schema(pa.py_buffer(data)))
