"""Functions that Ibis lacks, to be used in expressions; every engine defines them.

lineal_text_bytes(text)      how many bytes the text has in UTF-8
lineal_bytes(binary)         how many bytes the value has
lineal_text(binary)          the text that the bytes are in UTF-8; null if they are none
lineal_microseconds(time)    microseconds since 1970-01-01 UTC, since midnight, or of a duration
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["binary_bytes", "microseconds", "text_bytes", "text_of"]


@ibis.udf.scalar.builtin(  # type: ignore[untyped-decorator]
    name="lineal_text_bytes", signature=((dt.string,), dt.int64)
)
def _text_bytes(text: object) -> object: ...


@ibis.udf.scalar.builtin(  # type: ignore[untyped-decorator]
    name="lineal_bytes", signature=((dt.binary,), dt.int64)
)
def _bytes(binary: object) -> object: ...


@ibis.udf.scalar.builtin(  # type: ignore[untyped-decorator]
    name="lineal_text", signature=((dt.binary,), dt.string)
)
def _text(binary: object) -> object: ...


def text_bytes(text: ir.StringValue) -> ir.IntegerValue:
    """Return how many bytes a text has in UTF-8."""
    return _text_bytes(text)


def binary_bytes(binary: ir.BinaryValue) -> ir.IntegerValue:
    """Return how many bytes a value has."""
    return _bytes(binary)


def text_of(binary: ir.BinaryValue) -> ir.StringValue:
    """Return the text that these bytes are in UTF-8, null where they are none."""
    return _text(binary)


def microseconds(time: ir.Value) -> ir.IntegerValue:
    """Return an instant as microseconds since 1970-01-01 UTC.

    A time of day is counted from midnight; a duration is its own length.
    """
    return _microseconds_of(time.type())(time)


@cache
def _microseconds_of(kind: dt.DataType) -> Callable[[ir.Value], ir.IntegerValue]:
    # One function a type: two calls on one column are then the same expression.
    @ibis.udf.scalar.builtin(  # type: ignore[untyped-decorator]
        name="lineal_microseconds", signature=((kind,), dt.int64)
    )
    def _microseconds(time: object) -> object: ...

    return cast("Callable[[ir.Value], ir.IntegerValue]", _microseconds)
