"""Make the parts of a filter, or refuse them: names are looked up here, types must fit.

ML Metadata's meaning ("mlmd") refuses what its own analyzer refuses. Lineal's takes more: a
property without its kind, states in any spelling, times as text.
"""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from lineal.metadata.filters.fitting import Fitting, common_type
from lineal.metadata.filters.functions import FUNCTIONS, REFUSED, Signature
from lineal.metadata.filters.states import state_test
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
    Type,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Checker"]

_LONGEST_PATTERN = 10_000
_HALF = 0.5
_LITERAL_TYPES = {str: Type.STRING, bool: Type.BOOL, float: Type.DOUBLE, int: Type.INT64}


class Checker(Fitting):
    """Makes the checked parts of one filter."""

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

    def condition(self, node: Node, at: int | None = None) -> Node:
        """Return the node, if it is true or false."""
        node = self.value(self.kinded(node, Type.BOOL) if node.type == Type.OPEN else node)
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
        return Not(at, Type.BOOL, self.depth_above(at, part), part)

    def all_of(self, parts: Sequence[Node]) -> Node:
        """Return the parts joined by AND."""
        checked = tuple(self.condition(part) for part in parts)
        at = checked[0].at
        return And(at, Type.BOOL, self.depth_above(at, *checked), checked)

    def any_of(self, parts: Sequence[Node]) -> Node:
        """Return the parts joined by OR."""
        checked = tuple(self.condition(part) for part in parts)
        at = checked[0].at
        return Or(at, Type.BOOL, self.depth_above(at, *checked), checked)

    def compare(self, operator: str, left: Node, right: Node, at: int) -> Node:
        """Return a comparison; `<>` is `!=`."""
        plain = "!=" if operator == "<>" else operator
        if plain in ("=", "!="):
            attribute, other = left, right
            if isinstance(right, Attribute) and not isinstance(left, Attribute):
                attribute, other = right, left
            found = state_test(self, attribute, (other,), operator, at)
            if found:
                return found
        left, right = self.alike((left, right), at, f"operator {operator}")
        return Compare(at, Type.BOOL, self.depth_above(at, left, right), plain, left, right)

    def among(self, value: Node, options: Sequence[Node], at: int, *, negated: bool) -> Node:
        """Return value [NOT] IN (options)."""
        found = state_test(self, value, options, "NOT IN" if negated else "IN", at)
        if found:
            return found
        value, *rest = self.alike((value, *options), at, "operator IN", nulls=True)
        return In(at, Type.BOOL, self.depth_above(at, value, *rest), value, tuple(rest), negated)

    def between(self, value: Node, low: Node, high: Node, at: int, *, negated: bool) -> Node:
        """Return value [NOT] BETWEEN low AND high."""
        value, low, high = self.alike((value, low, high), at, "operator BETWEEN", nulls=True)
        depth = self.depth_above(at, value, low, high)
        return Between(at, Type.BOOL, depth, value, low, high, negated)

    def like(self, value: Node, pattern: Node, at: int, *, negated: bool) -> Node:
        """Return value [NOT] LIKE pattern."""
        value, pattern = (
            self.sorted_as(each, "text", "operator LIKE") for each in (value, pattern)
        )
        for each in (value, pattern):
            if each.type == Type.NULL:
                self.refuse("operator LIKE can't be applied to NULL", each.at)
        if isinstance(pattern, Value) and len(str(pattern.value)) > _LONGEST_PATTERN:
            self.refuse(f"the pattern has more than {_LONGEST_PATTERN:,} characters", pattern.at)
        depth = self.depth_above(at, value, pattern)
        return Like(at, Type.BOOL, depth, value, pattern, negated)

    def whether(self, value: Node, what: bool | None, at: int, *, negated: bool) -> Node:
        """Return value IS [NOT] NULL, TRUE or FALSE."""
        if what is None and value.type == Type.OPEN and isinstance(value, Attribute):
            has = Has(value.at, Type.BOOL, 1, value.source)  # of whatever kind it is
            return has if negated else Not(at, Type.BOOL, 2, has)
        value = self.value(value) if what is None else self.condition(value, at)
        return Is(at, Type.BOOL, self.depth_above(at, value), value, what, negated)

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
            self.sorted_as(each, sort, name) if sort != "same" else each
            for each, sort in zip(arguments, takes, strict=False)
        ]
        same = [place for place, sort in enumerate(takes[: len(checked)]) if sort == "same"]
        if same:
            alike = self.alike([checked[place] for place in same], at, name, nulls=True)
            for place, each in zip(same, alike, strict=True):
                checked[place] = each
        gives = signature.gives
        if gives == "same":
            gives = common_type(
                [checked[place].type for place in same] or [c.type for c in checked]
            )
        return Call(at, gives, self.depth_above(at, *checked), name, tuple(checked))

    def case(
        self, base: Node | None, whens: Sequence[tuple[Node, Node]], otherwise: Node | None, at: int
    ) -> Node:
        """Return CASE [base] WHEN … THEN … [ELSE …] END."""
        if base is None:
            tests = [self.condition(test) for test, _ in whens]
        else:
            tests = [self.compare("=", base, test, test.at) for test, _ in whens]
        results = [result for _, result in whens] + ([otherwise] if otherwise else [])
        results = list(self.alike(results, at, "CASE", nulls=True))
        depth = self.depth_above(at, *tests, *results)
        pairs = tuple(zip(tests, results, strict=False))
        last = results[-1] if otherwise else None
        return Case(at, common_type([each.type for each in results]), depth, pairs, last)

    def number(self, node: Node) -> Node:
        """Return the node, if it is a number: what a plus sign before it does."""
        return self.sorted_as(node, "number", "+")

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
        if self.strict and wanted == Type.INT64:
            value = _rounded(value)
        return Cast(at, wanted, self.depth_above(at, value), value)

    def _refuse_function(self, name: str, at: int) -> NoReturn:
        why = REFUSED.get(name.upper())
        if why is None:
            close = get_close_matches(name.upper(), FUNCTIONS, n=1)
            why = f"did you mean {close[0]}?" if close else "there is no such function"
        self.refuse(f"{name} can't be called: {why}", at)


def _rounded(value: Node) -> Node:
    """Return a constant as a whole number, as ML Metadata casts it; a column's values it cuts."""
    sign, held = 1, value
    if isinstance(value, Call) and value.name == "negate":
        sign, held = -1, value.arguments[0]
    if not isinstance(held, Value) or not isinstance(held.value, float):
        return value
    whole = math.trunc(held.value)
    whole += held.value - whole >= _HALF
    if whole >= 2**63:
        return value
    return Value(value.at, Type.INT64, 1, sign * whole)


def _shortened(number: int) -> str:
    said = str(number)
    return said if len(said) <= 40 else f"{said[:40]}..."


def _counted(least: int, most: int) -> str:
    if least == most:
        return f"{most} argument{'' if most == 1 else 's'}"
    return f"{least} to {most} arguments"
