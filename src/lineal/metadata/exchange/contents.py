"""What an export holds: which tables, in which order, and their rows as plain Python values.

Values are the same whatever the database: booleans are `bool`, messages are their own bytes
(where the tables keep base64), everything else is as the tables have it.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from lineal.errors import Corrupt
from lineal.metadata import tables
from lineal.metadata.backends import backend_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "BATCH",
    "TABLES",
    "Batch",
    "Row",
    "columns_of",
    "kept_rows",
    "stream",
    "table_called",
]

BATCH = 20_000
"""Rows in memory at a time."""

Row = tuple[object, ...]

_LEFT_OUT = {
    tables.mlmd_env.name,  # the version stands in the manifest
    tables.store.name,  # who this store is; a copy is another one
    "lineal_outbox",  # what this store still has to tell others
}

TABLES: tuple[sa.Table, ...] = (
    tables.type_,
    tables.type_property,
    tables.parent_type,
    tables.context,
    tables.context_property,
    tables.artifact,
    tables.artifact_property,
    tables.execution,
    tables.execution_property,
    tables.event,
    tables.event_path,
    tables.attribution,
    tables.association,
    tables.parent_context,
    *(
        table
        for name, table in sorted(tables.lineal_metadata.tables.items())
        if name not in _LEFT_OUT
    ),
)
"""The tables of an export, in an order in which what is referred to comes first."""

_NAMED = {str(table.name): table for table in TABLES}
_FLAGS = {"is_custom_property", "is_index_step", "bool_value"}


class Batch(NamedTuple):
    """Some rows of one table, in the order of its columns."""

    table: sa.Table
    rows: list[Row]


def table_called(name: str) -> sa.Table | None:
    """Return the table of an export called so, if there is one."""
    return _NAMED.get(name)


def columns_of(table: sa.Table) -> tuple[str, ...]:
    """Return the names of the table's columns."""
    return tuple(str(column.name) for column in table.columns)


def stream(
    connection: sa.Connection,
    table: sa.Table,
    where: sa.ColumnElement[bool] | None = None,
    *,
    size: int = BATCH,
    limit: int | None = None,
    foreign: bool = False,
) -> Iterator[list[Row]]:
    """Yield the table's rows in batches, in the order of its key; steps of paths as inserted.

    `foreign` says that the database has nothing of Lineal's own.
    """
    plain = [sa.type_coerce(column, sa.types.NullType()) for column in table.columns]
    query: Any = sa.select(*plain).select_from(table).limit(limit)  # of as many columns as it has
    if where is not None:
        query = query.where(where)
    if table is tables.event_path and foreign and connection.dialect.name == "postgresql":
        query = query.order_by(table.c.event_id, sa.text("ctid"))
    elif table is tables.event_path:
        query = backend_of(connection).steps_in_order(query.order_by(table.c.event_id))
    else:
        query = query.order_by(*table.primary_key.columns)
    converters = _converters(table)
    # Said of the statement, since on a connection it would stay for all that follows.
    streamed = query.execution_options(stream_results=True, yield_per=size)
    with connection.execute(streamed) as result:
        for part in result.partitions(size):
            yield _converted([tuple(row) for row in part], converters)


def kept_rows(table: sa.Table, rows: list[Row]) -> list[Row]:
    """Return plain rows as the tables keep them."""
    if "proto_value" not in table.c:
        return rows
    place = columns_of(table).index("proto_value")
    if [row[place] for row in rows].count(None) == len(rows):
        return rows
    return _converted(rows, {place: _kept_message})


def _converters(table: sa.Table) -> dict[int, Callable[..., object]]:
    found: dict[int, Callable[..., object]] = {}
    for place, name in enumerate(columns_of(table)):
        if name in _FLAGS:
            found[place] = bool
        elif name == "proto_value":
            found[place] = _plain_message
    return found


def _converted(rows: list[Row], converters: dict[int, Callable[..., object]]) -> list[Row]:
    """Return the rows with some columns converted, where they hold anything."""
    if not converters or not rows:
        return rows
    columns: list[Sequence[object]] = list(zip(*rows, strict=True))
    for place, convert in converters.items():
        column = columns[place]
        if column.count(None) < len(column):
            columns[place] = [None if value is None else convert(value) for value in column]
    return list(zip(*columns, strict=True))


def _plain_message(value: str | bytes | memoryview) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error) as error:
        raise Corrupt(
            f"a proto_value should be base64, but is {value!r:.60}; mend or remove that property"
        ) from error


def _kept_message(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
