"""Merge and thin sorted values, so that the rank of each stays known within bounds.

Each kept value has a lower and an upper bound of how many values are at or below it, and how many
are equal to it at least. Merging adds bounds up and loses nothing: where either side knows a rank
within a share of its own size, so does the whole. Thinning drops a value only where the gap that
it leaves is within the allowed share, however often it is done (the scheme of Greenwald and
Khanna, "Space-efficient online computation of quantile summaries", 2001, with known ties apart).
"""

from __future__ import annotations

from bisect import bisect_left

from lineal.validation.stats.histograms import Ranks

__all__ = ["merged_ranks", "thinned_ranks"]

_SHARE = 0.002
"""The gaps that thinning may leave, as a share of all."""


def merged_ranks(one: Ranks, other: Ranks) -> Ranks:
    """Return the values of both, each with the ranks that it has among all."""
    if not one.values or not other.values:
        return one if one.values else other
    values = sorted({*one.values, *other.values})
    sides = [_Side(one), _Side(other)]
    lower, upper, own = [], [], []
    for value in values:
        bounds = [side.at(value) for side in sides]
        lower.append(bounds[0][0] + bounds[1][0])
        upper.append(bounds[0][1] + bounds[1][1])
        own.append(bounds[0][2] + bounds[1][2])
    is_exact = lower == upper
    return Ranks(values, lower, own=own, upper=None if is_exact else upper)


class _Side:
    """Goes along the values of one side, asked for ascending ones."""

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks
        self._upper = ranks.cumulative if ranks.upper is None else ranks.upper
        self._next = 0

    def at(self, value: float) -> tuple[float, float, float]:
        """Return bounds of how many are at or below a value, and how many equal it at least."""
        ranks, place = self._ranks, self._next
        while place < len(ranks.values) and ranks.values[place] < value:
            place += 1
        self._next = place
        below = ranks.cumulative[place - 1] if place else 0.0
        if place == len(ranks.values):
            return ranks.total, ranks.total, 0.0
        if ranks.values[place] == value:
            return ranks.cumulative[place], self._upper[place], ranks.own[place]
        return below, max(below, self._upper[place] - ranks.own[place]), 0.0


def thinned_ranks(ranks: Ranks, kept: int) -> Ranks:
    """Drop values that can be spared where there are more than `kept`."""
    if len(ranks.values) <= kept:
        return ranks
    allowed = _SHARE * ranks.total
    upper = ranks.cumulative if ranks.upper is None else ranks.upper
    chosen = [len(ranks.values) - 1]
    while chosen[-1] > 0:
        last = chosen[-1]
        # The furthest value below from which the gap up to the last one is small enough.
        enough = upper[last] - ranks.own[last] - allowed
        place = bisect_left(ranks.cumulative, enough, 0, last)
        chosen.append(min(place, last - 1))
    if chosen[-1] != 0:
        chosen.append(0)
    chosen.reverse()
    return Ranks(
        [ranks.values[place] for place in chosen],
        [ranks.cumulative[place] for place in chosen],
        own=[ranks.own[place] for place in chosen],
        upper=None if ranks.upper is None else [upper[place] for place in chosen],
    )
