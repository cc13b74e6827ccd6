"""MySQL 8 and MariaDB, by PyMySQL.

A write transaction locks the counter's row before anything else; its view of the rest begins
with its first plain read, so after every commit before it. A read transaction is one consistent
snapshot. Tables can't be made in a transaction here: a key in `lineal_store` tells that they are
half made, and the next to open the store goes on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import CreateIndex, CreateTable

from lineal.errors import (
    AlreadyExists,
    Corrupt,
    InvalidInput,
    LinealError,
    NotFound,
)
from lineal.metadata import tables
from lineal.metadata.backends.lists import storable
from lineal.metadata.backends.network import (
    first_line,
    is_lost,
    missing_driver,
    reach_text,
    unanswerable,
    unusable,
)
from lineal.metadata.backends.sizes import TEXT_BYTES, VALUE_BYTES, check_sizes
from lineal.metadata.backends.texts import check_cells, insert_text
from lineal.metadata.faults import Retriable
from lineal.metadata.spellings import IndexedText

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pymysql
    from sqlalchemy.pool import ConnectionPoolEntry

    from lineal.metadata.backends.address import Address
    from lineal.metadata.backends.protocol import Backend, Synchronous

__all__ = ["BACKEND"]

_LAST_COMMIT = "SELECT number, time_us, frontier FROM lineal_commit ORDER BY number DESC LIMIT 1"
_LOCK_COMMITS = f"SELECT 1 FROM lineal_store WHERE `key` = '{tables.COUNTER}' FOR UPDATE"
_NOT_REACHED = (2002, 2003, 2005)
_PACKET = "lineal_max_allowed_packet"
_PLACES = 1_000  # rows that one statement holds open for ids

# ML Metadata's names of its unique keys, which its own migrations drop by name.
_NAMED = {
    "Artifact": ("UNIQUE (type_id, name)", "UniqueArtifactTypeName"),
    "Execution": ("UNIQUE (type_id, name)", "UniqueExecutionTypeName"),
    "Event": ("UNIQUE (artifact_id, execution_id, type)", "UniqueEvent"),
}


class _List(sa.types.UserDefinedType[object]):
    """A list as one parameter: the driver writes it out between parentheses."""

    cache_ok = True


class _Mysql:
    """MySQL and MariaDB, whose driver's cursor takes the hot statements."""

    name = "mysql"
    makes_tables_at_once = False

    # Opening

    def engine(
        self,
        address: Address,
        *,
        busy_seconds: float,
        synchronous: Synchronous,  # noqa: ARG002 -- the server's own settings say so
    ) -> sa.Engine:
        """Return the engine; a connection's option `lineal_write` says which way it begins."""
        try:
            engine = sa.create_engine(
                address.url,
                poolclass=QueuePool,
                pool_size=address.pool_size,
                max_overflow=address.max_overflow,
                pool_timeout=busy_seconds,
                pool_recycle=address.recycle_seconds,
                pool_pre_ping=True,
                connect_args={
                    "charset": "utf8mb4",
                    "connect_timeout": max(2, min(30, int(busy_seconds))),
                },
            )
        except ImportError as error:
            raise missing_driver("MySQL or MariaDB", "PyMySQL", "mysql") from error

        @sa.event.listens_for(engine, "connect")
        def _configure(connection: pymysql.Connection[Any], record: ConnectionPoolEntry) -> None:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', "
                    "SESSION innodb_lock_wait_timeout = %s, "
                    "SESSION TRANSACTION_ISOLATION = 'REPEATABLE-READ'"
                    if _has_new_names(connection)
                    else "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', "
                    "SESSION innodb_lock_wait_timeout = %s, "
                    "SESSION tx_isolation = 'REPEATABLE-READ'",
                    [max(1, round(busy_seconds))],
                )
                cursor.execute("SELECT @@max_allowed_packet")
                record.info[_PACKET] = next(iter(cursor.fetchone() or ()))

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            write = connection.get_execution_options().get("lineal_write", False)
            connection.exec_driver_sql(
                "START TRANSACTION"
                if write
                else "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
            )

        return engine

    def lock_commits(self, connection: sa.Connection) -> None:
        """Wait for the right to commit, which the transaction keeps until its end."""
        _cursor(connection).execute(_LOCK_COMMITS)

    def lock_schema(self, connection: sa.Connection) -> None:
        """Wait for the right to make tables, until the session ends."""
        name = sa.func.concat("lineal-schema-", sa.func.md5(sa.func.database()))
        connection.execute(sa.select(sa.func.get_lock(name, 600)))

    def create(self, connection: sa.Connection, table_set: sa.MetaData) -> None:
        """Make the tables of a set, each with its indexes, that aren't there."""
        present = {name.lower() for name in sa.inspect(connection).get_table_names()}
        exact = "utf8mb4_nopad_bin" if _is_mariadb(connection) else "utf8mb4_0900_bin"
        for table in table_set.sorted_tables:
            if table.name.lower() not in present:
                connection.exec_driver_sql(_spelled(connection, table, exact))

    def adapt(self, connection: sa.Connection) -> None:
        """Give ML Metadata's own tables what Lineal needs of them and they may lack."""
        for index in tables.OUR_INDEXES:
            table = index.table
            stands = sa.inspect(connection).get_indexes(table.name) if table is not None else []
            if index.name not in {each["name"] for each in stands}:
                connection.exec_driver_sql(_index(connection, index))

    # Errors

    def failure(
        self, error: BaseException, where: str, *, busy_seconds: float, writing: bool = True
    ) -> LinealError | None:
        """Return what the driver's error means, or None where it is a defect of ours."""
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        text = first_line(error)
        if code == 1213:
            return Retriable(f"{where} couldn't order this write with another ({text}); try again")
        if code == 1205:
            return Retriable(
                f"{where} is held by another writer for over {busy_seconds:g} s; "
                "see what holds it (SHOW PROCESSLIST), then try again"
            )
        if code in (1062, 1586):
            return AlreadyExists(
                f"{where} already holds a row with these values ({text}), perhaps written by "
                "another client; choose another name"
            )
        if code in (1264, 1366, 1406, 1153, 1118) or "can not be used with MySQL" in text:
            most = (
                f"; it holds {TEXT_BYTES} bytes of a URI or a path's step, {VALUE_BYTES} of a "
                "property's text"
            )
            return InvalidInput(
                f"{where} can't hold a value of this write: {text}{most if code == 1406 else ''}"
            )
        if code == 1690:
            return unanswerable(where, text)
        if code in (1146, 1054):
            return Corrupt(f"{where} lacks a table or column ({text}); restore it from a copy")
        if code == 1049:
            return NotFound(f"{where}: {text}; create the database first (CREATE DATABASE)")
        if code in (126, 145, 1034, 1194, 1195, 1712, 1877):
            return Corrupt(f"{where} reports damage ({text}); ask who keeps the server")
        is_lost_now = code in (1053, 1927) or 2000 <= code < 3000 or (code == 0 and is_lost(error))
        if is_lost_now or code in (1040, 1044, 1045, 1129, 1130, 1142, 1203, 1227, 1290, 1698):
            # Where there was no connection, nothing can have been written.
            unsure = writing and is_lost_now and code not in _NOT_REACHED
            return unusable(where, text, unsure=unsure)
        return None

    # Statements

    def among(
        self, column: sa.ColumnElement[int] | sa.ColumnElement[str], values: Sequence[int | str]
    ) -> sa.ColumnElement[bool]:
        """Return the condition that `column` is one of `values`."""
        given = sa.bindparam(None, storable(values) or [None], type_=_List())
        return cast("sa.ColumnElement[bool]", column.op("IN", is_comparison=True)(given))

    def steps_in_order(self, query: sa.Select[int, int, int, str]) -> sa.Select[int, int, int, str]:
        """Return the query of event paths with the steps of each in the order of insertion.

        The table has no key, so InnoDB numbers its rows itself; the index by event ends with
        that hidden number.
        """
        path = tables.event_path
        forced = query.with_hint(path, "FORCE INDEX (idx_eventpath_event_id)", "mysql")
        return forced.order_by(path.c.event_id)

    def reserve(self, connection: sa.Connection, table: sa.Table, count: int) -> Sequence[int]:
        """Return `count` new ids of `table`, ascending, for rows that this transaction inserts.

        MySQL gives ids to rows only: so rows are inserted that nobody else ever sees, and
        removed. The ids of one statement follow each other.
        """
        found: list[int] = []
        cursor = _cursor(connection)
        columns = [c for c in table.c if not c.nullable and c.server_default is None]
        columns = [c for c in columns if c.name != "id"]
        names = ", ".join(f"`{c.name}`" for c in columns)
        while len(found) < count:
            size = min(_PLACES, count - len(found))
            rows = ", ".join(f"({_place(columns, number)})" for number in range(size))
            cursor.execute(f"INSERT INTO {table.name} ({names}) VALUES {rows}")
            first = cursor.lastrowid
            step = _step(connection) if size > 1 else 1
            last = first + (size - 1) * step
            cursor.execute(f"DELETE FROM {table.name} WHERE id BETWEEN {first} AND {last}")
            found += range(first, last + 1, step)
        return found

    def pass_by(self, connection: sa.Connection, table: sa.Table, number: int) -> None:
        """See to it that ids up to `number`, which were inserted as given, aren't given again.

        AUTO_INCREMENT does so itself.
        """

    def insert(
        self,
        connection: sa.Connection,
        table: sa.Table,
        columns: Sequence[str],
        rows: Sequence[tuple[object, ...]],
        *,
        ignore: bool = False,
    ) -> None:
        """Insert rows given as tuples in the order of `columns`; with `ignore` only new ones."""
        text = insert_text(table, tuple(columns), verb="INSERT", mark="%s", quote="`")
        if ignore:  # INSERT IGNORE would also cut texts that are too long
            text = f"{text} ON DUPLICATE KEY UPDATE `{columns[0]}` = `{columns[0]}`"
        _run(connection, text, table, columns, rows)

    def upsert(
        self,
        connection: sa.Connection,
        table: sa.Table,
        columns: Sequence[str],
        rows: Sequence[tuple[object, ...]],
        *,
        key: Sequence[str],
    ) -> None:
        """Insert rows, or replace the other columns of those whose `key` is there already."""
        text = insert_text(table, tuple(columns), verb="INSERT", mark="%s", quote="`")
        others = [name for name in columns if name not in key] or [key[0]]
        changes = ", ".join(f"`{name}` = VALUES(`{name}`)" for name in others)
        _run(connection, f"{text} ON DUPLICATE KEY UPDATE {changes}", table, columns, rows)

    # Commits

    def last_commit(self, connection: sa.Connection) -> tuple[int, int, str] | None:
        """Return number, time and frontier of the newest commit, if there is one."""
        cursor = _cursor(connection)
        cursor.execute(_LAST_COMMIT)
        return cast("tuple[int, int, str] | None", cursor.fetchone())

    def reach(self, connection: sa.Connection) -> dict[str, int]:
        """Return the greatest id that each dated kind of row has."""
        cursor = _cursor(connection)
        cursor.execute(reach_text())
        return dict(zip(tables.DATED.values(), cursor.fetchone() or (), strict=True))


