"""Put the statistics of all features together as one data set's proto."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import statistics_pb2

from lineal.validation.stats.counts import NumberCounts, TextCounts
from lineal.validation.stats.features import (
    fill_bytes,
    fill_lengths,
    fill_numbers,
    fill_texts,
    single_values,
)
from lineal.validation.stats.levels import fill_levels
from lineal.validation.stats.plan import Kind, Reading
from lineal.validation.stats.series import Measure
from lineal.validation.stats.weighted import fill_weighted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.validation.options import StatisticsOptions
    from lineal.validation.stats.counts import Counts
    from lineal.validation.stats.plan import FeaturePlan
    from lineal.validation.stats.series import Series

__all__ = ["DOMAIN_INFO", "assemble"]

DOMAIN_INFO = "domain_info"
"""The custom statistic from which schema inference takes a domain."""


@dataclass(frozen=True)
class _Work:
    """What is at hand while one data set is put together."""

    counts: Counts
    options: StatisticsOptions
    places: Mapping[tuple[tuple[str, ...], Measure, int], int]
    weights: Sequence[str]

    def lengths(self, each: Series, *, level: int) -> NumberCounts:
        """Return the lengths of the lists at a level."""
        place = self.places[each.plan.path, Measure.LENGTHS, level]
        return self.counts.numbers.get(place, NumberCounts())


def assemble(
    counts: Counts, series: Sequence[Series], options: StatisticsOptions, *, name: str = ""
) -> statistics_pb2.DatasetFeatureStatistics:
    """Return the statistics of one data set."""
    places = {
        (each.plan.path, each.measure, each.level): place for place, each in enumerate(series)
    }
    weights = sorted({each.weight for each in series if each.weight is not None})
    work = _Work(counts, options, places, weights)
    dataset = statistics_pb2.DatasetFeatureStatistics(name=name, num_examples=counts.examples)
    if options.weight is not None and options.weight in weights:
        dataset.weighted_num_examples = counts.weights[weights.index(options.weight)].total
    above: dict[tuple[str, ...], tuple[int, float]] = {
        (): (counts.examples, dataset.weighted_num_examples)
    }
    for index, each in enumerate(series):
        if each.measure is not Measure.VALUES:
            break
        feature = dataset.features.add(type=each.plan.kind.value)
        feature.path.step.extend(each.plan.path)
        _fill(feature, work, each, index, above)
        if each.plan.domain_info is not None:
            feature.custom_stats.add(name=DOMAIN_INFO, str=each.plan.domain_info)
    return dataset


def _fill(
    feature: statistics_pb2.FeatureNameStatistics,
    work: _Work,
    each: Series,
    index: int,
    above: dict[tuple[str, ...], tuple[int, float]],
) -> None:
    """Fill in the feature's own kind of statistics, and tell how many values it has."""
    plan, counts, options = each.plan, work.counts, work.options
    is_text = plan.reading in {Reading.TEXT, Reading.BINARY}
    found = (
        counts.texts.get(index, TextCounts())
        if is_text
        else counts.numbers.get(index, NumberCounts())
    )
    absent = int(found.missing) if plan.depth else 0
    values = int(found.present) + absent
    group = _group(feature, plan)
    common = group.common_stats
    common.SetInParent()
    first = single_values(found.present) if not plan.depth else work.lengths(each, level=1)
    many = first
    if plan.depth > 1:
        place = work.places[plan.path, Measure.INNERMOST, 0]
        many = counts.numbers.get(place, NumberCounts())
    fill_lengths(common, many, values=values, buckets=options.num_values_histogram_buckets)
    parent, parent_weight = above[plan.path[:-1]]
    common.num_missing = parent - common.num_non_missing
    if plan.depth > 1:
        levels = [work.lengths(each, level=level) for level in range(1, plan.depth + 1)]
        fill_levels(feature, common, levels, parent)
    if isinstance(found, TextCounts):
        if plan.kind is Kind.BYTES:
            fill_bytes(feature.bytes_stats, found, values=values)
        elif plan.is_opaque and found.count:
            feature.string_stats.avg_length = found.bytes / values
        else:
            fill_texts(feature.string_stats, found, options, values=values)
    elif plan.kind in {Kind.INT, Kind.FLOAT}:
        fill_numbers(feature.num_stats, found, options, absent=absent)
    weight = 0.0
    if each.weight is not None:
        weight = fill_weighted(feature, common, work, each, index, parent_weight)
    above[plan.path] = (common.tot_num_values, weight)


def _group(
    feature: statistics_pb2.FeatureNameStatistics, plan: FeaturePlan
) -> (
    statistics_pb2.NumericStatistics
    | statistics_pb2.StringStatistics
    | statistics_pb2.BytesStatistics
    | statistics_pb2.StructStatistics
):
    match plan.kind:
        case Kind.INT | Kind.FLOAT:
            is_category = plan.reading is Reading.TEXT
            return feature.string_stats if is_category else feature.num_stats
        case Kind.STRING:
            return feature.string_stats
        case Kind.BYTES:
            return feature.bytes_stats
        case Kind.STRUCT:
            return feature.struct_stats
