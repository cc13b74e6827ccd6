"""Fill an empty store with an export: the same ids, times and history."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.exchange.contents import columns_of, kept_rows
from lineal.metadata.exchange.origins import Run, write_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lineal.metadata.backends import Backend
    from lineal.metadata.exchange.contents import Batch
    from lineal.metadata.exchange.manifest import Manifest

__all__ = ["copy_all", "is_empty", "much_cache"]

_CACHE_KB = 64 * 1024


def is_empty(connection: sa.Connection) -> bool:
    """Return whether the store holds nothing beyond what every new one holds."""
    used = (*(table for table in tables.mlmd_metadata.sorted_tables if table.name in tables.DATED),)
    for table in (*used, tables.commit, tables.origin):
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            return False
    known = set(tables.SIMPLE_TYPES)
    types = tables.type_
    return all(
        (row.name, row.type_kind) in known
        for row in connection.execute(sa.select(types.c.name, types.c.type_kind).limit(20))
    )


def copy_all(
    connection: sa.Connection, backend: Backend, batches: Iterable[Batch], manifest: Manifest
) -> dict[str, int]:
    """Insert everything as it is; return how many rows of each table."""
    for table in (tables.type_property, tables.parent_type, tables.type_):
        connection.execute(table.delete())  # the new store's own simple types
    with _indexed_at_the_end(connection, backend):
        return _insert_all(connection, backend, batches, manifest)


def _insert_all(
    connection: sa.Connection, backend: Backend, batches: Iterable[Batch], manifest: Manifest
) -> dict[str, int]:
    counts: dict[str, int] = {}
    greatest: dict[str, int] = {}
    spans: dict[str, Run] = {}
    for table, rows in batches:
        name = str(table.name)
        backend.insert(connection, table, columns_of(table), kept_rows(table, rows))
        counts[name] = counts.get(name, 0) + len(rows)
        if "id" in table.c:
            greatest[name] = max(greatest.get(name, 0), *(cast("int", row[0]) for row in rows))
            kind = "type" if table is tables.type_ else tables.DATED.get(name)
            if kind:
                first = spans[kind].first if kind in spans else cast("int", rows[0][0])
                spans[kind] = Run(first, greatest[name], first)
    _give_no_id_again(connection, backend, greatest, manifest)
    for kind, run in spans.items():
        write_runs(connection, backend, manifest.store, kind, [run])
    return counts


@contextmanager
def much_cache(connection: sa.Connection, backend: Backend) -> Iterator[None]:
    """Let SQLite keep more pages in memory meanwhile: its indexes are written to all over."""
    if backend.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {before}")


@contextmanager
def _indexed_at_the_end(connection: sa.Connection, backend: Backend) -> Iterator[None]:
    """On SQLite, do without the indexes, and make them when all rows are there.

    Sorted once, they take a third of the time. It happens inside the transaction, so that nobody
    sees the tables without them.
    """
    if backend.name != "sqlite":
        yield
        return
    indexes = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).all()
    for name, _ in indexes:
        connection.exec_driver_sql(f"DROP INDEX `{name}`")
    yield
    for _, made_by in indexes:
        connection.exec_driver_sql(made_by)


def _give_no_id_again(
    connection: sa.Connection, backend: Backend, greatest: dict[str, int], manifest: Manifest
) -> None:
    for name, number in greatest.items():
        table = tables.mlmd_metadata.tables.get(name)
        if table is None:
            table = tables.lineal_metadata.tables[name]
        backend.pass_by(connection, table, number)
    reached = backend.reach(connection)
    for name, kind in tables.DATED.items():
        beyond = manifest.reach.get(kind, 0) - reached.get(kind, 0)
        if beyond > 0:  # ids of rows that were removed before the export
            backend.reserve(connection, tables.mlmd_metadata.tables[name], beyond)
