"""Compute the statistics of a file, a frame or any source that an engine can read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lineal.engine import embedded
from lineal.engine.protocol import CsvFiles
from lineal.validation.options import StatisticsOptions
from lineal.validation.results import Statistics
from lineal.validation.sources import as_source

if TYPE_CHECKING:
    from lineal.engine import Engine, Source

__all__ = ["statistics"]


def statistics(
    data: object, *, engine: Engine | None = None, options: StatisticsOptions | None = None
) -> Statistics:
    """Compute the statistics of `data`, reading it once.

    `data` is a path (CSV, JSON lines, Parquet, Arrow; CSV and JSON may be gzipped), an Arrow,
    pandas or Polars table, anything with the Arrow PyCapsule stream, or a source of the engine.
    Dates, times and durations count as whole numbers of days or microseconds. Raises
    `InvalidInput` for data that can't be read, naming what is wrong with it.

    >>> import pyarrow as pa
    >>> flights = statistics(pa.table({"delay": [1, 2, 3, 4], "carrier": ["UA", "B6", "UA", None]}))
    >>> flights["delay"].median, flights["carrier"].missing, flights["carrier"].top_values[0].value
    (3, 1, 'UA')
    """
    options = options or StatisticsOptions()
    return computed(as_source(data, options), engine or embedded(), options)


def computed(source: Source, engine: Engine, options: StatisticsOptions) -> Statistics:
    """Compute the statistics of a source whose columns the engine tells."""
    from lineal.validation.stats.assemble import assemble
    from lineal.validation.stats.collect import DATA, Limits, expression, series_of
    from lineal.validation.stats.counts import read_counts
    from lineal.validation.stats.features import FINE
    from lineal.validation.stats.plan import plan_features

    schema = engine.schema(source)
    if isinstance(source, CsvFiles) and source.columns is None:
        # So that the engine need not look for the types again when it reads the rows.
        source = replace(source, columns={field.name: field.type for field in schema})
    series = series_of(plan_features(schema, columns=options.columns))
    limits = Limits(
        intervals=FINE * options.num_quantiles_histogram_buckets,
        texts=max(options.num_top_values, options.num_rank_histogram_buckets),
    )
    result = engine.run(expression(schema, series, limits), {DATA: source}).read_all()
    return Statistics(assemble(read_counts(result), series, options))
