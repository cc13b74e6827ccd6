"""Tests of states, which are numbers with names: `state = LIVE`, `events_0.type IN (INPUT)`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from lineal.metadata.filters.syntax import Attribute, Node, StateIn, Type, Value, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.metadata.filters.fitting import Fitting

__all__ = ["state_test"]

_NEGATED = ("!=", "<>", "NOT IN")


def state_test(
    check: Fitting, value: Node, options: Sequence[Node], operator: str, at: int
) -> Node | None:
    """Return the test of a state against names; nothing if this is no such thing.

    `operator` is =, !=, <>, IN or NOT IN, and stands at `at`.
    """
    if not isinstance(value, Attribute) or value.states is None:
        return None
    if check.strict:
        if not all(isinstance(each, Word) for each in options):
            if operator == "<>" or not value.exact or options[0].at < value.at:
                return None  # numbers then, for ML Metadata rewrites nothing here
            odd = next(each for each in options if not isinstance(each, Word))
            check.refuse(
                f"{_said(value)} is compared with one of the names {_names(value)}, without quotes",
                odd.at,
            )
        _refuse_spelling(check, value, options, operator, at)
    elif not all(isinstance(each, Word) or _is_literal(each) for each in options):
        return None
    numbers = tuple(_number(check, each, value) for each in options)
    depth = check.depth_above(value.at, value)
    return StateIn(value.at, Type.BOOL, depth, value, numbers, operator in _NEGATED)


def _refuse_spelling(
    check: Fitting, value: Attribute, options: Sequence[Node], operator: str, at: int
) -> None:
    """Refuse what means a state's name, and what ML Metadata doesn't take for it."""
    if not value.exact:
        check.refuse(
            f"beside a state's name write {_said(value)} in small letters, as ML Metadata does",
            value.at,
        )
    if operator == "<>":
        check.refuse("a state's name takes =, != and IN: write !=", at)
    first = options[0]
    if isinstance(first, Word) and first.at < value.at:
        check.refuse(
            f"a state's name stands on the right: {_said(value)} {operator} {first.name}", first.at
        )


def _number(check: Fitting, option: Node, attribute: Attribute) -> int:
    if isinstance(option, Value) and isinstance(option.value, int):
        return option.value
    name = option.name if isinstance(option, Word) else str(getattr(option, "value", ""))
    known = attribute.states or {}
    number = known.get(name if check.strict else name.upper())
    if number is None:
        close = get_close_matches(name.upper(), known, n=1)
        meant = f"did you mean {close[0]}?" if close else f"there are {_names(attribute)}"
        check.refuse(f"{_said(attribute)} has no {name!r}; {meant}", option.at)
    return number


def _is_literal(node: Node) -> bool:
    return isinstance(node, Value) and isinstance(node.value, int | str)


def _said(attribute: Attribute) -> str:
    source = attribute.source
    return f"{source}.{attribute.column}" if source.is_neighbour else attribute.column


def _names(attribute: Attribute) -> str:
    return ", ".join(attribute.states or ())
