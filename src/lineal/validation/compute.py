"""Compute the statistics of a file, a frame or any source that an engine can read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from lineal.engine import embedded
from lineal.engine.protocol import CsvFiles
from lineal.validation.options import StatisticsOptions
from lineal.validation.results import Statistics
from lineal.validation.sources import as_source, rereadable

if TYPE_CHECKING:
    from lineal.engine import Engine, Source
    from lineal.validation.stats.reduce import Limits

__all__ = ["statistics"]

_GROUP = 250
"""Columns counted in one scan: each takes some megabytes of the engine, however few its values.

A wider table is read once for every group.
"""

_Item = TypeVar("_Item")


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
    """Compute the statistics of a source."""
    from lineal.validation.stats.features import FINE
    from lineal.validation.stats.reduce import Limits

    limits = Limits(
        intervals=FINE * options.num_quantiles_histogram_buckets,
        texts=max(options.num_top_values, options.num_rank_histogram_buckets),
    )
    if isinstance(source, CsvFiles) and source.columns is None:
        return _of_texts(source, engine, options, limits)
    return _of_types(source, engine, options, limits)


def _of_types(
    source: Source, engine: Engine, options: StatisticsOptions, limits: Limits
) -> Statistics:
    """Compute the statistics of data whose columns have types."""
    from lineal.validation.stats.assemble import assemble
    from lineal.validation.stats.collect import DATA, expression, series_of
    from lineal.validation.stats.counts import read_counts, together
    from lineal.validation.stats.plan import plan_features

    schema = engine.schema(source)
    series = series_of(plan_features(schema, columns=options.columns))
    groups = _groups(series)
    if len(groups) > 1:
        source = rereadable(source)
    results = (
        engine.run(expression(schema, group, limits), {DATA: source}).read_all() for group in groups
    )
    counts = together([read_counts(result) for result in results], _GROUP)
    return Statistics(assemble(counts, series, options))


def _of_texts(
    source: CsvFiles, engine: Engine, options: StatisticsOptions, limits: Limits
) -> Statistics:
    """Compute the statistics of files whose types are told from their values, in the same scan."""
    import pyarrow as pa

    from lineal.validation.stats.assemble import assemble
    from lineal.validation.stats.collect import DATA, series_of
    from lineal.validation.stats.counts import read_counts, together
    from lineal.validation.stats.plan import chosen, plan_text
    from lineal.validation.stats.untyped import untyped_expression

    names = engine.column_names(source)
    read = tuple(chosen(names, options.columns))
    texts = replace(source, columns=dict.fromkeys(names, pa.string()))
    results = (
        engine.run(untyped_expression(group, limits), {DATA: texts}).read_all()
        for group in _groups(read)
    )
    counts = together([read_counts(result) for result in results], _GROUP)
    plans = [plan_text(name, counts.types.get(place)) for place, name in enumerate(read)]
    return Statistics(assemble(counts, series_of(plans), options))


def _groups(items: tuple[_Item, ...]) -> list[tuple[_Item, ...]]:
    """Cut what is counted into groups; without columns there is still one, of no items."""
    starts = range(0, max(len(items), 1), _GROUP)
    return [items[start : start + _GROUP] for start in starts]
