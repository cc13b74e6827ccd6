"""The parts of a filter, checked: each knows its type, where it stands, and how deep it goes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "And",
    "Attribute",
    "Between",
    "Call",
    "Case",
    "Cast",
    "Compare",
    "Exists",
    "Has",
    "In",
    "Is",
    "Like",
    "Node",
    "NodeKindName",
    "Not",
    "Or",
    "Reach",
    "Source",
    "StateIn",
    "Type",
    "Value",
    "Word",
    "children",
    "walk",
]

NodeKindName = Literal["artifact", "execution", "context"]


class Type(Enum):
    """What a part of a filter is worth. OPEN is a property whose kind the other side tells."""

    BOOL = "BOOL"
    INT64 = "INT64"
    DOUBLE = "DOUBLE"
    STRING = "STRING"
    TIME = "TIME"  # milliseconds since 1970, which text is turned into
    NULL = "NULL"
    OPEN = "a property of any kind"
    WORD = "a name"


@dataclass(frozen=True, slots=True)
class Source:
    """Where an attribute comes from.

    `of` is "node", "version", "properties", "custom_properties" or a neighbour ("contexts",
    "events", ...); `name` is the property's, or the neighbour's alias.
    """

    of: str
    name: str = ""

    @property
    def is_neighbour(self) -> bool:
        """Whether it is a row beside the node, of which there may be several."""
        return self.of not in _OWN

    def __str__(self) -> str:
        """Write it as in a filter."""
        return f"{self.of}_{self.name}" if self.is_neighbour else f"{self.of}.{self.name}"


_OWN = ("node", "version", "properties", "custom_properties")


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a filter: at which character it begins, its type, and the levels below it."""

    at: int
    type: Type
    depth: int


@dataclass(frozen=True, slots=True)
class Value(Node):
    """A literal."""

    value: bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Word(Node):
    """A bare name that no attribute has: a state, beside an attribute that holds states."""

    name: str


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """A value of the node, of a property or of a neighbour; `states` names its numbers."""

    source: Source
    column: str
    states: Mapping[str, int] | None = None
    exact: bool = True  # spelled as ML Metadata does, upper and lower case included


@dataclass(frozen=True, slots=True)
class Call(Node):
    """An operator or a function."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """One of = != < <= > >=."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class In(Node):
    """Whether a value is one of some."""

    value: Node
    options: tuple[Node, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class StateIn(Node):
    """Whether a state is one of some; negated, a state that is not set matches too."""

    attribute: Attribute
    numbers: tuple[int, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Between(Node):
    """Whether a value lies between two, both included."""

    value: Node
    low: Node
    high: Node
    negated: bool


@dataclass(frozen=True, slots=True)
class Like(Node):
    """Whether text fits a pattern of % and _."""

    value: Node
    pattern: Node
    negated: bool


@dataclass(frozen=True, slots=True)
class Is(Node):
    """Whether a value is NULL (`what` None), TRUE or FALSE; never itself NULL."""

    value: Node
    what: bool | None
    negated: bool


@dataclass(frozen=True, slots=True)
class Case(Node):
    """CASE WHEN; the other form of CASE is turned into this one."""

    whens: tuple[tuple[Node, Node], ...]
    otherwise: Node | None


@dataclass(frozen=True, slots=True)
class Cast(Node):
    """A value turned into the type of this node."""

    value: Node


@dataclass(frozen=True, slots=True)
class And(Node):
    """All of some conditions."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Any of some conditions."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The contrary of a condition."""

    part: Node


@dataclass(frozen=True, slots=True)
class Has(Node):
    """Whether there is such a property or neighbour at all."""

    source: Source


@dataclass(frozen=True, slots=True)
class Reach(Node):
    """Whether lineage leads to a node of the kind `found` that fulfils a condition.

    `exactly` and `most` bound the steps; None doesn't.
    """

    upstream: bool
    found: NodeKindName
    condition: Node | None
    exactly: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Exists(Node):
    """Whether there are rows of some neighbours that together fulfil a condition."""

    sources: tuple[Source, ...]
    body: Node


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts directly below, in order; a walk's own condition is none of them."""
    fields = _BELOW.get(type(node), ())
    found: list[Node] = []
    for name in fields:
        held = getattr(node, name)
        found.extend(held if isinstance(held, tuple) else (held,))
    if isinstance(node, Case):
        found.extend(part for when in node.whens for part in when)
        found.extend((node.otherwise,) if node.otherwise else ())
    return tuple(found)


_BELOW: Mapping[type[Node], tuple[str, ...]] = {
    Call: ("arguments",),
    Compare: ("left", "right"),
    In: ("value", "options"),
    StateIn: ("attribute",),
    Between: ("value", "low", "high"),
    Like: ("value", "pattern"),
    Is: ("value",),
    Cast: ("value",),
    And: ("parts",),
    Or: ("parts",),
    Not: ("part",),
    Exists: ("body",),
}


def walk(node: Node) -> Iterator[Node]:
    """Return the node and all below it; a walk's own condition is left out."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(reversed(children(each)))
