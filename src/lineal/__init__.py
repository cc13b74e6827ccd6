"""Lineal: the data journey of machine learning, from raw file to served feature.

    import lineal

    ws = lineal.open("flights")
    raw = ws.lake.add("flights.csv")
    flights = ws.warehouse.ingest("ops.flights", raw, event_time="time_hour")
    report = lineal.validate(lineal.statistics(flights), lineal.infer_schema(flights))
    ws.lineage(report).show()

Everything is loaded when it is first asked for: importing this package costs next to nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lineal.errors import (
    AlreadyExists,
    Conflict,
    Corrupt,
    IncompatibleVersion,
    InvalidInput,
    LinealError,
    NotFound,
    Unavailable,
)

if TYPE_CHECKING:
    from lineal.pipeline import File, Input, Model, Named, component, pipeline
    from lineal.workspace import (
        Workspace,
        infer_schema,
        open,  # noqa: A004 -- lineal.open reads as it should
        read,
        save,
        statistics,
        validate,
    )
    from lineal.workspace.tracking import finish, step, track

__version__ = "0.1.0"

__all__ = [
    "AlreadyExists",
    "Conflict",
    "Corrupt",
    "File",
    "IncompatibleVersion",
    "Input",
    "InvalidInput",
    "LinealError",
    "Model",
    "Named",
    "NotFound",
    "Unavailable",
    "Workspace",
    "component",
    "features",
    "finish",
    "infer_schema",
    "open",
    "pipeline",
    "read",
    "save",
    "statistics",
    "step",
    "track",
    "validate",
]

_LAZY = {
    "File": "lineal.pipeline",
    "Input": "lineal.pipeline",
    "Model": "lineal.pipeline",
    "Named": "lineal.pipeline",
    "Workspace": "lineal.workspace",
    "component": "lineal.pipeline",
    "features": "lineal.features",
    "finish": "lineal.workspace.tracking",
    "infer_schema": "lineal.workspace",
    "open": "lineal.workspace",
    "pipeline": "lineal.pipeline",
    "read": "lineal.workspace",
    "save": "lineal.workspace",
    "statistics": "lineal.workspace",
    "step": "lineal.workspace.tracking",
    "track": "lineal.workspace.tracking",
    "validate": "lineal.workspace",
}

# A package of the name: `lineal.features.entity(...)`; `lineal.pipeline` is one that can be called.
_PACKAGES = ("features", "pipeline")


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'lineal' has no attribute {name!r}")
    from importlib import import_module

    found = import_module(_LAZY[name])
    value = found if name in _PACKAGES else getattr(found, name)
    globals()[name] = value
    return value


def _begin() -> None:
    """In a process that a tracked run started: see for that run what is read here."""
    from lineal.workspace.tracking.inherited import begin

    begin()


if ".jsonl" in os.environ.get("LINEAL_PARENT_RUN", ""):
    _begin()
