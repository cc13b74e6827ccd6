"""Read statistics protos the way schema inference and validation look at them.

Weighted numbers take the place of plain ones where a data set has them for every feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tensorflow_metadata.proto.v0 import statistics_pb2

__all__ = ["ALL_EXAMPLES", "DatasetView", "FeatureView", "Level", "Path", "the_dataset"]

ALL_EXAMPLES = "All Examples"
"""The name of the whole among slices."""

Path = tuple[str, ...]


def the_dataset(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
) -> statistics_pb2.DatasetFeatureStatistics:
    """Return the only data set, or the one of all examples among slices."""
    if len(statistics.datasets) == 1:
        return statistics.datasets[0]
    for dataset in statistics.datasets:
        if dataset.name == ALL_EXAMPLES:
            return dataset
    raise InvalidInput(
        f"the statistics hold {len(statistics.datasets)} data sets and none is named "
        f"{ALL_EXAMPLES!r}; give those of one data set"
    )


@dataclass(frozen=True)
class Level:
    """Presence and lengths of the lists at one level of nesting."""

    num_non_missing: float
    num_missing: float
    min_num_values: int
    max_num_values: int

    @property
    def fixed_length(self) -> int | None:
        """The length of every list, where none is missing and all are equally long."""
        same = self.min_num_values == self.max_num_values > 0
        return self.min_num_values if same and self.num_missing == 0 else None


class DatasetView:
    """The statistics of one data set, by path."""

    def __init__(self, proto: statistics_pb2.DatasetFeatureStatistics) -> None:
        """Look at `proto`, which is never changed."""
        self.proto = proto
        self.weighted = _is_weighted(proto)
        self.features: Mapping[Path, FeatureView] = {
            view.path: view for view in (FeatureView(self, each) for each in proto.features)
        }

    @property
    def num_examples(self) -> float:
        """The number of examples, or the sum of their weights."""
        if self.weighted:
            return float(self.proto.weighted_num_examples)
        return int(self.proto.num_examples)

    def roots(self) -> Iterator[FeatureView]:
        """Go through the features that are columns, in their order."""
        return (view for path, view in self.features.items() if len(path) == 1)

    def children(self, path: Path) -> list[FeatureView]:
        """Return the fields of a struct, in the order of their names."""
        return self._children.get(path, [])

    @cached_property
    def _children(self) -> Mapping[Path, list[FeatureView]]:
        found: dict[Path, list[FeatureView]] = {}
        for path, view in self.features.items():
            found.setdefault(path[:-1], []).append(view)
        for views in found.values():
            views.sort(key=lambda view: view.path[-1])
        return found


class FeatureView:
    """The statistics of one feature."""

    def __init__(self, dataset: DatasetView, proto: statistics_pb2.FeatureNameStatistics) -> None:
        """Look at `proto`, which is never changed."""
        self.dataset = dataset
        self.proto = proto
        self.path: Path = tuple(proto.path.step) if proto.HasField("path") else (proto.name,)

    @property
    def type(self) -> int:
        """The value of `FeatureNameStatistics.Type`."""
        return int(self.proto.type)

    @property
    def has_values(self) -> bool:
        """Whether it is a feature of the data, not one derived by the schema (sparse, weighted)."""
        return self.proto.WhichOneof("stats") is not None

    @cached_property
    def common(self) -> statistics_pb2.CommonStatistics:
        """What every type has."""
        from tensorflow_metadata.proto.v0 import statistics_pb2

        group = self.proto.WhichOneof("stats")
        if group is None:
            return statistics_pb2.CommonStatistics()
        return getattr(self.proto, group).common_stats

    @property
    def numbers(self) -> statistics_pb2.NumericStatistics | None:
        """The numeric statistics, if it has them."""
        return self.proto.num_stats if self.proto.HasField("num_stats") else None

    @property
    def texts(self) -> statistics_pb2.StringStatistics | None:
        """The string statistics, if it has them."""
        return self.proto.string_stats if self.proto.HasField("string_stats") else None

    @property
    def num_present(self) -> float:
        """In how many examples (or values of the parent) it is present."""
        if self.dataset.weighted:
            return float(self.common.weighted_common_stats.num_non_missing)
        return int(self.common.num_non_missing)

    @property
    def num_missing(self) -> float:
        """In how many it is not."""
        if self.dataset.weighted:
            return float(self.common.weighted_common_stats.num_missing)
        return int(self.common.num_missing)

    @property
    def total_values(self) -> float:
        """The number of all its values."""
        if self.dataset.weighted:
            return float(self.common.weighted_common_stats.tot_num_values)
        return int(self.common.tot_num_values)

    @cached_property
    def levels(self) -> Sequence[Level]:
        """Presence and lengths, outermost level first; one level unless lists are nested."""
        common = self.common
        plain = common.presence_and_valency_stats
        if not plain:
            return (
                Level(
                    self.num_present,
                    self.num_missing,
                    common.min_num_values,
                    common.max_num_values,
                ),
            )
        weighted = common.weighted_presence_and_valency_stats
        counted = weighted if self.dataset.weighted else plain
        return tuple(
            Level(
                counts.num_non_missing, counts.num_missing, each.min_num_values, each.max_num_values
            )
            for each, counts in zip(plain, counted, strict=True)
        )

    @cached_property
    def labels(self) -> Mapping[str, float]:
        """The texts of the rank histogram with their counts, the most frequent first."""
        texts = self.texts
        if texts is None:
            return {}
        ranks = texts.rank_histogram
        if self.dataset.weighted:
            ranks = texts.weighted_string_stats.rank_histogram
        found: dict[str, float] = {}
        for bucket in ranks.buckets:
            found[bucket.label] = found.get(bucket.label, 0.0) + bucket.sample_count
        return found

    @property
    def num_nan(self) -> int:
        """The number of values that are NaN."""
        numbers = self.numbers
        if numbers is None:
            return int(sum(n for label, n in self.labels.items() if label.lower() == "nan"))
        return max((int(histogram.num_nan) for histogram in numbers.histograms), default=0)

    def histogram(self, kind: int) -> statistics_pb2.Histogram | None:
        """Return the first histogram of numbers of this `Histogram.HistogramType`."""
        numbers = self.numbers
        if numbers is None:
            return None
        weighted = self.dataset.weighted and numbers.HasField("weighted_numeric_stats")
        found = numbers.weighted_numeric_stats if weighted else numbers
        return next((each for each in found.histograms if each.type == kind), None)

    def custom(self, name: str) -> list[statistics_pb2.CustomStatistic]:
        """Return the custom statistics of this name."""
        return [each for each in self.proto.custom_stats if each.name == name]


def _is_weighted(proto: statistics_pb2.DatasetFeatureStatistics) -> bool:
    if proto.weighted_num_examples == 0:
        return False
    for feature in proto.features:
        group = feature.WhichOneof("stats")
        if group is None:
            continue
        common = getattr(feature, group).common_stats
        if not common.HasField("weighted_common_stats"):
            return False
        levels = len(common.presence_and_valency_stats)
        if len(common.weighted_presence_and_valency_stats) != levels:
            return False
    return True
