"""Settle every table, as doctor does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import Corrupt
from lineal.metadata import ExecutionState
from lineal.warehouse.graph import TABLE, WRITERS
from lineal.warehouse.lock import table_lock
from lineal.warehouse.names import TableName
from lineal.warehouse.settle import Settled, settle, unsettled

if TYPE_CHECKING:
    from lineal.warehouse.parts import Parts

__all__ = ["settle_all"]


def settle_all(parts: Parts, *, dry_run: bool = False) -> list[Settled]:
    """Bring each table up to what Iceberg holds; wait for those that write meanwhile.

    With `dry_run`, only tell what would be done. A damaged table is told, and keeps no other from
    being settled.
    """
    store = parts.recorder.store
    names = set(store.names(type=TABLE.name))
    # A first load that died has no version yet.
    for execution in store.executions(state=ExecutionState.RUNNING):
        table = execution.get("table")
        if execution.type in WRITERS and isinstance(table, str):
            names.add(table)
    did: list[Settled] = []
    for name in sorted(names):
        with table_lock(parts.root, store, name):
            told = (parts.recorder, parts.catalog, parts.plans, TableName.of(name))
            try:
                did += unsettled(*told) if dry_run else settle(*told)[1]
            except Corrupt as error:
                did.append(Settled(None, str(error), damaged=name))
    return did
