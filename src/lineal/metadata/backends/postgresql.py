"""PostgreSQL, by psycopg 3.

A write transaction runs READ COMMITTED and locks the counter's row before anything else: what it
reads afterwards is newer than every commit before it. A read transaction is REPEATABLE READ, one
snapshot. Ids come from the tables' own sequences, so other clients' ids may lie between.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from lineal.errors import (
    AlreadyExists,
    Conflict,
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
from lineal.metadata.backends.texts import check_cells, insert_text, upsert_text
from lineal.metadata.faults import Retriable
from lineal.metadata.spellings import Flag, Proto

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from lineal.metadata.backends.address import Address
    from lineal.metadata.backends.protocol import Backend, Synchronous

__all__ = ["BACKEND"]

_MANY = 50  # rows from which on COPY is faster
_SCHEMA_LOCK = 0x6C696E65616C  # "lineal"
_LAST_COMMIT = "SELECT number, time_us, frontier FROM lineal_commit ORDER BY number DESC LIMIT 1"
_LOCK_COMMITS = f"SELECT 1 FROM lineal_store WHERE \"key\" = '{tables.COUNTER}' FOR UPDATE"
_RESERVE = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
_ADVANCE = """
    SELECT setval(sequence, greatest(nextval(sequence), %s))
    FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS sequence) AS found
"""


class _Postgresql:
    """PostgreSQL, whose driver's cursor takes the hot statements."""

    name = "postgresql"
    makes_tables_at_once = True

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
                    "application_name": "lineal",
                    "connect_timeout": max(2, min(30, int(busy_seconds))),
                },
            )
        except ImportError as error:
            raise missing_driver("PostgreSQL", "psycopg", "postgres") from error

        @sa.event.listens_for(engine, "connect")
        def _configure(connection: psycopg.Connection[object], _record: object) -> None:
            connection.autocommit = True
            connection.execute(
                "SELECT set_config('lock_timeout', %s, false), "
                "set_config('idle_in_transaction_session_timeout', '0', false)",
                [str(int(busy_seconds * 1_000))],
            )
            connection.autocommit = False

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            if not connection.get_execution_options().get("lineal_write", False):
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

        return engine

    def lock_commits(self, connection: sa.Connection) -> None:
        """Wait for the right to commit, which the transaction keeps until its end."""
        _cursor(connection).execute(_LOCK_COMMITS)

    def lock_schema(self, connection: sa.Connection) -> None:
        """Wait for the right to make tables, until the transaction ends."""
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))

    def create(self, connection: sa.Connection, table_set: sa.MetaData) -> None:
        """Make the tables of a set, with their indexes, that aren't there."""
        present = set(sa.inspect(connection).get_table_names())
        missing = [t for t in table_set.sorted_tables if t.name.lower() not in present]
        table_set.create_all(connection, tables=missing, checkfirst=False)

    def adapt(self, connection: sa.Connection) -> None:
        """Give ML Metadata's own tables what Lineal needs of them and they may lack.

        Its indexes of whole texts refuse what is longer than about 2,700 bytes: they are made
        anew, by the texts' beginnings. The steps of a path have no order of their own here: a
        column that ML Metadata doesn't look at counts them.
        """
        for table in (*_with_texts(), tables.attribution, tables.association):
            for index in table.indexes:
                _renew(connection, index)
        connection.exec_driver_sql(
            "ALTER TABLE EventPath ADD COLUMN IF NOT EXISTS lineal_order BIGSERIAL"
        )

    # Errors

    def failure(
        self, error: BaseException, where: str, *, busy_seconds: float, writing: bool = True
    ) -> LinealError | None:
        """Return what the driver's error means, or None where it is a defect of ours."""
        state = getattr(error, "sqlstate", None) or ""
        text = first_line(error)
        if state in ("40001", "40P01"):
            return Retriable(f"{where} couldn't order this write with another ({text}); try again")
        if state == "55P03":
            return Conflict(
                f"{where} is held by another writer for over {busy_seconds:g} s; "
                "see what holds it (pg_stat_activity), then try again"
            )
        if state == "23505":
            return AlreadyExists(
                f"{where} already holds a row with these values ({text}), perhaps written by "
                "another client; choose another name"
            )
        if state[:2] == "22" or "NUL (0x00)" in text or state == "54000":
            if not writing:
                return unanswerable(where, text)
            return InvalidInput(f"{where} can't hold a value of this write: {text}")
        if state == "3D000" or (not state and re.search(r'database "[^"]*" does not exist', text)):
            return NotFound(f"{where}: {text}; create the database first (createdb)")
        if state in ("42P01", "42703"):
            return Corrupt(f"{where} lacks a table or column ({text}); restore it from a copy")
        if state[:2] in ("XX", "58"):
            return Corrupt(f"{where} reports damage ({text}); ask who keeps the server")
        is_lost_now = state[:2] in ("08", "57") or (not state and is_lost(error))
        if is_lost_now or state[:2] in ("28", "53") or state in ("42501", "25006"):
            # Where there was no connection, nothing can have been written.
            refused = text.startswith("connection failed") or "connection timeout" in text
            return unusable(where, text, unsure=writing and is_lost_now and not refused)
        return None

    # Statements

    def among(
        self, column: sa.ColumnElement[int] | sa.ColumnElement[str], values: Sequence[int | str]
    ) -> sa.ColumnElement[bool]:
        """Return the condition that `column` is one of `values`."""
        texts = any(isinstance(value, str) for value in values)
        given = (
            storable(values) if texts else [value for value in values if abs(int(value)) < 2**63]
        )
        kind = sa.Text() if texts else sa.BigInteger()
        return column == sa.func.any(sa.bindparam(None, list(given), type_=sa.ARRAY(kind)))

    def steps_in_order(self, query: sa.Select[int, int, int, str]) -> sa.Select[int, int, int, str]:
        """Return the query of event paths with the steps of each in the order of insertion."""
        return query.order_by(sa.text("lineal_order"))

    def reserve(self, connection: sa.Connection, table: sa.Table, count: int) -> Sequence[int]:
        """Return `count` new ids of `table`, ascending, for rows that this transaction inserts."""
        found = _cursor(connection).execute(_RESERVE, (table.name.lower(), count)).fetchall()
        return sorted(row[0] for row in found)

    def pass_by(self, connection: sa.Connection, table: sa.Table, number: int) -> None:
        """See to it that ids up to `number`, which were inserted as given, aren't given again."""
        _cursor(connection).execute(_ADVANCE, (number, table.name.lower()))

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
        text = insert_text(table, tuple(columns), verb="INSERT", mark="%s")
        if not ignore and len(rows) >= _MANY:
            names = ", ".join(f'"{name}"' for name in columns)
            text = f"COPY {table.name} ({names}) FROM STDIN"
        _run(connection, f"{text} ON CONFLICT DO NOTHING" if ignore else text, table, columns, rows)

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
        text = upsert_text(table, tuple(columns), tuple(key), mark="%s")
        _run(connection, text, table, columns, rows)

    # Commits

    def last_commit(self, connection: sa.Connection) -> tuple[int, int, str] | None:
        """Return number, time and frontier of the newest commit, if there is one."""
        found = _cursor(connection).execute(_LAST_COMMIT).fetchone()
        return cast("tuple[int, int, str] | None", found)

    def reach(self, connection: sa.Connection) -> dict[str, int]:
        """Return the greatest id that each dated kind of row has."""
        row = _cursor(connection).execute(reach_text().encode()).fetchone()
        return dict(zip(tables.DATED.values(), row or (), strict=True))


