"""What is counted: a feature's values, and how many of them lie in each list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from lineal.validation.stats.plan import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.validation.stats.plan import FeaturePlan

__all__ = ["Measure", "Series", "series_of"]


class Measure(Enum):
    """What of a feature is counted."""

    VALUES = "values"
    LENGTHS = "lengths"
    """Of the lists at one level."""
    INNERMOST = "innermost"
    """How many values lie in all the lists of lists of one parent value."""


@dataclass(frozen=True)
class Series:
    """One thing that is counted."""

    plan: FeaturePlan
    measure: Measure = Measure.VALUES
    level: int = 0
    """Of LENGTHS: 1 for the outermost lists."""
    weight: str | None = None
    """The column whose sums are taken beside the counts."""

    @property
    def reading(self) -> Reading:
        """How each value of the series is read."""
        return self.plan.reading if self.measure is Measure.VALUES else Reading.NUMBER


def series_of(
    plans: Sequence[FeaturePlan], weights: Sequence[str | None] | None = None
) -> tuple[Series, ...]:
    """Return what is counted for these features; the place in the list numbers each series."""
    weighed = list(zip(plans, weights or [None] * len(plans), strict=True))
    values = [Series(plan, weight=weight) for plan, weight in weighed]
    lengths = [
        Series(plan, Measure.LENGTHS, level, weight)
        for plan, weight in weighed
        for level in range(1, plan.depth + 1)
    ]
    innermost = [
        Series(plan, Measure.INNERMOST, weight=weight) for plan, weight in weighed if plan.depth > 1
    ]
    return (*values, *lengths, *innermost)
