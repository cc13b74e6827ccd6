"""Measure how differently a feature is spread in two data sets."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.validation.results import FeatureStatistics

__all__ = ["difference"]


def difference(one: FeatureStatistics, other: FeatureStatistics) -> float:
    """Return how far two distributions are apart: 0 is equal, 1 has nothing in common.

    Of numbers it is the largest difference of the cumulative shares (Kolmogorov and Smirnov's),
    of texts half the sum of the differences of the shares (total variation). A difference of the
    missing share counts where it is larger.
    """
    missing = abs(_missing(one) - _missing(other))
    first, second = _cumulative(one), _cumulative(other)
    if first and second:
        at = sorted({number for number, _ in (*first, *second)})
        return max(missing, *(abs(_share(first, x) - _share(second, x)) for x in at))
    shares, others = _shares(one), _shares(other)
    if shares and others:
        labels = shares.keys() | others.keys()
        apart = sum(abs(shares.get(each, 0.0) - others.get(each, 0.0)) for each in labels)
        return max(missing, min(apart / 2, 1.0))
    unlike = bool(first or shares) != bool(second or others) or bool(first) != bool(second)
    return 1.0 if unlike else missing


def _missing(feature: FeatureStatistics) -> float:
    return feature.missing / ((feature.count + feature.missing) or 1)


def _cumulative(feature: FeatureStatistics) -> list[tuple[float, float]]:
    """Return the bounds of the deciles with the share of the values up to each."""
    histogram = feature.quantiles_histogram
    buckets = [
        each
        for each in (histogram.buckets if histogram is not None else ())
        if math.isfinite(each.low) and math.isfinite(each.high)
    ]
    total = sum(each.count for each in buckets)
    if not buckets or not total:
        return []
    found, below = [(buckets[0].low, 0.0)], 0.0
    for each in buckets:
        below += each.count / total
        found.append((each.high, below))
    return found


def _share(points: list[tuple[float, float]], x: float) -> float:
    """Return the share of the values up to `x`, evenly spread between two bounds."""
    place = bisect_right(points, (x, math.inf))
    if place == 0:
        return 0.0
    low, share = points[place - 1]
    if place == len(points):
        return 1.0
    high, above = points[place]
    return share + (above - share) * (x - low) / (high - low)


def _shares(feature: FeatureStatistics) -> dict[str, float]:
    total = feature.num_values or 1
    return {each.value: each.count / total for each in feature.ranks}
