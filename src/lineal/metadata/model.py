"""The graph's words as plain typed values: artifacts, executions, contexts, events, types.

They mean what ML Metadata means by them, and the numbers of the enums are the ones that stand
in its database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Artifact",
    "ArtifactState",
    "ArtifactType",
    "Association",
    "Attribution",
    "Context",
    "ContextType",
    "Event",
    "EventType",
    "Execution",
    "ExecutionState",
    "ExecutionType",
    "NodeKind",
    "NodeType",
    "ParentContext",
    "Part",
    "Path",
    "PropertyType",
    "Proto",
    "Value",
    "from_milliseconds",
    "read_as",
]

_Number = TypeVar("_Number", bound=IntEnum)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


@dataclass(frozen=True)
class Proto:
    """A protobuf message as a property's value: what its type is called, and its bytes."""

    type_url: str
    value: bytes


Value = int | float | str | bool | dict[str, object] | Proto
"""A property's value; a dictionary is stored as a protobuf Struct, a `Proto` as an Any."""

Path = tuple[str | int, ...]
"""Where in an execution's inputs or outputs an artifact stands: keys and indexes in turn."""


def from_milliseconds(milliseconds: int) -> datetime:
    """Return the aware UTC time of `milliseconds` since 1970, as ML Metadata counts.

    Another client may have written any number: beyond the years 1 to 9999 it is cut to those.
    """
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return _LAST if milliseconds > 0 else _FIRST


def read_as(wanted: type[_Number], number: int) -> _Number:
    """Return what a stored number stands for; UNKNOWN for one that only a later client knows."""
    try:
        return wanted(number)
    except ValueError:
        return wanted(0)


class NodeKind(IntEnum):
    """The three kinds of node, by the number that `Type.type_kind` holds."""

    EXECUTION = 0
    ARTIFACT = 1
    CONTEXT = 2


class PropertyType(IntEnum):
    """The declared type of a property."""

    UNKNOWN = 0
    INT = 1
    DOUBLE = 2
    STRING = 3
    STRUCT = 4
    PROTO = 5
    BOOLEAN = 6


class ArtifactState(IntEnum):
    """How far an artifact has come; only LIVE ones are visible as versions."""

    UNKNOWN = 0
    PENDING = 1
    LIVE = 2
    MARKED_FOR_DELETION = 3
    DELETED = 4
    ABANDONED = 5
    REFERENCE = 6


class ExecutionState(IntEnum):
    """How far an execution has come."""

    UNKNOWN = 0
    NEW = 1
    RUNNING = 2
    COMPLETE = 3
    FAILED = 4
    CACHED = 5
    CANCELED = 6


class EventType(IntEnum):
    """How an artifact took part in an execution."""

    UNKNOWN = 0
    DECLARED_OUTPUT = 1
    DECLARED_INPUT = 2
    INPUT = 3
    OUTPUT = 4
    INTERNAL_INPUT = 5
    INTERNAL_OUTPUT = 6
    PENDING_OUTPUT = 7

    @property
    def is_input(self) -> bool:
        """Whether the artifact went into the execution."""
        return self in (EventType.DECLARED_INPUT, EventType.INPUT, EventType.INTERNAL_INPUT)


@dataclass(frozen=True)
class NodeType:
    """What nodes of one sort are called and which typed properties they carry.

    `base` names one of ML Metadata's simple types (`mlmd.Dataset`, `mlmd.Train`, ...).
    """

    name: str
    properties: Mapping[str, PropertyType] = field(default_factory=dict)
    version: str = ""
    description: str = ""
    base: str = ""
    id: int | None = None
    external_id: str | None = None


@dataclass(frozen=True)
class ArtifactType(NodeType):
    """A sort of artifact."""


@dataclass(frozen=True)
class ExecutionType(NodeType):
    """A sort of execution.

    `input_type` and `output_type` say in JSON what its inputs and outputs look like, as ML
    Metadata's ArtifactStructType; nothing checks them.
    """

    input_type: str = ""
    output_type: str = ""


@dataclass(frozen=True)
class ContextType(NodeType):
    """A sort of context."""


@dataclass(frozen=True)
class Artifact:
    """Something that exists: one version of a file, a table, statistics, a model.

    `properties` are those that its type declares, `custom_properties` all others. `created` and
    `updated` are set by the store. `pinned` says how it was asked for: by number, content or id,
    so that later versions make no difference to who reads it.
    """

    type: str
    uri: str = ""
    state: ArtifactState | None = None
    name: str | None = None
    properties: Mapping[str, Value] = field(default_factory=dict)
    custom_properties: Mapping[str, Value] = field(default_factory=dict)
    external_id: str | None = None
    id: int | None = None
    type_id: int | None = None
    created: datetime | None = None
    updated: datetime | None = None
    pinned: bool = field(default=False, compare=False, repr=False)

    def get(self, key: str, default: Value | None = None) -> Value | None:
        """Return the property, or else the custom property, called `key`."""
        return self.properties.get(key, self.custom_properties.get(key, default))


@dataclass(frozen=True)
class Execution:
    """Something that happened: one run of a verb or a component."""

    type: str
    state: ExecutionState | None = None
    name: str | None = None
    properties: Mapping[str, Value] = field(default_factory=dict)
    custom_properties: Mapping[str, Value] = field(default_factory=dict)
    external_id: str | None = None
    id: int | None = None
    type_id: int | None = None
    created: datetime | None = None
    updated: datetime | None = None

    def get(self, key: str, default: Value | None = None) -> Value | None:
        """Return the property, or else the custom property, called `key`."""
        return self.properties.get(key, self.custom_properties.get(key, default))


@dataclass(frozen=True)
class Context:
    """What groups executions and artifacts: a pipeline, a run, a subject, an experiment."""

    type: str
    name: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    custom_properties: Mapping[str, Value] = field(default_factory=dict)
    external_id: str | None = None
    id: int | None = None
    type_id: int | None = None
    created: datetime | None = None
    updated: datetime | None = None

    def get(self, key: str, default: Value | None = None) -> Value | None:
        """Return the property, or else the custom property, called `key`."""
        return self.properties.get(key, self.custom_properties.get(key, default))


@dataclass(frozen=True)
class Event:
    """An artifact's part in an execution: as input or output, under which key, when."""

    artifact_id: int
    execution_id: int
    type: EventType
    path: Path = ()
    time: datetime | None = None
    id: int | None = None


@dataclass(frozen=True)
class Attribution:
    """An artifact belongs to a context."""

    context_id: int
    artifact_id: int


@dataclass(frozen=True)
class Association:
    """An execution belongs to a context."""

    context_id: int
    execution_id: int


@dataclass(frozen=True)
class ParentContext:
    """A context belongs to another: a run to its pipeline, say."""

    child_id: int
    parent_id: int


@dataclass(frozen=True)
class Part:
    """An artifact's part in an execution, of nodes that are put in one call.

    `execution` and `artifact` are their places in that call, from 0, not their ids.
    """

    execution: int
    artifact: int
    type: EventType
    path: Path = ()
    time: datetime | None = None
