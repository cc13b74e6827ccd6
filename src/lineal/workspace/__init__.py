"""A workspace: opened from a folder, it resolves names and records what its verbs do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.workspace.doctor import Finding
    from lineal.workspace.files import FileVersion
    from lineal.workspace.opening import existing_workspace
    from lineal.workspace.opening import open_workspace as open  # noqa: A004
    from lineal.workspace.recorded import RecordedReport, RecordedSchema, RecordedStatistics
    from lineal.workspace.verbs import infer_schema, read, save, statistics, validate
    from lineal.workspace.workspace import Workspace

__all__ = [
    "FileVersion",
    "Finding",
    "RecordedReport",
    "RecordedSchema",
    "RecordedStatistics",
    "Workspace",
    "existing_workspace",
    "infer_schema",
    "open",
    "read",
    "save",
    "statistics",
    "validate",
]

_LAZY = {
    "FileVersion": ("files", "FileVersion"),
    "Finding": ("doctor", "Finding"),
    "RecordedReport": ("recorded", "RecordedReport"),
    "RecordedSchema": ("recorded", "RecordedSchema"),
    "RecordedStatistics": ("recorded", "RecordedStatistics"),
    "Workspace": ("workspace", "Workspace"),
    "existing_workspace": ("opening", "existing_workspace"),
    "infer_schema": ("verbs", "infer_schema"),
    "open": ("opening", "open_workspace"),
    "read": ("verbs", "read"),
    "save": ("verbs", "save"),
    "statistics": ("verbs", "statistics"),
    "validate": ("verbs", "validate"),
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _LAZY[name]
    return getattr(import_module(f"lineal.workspace.{module}"), attribute)
