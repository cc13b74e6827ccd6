"""Tell whether a node fulfils a filter, from values: Lineal's meaning, for graphs of the past.

The logic is SQL's: true, false and unknown (None). What there is no row for is unknown, a
condition on a neighbour without such a row is false.
"""

from __future__ import annotations

import itertools
import operator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lineal.metadata.filters import arithmetic
from lineal.metadata.filters.names import ANY_NUMBER
from lineal.metadata.filters.scopes import scoped
from lineal.metadata.filters.syntax import (
    And,
    Attribute,
    Between,
    Call,
    Case,
    Cast,
    Compare,
    Exists,
    Has,
    In,
    Is,
    Like,
    Node,
    NodeKindName,
    Not,
    Or,
    Reach,
    Source,
    StateIn,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from lineal.metadata.batch.forms import EventForm, NodeForm
    from lineal.metadata.filters.arithmetic import Scalar
    from lineal.metadata.model import Artifact, Context, Event, Execution

    AnyNode = Artifact | Execution | Context | NodeForm
    AnyEvent = Event | EventForm

__all__ = ["Neighbours", "Walk", "evaluate"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Walk:
    """Which way and how far lineage is followed, to nodes of which kind."""

    upstream: bool
    found: NodeKindName
    exactly: int | None = None
    most: int | None = None


def _nothing(_walk: Walk) -> Iterable[tuple[AnyNode, Neighbours]]:
    return ()


@dataclass(frozen=True)
class Neighbours:
    """What stands beside a node, as far as a filter asks for it.

    `version` is the name and number that an artifact has as a version. `reach` returns the nodes
    that a walk leads to, with their own neighbours.
    """

    contexts: Sequence[AnyNode] = ()
    events: Sequence[AnyEvent] = ()
    parent_contexts: Sequence[AnyNode] = ()
    child_contexts: Sequence[AnyNode] = ()
    artifacts: Sequence[AnyNode] = ()
    executions: Sequence[AnyNode] = ()
    version: tuple[str, int] | None = None
    reach: Callable[[Walk], Iterable[tuple[AnyNode, Neighbours]]] = field(default=_nothing)


def evaluate(condition: Node, node: AnyNode, neighbours: Neighbours) -> bool | None:
    """Return whether a node fulfils a condition that `scoped` has been over; None if unknown."""
    found = _Evaluation(node, neighbours, {}).value(condition)
    return None if found is None else bool(found)


class _Evaluation:
    def __init__(
        self, node: AnyNode, neighbours: Neighbours, bound: Mapping[Source, AnyNode | AnyEvent]
    ) -> None:
        self.node = node
        self.neighbours = neighbours
        self.bound = bound

    def value(self, node: Node) -> Scalar:
        return _EVALUATORS[type(node)](self, node)

    def literal(self, node: Value) -> Scalar:
        return node.value

    def attribute(self, node: Attribute) -> Scalar:
        source = node.source
        if source.is_neighbour:
            return _column(self.bound[source], node.column)
        if source.of == "node":
            return _column(self.node, node.column)
        if source.of == "version":
            version = self.neighbours.version
            return version and version[0 if node.column == "name" else 1]
        return _of_kind(_property(self.node, source), node.column)

    def call(self, node: Call) -> Scalar:
        return arithmetic.call(node.name, [self.value(each) for each in node.arguments])

    def cast(self, node: Cast) -> Scalar:
        return arithmetic.cast(self.value(node.value), node.type)

    def case(self, node: Case) -> Scalar:
        for test, result in node.whens:
            if self.value(test):
                return self.value(result)
        return self.value(node.otherwise) if node.otherwise else None

    def compare(self, node: Compare) -> Scalar:
        return _compared(node.operator, self.value(node.left), self.value(node.right))

    def among(self, node: In) -> Scalar:
        value = self.value(node.value)
        found = _any(_compared("=", value, self.value(each)) for each in node.options)
        return _contrary(found) if node.negated else found

    def state(self, node: StateIn) -> Scalar:
        value = self.attribute(node.attribute)
        if node.negated:
            return value is None or value not in node.numbers
        return None if value is None else value in node.numbers

    def between(self, node: Between) -> Scalar:
        value, low, high = (self.value(each) for each in (node.value, node.low, node.high))
        found = _all((_compared(">=", value, low), _compared("<=", value, high)))
        return _contrary(found) if node.negated else found

    def like(self, node: Like) -> Scalar:
        value, pattern = self.value(node.value), self.value(node.pattern)
        if value is None or pattern is None:
            return None
        return arithmetic.like(str(value), str(pattern)) != node.negated

    def whether(self, node: Is) -> Scalar:
        value = self.value(node.value)
        found = value is None if node.what is None else value is not None and value == node.what
        return found != node.negated

    def all_of(self, node: And) -> Scalar:
        return _all(self.value(part) for part in node.parts)

    def any_of(self, node: Or) -> Scalar:
        return _any(self.value(part) for part in node.parts)

    def contrary(self, node: Not) -> Scalar:
        return _contrary(self.value(node.part))

    def has(self, node: Has) -> Scalar:
        return node.source.is_neighbour or _property(self.node, node.source) is not None

    def exists(self, node: Exists) -> Scalar:
        rows: list[Sequence[AnyNode | AnyEvent]] = [
            getattr(self.neighbours, source.of) for source in node.sources
        ]
        for together in itertools.product(*rows):
            bound = {**self.bound, **dict(zip(node.sources, together, strict=True))}
            if _Evaluation(self.node, self.neighbours, bound).value(node.body):
                return True
        return False

    def reach(self, node: Reach) -> Scalar:
        found = self.neighbours.reach(Walk(node.upstream, node.found, node.exactly, node.most))
        if node.condition is None:
            return any(True for _ in found)
        condition = scoped(node.condition)
        return any(evaluate(condition, each, beside) for each, beside in found)


_EVALUATORS: dict[type[Node], Callable[[_Evaluation, Any], Scalar]] = {
    Value: _Evaluation.literal,
    Attribute: _Evaluation.attribute,
    Call: _Evaluation.call,
    Cast: _Evaluation.cast,
    Case: _Evaluation.case,
    Compare: _Evaluation.compare,
    In: _Evaluation.among,
    StateIn: _Evaluation.state,
    Between: _Evaluation.between,
    Like: _Evaluation.like,
    Is: _Evaluation.whether,
    And: _Evaluation.all_of,
    Or: _Evaluation.any_of,
    Not: _Evaluation.contrary,
    Has: _Evaluation.has,
    Exists: _Evaluation.exists,
    Reach: _Evaluation.reach,
}


def _compared(sign: str, left: Scalar, right: Scalar) -> bool | None:
    if left is None or right is None:
        return None
    return _COMPARISONS[sign](left, right)


def _all(values: Iterable[Scalar]) -> bool | None:
    unknown = False
    for value in values:
        if value is None:
            unknown = True
        elif not value:
            return False
    return None if unknown else True


def _any(values: Iterable[Scalar]) -> bool | None:
    unknown = False
    for value in values:
        if value is None:
            unknown = True
        elif value:
            return True
    return None if unknown else False


def _contrary(value: Scalar) -> bool | None:
    return None if value is None else not value


def _column(row: AnyNode | AnyEvent, column: str) -> Scalar:
    """Return a column's value, whichever of its forms the row is in."""
    for name in _FIELDS.get(column, (column,)):
        if hasattr(row, name):
            value: Scalar | datetime = getattr(row, name)
            if isinstance(value, datetime):
                return (value - _EPOCH) // _MILLISECOND
            return value
    return None


_FIELDS = {
    "create_time_since_epoch": ("created",),
    "last_update_time_since_epoch": ("updated",),
    "last_known_state": ("state",),
    "milliseconds_since_epoch": ("milliseconds", "time"),
}


def _property(node: AnyNode, source: Source) -> object:
    if source.of == "properties":
        return node.properties.get(source.name)
    held: Mapping[str, object] = getattr(node, "custom_properties", None) or getattr(
        node, "custom", {}
    )
    return held.get(source.name)


def _of_kind(value: object, column: str) -> Scalar:
    """Return a property's value if it stands in a column, None otherwise."""
    if isinstance(value, bool):
        return value if column == "bool_value" else None
    if isinstance(value, str):
        return value if column == "string_value" else None
    if isinstance(value, int):
        return value if column in ("int_value", ANY_NUMBER) else None
    if isinstance(value, float):
        return value if column in ("double_value", ANY_NUMBER) else None
    return None
