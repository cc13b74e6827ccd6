"""Operators, functions and casts as SQLite computes them, NULL as None.

Whole numbers have 64 bits and become doubles beyond; what is no number is NULL.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from lineal.metadata.filters.syntax import Type

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Scalar", "call", "cast", "like", "lower"]

Scalar = bool | int | float | str | None

_LEAST, _MOST = -(2**63), 2**63 - 1
_WHOLE = re.compile(r"[ \t\n\r\f\v]*([+-]?[0-9]+)")
_NUMBER = re.compile(r"[ \t\n\r\f\v]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TO_LOWER = str.maketrans(_UPPER, _UPPER.lower())
_TO_UPPER = str.maketrans(_UPPER.lower(), _UPPER)


def call(name: str, arguments: list[Scalar]) -> Scalar:
    """Return what a function or an operator gives."""
    if name in _WITH_NULLS:
        return _WITH_NULLS[name](*arguments)
    if any(each is None for each in arguments):
        return None
    return _normal(_CALLS[name](*arguments))


def cast(value: Scalar, wanted: Type) -> Scalar:
    """Return a value as another type; text that is no number is 0."""
    if value is None:
        return None
    if wanted == Type.STRING:
        return _text(value)
    if wanted == Type.BOOL:
        return value != 0
    if isinstance(value, str):
        match = (_WHOLE if wanted == Type.INT64 else _NUMBER).match(value)
        value = (int if wanted == Type.INT64 else float)(match[1]) if match else 0
    if wanted == Type.INT64:
        return _whole(value)
    return float(value)


def lower(text: str) -> str:
    """Return text with the letters A to Z, and no others, in lower case."""
    return text.translate(_TO_LOWER)


def like(text: str, pattern: str) -> bool:
    """Return whether text fits a pattern: % stands for any characters, _ for one."""
    text, pattern = lower(text), lower(pattern)
    at = place = 0
    star, resume = -1, 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == "%":
            star, resume, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in ("_", text[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = resume, star + 1
        else:
            return False
    return not pattern[place:].strip("%")


def _normal(value: Scalar) -> Scalar:
    if isinstance(value, float) and math.isnan(value):
        return None
    if type(value) is int and not _LEAST <= value <= _MOST:
        return float(value)
    return value


def _whole(value: float) -> int:
    if isinstance(value, float):
        if math.isnan(value):
            return 0
        if math.isinf(value):
            return _MOST if value > 0 else _LEAST
    return min(max(math.trunc(value), _LEAST), _MOST)


def _text(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, float):
        return str(value)
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    mantissa, e, exponent = f"{value:.15g}".partition("e")
    return f"{mantissa}{'' if '.' in mantissa else '.0'}{e}{exponent}"


def _divide(left: float, right: float) -> Scalar:
    if right == 0:
        return None
    try:
        return float(left) / float(right)
    except OverflowError:
        return math.copysign(math.inf, left) * math.copysign(1, right)


def _div(left: int, right: int) -> Scalar:
    if right == 0:
        return None
    if isinstance(left, float) or isinstance(right, float):
        return left / right
    whole = abs(left) // abs(right)
    return whole if (left < 0) == (right < 0) else -whole


def _mod(left: int, right: int) -> Scalar:
    left, right = _whole(left), _whole(right)
    if right == 0:
        return None
    rest = abs(left) % abs(right)
    return rest if left >= 0 else -rest


def _bits(make: Callable[[int, int], int]) -> Callable[[float, float], int]:
    return lambda left, right: make(_whole(left), _whole(right))


def _shift(value: int, by: int) -> int:
    """Shift to the left, or with a negative number to the right, in 64 bits."""
    if by <= -64:
        return -1 if value < 0 else 0
    if by >= 64:
        return 0
    if by < 0:
        return value >> -by
    held = (value << by) & (2**64 - 1)
    return held - 2**64 if held > _MOST else held


def _xor(left: int, right: int) -> int:
    return (left | right) - (left & right)


def _substr(text: str, start: int, length: int | None = None) -> str:
    count = len(text) + abs(start) + 1 if length is None else abs(length)
    if start < 0:
        start += len(text)
        if start < 0:
            count, start = max(count + start, 0), 0
    elif start > 0:
        start -= 1
    elif count > 0:
        count -= 1
    if length is not None and length < 0:
        start -= count
        if start < 0:
            count, start = max(count + start, 0), 0
    return text[start : start + count]


def _replace(text: str, old: str, new: str) -> str:
    return text.replace(old, new) if old else text


def _round(number: float, digits: int = 0) -> float:
    number, digits = float(number), min(max(digits, 0), 30)
    if math.isinf(number) or abs(number) >= 2**52:
        return number
    if digits == 0:
        return float(math.trunc(number + math.copysign(0.5, number)))
    return float(f"{number:.{digits}f}")


def _floor(number: float) -> float:
    whole = _whole(number)
    return float(whole - (number < whole))


def _ceil(number: float) -> float:
    whole = _whole(number)
    return float(whole + (number > whole))


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _first(*values: Scalar) -> Scalar:
    return next((value for value in values if value is not None), None)


def _if(test: Scalar, then: Scalar, otherwise: Scalar) -> Scalar:
    return then if test else otherwise


def _nullif(value: Scalar, other: Scalar) -> Scalar:
    return None if value is not None and value == other else value


_WITH_NULLS: dict[str, Callable[..., Scalar]] = {
    "COALESCE": _first,
    "IFNULL": _first,
    "IF": _if,
    "NULLIF": _nullif,
}
_CALLS: dict[str, Callable[..., Scalar]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "&": _bits(lambda left, right: left & right),
    "|": _bits(lambda left, right: left | right),
    "^": _bits(_xor),
    "<<": _bits(_shift),
    ">>": _bits(lambda left, right: _shift(left, -right)),
    "~": lambda value: ~_whole(value),
    "negate": lambda value: -value,
    "||": lambda left, right: left + right,
    "CONCAT": lambda *texts: "".join(texts),
    "LOWER": lower,
    "UPPER": lambda text: text.translate(_TO_UPPER),
    "LENGTH": len,
    "CHAR_LENGTH": len,
    "SUBSTR": _substr,
    "LEFT": lambda text, count: text[: max(count, 0)],
    "TRIM": lambda text, cut=" ": text.strip(cut) if cut else text,
    "LTRIM": lambda text, cut=" ": text.lstrip(cut) if cut else text,
    "RTRIM": lambda text, cut=" ": text.rstrip(cut) if cut else text,
    "REPLACE": _replace,
    "STRPOS": lambda text, part: text.find(part) + 1,
    "STARTS_WITH": lambda text, start: text.startswith(start),
    "ENDS_WITH": lambda text, end: text.endswith(end),
    "ABS": abs,
    "SIGN": _sign,
    "ROUND": _round,
    "FLOOR": _floor,
    "CEIL": _ceil,
    "MOD": _mod,
    "DIV": _div,
    "GREATEST": max,
    "LEAST": min,
}
