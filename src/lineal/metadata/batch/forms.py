"""What batches are made of: rows of nodes, types and edges, light enough for thousands of them.

Both doors turn their own objects into these, plain typed objects here and ML Metadata's messages
there, so that every rule is written once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata.model import Path

__all__ = [
    "Cell",
    "Edge",
    "EventForm",
    "Kind",
    "Link",
    "NodeForm",
    "OrderBy",
    "Page",
    "PageRequest",
    "ProtoCell",
    "StructCell",
    "TypeForm",
]

Kind = Literal["artifact", "execution", "context"]


class StructCell(bytes):
    """A `google.protobuf.Struct`, serialized."""

    __slots__ = ()


class ProtoCell(bytes):
    """A `google.protobuf.Any`, serialized."""

    __slots__ = ()


Cell = int | float | str | bool | StructCell | ProtoCell
"""A property's value; its Python class says which of the six kinds it is."""


@dataclass(slots=True)
class NodeForm:
    """An artifact, execution or context as it is sent to be stored, or as it was stored.

    Times are milliseconds since 1970, set by the store. `state` is the number of an artifact's
    state or of an execution's last known state, None if unset. A property whose value was sent
    unset is None; it is refused. `uri` is an artifact's.
    """

    id: int | None = None
    type_id: int | None = None
    name: str | None = None
    external_id: str | None = None
    uri: str | None = None
    state: int | None = None
    properties: dict[str, Cell | None] = field(default_factory=dict)
    custom: dict[str, Cell | None] = field(default_factory=dict)
    type: str | None = None  # the type's name: filled on reading, compared on writing
    created: int = 0
    updated: int = 0


@dataclass(slots=True)
class TypeForm:
    """A type of nodes. `properties` are numbers of `PropertyType`; None means unset.

    `base` is None if unset, else the name of a simple type (`mlmd.Dataset`); an explicit
    "unset" is the empty text. `input_type` and `output_type` are JSON, of execution types only.
    """

    name: str | None
    version: str | None = None
    description: str | None = None
    properties: Mapping[str, int] = field(default_factory=dict)
    base: str | None = None
    external_id: str | None = None
    input_type: str | None = None
    output_type: str | None = None
    id: int | None = None


@dataclass(slots=True)
class EventForm:
    """An artifact's part in an execution; ids may be unset until the nodes have theirs."""

    artifact_id: int | None = None
    execution_id: int | None = None
    type: int = 0
    path: Path = ()
    milliseconds: int | None = None
    id: int | None = None


class Link(NamedTuple):
    """An attribution (context, artifact), an association (context, execution), or a parent.

    A parent is (child, parent). None stands for a field that was not sent.
    """

    first: int | None
    second: int | None


class Edge(NamedTuple):
    """An event of a lineage subgraph, its ends by index in the call or by id in the event."""

    execution_index: int | None
    artifact_index: int | None
    event: EventForm | None


OrderBy = Literal["id", "create_time", "last_update_time"]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which nodes to list, in which order, and where to go on.

    `limit` None lists all of them. `token` is the text that the page before ended with. `sent` is
    ML Metadata's message of options as it came, without its token: tokens carry it on unchanged.
    """

    limit: int | None = None
    order_by: OrderBy = "id"
    ascending: bool = True
    token: str = ""
    filter: str = ""
    sent: bytes = b""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of nodes, and the token to go on with; empty after the last page."""

    nodes: list[NodeForm]
    token: str = ""
