"""The weighted statistics of a feature, beside the plain ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from lineal.validation.stats.counts import NumberCounts, TextCounts
from lineal.validation.stats.features import FINE, add_ranks, frequent, moments, spread
from lineal.validation.stats.histograms import quantiles
from lineal.validation.stats.series import Measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tensorflow_metadata.proto.v0 import statistics_pb2

    from lineal.validation.options import StatisticsOptions
    from lineal.validation.stats.counts import Counts
    from lineal.validation.stats.series import Series

__all__ = ["fill_weighted"]

_QUANTILES = 1  # Histogram.HistogramType


class Work(Protocol):
    """What is at hand while a data set is put together."""

    @property
    def counts(self) -> Counts:
        """All counts."""
        ...

    @property
    def options(self) -> StatisticsOptions:
        """What was chosen."""
        ...

    @property
    def places(self) -> Mapping[tuple[tuple[str, ...], Measure, int], int]:
        """The number of each series."""
        ...


def fill_weighted(
    feature: statistics_pb2.FeatureNameStatistics,
    common: statistics_pb2.CommonStatistics,
    work: Work,
    each: Series,
    index: int,
    parent: float,
) -> float:
    """Fill in a feature's weighted statistics; return the weight of all its values.

    Every value has the weight of its row. What is missing is measured against `parent`, the
    weight of all that could have it.
    """
    numbers, texts = work.counts.weighted_numbers, work.counts.weighted_texts
    plan, options = each.plan, work.options
    values = numbers.get(index) or texts.get(index) or NumberCounts()
    total = values.present + (values.missing if plan.depth else 0)
    levels = [
        numbers.get(work.places[plan.path, Measure.LENGTHS, level], NumberCounts())
        for level in range(1, plan.depth + 1)
    ]
    present = levels[0].count if levels else values.present
    weighted = common.weighted_common_stats
    weighted.num_non_missing = present
    weighted.num_missing = parent - present
    weighted.tot_num_values = total
    if present:
        weighted.avg_num_values = total / present
    if plan.depth > 1:
        above = parent
        for level in levels:
            one = common.weighted_presence_and_valency_stats.add()
            one.num_non_missing = level.count
            one.num_missing = above - level.count
            above = one.tot_num_values = (level.mean or 0.0) * level.count
            if level.count:
                one.avg_num_values = one.tot_num_values / level.count
    if isinstance(values, NumberCounts):
        if feature.HasField("num_stats") and values.count:
            plain = work.counts.numbers[index]
            _fill_numbers(feature.num_stats, values, plain, options)
    elif isinstance(values, TextCounts) and feature.HasField("string_stats") and values.count:
        ranked = frequent(values, options.weighted_frequency_threshold)
        add_ranks(feature.string_stats.weighted_string_stats, ranked, options)
    return total


def _fill_numbers(
    stats: statistics_pb2.NumericStatistics,
    counts: NumberCounts,
    plain: NumberCounts,
    options: StatisticsOptions,
) -> None:
    """Fill in what `counts` of weights say; the bounds are those of all values, `plain`."""
    weighted = stats.weighted_numeric_stats
    bounds = replace(counts, minimum=plain.minimum, maximum=plain.maximum)
    weighted.mean, weighted.std_dev = moments(bounds)
    answers = quantiles(counts.ranks, FINE * options.num_quantiles_histogram_buckets)
    weighted.median = answers.values[len(answers.values) // 2]
    standard, by_quantiles = weighted.histograms.add(), weighted.histograms.add()
    by_quantiles.type = _QUANTILES
    standard.num_nan = by_quantiles.num_nan = stats.histograms[0].num_nan
    least, greatest = plain.minimum, plain.greatest_finite
    spread(standard, by_quantiles, answers, counts, options, least=least, greatest=greatest)
