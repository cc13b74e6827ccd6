"""Turn the counts of each feature into the statistics proto's own fields."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lineal.validation.stats.counts import NumberCounts, TextCounts
from lineal.validation.stats.histograms import (
    Bucket,
    Ranks,
    quantile_buckets,
    quantiles,
    standard_buckets,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tensorflow_metadata.proto.v0 import statistics_pb2

    from lineal.validation.options import StatisticsOptions
    from lineal.validation.stats.histograms import Quantiles

__all__ = [
    "BYTES_LABEL",
    "FINE",
    "add_buckets",
    "add_ranks",
    "fill_bytes",
    "fill_lengths",
    "fill_numbers",
    "fill_texts",
    "frequent",
    "moments",
    "single_values",
    "spread",
]

FINE = 100
"""Quantiles taken for each bucket of the QUANTILES histogram; the STANDARD one uses them all."""

BYTES_LABEL = "__BYTES_VALUE__"
"""Stands for every value that is no UTF-8."""

_QUANTILES = 1  # Histogram.HistogramType


def fill_lengths(
    common: statistics_pb2.CommonStatistics, lengths: NumberCounts, *, values: int, buckets: int
) -> None:
    """Fill in how many values the rows have; `values` is their sum. Missing rows are not ours."""
    if not lengths.count or lengths.minimum is None or lengths.maximum is None:
        return
    common.num_non_missing = int(lengths.count)
    common.min_num_values = int(lengths.minimum)
    common.max_num_values = int(lengths.maximum)
    common.tot_num_values = values
    common.avg_num_values = values / lengths.count
    histogram = common.num_values_histogram
    histogram.type = _QUANTILES
    add_buckets(histogram, quantile_buckets(quantiles(lengths.ranks, buckets)))


def single_values(count: float) -> NumberCounts:
    """Return the lengths of `count` rows that have one value each."""
    if not count:
        return NumberCounts()
    return NumberCounts(count=count, minimum=1.0, maximum=1.0, ranks=Ranks([1.0], [count]))


def fill_numbers(
    stats: statistics_pb2.NumericStatistics,
    counts: NumberCounts,
    options: StatisticsOptions,
    *,
    absent: int = 0,
) -> None:
    """Fill in a number's statistics; `absent` are the nulls inside its lists, counted as NaN."""
    nan = int(counts.nan) + absent
    if not counts.count and not nan:
        return
    standard = stats.histograms.add()
    by_quantiles = stats.histograms.add()
    by_quantiles.type = _QUANTILES
    standard.num_nan = by_quantiles.num_nan = nan
    if not counts.count:
        return
    answers = quantiles(counts.ranks, FINE * options.num_quantiles_histogram_buckets)
    stats.num_zeros = int(counts.zeros)
    stats.min = _given(counts.minimum)
    stats.max = _given(counts.maximum)
    stats.median = answers.values[len(answers.values) // 2]
    stats.mean, stats.std_dev = moments(counts)
    spread(standard, by_quantiles, answers, counts, options)


def spread(
    standard: statistics_pb2.Histogram,
    by_quantiles: statistics_pb2.Histogram,
    answers: Quantiles,
    counts: NumberCounts,
    options: StatisticsOptions,
    *,
    least: float | None = None,
    greatest: float | None = None,
) -> None:
    """Fill in both histograms; `least` and `greatest` widen the range to values without weight."""
    add_buckets(by_quantiles, quantile_buckets(answers.every(FINE)))
    add_buckets(
        standard,
        standard_buckets(
            answers,
            buckets=options.num_histogram_buckets,
            greatest_finite=counts.greatest_finite,
            positive_infinities=counts.positive_infinities,
            least=least,
            greatest=greatest,
        ),
    )


def moments(counts: NumberCounts) -> tuple[float, float]:
    """Return mean and population standard deviation: NaN and 0 once a value is infinite."""
    if math.isinf(_given(counts.minimum)) or math.isinf(_given(counts.maximum)):
        return math.nan, 0.0
    variance = _given(counts.deviations) / counts.count
    return _given(counts.mean), 0.0 if math.isnan(variance) else math.sqrt(max(0.0, variance))


def fill_texts(
    stats: statistics_pb2.StringStatistics,
    counts: TextCounts,
    options: StatisticsOptions,
    *,
    values: int,
) -> None:
    """Fill in a text's statistics; `values` counts all its values, nulls in lists too."""
    if not counts.count:
        return
    stats.unique = int(counts.distinct)
    stats.avg_length = counts.bytes / values
    stats.invalid_utf8_count = int(counts.invalid)
    add_ranks(stats, frequent(counts, options.frequency_threshold), options)


def add_ranks(
    stats: statistics_pb2.StringStatistics | statistics_pb2.WeightedStringStatistics,
    ranked: Sequence[tuple[str, float]],
    options: StatisticsOptions,
) -> None:
    """Fill in the most frequent texts, and the longer list of them."""
    for text, count in ranked[: options.num_top_values]:
        stats.top_values.add(value=text, frequency=count)
    for rank, (text, count) in enumerate(ranked[: options.num_rank_histogram_buckets]):
        stats.rank_histogram.buckets.add(
            low_rank=rank, high_rank=rank, label=text, sample_count=count
        )


def fill_bytes(stats: statistics_pb2.BytesStatistics, counts: TextCounts, *, values: int) -> None:
    """Fill in how long values are that are no texts; nobody counts equal ones."""
    if not counts.count:
        return
    stats.avg_num_bytes = counts.bytes / values
    stats.min_num_bytes = counts.minimum
    stats.max_num_bytes = counts.maximum
    stats.max_num_bytes_int = int(counts.maximum)


def frequent(counts: TextCounts, threshold: float) -> list[tuple[str, float]]:
    """Return the most frequent texts with their counts, without the rarest."""
    return [row for row in _labels(counts) if row[1] >= threshold]


def _labels(counts: TextCounts) -> list[tuple[str, float]]:
    """Return the most frequent texts; all values that are no UTF-8 share one label."""
    if not counts.invalid:
        return list(counts.top)
    shared = dict(counts.top)
    shared[BYTES_LABEL] = shared.get(BYTES_LABEL, 0) + counts.invalid
    by_text = sorted(shared.items(), key=lambda row: row[0].encode(), reverse=True)
    return sorted(by_text, key=lambda row: -row[1])


def add_buckets(histogram: statistics_pb2.Histogram, buckets: Sequence[Bucket]) -> None:
    for bucket in buckets:
        histogram.buckets.add(
            low_value=bucket.low, high_value=bucket.high, sample_count=bucket.count
        )


def _given(number: float | None) -> float:
    return math.nan if number is None else number
