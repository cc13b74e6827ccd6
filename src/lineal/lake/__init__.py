"""The data lake: files and folders as they came, by name and version, each content stored once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.lake.artifacts import publish, withdraw
from lineal.lake.batch import Batch, Stored
from lineal.lake.objects import ObjectStore
from lineal.lake.trees import Entry, EntryKind, Tree
from lineal.lake.types import ADD, FILE, FOLDER

if TYPE_CHECKING:
    from lineal.lake.lake import Lake
    from lineal.lake.leftovers import Leftover, LeftoverKind
    from lineal.lake.version import LakeVersion

__all__ = [
    "ADD",
    "FILE",
    "FOLDER",
    "Batch",
    "Entry",
    "EntryKind",
    "Lake",
    "LakeVersion",
    "Leftover",
    "LeftoverKind",
    "ObjectStore",
    "Stored",
    "Tree",
    "publish",
    "withdraw",
]

# These read the graph, and so need SQLAlchemy: loaded when asked for.
_LAZY = {
    "Lake": "lake",
    "LakeVersion": "version",
    "Leftover": "leftovers",
    "LeftoverKind": "leftovers",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"lineal.lake.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
