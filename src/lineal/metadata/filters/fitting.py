"""Bring the parts of a condition to one type, or refuse them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NoReturn

from lineal.metadata.filters.fault import InvalidFilter
from lineal.metadata.filters.functions import NUMBERS, Takes
from lineal.metadata.filters.names import ANY_NUMBER
from lineal.metadata.filters.naming import Names
from lineal.metadata.filters.syntax import Attribute, Node, Type, Value, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.metadata.filters.syntax import NodeKindName

__all__ = ["Fitting", "Meaning", "common_type"]

Meaning = Literal["mlmd", "lineal"]

_DEEPEST = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES = {
    "text": (Type.STRING,),
    "whole": (Type.INT64,),
    "number": NUMBERS,
    "truth": (Type.BOOL,),
}
_SAID = {"text": "text", "whole": "a whole number", "number": "a number", "truth": "a condition"}


@dataclass(frozen=True)
class Fitting:
    """Knows which types go together in one filter."""

    text: str
    kind: NodeKindName
    meaning: Meaning

    @property
    def strict(self) -> bool:
        """Whether only what ML Metadata takes is taken."""
        return self.meaning == "mlmd"

    @property
    def names(self) -> Names:
        """The names of this kind of node."""
        return Names(self.text, self.kind, strict=self.strict)

    def refuse(self, reason: str, at: int) -> NoReturn:
        """Raise the error, pointing at a character."""
        raise InvalidFilter(reason, self.text, at)

    def value(self, node: Node) -> Node:
        """Return the node, if it has a value by itself."""
        if isinstance(node, Word):
            self.refuse(self.names.unknown(node.name), node.at)
        if node.type == Type.OPEN and isinstance(node, Attribute):
            self.refuse(
                f"{node.source} needs its kind here: write {node.source}.int_value, "
                "double_value, string_value or bool_value",
                node.at,
            )
        return node

    def alike(
        self, nodes: Sequence[Node], at: int, of: str, *, nulls: bool = False
    ) -> tuple[Node, ...]:
        """Return the nodes with one common type, or refuse them."""
        known = [node.type for node in nodes if node.type not in (Type.OPEN, Type.NULL, Type.WORD)]
        nodes = [
            self.kinded(node, known[0]) if known and node.type == Type.OPEN else node
            for node in nodes
        ]
        nodes = [self.value(node) for node in nodes]
        if Type.TIME in known:
            nodes = [self._as_time(node) for node in nodes]
        types = [node.type for node in nodes]
        if Type.NULL in types and not nulls:
            place = types.index(Type.NULL)
            self.refuse(
                f"{of} can't be applied to NULL; write IS NULL or IS NOT NULL", nodes[place].at
            )
        if common_type(types) == Type.WORD:
            said = " and ".join(dict.fromkeys(node.type.value for node in nodes))
            self.refuse(f"{of} can't be applied to {said}", at)
        return tuple(nodes)

    def kinded(self, node: Node, other: Type, *, whole: bool = False) -> Node:
        """Give a property without a kind the kind of what it is compared with."""
        if whole and isinstance(node, Attribute):
            return replace(node, column="int_value", type=Type.INT64)
        column = {
            Type.INT64: ANY_NUMBER,
            Type.DOUBLE: ANY_NUMBER,
            Type.STRING: "string_value",
            Type.BOOL: "bool_value",
        }.get(other)
        if column is None or not isinstance(node, Attribute):
            return node
        # A whole number may have been stored as a double, and the other way round.
        return replace(node, column=column, type=Type.DOUBLE if column == ANY_NUMBER else other)

    def _as_time(self, node: Node) -> Node:
        if not isinstance(node, Value) or not isinstance(node.value, str):
            return node
        try:
            moment = datetime.fromisoformat(node.value)
        except ValueError:
            self.refuse("this is no time; write '2026-11-25' or '2026-11-25T08:00:00Z'", node.at)
        if moment.tzinfo is None:
            if len(node.value) > len("2026-11-25"):
                self.refuse("the time needs its zone, as in '2026-11-25T08:00:00Z'", node.at)
            moment = moment.replace(tzinfo=UTC)
        return replace(node, type=Type.INT64, value=(moment - _EPOCH) // timedelta(milliseconds=1))

    def sorted_as(self, node: Node, sort: Takes, of: str) -> Node:
        """Return the node, if it is what a function or an operator takes."""
        types = _TYPES[sort]
        if node.type == Type.OPEN:
            node = self.kinded(node, types[0], whole=sort == "whole")
        node = self.value(node)
        if node.type == Type.TIME and sort in ("number", "whole"):
            return node
        if node.type not in (*types, Type.NULL):
            self.refuse(f"{of} takes {_SAID[sort]}, not {node.type.value}", node.at)
        return node

    def depth_above(self, at: int, *below: Node) -> int:
        """Return how deep a part goes that has these below it; refuse what is too deep."""
        depth = 1 + max((node.depth for node in below), default=0)
        if depth > _DEEPEST:
            self.refuse(f"it is nested more than {_DEEPEST} levels deep", at)
        return depth


def common_type(types: Sequence[Type]) -> Type:
    """Return the type that all have; WORD if there is none."""
    distinct = set(types) - {Type.NULL}
    if not distinct:
        return Type.NULL
    if Type.TIME in distinct:
        distinct = distinct - {Type.TIME} | {Type.INT64}
    if distinct == {Type.INT64, Type.DOUBLE}:
        return Type.DOUBLE
    return distinct.pop() if len(distinct) == 1 else Type.WORD