BACKEND: Backend = _Mysql()


def _cursor(connection: sa.Connection) -> pymysql.cursors.Cursor:
    driver = cast("pymysql.Connection[Any]", connection.connection.dbapi_connection)
    return cast("pymysql.cursors.Cursor", driver.cursor())


def _run(
    connection: sa.Connection,
    text: str,
    table: sa.Table,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    check_sizes(table, columns, rows, packet=connection.info.get(_PACKET))
    cursor = _cursor(connection)
    try:
        cursor.executemany(text, rows)
    except UnicodeEncodeError:
        check_cells(table, columns, rows)
        raise
    except connection.dialect.loaded_dbapi.Error:
        check_cells(
            table, columns, rows, has_lengths=True, holds_infinity=False, has_narrow_values=True
        )
        raise


def _place(columns: Sequence[sa.Column[Any]], number: int) -> str:
    """Return values that no row of another client has, for what must not be null."""
    cells = []
    for column in columns:
        if isinstance(column.type, sa.String):
            cells.append(f"'\\t{number}'")
        else:
            cells.append("0" if isinstance(column.type, sa.SmallInteger) else str(-number - 1))
    return ", ".join(cells)


def _step(connection: sa.Connection) -> int:
    cursor = _cursor(connection)
    cursor.execute("SELECT @@auto_increment_increment")
    return int(next(iter(cursor.fetchone() or (1,))))


def _has_new_names(connection: pymysql.Connection[Any]) -> bool:
    """Return whether the server calls it `transaction_isolation`: MySQL 8 does, old MariaDB not."""
    return "MariaDB" not in str(connection.get_server_info())  # type: ignore[no-untyped-call]


def _is_mariadb(connection: sa.Connection) -> bool:
    return bool(getattr(connection.dialect, "is_mariadb", False))


def _spelled(connection: sa.Connection, table: sa.Table, collation: str) -> str:
    """Return the statement that makes a table: its indexes, exact texts, ML Metadata's names.

    One statement a table, since each is a transaction of its own here.
    """
    text = str(CreateTable(table).compile(dialect=connection.dialect)).rstrip()
    key, name = _NAMED.get(str(table.name), ("", ""))
    if key:
        text = text.replace(key, f"CONSTRAINT {name} {key}")
    made = (_index(connection, index) for index in table.indexes)
    keys = [re.sub(r"CREATE INDEX (\w+) ON \w+ ", r"KEY \1 ", each) for each in sorted(made)]
    body = text.removesuffix("\n)")
    whole = [body, *(f"\t{each}" for each in keys if "left(" not in each)]  # PostgreSQL's apart
    # Text is compared to the letter, as on the other databases; MySQL's defaults fold case.
    options = f"ENGINE=InnoDB CHARSET=utf8mb4 COLLATE {collation}"
    return ",\n".join(whole) + f"\n) {options}"


def _index(connection: sa.Connection, index: sa.Index) -> str:
    text = str(CreateIndex(index).compile(dialect=connection.dialect))
    for column in index.columns:
        if isinstance(column.type, IndexedText):
            text = text.replace(f"{column.name})", f"{column.name}({tables.PREFIX}))")
    return text
