"""Functions that Ibis lacks, to be used in expressions; every engine defines them.

lineal_text_bytes(text)      how many bytes the text has in UTF-8
lineal_bytes(binary)         how many bytes the value has
lineal_text(binary)          the text that the bytes are in UTF-8; null if they are none
lineal_microseconds(time)    microseconds since 1970-01-01 UTC, since midnight, or of a duration
lineal_distinct(list)        the list without nulls, every value once
lineal_is_N(text)            whether the text is written as a value of the type TEXT_TYPES[N]
lineal_number_N(text)        that value as a float; days for dates, microseconds for times
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "binary_bytes",
    "distinct_of",
    "has_type",
    "microseconds",
    "number_of",
    "text_bytes",
    "text_of",
]


def text_bytes(text: ir.StringValue) -> ir.IntegerValue:
    """Return how many bytes a text has in UTF-8."""
    return _function("lineal_text_bytes", dt.string, dt.int64)(text)


def binary_bytes(binary: ir.BinaryValue) -> ir.IntegerValue:
    """Return how many bytes a value has."""
    return _function("lineal_bytes", dt.binary, dt.int64)(binary)


def text_of(binary: ir.BinaryValue) -> ir.StringValue:
    """Return the text that these bytes are in UTF-8, null where they are none."""
    return _function("lineal_text", dt.binary, dt.string)(binary)


def microseconds(time: ir.Value) -> ir.IntegerValue:
    """Return an instant as microseconds since 1970-01-01 UTC.

    A time of day is counted from midnight; a duration is its own length.
    """
    return _function("lineal_microseconds", time.type(), dt.int64)(time)


def distinct_of(values: ir.ArrayValue) -> ir.ArrayValue:
    """Return a list without nulls that has each of its values once."""
    return _function("lineal_distinct", values.type(), values.type())(values)


def has_type(text: ir.StringValue, number: int) -> ir.BooleanValue:
    """Tell whether a text is written as a value of `TEXT_TYPES[number]`; null counts as no."""
    return _function(f"lineal_is_{number}", dt.string, dt.boolean)(text)


def number_of(text: ir.StringValue, number: int) -> ir.FloatingValue:
    """Return the value of `TEXT_TYPES[number]` that a text spells, as a float."""
    return _function(f"lineal_number_{number}", dt.string, dt.float64)(text)


@cache
def _function(
    name: str, argument: dt.DataType, result: dt.DataType
) -> Callable[[ir.Value], ir.Value]:
    """Return the Ibis function for what the engine knows by `name`.

    One for each signature: two calls on one column are then the same expression.
    """

    def declaration(value: object) -> object: ...

    declared: Callable[[ir.Value], ir.Value] = ibis.udf.scalar.builtin(
        declaration, name=name, signature=((argument,), result)
    )
    return declared
