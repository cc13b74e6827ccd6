"""Measure how far two sets of counts, or two histograms, lie apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tensorflow_metadata.proto.v0 import statistics_pb2

__all__ = [
    "histogram_divergence",
    "jensen_shannon",
    "l_infinity",
    "label_divergence",
    "normalized_absolute_difference",
]


def l_infinity(current: Mapping[str, float], before: Mapping[str, float]) -> tuple[str, float]:
    """Return the label whose share differs most between two sets of counts, and by how much.

    Each count is divided by the total of its own set; without labels the distance is 0.
    """
    totals = sum(current.values()) or 1.0, sum(before.values()) or 1.0
    return _largest(
        {
            label: abs(current.get(label, 0.0) / totals[0] - before.get(label, 0.0) / totals[1])
            for label in [*current, *before]
        }
    )


def normalized_absolute_difference(
    current: Mapping[str, float], before: Mapping[str, float]
) -> tuple[str, float]:
    """Return the label whose count differs most, and by how much of both totals together."""
    total = sum(current.values()) + sum(before.values()) or 1.0
    return _largest(
        {
            label: abs(current.get(label, 0.0) - before.get(label, 0.0)) / total
            for label in [*current, *before]
        }
    )


def _largest(distances: Mapping[str, float]) -> tuple[str, float]:
    if not distances:
        return "", 0.0
    # Of labels that moved equally far, up to rounding, the most frequent is named.
    label = max(distances, key=lambda each: round(distances[each], 12))
    return label, max(distances.values())


def jensen_shannon(current: Sequence[float], before: Sequence[float]) -> float:
    """Return the Jensen-Shannon divergence of two sequences of masses, to base 2, in [0, 1]."""
    totals = math.fsum(current), math.fsum(before)
    terms = []
    for left, right in zip(current, before, strict=True):
        p, q = left / totals[0], right / totals[1]
        middle = (p + q) / 2
        terms += [each * math.log2(each / middle) for each in (p, q) if each > 0]
    return math.fsum(terms) / 2


def label_divergence(current: Mapping[str, float], before: Mapping[str, float]) -> float:
    """Return the Jensen-Shannon divergence of the shares of labels."""
    labels = list(dict.fromkeys([*current, *before]))
    return jensen_shannon(
        [current.get(label, 0.0) for label in labels], [before.get(label, 0.0) for label in labels]
    )


def histogram_divergence(
    current: statistics_pb2.Histogram, before: statistics_pb2.Histogram, *, compatible: bool
) -> float | None:
    """Return the Jensen-Shannon divergence of two histograms, or None if one is empty.

    Both are cut along the bounds of either, mass spread evenly inside a bucket; point buckets are
    bins of their own. `compatible` lets NaN and infinities differ from themselves, as TFDV does;
    else NaN, -inf and inf are one bin each.
    """
    left, right = _Parts(current), _Parts(before)
    masses = _cut(left, right)
    for point in sorted({*left.points, *right.points}):
        masses.append((left.points.get(point, 0.0), right.points.get(point, 0.0)))
    if compatible:
        masses += [(left.below + left.above, 0.0), (0.0, right.below + right.above)]
        masses += [(0.0, left.nan), (right.nan, 0.0)]
    else:
        masses += [
            (left.below, right.below),
            (left.above, right.above),
            (left.nan, right.nan),
        ]
    p, q = [mass for mass, _ in masses], [mass for _, mass in masses]
    if not math.fsum(p) or not math.fsum(q):
        return None
    return jensen_shannon(p, q)


class _Parts:
    """A histogram as ordinary buckets, points, and the mass without a place on the line."""

    def __init__(self, histogram: statistics_pb2.Histogram) -> None:
        self.buckets: list[tuple[float, float, float]] = []
        self.points: dict[float, float] = {}
        self.below = self.above = 0.0
        self.nan = float(histogram.num_nan)
        for bucket in histogram.buckets:
            low, high, count = bucket.low_value, bucket.high_value, bucket.sample_count
            if math.isinf(low) and low < 0:
                self.below += count
            elif math.isinf(low) or math.isinf(high):
                self.above += count
            elif low == high:
                self.points[low] = self.points.get(low, 0.0) + count
            else:
                self.buckets.append((low, high, count))

    @property
    def bounds(self) -> set[float]:
        return {bound for low, high, _ in self.buckets for bound in (low, high)}


def _cut(left: _Parts, right: _Parts) -> list[tuple[float, float]]:
    """Cut the buckets of both along all their bounds; return the masses of each piece."""
    bounds = sorted(left.bounds | right.bounds)
    spread = _spread(left.buckets, bounds), _spread(right.buckets, bounds)
    return list(zip(*spread, strict=True))


def _spread(buckets: Sequence[tuple[float, float, float]], bounds: Sequence[float]) -> list[float]:
    places = {bound: place for place, bound in enumerate(bounds)}
    masses = [0.0] * max(len(bounds) - 1, 0)
    for low, high, count in buckets:
        for place in range(places[low], places[high]):
            part = (bounds[place + 1] - bounds[place]) / (high - low)
            masses[place] += count * part
    return masses
