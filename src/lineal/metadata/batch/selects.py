"""Selects that are compiled once and run on the driver's own cursor, for reads by the thousand.

SQLAlchemy's way from a construct to rows costs as much as many of these reads themselves. So a
construct is made into text once for each database, with its parameters named; what comes back
are the driver's own tuples.
"""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from lineal.metadata.backends import backend_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from lineal.metadata.backends import Backend

__all__ = ["CHUNK", "Query", "Row", "Slots", "each", "explained", "fetch"]

CHUNK = 10_000
"""Ids in one statement, so that neither its parameter nor its result grows without bound."""

Query = sa.Select[Any] | sa.CompoundSelect[Any]
Row = tuple[Any, ...]
"""A row as the driver gives it: its columns are what its statement says."""

_MOST_KEPT = 2_000
_NOTHING: Mapping[str, list[None]] = {"postgresql": [], "mysql": [None], "mariadb": [None]}
"""The list that nothing is among; MySQL's IN takes no empty one."""

_statements: dict[tuple[Hashable, ...], _Statement] = {}


class Slots:
    """Says, while a statement is written, where its values come."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.lists: dict[str, sa.BindParameter[object]] = {}

    @classmethod
    def of(cls, connection: sa.Connection) -> Slots:
        """Return the slots of statements for this connection's database."""
        return cls(backend_of(connection))

    def among(
        self, column: sa.ColumnElement[int] | sa.ColumnElement[str], name: str
    ) -> sa.ColumnElement[bool]:
        """Return the condition that `column` is one of the list called `name`."""
        sample: tuple[int | str] = (0,) if isinstance(column.type, sa.Integer) else ("",)
        condition = self.backend.among(column, sample)
        self.lists[name] = next(
            part for part in visitors.iterate(condition) if isinstance(part, sa.BindParameter)
        )
        return condition

    def number(self, name: str) -> sa.BindParameter[int]:
        """Return the place of the whole number called `name`."""
        return sa.bindparam(name, 0, type_=sa.BigInteger())

    def text(self, name: str) -> sa.BindParameter[str]:
        """Return the place of the text called `name`."""
        return sa.bindparam(name, "", type_=sa.String())


class _Statement(NamedTuple):
    """A text, the names of its parameters in its order (None: by name), and fixed values.

    `lists` tells of each list which parameter it is, and whether that takes it as JSON.
    """

    text: str
    order: Sequence[str] | None
    fixed: Mapping[str, object]
    lists: Mapping[str, tuple[str, bool]]


def fetch(
    connection: sa.Connection,
    key: tuple[Hashable, ...],
    build: Callable[[Slots], Query],
    values: Mapping[str, object],
) -> list[Row]:
    """Return the rows of the select that `build` makes, which is compiled once for each `key`.

    `key` must tell everything that `build` depends on. `values` are by the names of the slots.
    """
    text, bound = _prepared(connection, key, build, values)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text, bound)
        return cast("list[Row]", cursor.fetchall())
    finally:
        cursor.close()


def each(
    connection: sa.Connection,
    key: tuple[Hashable, ...],
    build: Callable[[Slots], Query],
    values: Mapping[str, object],
) -> Iterator[Row]:
    """Yield the same rows as they come: a tuple that nobody keeps is used again for the next."""
    text, bound = _prepared(connection, key, build, values)
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(text, bound)
        yield from cast("Iterator[Row]", cursor)


def explained(
    connection: sa.Connection, build: Callable[[Slots], Query], values: Mapping[str, object]
) -> list[str]:
    """Return how SQLite would run the select, a line for each step."""
    text, bound = _prepared(connection, ("explained", build), build, values)
    cursor = connection.connection.cursor()
    cursor.execute(f"EXPLAIN QUERY PLAN {text}", bound)
    return [str(row[-1]) for row in cursor.fetchall()]


def _prepared(
    connection: sa.Connection,
    key: tuple[Hashable, ...],
    build: Callable[[Slots], Query],
    values: Mapping[str, object],
) -> tuple[str, Any]:
    """Return the text and its parameters, as the driver takes them."""
    dialect = connection.dialect.name
    full_key = (dialect, *key)
    statement = _statements.get(full_key)
    if statement is None:
        if len(_statements) >= _MOST_KEPT:
            _statements.clear()
        statement = _statements[full_key] = _compiled(connection, build)
    bound = dict(statement.fixed)
    for name, value in values.items():
        place = statement.lists.get(name)
        if place is None:
            bound[name] = value
        else:
            parameter, as_json = place
            bound[parameter] = json.dumps(value) if as_json else value or _NOTHING[dialect]
    _begin(connection)
    order = statement.order
    return statement.text, bound if order is None else [bound[name] for name in order]


def _begin(connection: sa.Connection) -> None:
    """See to it that what one call reads is one state."""
    if connection.dialect.name != "sqlite":
        if not connection.in_transaction():
            connection.begin()
        return
    # Straight to the driver: SQLAlchemy's way costs as much as looking a node up. What ends it is
    # the rollback on the connection's return to the pool.
    driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    if not driver.in_transaction:
        driver.execute("BEGIN")


def _compiled(connection: sa.Connection, build: Callable[[Slots], Query]) -> _Statement:
    slots = Slots.of(connection)
    compiled = build(slots).compile(
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    names = compiled.bind_names
    return _Statement(
        text=str(compiled),
        order=compiled.positiontup if compiled.positional else None,
        fixed=compiled.params,
        lists={
            # A sample tells how this database takes lists: as they are, or as JSON text.
            name: (names[parameter], isinstance(parameter.value, str))
            for name, parameter in slots.lists.items()
        },
    )
