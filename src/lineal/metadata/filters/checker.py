"""Make the parts of a filter, or refuse them: names are looked up here, types must fit.

ML Metadata's meaning ("mlmd") refuses what its own analyzer refuses. Lineal's takes more: a
property without its kind, states in any spelling, times as text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, NoReturn

from lineal.metadata.filters.fault import InvalidFilter
from lineal.metadata.filters.functions import FUNCTIONS, NUMBERS, REFUSED, Signature, Takes
from lineal.metadata.filters.names import ANY_NUMBER
from lineal.metadata.filters.naming import Names
from lineal.metadata.filters.syntax import (
    And,
    Attribute,
    Between,
    Call,
    Case,
    Cast,
    Compare,
    Has,
    In,
    Is,
    Like,
    Node,
    Not,
    Or,
    StateIn,
    Type,
    Value,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.metadata.filters.syntax import NodeKindName

__all__ = ["Checker", "Meaning"]

Meaning = Literal["mlmd", "lineal"]

_DEEPEST = 50
_LONGEST_PATTERN = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES = {
    "text": (Type.STRING,),
    "whole": (Type.INT64,),
    "number": NUMBERS,
    "truth": (Type.BOOL,),
}
_SAID = {"text": "text", "whole": "a whole number", "number": "a number", "truth": "a condition"}
_LITERAL_TYPES = {str: Type.STRING, bool: Type.BOOL, float: Type.DOUBLE, int: Type.INT64}


@dataclass(frozen=True)
class Checker:
    """Makes the checked parts of one filter."""

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

    # What stands alone

    def literal(self, value: bool | float | str | None, at: int) -> Value:
        """Return a literal; a whole number beyond 64 bits with sign becomes a double."""
        if value is None:
            return Value(at, Type.NULL, 1, None)
        if isinstance(value, int) and not isinstance(value, bool):
            if not -(2**63) <= value < 2**64:
                self.refuse(f"the number {_shortened(value)} doesn't fit 64 bits", at)
            if value >= 2**63:
                value = float(value)
        return Value(at, _LITERAL_TYPES[type(value)], 1, value)

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

    def condition(self, node: Node, at: int | None = None) -> Node:
        """Return the node, if it is true or false."""
        node = self.value(self._kinded(node, Type.BOOL) if node.type == Type.OPEN else node)
        if node.type not in (Type.BOOL, Type.NULL):
            self.refuse(f"a condition is needed, this is {node.type.value}", at or node.at)
        return node

    def whole(self, node: Node) -> Node:
        """Return the node, if it can be the whole filter."""
        node = self.condition(node)
        if isinstance(node, Value) and node.value is None:
            self.refuse("a condition is needed, this is NULL", node.at)
        return node

    # Conditions

    def negate(self, part: Node, at: int) -> Node:
        """Return NOT part."""
        part = self.condition(part)
        if part.type == Type.NULL:
            self.refuse("NOT can't be applied to NULL", part.at)
        return Not(at, Type.BOOL, self._depth(at, part), part)

    def all_of(self, parts: Sequence[Node]) -> Node:
        """Return the parts joined by AND."""
        checked = tuple(self.condition(part) for part in parts)
        at = checked[0].at
        return And(at, Type.BOOL, self._depth(at, *checked), checked)

    def any_of(self, parts: Sequence[Node]) -> Node:
        """Return the parts joined by OR."""
        checked = tuple(self.condition(part) for part in parts)
        at = checked[0].at
        return Or(at, Type.BOOL, self._depth(at, *checked), checked)

    def compare(self, operator: str, left: Node, right: Node, at: int) -> Node:
        """Return a comparison; `<>` is `!=`."""
        plain = "!=" if operator == "<>" else operator
        if plain in ("=", "!="):
            if isinstance(right, Attribute) and not isinstance(left, Attribute):
                swapped = right if not self.strict else None
                found = self._state(swapped, (left,), plain == "!=", operator)
            else:
                found = self._state(left, (right,), plain == "!=", operator)
            if found:
                return found
        left, right = self._alike((left, right), at, f"operator {operator}")
        return Compare(at, Type.BOOL, self._depth(at, left, right), plain, left, right)

    def among(self, value: Node, options: Sequence[Node], at: int, *, negated: bool) -> Node:
        """Return value [NOT] IN (options)."""
        found = self._state(value, options, negated, "IN")
        if found:
            return found
        value, *rest = self._alike((value, *options), at, "operator IN", nulls=True)
        return In(at, Type.BOOL, self._depth(at, value, *rest), value, tuple(rest), negated)

    def between(self, value: Node, low: Node, high: Node, at: int, *, negated: bool) -> Node:
        """Return value [NOT] BETWEEN low AND high."""
        value, low, high = self._alike((value, low, high), at, "operator BETWEEN", nulls=True)
        depth = self._depth(at, value, low, high)
        return Between(at, Type.BOOL, depth, value, low, high, negated)

    def like(self, value: Node, pattern: Node, at: int, *, negated: bool) -> Node:
        """Return value [NOT] LIKE pattern."""
        value, pattern = (self._sort(each, "text", "operator LIKE") for each in (value, pattern))
        for each in (value, pattern):
            if each.type == Type.NULL:
                self.refuse("operator LIKE can't be applied to NULL", each.at)
        if isinstance(pattern, Value) and len(str(pattern.value)) > _LONGEST_PATTERN:
            self.refuse(f"the pattern has more than {_LONGEST_PATTERN:,} characters", pattern.at)
        depth = self._depth(at, value, pattern)
        return Like(at, Type.BOOL, depth, value, pattern, negated)

    def whether(self, value: Node, what: bool | None, at: int, *, negated: bool) -> Node:
        """Return value IS [NOT] NULL, TRUE or FALSE."""
        if what is None and value.type == Type.OPEN and isinstance(value, Attribute):
            has = Has(value.at, Type.BOOL, 1, value.source)  # of whatever kind it is
            return has if negated else Not(at, Type.BOOL, 2, has)
        value = self.value(value) if what is None else self.condition(value, at)
        return Is(at, Type.BOOL, self._depth(at, value), value, what, negated)

    # Values

    def call(self, name: str, arguments: Sequence[Node], at: int) -> Node:
        """Return a function of some arguments."""
        signature = FUNCTIONS.get(name.upper())
        if signature is None:
            self._refuse_function(name, at)
        return self.apply(name.upper(), signature, arguments, at)

    def apply(self, name: str, signature: Signature, arguments: Sequence[Node], at: int) -> Node:
        """Return a function or an operator of some arguments."""
        takes = list(signature.takes)
        if signature.repeats:
            takes += takes[-1:] * (len(arguments) - len(takes))
        least = len(signature.takes) - signature.optional
        if not least <= len(arguments) <= len(takes):
            self.refuse(f"{name} takes {_counted(least, len(takes))}, not {len(arguments)}", at)
        checked = [
            self._sort(each, sort, name) if sort != "same" else each
            for each, sort in zip(arguments, takes, strict=False)
        ]
        same = [place for place, sort in enumerate(takes[: len(checked)]) if sort == "same"]
        if same:
            alike = self._alike([checked[place] for place in same], at, name, nulls=True)
            for place, each in zip(same, alike, strict=True):
                checked[place] = each
        gives = signature.gives
        if gives == "same":
            gives = _common([checked[place].type for place in same] or [c.type for c in checked])
        return Call(at, gives, self._depth(at, *checked), name, tuple(checked))

    def case(
        self, base: Node | None, whens: Sequence[tuple[Node, Node]], otherwise: Node | None, at: int
    ) -> Node:
        """Return CASE [base] WHEN … THEN … [ELSE …] END."""
        if base is None:
            tests = [self.condition(test) for test, _ in whens]
        else:
            tests = [self.compare("=", base, test, test.at) for test, _ in whens]
        results = [result for _, result in whens] + ([otherwise] if otherwise else [])
        results = list(self._alike(results, at, "CASE", nulls=True))
        depth = self._depth(at, *tests, *results)
        pairs = tuple(zip(tests, results, strict=False))
        last = results[-1] if otherwise else None
        return Case(at, _common([each.type for each in results]), depth, pairs, last)

    def number(self, node: Node) -> Node:
        """Return the node, if it is a number: what a plus sign before it does."""
        return self._sort(node, "number", "+")

    def cast(self, value: Node, name: str, at: int, name_at: int) -> Node:
        """Return CAST(value AS name)."""
        wanted = {
            "STRING": Type.STRING,
            "INT64": Type.INT64,
            "FLOAT64": Type.DOUBLE,
            "DOUBLE": Type.DOUBLE,
            "BOOL": Type.BOOL,
        }.get(name.upper())
        if wanted is None:
            self.refuse(f"there is no type {name}; cast to STRING, INT64 or FLOAT64", name_at)
        value = self.value(value)
        if {value.type, wanted} in ({Type.BOOL, Type.STRING}, {Type.BOOL, Type.DOUBLE}) and (
            wanted != Type.STRING
        ):
            self.refuse(f"{value.type.value} can't be cast to {wanted.value}", at)
        return Cast(at, wanted, self._depth(at, value), value)

    # Types

    def _alike(
        self, nodes: Sequence[Node], at: int, of: str, *, nulls: bool = False
    ) -> tuple[Node, ...]:
        """Return the nodes with one common type, or refuse them."""
        known = [node.type for node in nodes if node.type not in (Type.OPEN, Type.NULL, Type.WORD)]
        nodes = [
            self._kinded(node, known[0]) if known and node.type == Type.OPEN else node
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
        if _common(types) == Type.WORD:
            said = " and ".join(dict.fromkeys(_said_type(node) for node in nodes))
            self.refuse(f"{of} can't be applied to {said}", at)
        return tuple(nodes)

    def _kinded(self, node: Node, other: Type, *, whole: bool = False) -> Node:
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

    def _sort(self, node: Node, sort: Takes, of: str) -> Node:
        types = _TYPES[sort]
        if node.type == Type.OPEN:
            node = self._kinded(node, types[0], whole=sort == "whole")
        node = self.value(node)
        if node.type == Type.TIME and sort in ("number", "whole"):
            return node
        if node.type not in (*types, Type.NULL):
            self.refuse(f"{of} takes {_SAID[sort]}, not {_said_type(node)}", node.at)
        return node

    def _state(
        self, value: Node | None, options: Sequence[Node], negated: bool, operator: str
    ) -> Node | None:
        """Return the test of a state against names; nothing if this is no such thing."""
        if not isinstance(value, Attribute) or value.states is None:
            return None
        named = all(isinstance(each, Word) for each in options)
        if self.strict:
            if operator == "<>" or not value.exact:
                return None  # then the names are unknown
            if not named:
                odd = next(each for each in options if not isinstance(each, Word))
                self.refuse(
                    f"{value.column} is compared with a state's name: {_few(value)}", odd.at
                )
        elif not all(isinstance(each, Word) or _literal_state(each) for each in options):
            return None
        numbers = tuple(self._number(each, value) for each in options)
        depth = self._depth(value.at, value)
        return StateIn(value.at, Type.BOOL, depth, value, numbers, negated)

    def _number(self, option: Node, attribute: Attribute) -> int:
        if isinstance(option, Value) and isinstance(option.value, int):
            return option.value
        name = option.name if isinstance(option, Word) else str(getattr(option, "value", ""))
        known = attribute.states or {}
        number = known.get(name if self.strict else name.upper())
        if number is None:
            close = get_close_matches(name.upper(), known, n=1)
            meant = f"; did you mean {close[0]}?" if close else f"; there are {_few(attribute)}"
            self.refuse(f"{attribute.column} has no {name!r}{meant}", option.at)
        return number

    def _refuse_function(self, name: str, at: int) -> NoReturn:
        why = REFUSED.get(name.upper())
        if why is None:
            close = get_close_matches(name.upper(), FUNCTIONS, n=1)
            why = f"did you mean {close[0]}?" if close else "there is no such function"
        self.refuse(f"{name} can't be called: {why}", at)

    def _depth(self, at: int, *below: Node) -> int:
        depth = 1 + max((node.depth for node in below), default=0)
        if depth > _DEEPEST:
            self.refuse(f"it is nested more than {_DEEPEST} levels deep", at)
        return depth


def _common(types: Sequence[Type]) -> Type:
    """Return the type that all have; WORD if there is none."""
    distinct = set(types) - {Type.NULL}
    if not distinct:
        return Type.NULL
    if Type.TIME in distinct:
        distinct = distinct - {Type.TIME} | {Type.INT64}
    if distinct == {Type.INT64, Type.DOUBLE}:
        return Type.DOUBLE
    return distinct.pop() if len(distinct) == 1 else Type.WORD


def _literal_state(node: Node) -> bool:
    return isinstance(node, Value) and isinstance(node.value, int | str)


def _few(attribute: Attribute) -> str:
    return ", ".join(attribute.states or ())


def _said_type(node: Node) -> str:
    return node.type.value


def _shortened(number: int) -> str:
    said = str(number)
    return said if len(said) <= 40 else f"{said[:40]}..."


def _counted(least: int, most: int) -> str:
    if least == most:
        return f"{most} argument{'' if most == 1 else 's'}"
    return f"{least} to {most} arguments"
