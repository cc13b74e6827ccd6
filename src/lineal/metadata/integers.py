"""Whole numbers that a database can hold, and the ids that callers give.

`number in range(…)` looks through all numbers for what is no `int`: never for what callers give.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata.batch.cells import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ids_of", "is_int32", "is_int64", "is_several", "whole"]

_LEAST, _MOST = -(2**63), 2**63 - 1


def is_int64(number: int) -> bool:
    """Tell whether 64 bits hold the number."""
    return _LEAST <= number <= _MOST


def is_int32(number: int) -> bool:
    """Tell whether 32 bits hold the number."""
    return -(2**31) <= number < 2**31


def whole(value: object, field: str) -> int:
    """Return a whole number, given as an int or as numpy's; raise `InvalidInput` for others."""
    if type(value) is int:
        return value
    number = _exactly(value)
    if number is None:
        raise InvalidInput(f"the {field} is {shown(value)}; give a whole number")
    return number


def ids_of(ids: Iterable[int], field: str = "ids") -> list[int]:
    """Return the ids that a database can hold, each once, in ascending order.

    Others nobody has. Raises `InvalidInput`, naming the `field`, for what is no whole number.
    """
    if not is_several(ids):
        raise InvalidInput(f"{field} is {shown(ids)}; give a list of whole numbers")
    numbers = {number if type(number) is int else _id(number, field) for number in ids}
    return sorted([number for number in numbers if _LEAST <= number <= _MOST])


def is_several(values: object) -> bool:
    """Tell whether these are values to go through one by one; a text is one value."""
    if isinstance(values, str | bytes):
        return False
    try:
        iter(values)  # type: ignore[call-overload] # asked so, as a message's list has no __iter__
    except TypeError:
        return False
    return True


def _id(value: object, field: str) -> int:
    number = _exactly(value)
    if number is None:
        raise InvalidInput(f"{field} holds {shown(value)}; give whole numbers")
    return number


def _exactly(value: object) -> int | None:
    if isinstance(value, bool):  # an int to Python, but no id
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type] # that is what is asked
    except TypeError:
        return None
