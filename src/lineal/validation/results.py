"""Statistics of a data set, as a proto that TensorFlow's tools read and as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from lineal.errors import NotFound
from lineal.validation.files import parse_text, read_proto, write_proto

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tensorflow_metadata.proto.v0 import statistics_pb2

    from lineal.validation.views import DatasetView, FeatureView

__all__ = ["FeatureStatistics", "Histogram", "HistogramBucket", "Number", "Statistics", "TopValue"]

Number = int | float | date | datetime
"""A bound of a feature: a date or an aware datetime where its numbers mean time."""


@dataclass(frozen=True)
class TopValue:
    """A text and how often it occurs."""

    value: str
    count: float


@dataclass(frozen=True)
class HistogramBucket:
    """The values in (low, high]; the first bucket has its lower bound too."""

    low: float
    high: float
    count: float


@dataclass(frozen=True)
class Histogram:
    """How numbers are spread. Counts may be fractions: they are interpolated from quantiles."""

    buckets: tuple[HistogramBucket, ...]
    num_nan: int


class _Time(Enum):
    DAYS = "UNIX_DAYS"
    MICROSECONDS = "UNIX_MICROSECONDS"


class Statistics:
    """The statistics of one data set, feature by feature.

    `statistics["arr_delay"]` gives those of one feature; fields of structs are named by dots or
    as a tuple. `proto` is a `tensorflow_metadata` `DatasetFeatureStatisticsList`.
    """

    def __init__(self, proto: statistics_pb2.DatasetFeatureStatisticsList) -> None:
        """Wrap `proto`, which must hold one data set or one named All Examples."""
        from lineal.validation.views import DatasetView, the_dataset

        self.proto = proto
        self._view: DatasetView = DatasetView(the_dataset(proto))

    @classmethod
    def load(cls, path: str | Path) -> Statistics:
        """Read what `save` or TFX wrote (`FeatureStats.pb`); text if the name ends in .pbtxt."""
        from tensorflow_metadata.proto.v0 import statistics_pb2

        empty = statistics_pb2.DatasetFeatureStatisticsList()
        return cls(read_proto(path, empty, "statistics"))

    @classmethod
    def from_text(cls, text: str) -> Statistics:
        """Read the text form of the proto."""
        from tensorflow_metadata.proto.v0 import statistics_pb2

        empty = statistics_pb2.DatasetFeatureStatisticsList()
        return cls(parse_text(text, empty, "statistics", "the text"))

    def save(self, path: str | Path) -> Path:
        """Write the proto as TFX does (`FeatureStats.pb`), as text if the name ends in .pbtxt."""
        return write_proto(self.proto, path)

    @property
    def dataset(self) -> statistics_pb2.DatasetFeatureStatistics:
        """The proto of this one data set: of all examples where there are slices."""
        return self._view.proto

    @cached_property
    def slices(self) -> Mapping[str, Statistics]:
        """The statistics of each part of the data by its name; empty without slices.

        That of all examples is this one itself.
        """
        from tensorflow_metadata.proto.v0 import statistics_pb2

        return {
            each.name: Statistics(statistics_pb2.DatasetFeatureStatisticsList(datasets=[each]))
            for each in self.proto.datasets
            if each.name and each.name != self.dataset.name
        }

    @property
    def weighted_num_examples(self) -> float:
        """The sum of the rows' weights; 0 without weights."""
        return float(self.dataset.weighted_num_examples)

    @property
    def num_examples(self) -> int:
        """The number of rows."""
        return int(self._view.proto.num_examples)

    @cached_property
    def features(self) -> Mapping[str, FeatureStatistics]:
        """Every feature by its name, in the order of the columns."""
        return {
            ".".join(view.path): FeatureStatistics(view) for view in self._view.features.values()
        }

    def __getitem__(self, name: str | tuple[str, ...]) -> FeatureStatistics:
        """Return the statistics of one feature; raise `NotFound` naming the one likely meant."""
        wanted = name if isinstance(name, str) else ".".join(name)
        found = self.features.get(wanted)
        if found is None:
            raise NotFound.among("the statistics have no feature", wanted, self.features)
        return found

    def __contains__(self, name: object) -> bool:
        """Say whether there is a feature of this name."""
        return name in self.features

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the features."""
        return iter(self.features)

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.features)

    def __eq__(self, other: object) -> bool:
        """Compare by every number of the proto."""
        return isinstance(other, Statistics) and bool(self.proto == other.proto)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Say how much there is."""
        return f"<Statistics of {self.num_examples} examples, {len(self)} features>"

    def to_html(self, *, title: str = "Statistics") -> str:
        """Return one HTML page that shows them and needs no network."""
        from lineal.validation.page import statistics_page

        return statistics_page(self, title=title)

    def to_facets(self, name: str = "data") -> bytes:
        """Return them in the form that Facets Overview reads, the data set called `name`."""
        from lineal.validation.page import facets

        return facets({name: self})

    def _repr_html_(self) -> str:
        from lineal.validation.page import framed

        return framed(self.to_html())

    def to_rows(self) -> list[dict[str, str | Number | None]]:
        """Return one row a feature, for tables: name, type, counts and the main numbers."""
        return [feature.to_row() for feature in self.features.values()]


