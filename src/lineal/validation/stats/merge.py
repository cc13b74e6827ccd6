"""Merge the counts of shards into those of the whole."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.validation.state import StatisticsState
from lineal.validation.stats.counts import Counts, NumberCounts, TextCounts, WeightCounts
from lineal.validation.stats.plan import Kind, Reading
from lineal.validation.stats.ranks import merged_ranks, thinned_ranks
from lineal.validation.stats.reduce import EXACT
from lineal.validation.stats.series import Measure, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from lineal.validation.stats.plan import FeaturePlan

    _Found = TypeVar("_Found")

__all__ = ["KEPT_DIGESTS", "KEPT_TEXTS", "merged"]

KEPT_TEXTS = 100_000
KEPT_DIGESTS = 16_384

_Key = tuple[tuple[str, ...], Measure, int]


def merged(states: Sequence[StatisticsState]) -> StatisticsState:
    """Return the state of all the data; see `StatisticsState.merge`."""
    series = _united(states)
    places = {_key(each): place for place, each in enumerate(series)}
    moves = [[places[_key(each)] for each in state.series] for state in states]
    names = dict.fromkeys(name for state in states for name in state.parts)
    parts = {}
    for name in names:
        having = [
            _moved(state.parts[name], move)
            for state, move in zip(states, moves, strict=True)
            if name in state.parts
        ]
        parts[name] = _counts(having)
    derived = states[0].derived
    if any(state.derived != derived for state in states):
        raise InvalidInput(
            "the states' schemas put different features together; merge states of one schema"
        )
    return StatisticsState(series, parts, states[0].options, derived)


def _key(series: Series) -> _Key:
    return series.plan.path, series.measure, series.level


def _united(states: Sequence[StatisticsState]) -> tuple[Series, ...]:
    """Return the series of all, those of values first; raise where one has two types."""
    found: dict[_Key, Series] = {}
    for state in states:
        for each in state.series:
            key = _key(each)
            found[key] = each if key not in found else _agreed(found[key], each, state)
    # A feature's children come after it, and values before lengths.
    values = [each for each in found.values() if each.measure is Measure.VALUES]
    return (*values, *(each for each in found.values() if each.measure is not Measure.VALUES))


def _agreed(one: Series, other: Series, state: StatisticsState) -> Series:
    if one.weight != other.weight:
        raise InvalidInput(
            f"feature {one.plan.label!r} is weighed by {one.weight!r} in one state and by "
            f"{other.weight!r} in another; merge states of equal weights"
        )
    if one.plan == other.plan or _is_unknown(other.plan):
        return one
    if _is_unknown(one.plan):
        return other
    wide = _wider(one.plan, other.plan)
    if wide is None:
        raise InvalidInput(
            f"feature {one.plan.label!r} is {_described(one.plan)} in one state and "
            f"{_described(other.plan)} in {state!r}; make the types equal, then compute again"
        )
    return replace(one, plan=wide)


def _is_unknown(plan: FeaturePlan) -> bool:
    return plan.reading is Reading.NOTHING


def _wider(one: FeaturePlan, other: FeaturePlan) -> FeaturePlan | None:
    """Return the plan for whole numbers in one shard and fractions in another; texts likewise."""
    if one.depth != other.depth or one.steps != other.steps:
        return None
    numbers = {Kind.INT, Kind.FLOAT}
    both = {one.reading, other.reading}
    if both == {Reading.NUMBER} and {one.kind, other.kind} == numbers:
        return one if one.kind is Kind.FLOAT else other
    if both == {Reading.TEXT, Reading.BINARY} and one.kind is other.kind:
        return one if one.reading is Reading.BINARY else other
    return None


def _described(plan: FeaturePlan) -> str:
    lists = f" in lists {plan.depth} deep" if plan.depth else ""
    meaning = "" if plan.reading in {Reading.NUMBER, Reading.TEXT} else f" ({plan.reading.value})"
    return f"{plan.kind.value}{meaning}{lists}"


def _moved(counts: Counts, move: Sequence[int]) -> Counts:
    def to(found: Mapping[int, _Found]) -> dict[int, _Found]:
        return {move[place]: each for place, each in found.items()}

    return replace(
        counts,
        numbers=to(counts.numbers),
        texts=to(counts.texts),
        types={},
        weighted_numbers=to(counts.weighted_numbers),
        weighted_texts=to(counts.weighted_texts),
    )


def _counts(all_: Sequence[Counts]) -> Counts:
    return Counts(
        examples=sum(each.examples for each in all_),
        numbers=_by_place([each.numbers for each in all_], _numbers),
        texts=_by_place([each.texts for each in all_], _texts),
        weighted_numbers=_by_place([each.weighted_numbers for each in all_], _numbers),
        weighted_texts=_by_place([each.weighted_texts for each in all_], _texts),
        weights=_by_place([each.weights for each in all_], _weights),
        derived=_by_place([each.derived for each in all_], _numbers),
    )


def _by_place(
    found: Sequence[Mapping[int, _Found]], merge: Callable[[_Found, _Found], _Found]
) -> dict[int, _Found]:
    together: dict[int, _Found] = {}
    for each in found:
        for place, counts in each.items():
            together[place] = merge(together[place], counts) if place in together else counts
    return together


def _weights(one: WeightCounts, other: WeightCounts) -> WeightCounts:
    return WeightCounts(
        one.total + other.total, one.missing + other.missing, one.negative + other.negative
    )


def _numbers(one: NumberCounts, other: NumberCounts) -> NumberCounts:
    mean, deviations = _moments(one, other)
    ranks = thinned_ranks(merged_ranks(one.ranks, other.ranks), EXACT)
    return NumberCounts(
        count=one.count + other.count,
        distinct=max(len(ranks.values), one.distinct, other.distinct),
        missing=one.missing + other.missing,
        nan=one.nan + other.nan,
        zeros=one.zeros + other.zeros,
        positive_infinities=one.positive_infinities + other.positive_infinities,
        minimum=_either(min, one.minimum, other.minimum),
        maximum=_either(max, one.maximum, other.maximum),
        greatest_finite=_either(max, one.greatest_finite, other.greatest_finite),
        mean=mean,
        deviations=deviations,
        ranks=ranks,
    )


def _either(
    choose: Callable[[float, float], float], one: float | None, other: float | None
) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)


def _moments(one: NumberCounts, other: NumberCounts) -> tuple[float | None, float | None]:
    """Merge means and squared distances (Chan, Golub and LeVeque, 1979)."""
    if one.mean is None or other.mean is None:
        having = other if one.mean is None else one
        return having.mean, having.deviations
    total = one.count + other.count
    if math.isinf(one.mean) or math.isinf(other.mean):
        return math.nan, math.nan
    apart = other.mean - one.mean
    share = other.count / total
    mean = one.mean + apart * share
    deviations = (one.deviations or 0.0) + (other.deviations or 0.0)
    return mean, deviations + apart * apart * one.count * share


def _texts(one: TextCounts, other: TextCounts) -> TextCounts:
    counted = Counter(dict(one.top))
    counted.update(dict(other.top))
    by_text = sorted(counted.items(), key=lambda row: row[0].encode(), reverse=True)
    ranked = sorted(by_text, key=lambda row: -row[1])
    dropped = ranked[KEPT_TEXTS][1] if len(ranked) > KEPT_TEXTS else 0.0
    digests = _digests(one, other, ranked)
    unreadable = max(_unreadable(one), _unreadable(other))
    return TextCounts(
        count=one.count + other.count,
        distinct=(_estimate(digests) if digests else len(ranked)) + unreadable,
        missing=one.missing + other.missing,
        bytes=one.bytes + other.bytes,
        minimum=min((each.minimum for each in (one, other) if each.count), default=0),
        maximum=max(one.maximum, other.maximum),
        invalid=one.invalid + other.invalid,
        digests=digests,
        error=_missed(one) + _missed(other) + dropped,
        top=tuple(ranked[:KEPT_TEXTS]),
    )


def _unreadable(counts: TextCounts) -> float:
    """Return how many distinct values are no UTF-8: of two shards the larger number is kept."""
    return 0.0 if not counts.invalid else max(0.0, counts.distinct - len(counts.top))


def _missed(counts: TextCounts) -> float:
    """Return how often a text may occur that is not among those kept."""
    if counts.error or not counts.digests:
        return counts.error
    return counts.top[-1][1] if counts.top else 0.0


def _digests(
    one: TextCounts, other: TextCounts, ranked: Sequence[tuple[str, float]]
) -> tuple[str, ...]:
    """Return the least digests of all texts, once there are more texts than are kept."""
    if not (one.digests or other.digests or len(ranked) > KEPT_TEXTS):
        return ()
    found = {*_all_digests(one), *_all_digests(other)}
    return tuple(sorted(found)[:KEPT_DIGESTS])


def _all_digests(counts: TextCounts) -> Sequence[str]:
    if counts.digests:
        return counts.digests
    return [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text, _ in counts.top]


def _estimate(digests: Sequence[str]) -> float:
    """Estimate how many texts there are from the greatest of their least digests."""
    if len(digests) < KEPT_DIGESTS:
        return len(digests)
    share = int(digests[-1], 16) / 16 ** len(digests[-1])
    return float(round((len(digests) - 1) / share))
