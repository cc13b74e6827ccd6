"""Running aggregates: over all rows of a key that were known so far.

At a moment `t` the value is taken over every row of the key whose event time and known-at are
not later than `t`, the newest row included. Nulls are skipped, as in SQL; the mean, smallest and
largest of nothing is null. Each row counts, also where several share a key and a time. Floats
are added in one fixed order, so that the same rows give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["Aggregate", "AggregateKind", "count", "largest", "mean", "smallest", "total"]


class AggregateKind(StrEnum):
    """The running aggregates there are."""

    COUNT = "count"
    MEAN = "mean"
    TOTAL = "total"
    SMALLEST = "smallest"
    LARGEST = "largest"


@dataclass(frozen=True)
class Aggregate:
    """One running aggregate of an expression; without one, of the rows themselves."""

    kind: AggregateKind
    value: ir.Value | None = None


def count(value: ir.Value | None = None) -> Aggregate:
    """Count the rows so far, or those whose `value` is not null."""
    return Aggregate(AggregateKind.COUNT, value)


def mean(value: ir.Value) -> Aggregate:
    """Take the mean of `value` so far."""
    return Aggregate(AggregateKind.MEAN, value)


def total(value: ir.Value) -> Aggregate:
    """Add up `value` so far; null until there is a value."""
    return Aggregate(AggregateKind.TOTAL, value)


def smallest(value: ir.Value) -> Aggregate:
    """Take the smallest `value` so far."""
    return Aggregate(AggregateKind.SMALLEST, value)


def largest(value: ir.Value) -> Aggregate:
    """Take the largest `value` so far."""
    return Aggregate(AggregateKind.LARGEST, value)