class FeatureStatistics:
    """The statistics of one feature. What its type does not have is None, or empty."""

    def __init__(self, view: FeatureView) -> None:
        """Look at one feature of a data set."""
        self._view = view

    @property
    def proto(self) -> statistics_pb2.FeatureNameStatistics:
        """The feature's own part of the proto."""
        return self._view.proto

    @property
    def path(self) -> tuple[str, ...]:
        """The column, then the fields of structs."""
        return self._view.path

    @property
    def name(self) -> str:
        """The path joined by dots."""
        return ".".join(self.path)

    @property
    def type(self) -> str:
        """INT, FLOAT, STRING, BYTES or STRUCT."""
        from tensorflow_metadata.proto.v0 import statistics_pb2

        return str(statistics_pb2.FeatureNameStatistics.Type.Name(self._view.type))

    @property
    def count(self) -> int:
        """In how many rows it is present."""
        return int(self._view.common.num_non_missing)

    @property
    def missing(self) -> int:
        """In how many rows it is missing."""
        return int(self._view.common.num_missing)

    @property
    def num_values(self) -> int:
        """The number of its values; more or fewer than rows for lists."""
        return int(self._view.common.tot_num_values)

    @property
    def value_count(self) -> tuple[int, int]:
        """The least and the greatest number of values in a row that has it."""
        return self._view.common.min_num_values, self._view.common.max_num_values

    @property
    def is_time(self) -> bool:
        """Whether its numbers are dates or instants."""
        return self._time is not None

    @property
    def mean(self) -> Number | None:
        """The arithmetic mean; NaN once a value is infinite."""
        return self._moment(self._numbers.mean) if self._numbers else None

    @property
    def std_dev(self) -> float | timedelta | None:
        """The population standard deviation; a duration where numbers mean time."""
        if not self._numbers:
            return None
        deviation = float(self._numbers.std_dev)
        match self._time:
            case _Time.DAYS:
                return timedelta(days=deviation)
            case _Time.MICROSECONDS:
                return timedelta(microseconds=deviation)
        return deviation

    @property
    def min(self) -> Number | None:
        """The least value."""
        return self.value_of(self._numbers.min) if self._numbers else None

    @property
    def max(self) -> Number | None:
        """The greatest value."""
        return self.value_of(self._numbers.max) if self._numbers else None

    @property
    def median(self) -> Number | None:
        """The upper median: of 1, 2, 3, 4 it is 3."""
        return self.value_of(self._numbers.median) if self._numbers else None

    @property
    def zeros(self) -> int | None:
        """How many values are 0."""
        return int(self._numbers.num_zeros) if self._numbers else None

    @property
    def num_nan(self) -> int | None:
        """How many values are NaN, nulls inside lists of numbers among them."""
        return self._view.num_nan if self._view.numbers is not None else None

    @property
    def standard_histogram(self) -> Histogram | None:
        """Evenly wide buckets."""
        return self._histogram(0)

    @property
    def quantiles_histogram(self) -> Histogram | None:
        """Buckets of evenly many values."""
        return self._histogram(1)

    @property
    def unique(self) -> int | None:
        """How many different texts there are."""
        return int(self._view.texts.unique) if self._view.texts is not None else None

    @property
    def avg_length(self) -> float | None:
        """The mean length of the texts in bytes of UTF-8."""
        return float(self._view.texts.avg_length) if self._view.texts is not None else None

    @property
    def top_values(self) -> tuple[TopValue, ...]:
        """The most frequent texts; of equally frequent ones the larger first."""
        texts = self._view.texts
        found = texts.top_values if texts is not None else ()
        return tuple(TopValue(each.value, each.frequency) for each in found)

    @property
    def ranks(self) -> tuple[TopValue, ...]:
        """The same, but up to a thousand texts (the rank histogram)."""
        return tuple(TopValue(label, count) for label, count in self._view.labels.items())

    def to_row(self) -> dict[str, str | Number | None]:
        """Return what a table shows of it."""
        deviation = self.std_dev
        return {
            "feature": self.name,
            "type": self.type,
            "count": self.count,
            "missing": self.missing,
            "mean": self.mean,
            "std_dev": str(deviation) if isinstance(deviation, timedelta) else deviation,
            "min": self.min,
            "median": self.median,
            "max": self.max,
            "zeros": self.zeros,
            "unique": self.unique,
            "top": self.top_values[0].value if self.top_values else None,
            "avg_length": self.avg_length,
        }

    @property
    def _numbers(self) -> statistics_pb2.NumericStatistics | None:
        """The numeric statistics, if there is a number that is not NaN."""
        numbers = self._view.numbers
        return numbers if numbers and any(each.buckets for each in numbers.histograms) else None

    @cached_property
    def _time(self) -> _Time | None:
        from tensorflow_metadata.proto.v0 import schema_pb2

        from lineal.validation.infer import stated_domain

        stated = schema_pb2.Feature()
        if self._view.numbers is None or not stated_domain(stated, self._view):
            return None
        formats = schema_pb2.TimeDomain.IntegerTimeFormat
        name = formats.Name(stated.time_domain.integer_format)
        return next((each for each in _Time if each.value == name), None)

    def value_of(self, number: float) -> Number:
        """Return what a number of the histograms means: a whole number, a date, an instant."""
        if self.type == "INT" and number.is_integer():
            return self._moment(int(number))
        return self._moment(number)

    def _moment(self, number: float) -> Number:
        match self._time:
            case _Time.DAYS:
                return date(1970, 1, 1) + timedelta(days=number)
            case _Time.MICROSECONDS:
                return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number)
        return number

    def _histogram(self, kind: int) -> Histogram | None:
        numbers = self._view.numbers
        for histogram in numbers.histograms if numbers is not None else ():
            if histogram.type == kind:
                return Histogram(
                    tuple(
                        HistogramBucket(each.low_value, each.high_value, each.sample_count)
                        for each in histogram.buckets
                    ),
                    histogram.num_nan,
                )
        return None
