"""Hand out connections to the metadata database: to read one state, to write one commit.

What differs between SQLite, PostgreSQL and MySQL is in `backends`.
"""

from __future__ import annotations

import os
import random
import threading
import time
import weakref
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, TypeVar, get_args

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from lineal.errors import InvalidInput, LinealError, Unavailable
from lineal.metadata.backends.address import Address, parse_address
from lineal.metadata.backends.choice import backend_called
from lineal.metadata.backends.protocol import Synchronous
from lineal.metadata.faults import Retriable
from lineal.metadata.preparing import LINEAL_SCHEMA_VERSION, is_ready, prepare, store_uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["BUSY_SECONDS", "LINEAL_SCHEMA_VERSION", "Database", "Synchronous", "repeated"]

BUSY_SECONDS = 60.0
"""How long a writer waits for another process's transaction, which takes milliseconds."""

_FIRST_PAUSE, _LONGEST_PAUSE, _REPEATS = 0.05, 1.0, 5

_Result = TypeVar("_Result")

_open: weakref.WeakSet[Database] = weakref.WeakSet()


class Database:
    """A metadata database: an SQLite file's path, a URL, or in memory for None.

    A writer that another process keeps waiting for over `busy_seconds` gives up with `Conflict`.
    With `synchronous="NORMAL"` SQLite syncs commits to disk by and by: all survive `kill -9`,
    the last ones may be lost in a power failure, and the file stays whole in any case.
    """

    def __init__(
        self,
        place: Path | str | Address | None,
        *,
        busy_seconds: float = BUSY_SECONDS,
        synchronous: Synchronous = "FULL",
    ) -> None:
        if synchronous not in get_args(Synchronous):
            raise InvalidInput(f"synchronous can't be {synchronous!r}; choose 'FULL' or 'NORMAL'")
        self.address = place if isinstance(place, Address) else parse_address(place)
        self.backend = backend_called(self.address.dialect)
        self._busy_seconds = busy_seconds
        self._engine = self.backend.engine(
            self.address, busy_seconds=busy_seconds, synchronous=synchronous
        )
        self._writer = self._engine.execution_options(lineal_write=True)
        # In memory there is one connection, which the threads take in turns.
        self._turn: AbstractContextManager[object] = (
            threading.RLock() if self.address.in_memory else nullcontext()
        )
        self._own = threading.local()  # this thread's write transaction, if there is one
        self._closed = False
        weakref.finalize(self, self._engine.dispose)
        self.uuid = self._open_tables()
        if not self.address.in_memory:
            _open.add(self)

    @property
    def path(self) -> Path | None:
        """The SQLite file; None for another database, or one in memory."""
        return self.address.path

    def _open_tables(self) -> str:
        """Make the tables if there are none, check their versions; return the store's UUID."""
        where = self.address.where
        try:
            with self.read() as connection:
                ready = is_ready(connection, where)
            if not ready:
                with self._turn, self._translated(), self._writer.begin() as connection:
                    prepare(connection, self.backend, where)
            with self.read() as connection:
                return store_uuid(connection)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Yield a connection inside one read transaction: all its selects see one state.

        A thread that is writing reads in its own write transaction, and so what it wrote.
        """
        own: sa.Connection | None = getattr(self._own, "connection", None)
        if own is not None:
            with self._translated(writing=False):
                yield own
            return
        with self._turn, self._translated(writing=False), self._connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Yield a connection that holds the right to commit; commit at the end, or roll back."""
        with self._turn, self._translated(), self._begun() as connection:
            transaction = connection.get_transaction()
            with transaction or nullcontext():
                before = getattr(self._own, "connection", None)
                self._own.connection = connection
                try:
                    yield connection
                finally:
                    self._own.connection = before

    @contextmanager
    def session(self) -> Iterator[sa.Connection]:
        """Yield a connection outside of transactions, for what its session holds, as locks."""
        engine = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with self._turn, self._translated(), self._connect(engine) as connection:
            yield connection

    @property
    def open_connections(self) -> int:
        """How many connections are open, in use or not."""
        pool = self._engine.pool
        return pool.checkedin() + pool.checkedout() if isinstance(pool, QueuePool) else 1

    def close(self) -> None:
        """Close every connection, and open none any more."""
        self._closed = True
        self._engine.dispose()

    def close_idle_connections(self) -> None:
        """Close what isn't in use; the next call connects anew."""
        self._engine.dispose()

    def forget_connections(self) -> None:
        """Leave the connections of the parent process alone, neither using nor closing them."""
        self._inherited = self._engine.pool  # kept, since collecting would close them
        self._own = threading.local()
        self._engine.dispose(close=False)

    def _connect(self, engine: sa.Engine | None = None) -> sa.Connection:
        if self._closed:
            raise Unavailable(
                f"the workspace or store is closed, and with it the metadata database "
                f"{self.address.where}; open it again"
            )
        return (engine or self._engine).connect()

    def _begun(self) -> sa.Connection:
        """Return a connection whose write transaction has its turn.

        What fails here has written nothing, so it is tried again: a lost connection, a deadlock.
        """
        deadline = time.monotonic() + self._busy_seconds
        pause = _FIRST_PAUSE
        while True:
            connection = self._connect(self._writer)
            try:
                connection.begin()
                self.backend.lock_commits(connection)
            except Exception as error:
                connection.invalidate(error)
                connection.close()
                is_passing = isinstance(self._ours(error), Retriable)
                if not is_passing or time.monotonic() + pause > deadline:
                    raise
            else:
                return connection
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    @contextmanager
    def _translated(self, *, writing: bool = True) -> Iterator[None]:
        """Turn the driver's errors into ours, naming the database."""
        try:
            yield
        except sa.exc.TimeoutError as error:
            raise Unavailable(
                f"all connections to {self.address.where} are in use for over "
                f"{self._busy_seconds:g} s; raise pool_size or max_overflow in its URL"
            ) from error
        except sa.exc.DBAPIError as error:
            ours = self._ours(error, writing=writing)
            if ours is None:
                raise
            raise ours from error
        except self._engine.dialect.loaded_dbapi.Error as error:  # of the hot statements' cursor
            ours = self._ours(error, writing=writing)
            raise ours or sa.exc.DatabaseError(None, None, error) from error

    def _ours(self, error: BaseException, *, writing: bool = True) -> LinealError | None:
        driver = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        if driver is None:
            return None
        where = f"the metadata database {self.address.where}"
        return self.backend.failure(driver, where, busy_seconds=self._busy_seconds, writing=writing)


def repeated(act: Callable[[], _Result]) -> _Result:
    """Return what `act` returns; do it again if the database undid all of it to let another go.

    After five times the `Retriable` error, a `Conflict`, is raised.
    """
    pause = _FIRST_PAUSE
    for _ in range(_REPEATS - 1):
        try:
            return act()
        except Retriable:
            # By chance, so that those who met don't meet again.
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 -- no secret
            pause = min(pause * 2, _LONGEST_PAUSE)
    return act()


def _close_idle_connections() -> None:
    """Before a fork, leave nothing open that the child would inherit."""
    for database in list(_open):
        database.close_idle_connections()


def _leave_to_the_parent() -> None:
    """In a forked child, keep off what a thread of the parent was in the middle of."""
    for database in list(_open):
        database.forget_connections()


# SQLite's connections can't be shared with a child: it would take the parent's locks for its own.
os.register_at_fork(before=_close_idle_connections, after_in_child=_leave_to_the_parent)
