"""What statistics are made of, in a form that can be merged: shards into a whole, days into years.

Counts, sums, least and greatest values merge exactly. So do numbers up to 5,701 distinct ones and
texts up to 100,000; beyond, ranks are kept within 1 % and the most frequent texts with a bound.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.validation.results import Statistics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.validation.options import StatisticsOptions
    from lineal.validation.stats.counts import Counts
    from lineal.validation.stats.derived import Derived
    from lineal.validation.stats.series import Series

__all__ = ["StatisticsState"]


class StatisticsState:
    """The counts of every feature, of the whole and of each slice."""

    def __init__(
        self,
        series: tuple[Series, ...],
        parts: Mapping[str | None, Counts],
        options: StatisticsOptions,
        derived: tuple[Derived, ...] = (),
    ) -> None:
        """Hold counts of `parts` of the data by name; that of all examples is named None."""
        self.series = series
        self.parts = parts
        self.options = options
        self.derived = derived

    @property
    def num_examples(self) -> int:
        """The number of rows."""
        return self.parts[None].examples

    def __repr__(self) -> str:
        """Say how much there is."""
        features = {each.plan.path for each in self.series}
        return f"<StatisticsState of {self.num_examples} examples, {len(features)} features>"

    def statistics(self, *, options: StatisticsOptions | None = None) -> Statistics:
        """Form the statistics; `options` may ask for other histograms and thresholds."""
        from tensorflow_metadata.proto.v0 import statistics_pb2

        from lineal.validation.stats.assemble import assemble
        from lineal.validation.stats.derived import add_derived
        from lineal.validation.views import ALL_EXAMPLES

        chosen = self.options if options is None else replace(options, weight=self.options.weight)
        found = statistics_pb2.DatasetFeatureStatisticsList()
        whole = ALL_EXAMPLES if self.options.slices or len(self.parts) > 1 else ""
        for name, counts in sorted(self.parts.items(), key=lambda item: item[0] or ""):
            dataset = assemble(counts, self.series, chosen, name=whole if name is None else name)
            add_derived(dataset, self.derived, counts.derived)
            found.datasets.append(dataset)
        return Statistics(found)

    def merge(self, *others: StatisticsState) -> StatisticsState:
        """Return the state of all the data together, in whatever order.

        Features and slices that only some have are taken over. Raises `InvalidInput` for a
        feature that has different types, or other weights.
        """
        from lineal.validation.stats.merge import merged

        return merged([self, *others])

    def save(self, path: str | Path) -> Path:
        """Write one Parquet file."""
        from lineal.validation.stats.storage import write_state

        return write_state(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> StatisticsState:
        """Read what `save` wrote; raise `Corrupt` or `IncompatibleVersion` for anything else."""
        from lineal.validation.stats.storage import read_state

        return read_state(Path(path))
