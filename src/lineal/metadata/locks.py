"""Locks by name that a store's users take turns with, whichever machine they are on.

Beside an SQLite file a lock is `flock`'s, in PostgreSQL and MySQL the server's own: each is let
go of when its holder dies, however it dies.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lineal.metadata.database import Database

__all__ = ["hold"]

_FIRST_WAIT, _LONGEST_WAIT = 0.005, 0.1

_in_memory: weakref.WeakKeyDictionary[Database, dict[str, threading.Lock]] = (
    weakref.WeakKeyDictionary()
)
_guard = threading.Lock()


@contextmanager
def hold(
    database: Database, name: str, *, wanted: Callable[[], bool] = lambda: True
) -> Iterator[bool]:
    """Wait for the lock called `name` while it is `wanted`; yield whether it is held.

    It is not reentrant.
    """
    dialect, path = database.address.dialect, database.path
    if dialect != "sqlite":
        with (
            database.session() as connection,
            # MySQL's locks are one set for all databases of a server.
            _in_database(connection, dialect, f"{database.uuid}/{name}", wanted) as held,
        ):
            yield held
        return
    with _beside(path, name, wanted) if path else _within(database, name, wanted) as held:
        yield held


@contextmanager
def _beside(path: Path, name: str, wanted: Callable[[], bool]) -> Iterator[bool]:
    folder = path.with_name(f"{path.name}.locks")
    try:
        folder.mkdir(exist_ok=True)
        descriptor = os.open(folder / _digest(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise Unavailable(f"{folder} can't hold locks: {error.strerror}") from error

    def take() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield _until(take, wanted)
    finally:
        os.close(descriptor)


@contextmanager
def _within(database: Database, name: str, wanted: Callable[[], bool]) -> Iterator[bool]:
    with _guard:
        lock = _in_memory.setdefault(database, {}).setdefault(name, threading.Lock())
    held = _until(lambda: lock.acquire(blocking=False), wanted)
    try:
        yield held
    finally:
        if held:
            lock.release()


@contextmanager
def _in_database(
    connection: sa.Connection, dialect: str, name: str, wanted: Callable[[], bool]
) -> Iterator[bool]:
    """Take an advisory lock of the connection's session, which lasts beyond its transactions."""
    if dialect == "postgresql":
        number = int(_digest(name)[:15], 16)  # a bigint, and never negative
        take = sa.select(sa.func.pg_try_advisory_lock(number))
        leave = sa.select(sa.func.pg_advisory_unlock(number))
    else:
        word = f"lineal-{_digest(name)}"
        take = sa.select(sa.func.get_lock(word, 0))
        leave = sa.select(sa.func.release_lock(word))
    held = _until(lambda: bool(connection.scalar(take)), wanted)
    try:
        yield held
    finally:
        if held:
            connection.scalar(leave)


def _until(take: Callable[[], bool], wanted: Callable[[], bool]) -> bool:
    """Try until it is taken, or nobody wants it any more; return which."""
    wait = _FIRST_WAIT
    pause = threading.Event()
    while wanted():
        if take():
            return True
        pause.wait(wait)
        wait = min(wait * 1.5, _LONGEST_WAIT)
    return False


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]  # any name is a safe file name so
