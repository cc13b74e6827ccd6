"""Presence and lengths at each level of lists that lie in lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.validation.stats.features import add_buckets
from lineal.validation.stats.histograms import quantile_buckets, quantiles, standard_buckets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tensorflow_metadata.proto.v0 import statistics_pb2

    from lineal.validation.stats.counts import NumberCounts

__all__ = ["fill_levels", "total_length"]

_BUCKETS = 10
_QUANTILES = 1  # Histogram.HistogramType


def total_length(lengths: NumberCounts) -> int:
    """Return the number of all elements of lists with these lengths."""
    return round((lengths.mean or 0.0) * lengths.count)


def fill_levels(
    feature: statistics_pb2.FeatureNameStatistics,
    common: statistics_pb2.CommonStatistics,
    levels: Sequence[NumberCounts],
    parent: int,
) -> None:
    """Fill in each level, outermost first; a list is missing from the list that it lies in."""
    for number, lengths in enumerate(levels, start=1):
        level = common.presence_and_valency_stats.add()
        level.num_non_missing = int(lengths.count)
        level.num_missing = parent - level.num_non_missing
        parent = 0
        if lengths.minimum is not None and lengths.maximum is not None:
            level.min_num_values = int(lengths.minimum)
            level.max_num_values = int(lengths.maximum)
            level.tot_num_values = parent = total_length(lengths)
        if number > 1:
            _add_histograms(feature, number, lengths)


def _add_histograms(
    feature: statistics_pb2.FeatureNameStatistics, number: int, lengths: NumberCounts
) -> None:
    by_quantiles = feature.custom_stats.add(name=f"level_{number}_value_list_length_quantiles")
    standard = feature.custom_stats.add(name=f"level_{number}_value_list_length_standard")
    by_quantiles.histogram.type = _QUANTILES
    standard.histogram.SetInParent()
    if not lengths.count:
        return
    answers = quantiles(lengths.ranks, _BUCKETS)
    add_buckets(by_quantiles.histogram, quantile_buckets(answers))
    add_buckets(
        standard.histogram,
        standard_buckets(
            answers,
            buckets=_BUCKETS,
            greatest_finite=lengths.greatest_finite,
            positive_infinities=0,
        ),
    )
