"""The embedded online store: one SQLite file, one table for each view.

A row is (key, event, known, blob); a whole-number key is the row id. SQLite could not hold the
features as columns without loss (NaN becomes NULL, -0.0 becomes 0.0, decimals become floats).
A write is one transaction with the progress in it: after a crash the file has the old rows or
the new ones, and readers never wait.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import weakref
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from lineal.errors import Conflict, Corrupt, IncompatibleVersion, Unavailable
from lineal.features.online.keys import KeyKind, KeyLayout
from lineal.features.online.packing import Layout
from lineal.features.online.protocol import Progress, StoredRow, StoredView
from lineal.metadata.killpoints import kill_point
from lineal.metadata.moments import from_microseconds, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from lineal.features.online.keys import Key
    from lineal.features.online.protocol import Snapshot

__all__ = ["SqliteStore"]

_FORMAT = 1
_KEYS_A_STATEMENT = 1024
_CACHE_KIB = 32 * 1024
_VIEWS = """
CREATE TABLE IF NOT EXISTS lineal_view (
    id TEXT PRIMARY KEY,
    keys TEXT NOT NULL,
    layout BLOB NOT NULL,
    source TEXT NOT NULL,
    version INTEGER NOT NULL,
    moment INTEGER NOT NULL,
    due INTEGER
)
"""


class SqliteStore:
    """Keeps the newest rows in the SQLite file at `path`, made on first use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._opened, os.getpid())

    def progress(self, view_id: str) -> Progress | None:
        """Return up to where a view has been written."""
        with self._errors():
            query = "SELECT source, version, moment, due FROM lineal_view WHERE id = ?"
            row = self._connection().execute(query, [view_id]).fetchone()
        if row is None:
            return None
        table, version, moment, due = row
        return Progress(
            table,
            version,
            from_microseconds(moment),
            None if due is None else from_microseconds(due),
        )

    def write(
        self,
        view: StoredView,
        batches: Iterable[pa.RecordBatch],
        progress: Progress,
        *,
        after: Progress | None = None,
    ) -> int | None:
        """Write rows of `key`, `event`, `known`, `blob`, all or none, and return their number."""
        with self._transaction() as connection:
            stored = self.progress(view.id)
            if stored is not None and stored.is_ahead_of(progress):
                return None
            if after is None:
                connection.execute(f"DROP TABLE IF EXISTS {_table(view.id)}")
            else:
                found = _Snapshot(connection).view(view.id)
                behind = stored is None or after.is_ahead_of(stored)
                if behind or found is None or not found.has_shape_of(view):
                    raise Conflict(
                        f"view {view.id} in the online store {self._path} is not what it was "
                        "before; materialize again"
                    )
            connection.execute(_create(view))
            statement = _upsert(view.id)
            written = 0
            for batch in batches:
                columns = (batch.column(name).to_pylist() for name in _COLUMNS)
                connection.executemany(statement, zip(*columns, strict=True))
                written += batch.num_rows
                kill_point("features.materialize.writing")
            _put_view(connection, view, progress)
            return written

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Open the store for reading, as it is at this moment."""
        with self._errors():
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                yield _Snapshot(connection)
            finally:
                connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
            self._local = threading.local()

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
        """Return this thread's connection; one made before a fork is not the child's."""
        owner, connection = getattr(self._local, "opened", (None, None))
        if connection is None or owner != os.getpid():
            connection = self._connect()
            self._local.opened = (os.getpid(), connection)
            with self._lock:
                self._opened.append(connection)
        return connection

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._path, timeout=60, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Set a new connection up, check the file's format, and make the table of views."""
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA mmap_size={2**30}")
        connection.execute(f"PRAGMA cache_size={-_CACHE_KIB}")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _FORMAT:
            raise IncompatibleVersion(
                f"the online store {self._path} was written by a newer Lineal (format {version}); "
                "upgrade Lineal, or remove the file and materialize again"
            )
        if version < _FORMAT:
            connection.execute(_VIEWS)
            connection.execute(f"PRAGMA user_version={_FORMAT}")

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


class _Snapshot:
    """What one read transaction sees."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def view(self, view_id: str) -> StoredView | None:
        """Return how a view is stored, or None if it never was."""
        query = "SELECT keys, layout FROM lineal_view WHERE id = ?"
        row = self._connection.execute(query, [view_id]).fetchone()
        return (
            None if row is None else StoredView(view_id, _read_keys(row[0]), _read_layout(row[1]))
        )

    def rows(
        self, requests: Sequence[tuple[StoredView, Sequence[Key]]]
    ) -> list[Mapping[Key, StoredRow]]:
        """Return, for each view and its keys, the rows that there are."""
        return [self._lookup(view, keys) for view, keys in requests]

    def _lookup(self, view: StoredView, keys: Sequence[Key]) -> dict[Key, StoredRow]:
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, StoredRow] = {}
        for start in range(0, len(wanted), _KEYS_A_STATEMENT):
            some = wanted[start : start + _KEYS_A_STATEMENT]
            # Few sizes of statement, so that SQLite's cache of prepared ones is hit.
            padded = some + [some[-1]] * ((1 << (len(some) - 1).bit_length()) - len(some))
            marks = ",".join("?" * len(padded))
            query = f"SELECT key, event, known, blob FROM {_table(view.id)} WHERE key IN ({marks})"
            for key, event, known, blob in self._connection.execute(query, padded):
                found[key] = StoredRow(event, known, blob)
        return found


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


def _put_view(connection: sqlite3.Connection, view: StoredView, progress: Progress) -> None:
    keys = json.dumps([view.keys.names, view.keys.kinds])
    layout = view.layout.schema.serialize().to_pybytes()
    due = None if progress.due is None else to_microseconds(progress.due)
    connection.execute(
        "INSERT OR REPLACE INTO lineal_view VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            view.id,
            keys,
            layout,
            progress.table,
            progress.version,
            to_microseconds(progress.moment),
            due,
        ],
    )


@lru_cache(maxsize=256)
def _read_keys(text: str) -> KeyLayout:
    names, kinds = json.loads(text)
    return KeyLayout(tuple(names), tuple(KeyKind(kind) for kind in kinds))


@lru_cache(maxsize=256)
def _read_layout(data: bytes) -> Layout:
    import pyarrow as pa

    return Layout(pa.ipc.read_schema(pa.py_buffer(data)))


def _close_all(opened: list[sqlite3.Connection], owner: int) -> None:
    """Close what a store that nobody holds any more left open; a fork leaves its parent's alone."""
    if os.getpid() == owner:
        for connection in opened:
            connection.close()
        opened.clear()
