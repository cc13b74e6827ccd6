"""One connection of an upgrade's own, under a lock that keeps every other upgrade out."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from lineal.errors import Conflict, InvalidInput, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Place", "looking", "place_of", "working"]

_LOCK_NUMBER = 0x6C696E65616C  # "lineal": the same for every client, of this purpose only
_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_EXTRAS = {"psycopg": "postgres", "pymysql": "mysql"}


class Place:
    """Where a database is: its URL, and what to call it in messages, without its password."""

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self.backend = url.get_backend_name()
        self.path = Path(url.database) if self.backend == "sqlite" and url.database else None
        self.where = str(self.path) if self.path else url.render_as_string(hide_password=True)


def place_of(given: str | Path) -> Place:
    """Return where a database is that is given by its URL, or by its path for SQLite."""
    if isinstance(given, Path) or "://" not in given:
        url = sa.URL.create("sqlite", database=str(given))
    else:
        try:
            url = sa.make_url(given)
        except sa.exc.ArgumentError as error:
            raise InvalidInput(f"{given!r} is no database's URL: {error}") from error
        driver = _DRIVERS.get(url.drivername.partition("+")[0])
        if driver is None:
            raise InvalidInput(
                f"{url.drivername!r} is no metadata database; give a file, sqlite:///FILE, "
                "mysql://… or postgresql://…"
            )
        if "+" not in url.drivername:
            url = url.set(drivername=driver)
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise InvalidInput("a database in memory is always new; give the file of one to upgrade")
    return Place(url)


@contextmanager
def looking(place: Place) -> Iterator[sa.Connection]:
    """Yield a connection that only reads."""
    with _connected(place, busy_seconds=60.0) as connection:
        if place.backend == "sqlite":
            connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            _end(connection, place, "ROLLBACK")


@contextmanager
def working(place: Place, *, busy_seconds: float) -> Iterator[sa.Connection]:
    """Yield a connection that holds the lock; commit at the end, or roll back.

    Others that only use the database don't look at the lock, except on SQLite, where it is the
    write lock. PostgreSQL keeps them off each table as it changes.
    """
    with _connected(place, busy_seconds=busy_seconds) as connection:
        if place.backend == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif place.backend == "postgresql":
            _lock_postgres(connection, place, busy_seconds)
        else:
            _lock_mysql(connection, place, busy_seconds)
        try:
            yield connection
        except BaseException:
            _end(connection, place, "ROLLBACK")
            raise
        _end(connection, place, "COMMIT")


def _end(connection: sa.Connection, place: Place, how: str) -> None:
    if place.backend == "sqlite":
        if connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            connection.exec_driver_sql(how)
    elif how == "COMMIT":
        connection.commit()
    else:
        connection.rollback()


def _lock_postgres(connection: sa.Connection, place: Place, busy_seconds: float) -> None:
    """Take an advisory lock for the transaction, and wait for tables in use no longer than that."""
    milliseconds = max(1, int(busy_seconds * 1000))
    connection.execute(
        sa.text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": str(milliseconds)}
    )
    del place
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_NUMBER})


def _lock_mysql(connection: sa.Connection, place: Place, busy_seconds: float) -> None:
    """Take a named lock; it belongs to the connection, since statements commit by themselves."""
    taken = connection.execute(
        sa.text("SELECT GET_LOCK(CONCAT('lineal.', MD5(DATABASE())), :wait)"),
        {"wait": max(0, round(busy_seconds))},
    ).scalar()
    if taken != 1:
        raise Conflict(_busy(place, busy_seconds))


def _busy(place: Place, busy_seconds: float) -> str:
    return (
        f"{place.where} is being upgraded or written to by another client for over "
        f"{busy_seconds:g} s; see what holds it, then try again"
    )


@contextmanager
def _connected(place: Place, *, busy_seconds: float) -> Iterator[sa.Connection]:
    """Yield a connection whose errors are ours."""
    if place.path is not None and not place.path.is_file():
        raise NotFound(f"there is no database {place.path}")
    arguments = {"timeout": busy_seconds} if place.backend == "sqlite" else {}
    try:
        engine = sa.create_engine(place.url, poolclass=NullPool, connect_args=arguments)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(error.name or "", error.name)
        raise Unavailable(
            f"{place.backend} needs the package {error.name}: pip install 'lineal[{extra}]'"
        ) from error

    if place.backend == "sqlite":
        sa.event.listen(engine, "connect", _leave_transactions_to_us)
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.DatabaseError as error:
        raise _ours(error, place, busy_seconds) from error
    finally:
        engine.dispose()


def _leave_transactions_to_us(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]


def _ours(error: sa.exc.DatabaseError, place: Place, busy_seconds: float) -> Exception:
    text = str(error.orig)
    if any(sign in text for sign in ("locked", "lock timeout", "Lock wait timeout")):
        return Conflict(_busy(place, busy_seconds))
    if "not a database" in text or "malformed" in text:
        return InvalidInput(f"{place.where} is no SQLite database, or a damaged one ({text})")
    return Unavailable(
        f"{place.where} can't be used ({text.splitlines()[0]}); its tables are as before unless "
        "this is MySQL, where the upgrade can be begun again"
    )
