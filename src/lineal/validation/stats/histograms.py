"""Quantiles and the two histograms of numbers, from sorted values and their counts.

The rules are those of TensorFlow Data Validation: quantiles by a floor rule, a QUANTILES
histogram that spreads counts over equal bounds, and a STANDARD histogram that is interpolated
from a fine quantile histogram, never counted from the data.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Bucket", "Quantiles", "Ranks", "quantile_buckets", "quantiles", "standard_buckets"]


@dataclass(frozen=True)
class Ranks:
    """Ascending distinct values, each with the number of values at or below it.

    Values that answer no quantile may be left out; the counts of the others stay whole.
    """

    values: Sequence[float]
    cumulative: Sequence[float]
    own: Sequence[float] = ()
    """How many are equal to each, at least."""
    upper: Sequence[float] | None = None
    """Where `cumulative` is a lower bound after merging: the upper one. None: it is exact."""

    @property
    def total(self) -> float:
        """The number of all values, repeated ones included."""
        return self.cumulative[-1] if self.cumulative else 0


@dataclass(frozen=True)
class Quantiles:
    """The answers to `n + 1` evenly spaced ranks, with the weight through each answer."""

    values: Sequence[float]
    cumulative: Sequence[float]

    def every(self, step: int) -> Quantiles:
        """Keep each `step`-th answer, the first and the last among them."""
        return Quantiles(self.values[::step], self.cumulative[::step])


@dataclass(frozen=True)
class Bucket:
    """The values in (low, high], the first bucket of a histogram being closed on both sides."""

    low: float
    high: float
    count: float


def quantiles(ranks: Ranks, intervals: int) -> Quantiles:
    """Answer the ranks 0..`intervals`: the first value with more than r * total / N below or at it.

    The last answer is the largest value. `ranks` must not be empty.
    """
    total = float(ranks.total)
    cumulative = ranks.cumulative
    if ranks.upper is not None:
        cumulative = [(low + high) / 2 for low, high in zip(cumulative, ranks.upper, strict=True)]
    last = len(ranks.values) - 1
    found = [
        min(bisect_right(cumulative, rank * total / intervals), last) for rank in range(intervals)
    ]
    found.append(last)
    return Quantiles(
        [ranks.values[index] for index in found],
        [float(cumulative[index]) for index in found],
    )


def quantile_buckets(answers: Quantiles) -> list[Bucket]:
    """Make the QUANTILES histogram whose bounds are these answers; its counts sum to the total.

    Buckets in a row with one upper bound share their counts evenly, and the weight of the
    minimum is spread over the leading buckets that have the bounds of the first.
    """
    bounds, cumulative = answers.values, answers.cumulative
    raw = [
        Bucket(bounds[i], bounds[i + 1], cumulative[i + 1] - cumulative[i])
        for i in range(len(bounds) - 1)
    ]
    spread: list[Bucket] = []
    for _, run in groupby(raw, key=attrgetter("high")):
        same = list(run)
        share = sum(bucket.count for bucket in same) / len(same)
        spread.extend(Bucket(bucket.low, bucket.high, share) for bucket in same)
    return _with_minimum(spread, cumulative[0])


def _with_minimum(buckets: list[Bucket], weight: float) -> list[Bucket]:
    first = buckets[0]
    leading = 0
    while leading < len(buckets) and (buckets[leading].low, buckets[leading].high) == (
        first.low,
        first.high,
    ):
        leading += 1
    share = weight / leading
    return [
        Bucket(bucket.low, bucket.high, bucket.count + share) for bucket in buckets[:leading]
    ] + buckets[leading:]


def standard_buckets(
    answers: Quantiles,
    *,
    buckets: int,
    greatest_finite: float | None,
    positive_infinities: float,
    least: float | None = None,
    greatest: float | None = None,
) -> list[Bucket]:
    """Make the STANDARD histogram of evenly wide buckets by interpolating fine quantiles.

    Infinities get buckets of their own at the ends. Without a finite value there is the one
    bucket [inf, -inf], and none where the width of the range overflows a double. The range may
    be wider than the answers: to the `least` and `greatest` value that have no weight.
    """
    total = answers.cumulative[-1]
    if greatest_finite is None:
        return [Bucket(math.inf, -math.inf, total)]
    negative, finite = _without_infinities(answers, greatest_finite, total - positive_infinities)
    result = [] if negative == 0 else [Bucket(-math.inf, -math.inf, negative)]
    fine = quantile_buckets(finite)
    low, high = fine[0].low, fine[-1].high
    if least is not None and not math.isinf(least):
        low = min(low, least)
    edges = _edges(low, high if greatest is None else max(high, greatest), buckets)
    if edges:
        result.extend(_interpolate(fine, edges))
    if positive_infinities:
        result.append(Bucket(math.inf, math.inf, float(positive_infinities)))
    return result


def _without_infinities(
    answers: Quantiles, greatest_finite: float, not_positive: float
) -> tuple[float, Quantiles]:
    """Return the weight of -inf, and the answers between the infinities."""
    start = 0
    negative = 0.0
    while answers.values[start] == -math.inf:
        negative = answers.cumulative[start]
        start += 1
    values = list(answers.values[start:])
    cumulative = [weight - negative for weight in answers.cumulative[start:]]
    if values[-1] == math.inf:
        end = values.index(math.inf)
        values[end:] = [greatest_finite]
        cumulative[end:] = [not_positive - negative]
    if len(values) == 1:
        values, cumulative = values * 2, cumulative * 2
    return negative, Quantiles(values, cumulative)


def _edges(low: float, high: float, buckets: int) -> list[float]:
    """Return `buckets + 1` even edges; two if there is one value; none if the width overflows."""
    if low == high:
        return [low, high]
    width = (high - low) / buckets
    if math.isinf(width):
        return []
    return [low + width * step for step in range(buckets)] + [high]


def _interpolate(fine: list[Bucket], edges: list[float]) -> list[Bucket]:
    """Give each bucket between `edges` its share of every fine bucket that overlaps it.

    A point that lies on an edge belongs to the bucket that ends there.
    """
    counts = [0.0] * (len(edges) - 1)
    at = 0
    for bucket in fine:
        while at < len(counts) - 1 and bucket.low > edges[at + 1]:
            at += 1
        if bucket.low == bucket.high:
            counts[at] += bucket.count
            continue
        width = bucket.high - bucket.low
        target = at
        while target < len(counts):
            left = max(bucket.low, edges[target])
            right = min(bucket.high, edges[target + 1])
            if right > left:
                counts[target] += bucket.count * ((right - left) / width)
            if bucket.high <= edges[target + 1]:
                break
            target += 1
    return [Bucket(edges[i], edges[i + 1], counts[i]) for i in range(len(counts))]
