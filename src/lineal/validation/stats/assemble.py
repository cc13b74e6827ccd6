"""Put the statistics of all features together as one data set's proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import statistics_pb2

from lineal.validation.stats.counts import NumberCounts, TextCounts
from lineal.validation.stats.features import fill_lengths, fill_numbers, fill_texts, single_values
from lineal.validation.stats.plan import Kind, Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.validation.options import StatisticsOptions
    from lineal.validation.stats.collect import Series
    from lineal.validation.stats.counts import Counts

__all__ = ["DOMAIN_INFO", "assemble"]

DOMAIN_INFO = "domain_info"
"""The custom statistic from which schema inference takes a domain."""


def assemble(
    counts: Counts, series: Sequence[Series], options: StatisticsOptions
) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Return the statistics of one data set without a name."""
    result = statistics_pb2.DatasetFeatureStatisticsList()
    dataset = result.datasets.add(num_examples=counts.examples)
    lengths = {each.plan.path: index for index, each in enumerate(series) if each.is_lengths}
    values_of: dict[tuple[str, ...], int] = {}
    for index, each in enumerate(series):
        if each.is_lengths:
            continue
        path = each.plan.path
        feature = dataset.features.add(type=each.plan.kind.value)
        feature.path.step.extend(path)
        common = _fill(
            feature, each, counts.numbers, counts.texts, index, lengths.get(path), options
        )
        above = values_of[path[:-1]] if len(path) > 1 else counts.examples
        common.num_missing = above - common.num_non_missing
        values_of[path] = common.tot_num_values
        if each.plan.domain_info is not None:
            feature.custom_stats.add(name=DOMAIN_INFO, str=each.plan.domain_info)
    return result


def _fill(
    feature: statistics_pb2.FeatureNameStatistics,
    each: Series,
    numbers: Mapping[int, NumberCounts],
    texts: Mapping[int, TextCounts],
    index: int,
    lengths: int | None,
    options: StatisticsOptions,
) -> statistics_pb2.CommonStatistics:
    """Fill in the feature's own kind of statistics and return the common part of it."""
    is_text = each.reading in {Reading.TEXT, Reading.BINARY}
    found = texts.get(index, TextCounts()) if is_text else numbers.get(index, NumberCounts())
    absent = found.missing if lengths is not None else 0
    values = found.present + absent
    many = single_values(found.present) if lengths is None else numbers.get(lengths, NumberCounts())
    common = _group(feature, each.plan.kind).common_stats
    common.SetInParent()
    fill_lengths(common, many, values=values, buckets=options.num_values_histogram_buckets)
    if isinstance(found, TextCounts):
        fill_texts(feature.string_stats, found, options, values=values)
    elif each.plan.kind in {Kind.INT, Kind.FLOAT}:
        fill_numbers(feature.num_stats, found, options, absent=absent)
    return common


def _group(
    feature: statistics_pb2.FeatureNameStatistics, kind: Kind
) -> (
    statistics_pb2.NumericStatistics
    | statistics_pb2.StringStatistics
    | statistics_pb2.StructStatistics
):
    match kind:
        case Kind.INT | Kind.FLOAT:
            return feature.num_stats
        case Kind.STRING:
            return feature.string_stats
        case Kind.STRUCT:
            return feature.struct_stats