BACKEND: Backend = _Postgresql()


def _cursor(connection: sa.Connection) -> psycopg.Cursor[tuple[Any, ...]]:
    driver = cast("psycopg.Connection[tuple[Any, ...]]", connection.connection.dbapi_connection)
    return driver.cursor()


def _run(
    connection: sa.Connection,
    text: str,
    table: sa.Table,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    given = _converted(table, columns, rows)
    cursor = _cursor(connection)
    try:
        if text.startswith("COPY"):
            with cursor.copy(text.encode()) as copy:
                for row in given:
                    copy.write_row(row)
        elif len(given) == 1:
            cursor.execute(text.encode(), given[0])
        else:
            cursor.executemany(text.encode(), given)
    except (ValueError, cursor.connection.DataError, cursor.connection.OperationalError):
        check_cells(table, columns, rows, has_lengths=True, holds_nul=False, has_narrow_values=True)
        raise


def _converted(
    table: sa.Table, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> Sequence[tuple[object, ...]]:
    converters = _converters(table, tuple(columns))
    if not converters:
        return rows
    found = []
    for row in rows:
        cells = list(row)
        for place, convert in converters:
            if cells[place] is not None:
                cells[place] = convert(cells[place])
        found.append(tuple(cells))
    return found


@lru_cache(maxsize=512)
def _converters(
    table: sa.Table, columns: tuple[str, ...]
) -> tuple[tuple[int, Callable[[object], object]], ...]:
    """Return what must be done to which cells: ML Metadata's types differ here."""
    found: list[tuple[int, Callable[[object], object]]] = []
    for place, name in enumerate(columns):
        kind = table.c[name].type
        if isinstance(kind, Flag | sa.Boolean):
            found.append((place, bool))
        elif isinstance(kind, Proto):
            found.append((place, _as_bytes))
    return tuple(found)


def _as_bytes(value: object) -> object:
    """Return base64 text as what a column of bytes takes."""
    return value.encode() if isinstance(value, str) else value


def _with_texts() -> tuple[sa.Table, ...]:
    return (
        tables.artifact,
        tables.artifact_property,
        tables.execution_property,
        tables.context_property,
    )


def _renew(connection: sa.Connection, index: sa.Index) -> None:
    """Make an index of ours, where none of that name stands or another that whole texts fill."""
    text = str(sa.schema.CreateIndex(index).compile(dialect=connection.dialect))
    is_ours = str(index.name).startswith("idx_lineal_")
    if not is_ours and "left(" not in text:
        return
    stands: str | None = connection.scalar(
        sa.text(
            "SELECT indexdef FROM pg_indexes WHERE indexname = :name AND schemaname = "
            "current_schema()"
        ),
        {"name": str(index.name)},
    )
    if stands is not None and (is_ours or re.search(r'"?left"?\(', stands)):
        return
    if stands is not None:
        connection.exec_driver_sql(f"DROP INDEX {index.name}")
    connection.exec_driver_sql(text)
