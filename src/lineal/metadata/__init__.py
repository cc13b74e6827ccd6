"""The graph: artifacts, executions, contexts, events; versions and their history.

On disk it is an ML Metadata database; everything is written through the recorder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.metadata.killpoints import KILL_POINTS, kill_point
from lineal.metadata.model import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Association,
    Attribution,
    Context,
    ContextType,
    Event,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    NodeKind,
    NodeType,
    ParentContext,
    Part,
    PropertyType,
    Proto,
    Value,
)
from lineal.metadata.moments import Moment, as_moment
from lineal.metadata.names import Reference, check_name, format_name, parse, parse_target
from lineal.metadata.outputs import EnvironmentRecord, Made, Output

if TYPE_CHECKING:
    from lineal.metadata.graph import Graph
    from lineal.metadata.history import AsOf
    from lineal.metadata.lineage import Edge, Lineage, walk
    from lineal.metadata.recorder import Recorder
    from lineal.metadata.running import Running
    from lineal.metadata.store import Store, VersionRow
    from lineal.metadata.version import Version

__all__ = [
    "KILL_POINTS",
    "Artifact",
    "ArtifactState",
    "ArtifactType",
    "AsOf",
    "Association",
    "Attribution",
    "Context",
    "ContextType",
    "Edge",
    "EnvironmentRecord",
    "Event",
    "EventType",
    "Execution",
    "ExecutionState",
    "ExecutionType",
    "Graph",
    "Lineage",
    "Made",
    "Moment",
    "NodeKind",
    "NodeType",
    "Output",
    "ParentContext",
    "Part",
    "PropertyType",
    "Proto",
    "Recorder",
    "Reference",
    "Running",
    "Store",
    "Value",
    "Version",
    "VersionRow",
    "as_moment",
    "check_name",
    "format_name",
    "kill_point",
    "parse",
    "parse_target",
    "walk",
]

# These need SQLAlchemy, which a quarter of a second of start-up pays for: loaded when asked for.
_LAZY = {
    "AsOf": "history",
    "Edge": "lineage",
    "Graph": "graph",
    "Lineage": "lineage",
    "Recorder": "recorder",
    "Running": "running",
    "Store": "store",
    "Version": "version",
    "VersionRow": "store",
    "walk": "lineage",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"lineal.metadata.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
