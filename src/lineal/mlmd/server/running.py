"""Run a server until it is told to stop: what `lineal metadata serve` does."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.mlmd.server.configuration import Configuration
from lineal.mlmd.server.server import WORKERS, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from lineal.metadata import Store
    from lineal.mlmd.server.certificates import Certificates
    from lineal.mlmd.server.tokens import TokenFile

__all__ = ["Wanted", "run"]

_DEFAULT_PORT = 8080


@dataclass(frozen=True)
class Wanted:
    """What somebody wants served, where, and to whom.

    What is said here goes before what a configuration of ML Metadata's says.
    """

    url: str | None = None
    configuration: Configuration = field(default_factory=Configuration)
    host: str = "127.0.0.1"
    port: int | None = None
    certificates: Certificates | None = None
    tokens: TokenFile | None = None
    metrics_port: int | None = None
    workers: int = WORKERS
    grace_seconds: float = 30.0

    @property
    def names_a_database(self) -> bool:
        """Whether it says which database; else it is a workspace's."""
        return self.url is not None or self.configuration.connection is not None

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the database that is named, migrated first if the configuration says so."""
        opened = self._open()
        try:
            yield opened
        finally:
            opened.close()

    def _open(self) -> Store:
        given = self.configuration
        if self.url is not None:
            if given.downgrade_to is not None:
                from lineal.metadata.upgrade import downgrade

                downgrade(self.url, given.downgrade_to)
                raise _downgraded(given.downgrade_to)
            if given.upgrade:
                from lineal.metadata.upgrade import upgrade

                upgrade(self.url)
            return _pooled(self.url, self.workers)
        if given.connection is None:
            raise InvalidInput("no database is named; give its --url")
        from lineal.mlmd.connecting import downgrade_database, open_store

        if given.downgrade_to is not None:
            downgrade_database(given.connection, given.downgrade_to)
            raise _downgraded(given.downgrade_to)
        return open_store(given.connection, upgrade=given.upgrade)

    def server(self, store: Store) -> Server:
        """Return the server, not yet started."""
        port = self.port if self.port is not None else self.configuration.port
        return Server(
            store,
            host=self.host,
            port=_DEFAULT_PORT if port is None else port,
            certificates=self.certificates or self.configuration.certificates,
            tokens=self.tokens,
            metrics_port=self.metrics_port,
            workers=self.workers,
            options=self.configuration.options,
        )


def _pooled(url: str, connections: int) -> Store:
    """Open a store with a connection to its database for each worker."""
    from lineal.metadata import Store
    from lineal.metadata.backends.address import parse_address
    from lineal.metadata.database import Database

    address = parse_address(url)
    wide = replace(address, pool_size=max(address.pool_size, connections))
    return Store(database=Database(wide))


def _downgraded(version: int) -> InvalidInput:
    return InvalidInput(
        f"the database is downgraded to version {version} now, which this server doesn't serve; "
        "start the older one, or leave the downgrade out"
    )


def run(wanted: Wanted, store: Store, *, ready: Callable[[Server], None]) -> None:
    """Serve until SIGTERM or SIGINT, then stop gracefully; at once at the second signal."""
    asked = threading.Event()
    hurried = threading.Event()

    def hear(_signal: int, _frame: FrameType | None) -> None:
        (hurried if asked.is_set() else asked).set()

    server = wanted.server(store)
    before = {number: signal.signal(number, hear) for number in (signal.SIGTERM, signal.SIGINT)}
    # The command line ends an interrupted process after some seconds; this one ends by itself.
    wakeup = signal.set_wakeup_fd(-1)
    try:
        server.start()
        ready(server)
        asked.wait()
        stopping = threading.Thread(target=server.stop, args=(wanted.grace_seconds,))
        stopping.start()
        while stopping.is_alive() and not hurried.is_set():
            stopping.join(0.05)
        if hurried.is_set():
            server.stop(0)
        stopping.join()
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
