"""The names that filters may use: attributes of each kind of node, and of its neighbours."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from lineal.metadata.filters.syntax import NodeKindName, Type
from lineal.metadata.model import ArtifactState, EventType, ExecutionState

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ALL_MOST",
    "ANY_NUMBER",
    "LINEAL_ATTRIBUTES",
    "NEIGHBOURS",
    "NODE_ATTRIBUTES",
    "VALUE_TYPES",
    "Field",
]

ANY_NUMBER = "any number"
"""Stands for `int_value` or `double_value`, whichever the property has."""

ALL_MOST = 60
"""How many neighbours and properties may be joined: SQLite joins at most 64 tables."""


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute: its type, its column, and for states the names of its numbers."""

    type: Type
    column: str = ""
    states: Mapping[str, int] | None = field(default=None, hash=False)
    of: str = "node"


def _states(names: type[ArtifactState | ExecutionState | EventType]) -> Field:
    return Field(Type.INT64, states=MappingProxyType({each.name: each.value for each in names}))


_INT, _TEXT = Field(Type.INT64), Field(Type.STRING)
_TIMES = {"create_time_since_epoch": _INT, "last_update_time_since_epoch": _INT}
_SHARED = {
    "id": _INT,
    "type_id": _INT,
    "type": _TEXT,
    "name": _TEXT,
    "external_id": _TEXT,
    **_TIMES,
}
_STATE, _LAST_STATE = _states(ArtifactState), _states(ExecutionState)

NODE_ATTRIBUTES: Mapping[NodeKindName, Mapping[str, Field]] = {
    "artifact": {**_SHARED, "uri": _TEXT, "state": _STATE},
    "execution": {**_SHARED, "last_known_state": _LAST_STATE},
    "context": _SHARED,
}

_SHORT_TIMES = {
    "created": Field(Type.TIME, "create_time_since_epoch"),
    "updated": Field(Type.TIME, "last_update_time_since_epoch"),
}
LINEAL_ATTRIBUTES: Mapping[NodeKindName, Mapping[str, Field]] = {
    "artifact": {
        **_SHORT_TIMES,
        "version_name": Field(Type.STRING, "name", of="version"),
        "version_number": Field(Type.INT64, "number", of="version"),
    },
    "execution": {
        **_SHORT_TIMES,
        "state": Field(Type.INT64, "last_known_state", _LAST_STATE.states),
    },
    "context": _SHORT_TIMES,
}
"""What only Lineal's own meaning knows."""

_EVENT = {"type": _states(EventType), "milliseconds_since_epoch": _INT}
_OF_CONTEXT = {"id": _INT, "name": _TEXT, "type": _TEXT, **_TIMES}
_CONTEXTS = {"contexts": _OF_CONTEXT}
_OF_ARTIFACT = {**_OF_CONTEXT, "external_id": _TEXT, "uri": _TEXT, "state": _STATE}
_OF_EXECUTION = {**_OF_CONTEXT, "external_id": _TEXT, "last_known_state": _LAST_STATE}

NEIGHBOURS: Mapping[NodeKindName, Mapping[str, Mapping[str, Field]]] = {
    "artifact": {**_CONTEXTS, "events": {**_EVENT, "execution_id": _INT}},
    "execution": {**_CONTEXTS, "events": {**_EVENT, "artifact_id": _INT}},
    "context": {
        "parent_contexts": _OF_CONTEXT,
        "child_contexts": _OF_CONTEXT,
        "artifacts": _OF_ARTIFACT,
        "executions": _OF_EXECUTION,
    },
}

VALUE_TYPES: Mapping[str, Type] = {
    "int_value": Type.INT64,
    "double_value": Type.DOUBLE,
    "string_value": Type.STRING,
    "bool_value": Type.BOOL,
}
"""The columns of a property that can be compared."""
