"""The warehouse: tables by subject, Iceberg underneath, every version readable for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.warehouse.enforce import Evolve
    from lineal.warehouse.names import TableName
    from lineal.warehouse.subjects import Subject
    from lineal.warehouse.table import HistoryEntry, Table, TableVersion
    from lineal.warehouse.warehouse import Warehouse

__all__ = [
    "Evolve",
    "HistoryEntry",
    "Subject",
    "Table",
    "TableName",
    "TableVersion",
    "Warehouse",
]

# These read the graph, and so need SQLAlchemy: loaded when asked for.
_LAZY = {
    "Evolve": "enforce",
    "HistoryEntry": "table",
    "Subject": "subjects",
    "Table": "table",
    "TableName": "names",
    "TableVersion": "table",
    "Warehouse": "warehouse",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"lineal.warehouse.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
