"""A store that a server keeps: everything that a local one can do, done over there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, get_args

from lineal.errors import InvalidInput
from lineal.metadata.history import AsOf, Clock
from lineal.metadata.moments import as_moment
from lineal.metadata.store import Store
from lineal.mlmd.remote.address import Address
from lineal.mlmd.remote.connection import PATIENCE_SECONDS, Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import sqlalchemy as sa

    from lineal.metadata.history import Horizon
    from lineal.metadata.moments import Moment
    from lineal.metadata.transaction import Transaction

__all__ = ["RemoteStore"]


class RemoteStore(Store):
    """A store behind `lineal metadata serve`, by the URL of the server.

    What runs inside a transaction runs at the server (`metadata/served.py`), each call as one
    transaction. A server that can't be reached is waited for, `patience_seconds` at most.
    """

    def __init__(
        self,
        url: str,
        *,
        folder: Path | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
        view: tuple[Connection, AsOf | None] | None = None,
    ) -> None:
        # No database of its own: super().__init__ would open one.
        if view is None:
            address = Address.parse(url, folder=folder)
            view = Connection(address, patience_seconds=patience_seconds), None
        self._connection, self._as_of = view
        self.url = url

    def elsewhere(
        self, name: str, arguments: Sequence[object], options: Mapping[str, object]
    ) -> object:
        """Have the server run a served function."""
        return self._connection.call(name, arguments, options, as_of=self._as_of)

    @property
    def path(self) -> None:
        """No file here is the database."""
        return

    @property
    def where(self) -> str:
        """Where the server is, for people."""
        return self._connection.address.shown

    @property
    def uuid(self) -> str:
        """What tells this store from every other."""
        return self._connection.store

    @property
    def open_connections(self) -> int:
        """How many connections to a database are open here: none."""
        return 0

    def as_of(self, moment: Moment, *, clock: Clock = "known") -> RemoteStore:
        """Return a read-only view of what was known at `moment`, an aware time or a plain date."""
        if clock not in get_args(Clock):
            raise InvalidInput(f"there is no clock {clock!r}; choose 'known' or 'commit'")
        return RemoteStore(self.url, view=(self._connection, AsOf(as_moment(moment), clock)))

    def present(self) -> RemoteStore:
        """Return the same store as it is now."""
        return self if self._as_of is None else RemoteStore(self.url, view=(self._connection, None))

    def close(self) -> None:
        """Close the connection to the server."""
        self._connection.close()

    @contextmanager
    def lock(self, name: str, *, wanted: Callable[[], bool] = lambda: True) -> Iterator[bool]:
        """Hold the lock called `name` at the server, until the block or this process ends."""
        if not wanted():
            yield False
            return
        with self._connection.hold(name):
            yield True

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Refuse: only the server opens transactions."""
        raise InvalidInput(_NO_TRANSACTION)
        yield

    @contextmanager
    def reading(self) -> Iterator[tuple[sa.Connection, Horizon | None]]:
        """Refuse: only the server opens transactions."""
        raise InvalidInput(_NO_TRANSACTION)
        yield


_NO_TRANSACTION = (
    "this store is kept by a server, which alone opens transactions; "
    "use a method of the store, or run this where the database is"
)
