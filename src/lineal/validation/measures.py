"""Measure one statistic of a feature by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import statistics_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lineal.validation.views import DatasetView, FeatureView, Path

__all__ = ["MEASURES", "WITH_ARGUMENT", "measure"]

WITH_ARGUMENT = ("share", "quantile", "correlation")


def _of_numbers(name: str) -> Callable[[FeatureView], float | None]:
    def read(view: FeatureView) -> float | None:
        numbers = view.numbers
        if numbers is None or not any(each.buckets for each in numbers.histograms):
            return None  # without a value there is no mean, and the proto would say 0
        return float(getattr(numbers, name))

    return read


def _of_texts(name: str) -> Callable[[FeatureView], float | None]:
    def read(view: FeatureView) -> float | None:
        return None if view.texts is None else float(getattr(view.texts, name))

    return read


def _missing_share(view: FeatureView) -> float | None:
    total = view.num_present + view.num_missing
    return view.num_missing / total if total else None


MEASURES: Mapping[str, Callable[[FeatureView], float | None]] = {
    "mean": _of_numbers("mean"),
    "std_dev": _of_numbers("std_dev"),
    "min": _of_numbers("min"),
    "median": _of_numbers("median"),
    "max": _of_numbers("max"),
    "zeros": _of_numbers("num_zeros"),
    "nan": lambda view: float(view.num_nan) if view.numbers is not None else None,
    "unique": _of_texts("unique"),
    "avg_length": _of_texts("avg_length"),
    "count": lambda view: float(view.num_present),
    "missing": lambda view: float(view.num_missing),
    "missing_share": _missing_share,
    "num_values": lambda view: float(view.total_values),
}


def measure(
    dataset: DatasetView, path: Path, statistic: str, argument: str | float | None
) -> float | None:
    """Return a statistic of the feature at `path`, or None if its statistics lack it."""
    view = dataset.features[path]
    if statistic == "share":
        return _share(view, str(argument))
    if statistic == "quantile" and isinstance(argument, float):
        return _quantile(view, argument)
    if statistic == "correlation":
        return _correlation(dataset, path, tuple(str(argument).split(".")))
    return MEASURES[statistic](view)


def _share(view: FeatureView, text: str) -> float | None:
    """Return which part of the values a text is; of numbers only 0 is counted."""
    total = view.total_values
    if not total:
        return None
    if view.texts is not None:
        return view.labels.get(text, 0.0) / total
    if view.numbers is not None and text == "0":
        return float(view.numbers.num_zeros / total)
    return None


def _quantile(view: FeatureView, share: float) -> float | None:
    """Return a quantile from the QUANTILES histogram, linear between its bounds."""
    histogram = view.histogram(statistics_pb2.Histogram.QUANTILES)
    if histogram is None or not histogram.buckets:
        return None
    total = sum(bucket.sample_count for bucket in histogram.buckets)
    wanted, below = share * total, 0.0
    for bucket in histogram.buckets:
        if bucket.sample_count and below + bucket.sample_count >= wanted:
            part = (wanted - below) / bucket.sample_count
            width = bucket.high_value - bucket.low_value
            return float(bucket.low_value + (part * width if width else 0.0))
        below += bucket.sample_count
    return float(histogram.buckets[-1].high_value)


def _correlation(dataset: DatasetView, path: Path, other: Path) -> float | None:
    """Return the correlation of two features, if the statistics have that of the pair."""
    for cross in dataset.proto.cross_features:
        pair = tuple(cross.path_x.step), tuple(cross.path_y.step)
        if pair in {(path, other), (other, path)} and cross.HasField("num_cross_stats"):
            return float(cross.num_cross_stats.correlation)
    return None
