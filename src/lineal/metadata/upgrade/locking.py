"""One connection of an upgrade's own, under a lock that keeps every other upgrade out."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from lineal.errors import Conflict, InvalidInput, NotFound
from lineal.metadata.backends.address import Address, parse_address
from lineal.metadata.backends.choice import backend_called
from lineal.metadata.backends.network import missing_driver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["address_of", "looking", "working"]

_DRIVERS = {"postgresql": ("psycopg", "postgres"), "mysql": ("pymysql", "mysql")}
_MYSQL_LOCK = "SELECT GET_LOCK(CONCAT('lineal-schema-', MD5(DATABASE())), :seconds)"
_POSTGRES_LOCK = 0x6C696E65616C  # both are those that making a store's tables takes


def address_of(given: str | Path) -> Address:
    """Return where a database is that is given by its URL, or by its path for SQLite."""
    address = parse_address(given)
    if address.in_memory:
        raise InvalidInput("a database in memory is always new; give the file of one to upgrade")
    if address.path is not None and address.path.is_dir():
        raise InvalidInput(
            f"{address.path} is a folder; give the database's file "
            "(a workspace keeps its own in .lineal/metadata.db)"
        )
    if address.path is not None and not address.path.is_file():
        raise NotFound(f"there is no database {address.path}")
    return address


@contextmanager
def looking(address: Address) -> Iterator[sa.Connection]:
    """Yield a connection that only reads."""
    with _connected(address, busy_seconds=60.0) as connection:
        if address.dialect == "sqlite":
            connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            _end(connection, address, "ROLLBACK")


@contextmanager
def working(address: Address, *, busy_seconds: float) -> Iterator[sa.Connection]:
    """Yield a connection that holds the lock; commit at the end, or roll back.

    Others that only use the database don't look at the lock, except on SQLite, where it is the
    write lock. PostgreSQL keeps them off each table as it changes.
    """
    with _connected(address, busy_seconds=busy_seconds) as connection:
        if address.dialect == "sqlite":
            # A table that is made anew takes the old one's name: views of it mean the new one.
            connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif address.dialect == "postgresql":
            _lock_postgres(connection, busy_seconds)
        else:
            _lock_mysql(connection, address, busy_seconds)
        try:
            yield connection
        except BaseException:
            _end(connection, address, "ROLLBACK")
            raise
        _end(connection, address, "COMMIT")


def _end(connection: sa.Connection, address: Address, how: str) -> None:
    if address.dialect == "sqlite":
        if connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            connection.exec_driver_sql(how)
    elif how == "COMMIT":
        connection.commit()
    else:
        connection.rollback()


def _lock_postgres(connection: sa.Connection, busy_seconds: float) -> None:
    """Take an advisory lock for the transaction; wait for it, and for tables, that long at most."""
    milliseconds = max(1, int(busy_seconds * 1_000))
    connection.execute(
        sa.text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": str(milliseconds)}
    )
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})


def _lock_mysql(connection: sa.Connection, address: Address, busy_seconds: float) -> None:
    """Take a named lock; it belongs to the connection, since statements commit by themselves."""
    seconds = max(0, round(busy_seconds))
    if connection.execute(sa.text(_MYSQL_LOCK), {"seconds": seconds}).scalar() != 1:
        raise Conflict(
            f"{address.where} is being upgraded or made by another client for over "
            f"{busy_seconds:g} s; see what holds it (SHOW PROCESSLIST), then try again"
        )


@contextmanager
def _connected(address: Address, *, busy_seconds: float) -> Iterator[sa.Connection]:
    """Yield a connection whose errors are ours."""
    arguments = {"timeout": busy_seconds} if address.dialect == "sqlite" else {}
    try:
        engine = sa.create_engine(address.url, poolclass=NullPool, connect_args=arguments)
    except ImportError as error:
        raise missing_driver(address.dialect, *_DRIVERS[address.dialect]) from error
    if address.dialect == "sqlite":
        sa.event.listen(engine, "connect", _leave_transactions_to_us)
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.DBAPIError as error:
        where = f"the metadata database {address.where}"
        ours = backend_called(address.dialect).failure(
            error.orig or error, where, busy_seconds=busy_seconds
        )
        raise ours or error from error
    finally:
        engine.dispose()


def _leave_transactions_to_us(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]
