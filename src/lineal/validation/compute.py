"""Compute the statistics of a file, a frame or any source that an engine can read."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from lineal.engine import embedded
from lineal.engine.protocol import ArrowData, CsvFiles, ParquetFiles
from lineal.errors import InvalidInput, NotFound
from lineal.validation.options import StatisticsOptions
from lineal.validation.results import Statistics
from lineal.validation.sources import as_source, rereadable
from lineal.validation.state import StatisticsState

if TYPE_CHECKING:
    import pyarrow as pa

    from lineal.engine import Engine, Source
    from lineal.validation.slices import Slice
    from lineal.validation.stats.counts import Counts, NumberCounts
    from lineal.validation.stats.derived import Derived
    from lineal.validation.stats.plan import FeaturePlan
    from lineal.validation.stats.reduce import Limits
    from lineal.validation.stats.series import Series

__all__ = ["statistics", "statistics_state"]

_GROUP = 250
"""Columns counted in one scan: each takes some megabytes of the engine, however few its values.

A wider table is read once for every group.
"""
_INTERVALS = 4_000
"""Ranks at which a state keeps a number that has more distinct values than are kept."""

_Item = TypeVar("_Item")


def statistics(
    data: object, *, engine: Engine | None = None, options: StatisticsOptions | None = None
) -> Statistics:
    """Compute the statistics of `data`, reading it once.

    `data` is a path (CSV, JSON lines, Parquet, Arrow; CSV and JSON may be gzipped), an Arrow,
    pandas or Polars table, anything with the Arrow PyCapsule stream, a source of the engine, or
    a `StatisticsState`. Dates, times and durations count as whole numbers of days or
    microseconds. Slices cost a pass each. Raises `InvalidInput` for data that can't be read,
    naming what is wrong with it.

    >>> import pyarrow as pa
    >>> flights = statistics(pa.table({"delay": [1, 2, 3, 4], "carrier": ["UA", "B6", "UA", None]}))
    >>> flights["delay"].median, flights["carrier"].missing, flights["carrier"].top_values[0].value
    (3, 1, 'UA')
    """
    from lineal.validation.stats.extra import Asked, add_extra
    from lineal.validation.stats.features import FINE
    from lineal.validation.stats.reduce import Limits

    if isinstance(data, StatisticsState):
        return data.statistics(options=options)
    options = options or StatisticsOptions()
    limits = Limits(
        intervals=FINE * options.num_quantiles_histogram_buckets,
        texts=max(options.num_top_values, options.num_rank_histogram_buckets),
    )
    source, engine = as_source(data, options), engine or embedded()
    if options.generators:
        source = rereadable(source)
    state = _computed(source, engine, options, limits)
    found = state.statistics()
    if options.generators:
        plans = [each.plan for each in state.series if not each.level]
        asked = Asked(list(dict.fromkeys(plans)), engine, source, options)
        add_extra(found.dataset, options.generators, asked)
        found = Statistics(found.proto)
    return found


def statistics_state(
    data: object, *, engine: Engine | None = None, options: StatisticsOptions | None = None
) -> StatisticsState:
    """Compute what the statistics of `data` are made of, so that it can be merged with others'.

    It holds every distinct number of a feature that has at most 5,701 of them, else enough for
    every rank within 1 %; and the 100,000 most frequent texts.
    """
    from lineal.validation.stats.merge import KEPT_DIGESTS, KEPT_TEXTS
    from lineal.validation.stats.reduce import Limits

    options = options or StatisticsOptions()
    limits = Limits(intervals=_INTERVALS, texts=KEPT_TEXTS, digests=KEPT_DIGESTS, mergeable=True)
    return _computed(as_source(data, options), engine or embedded(), options, limits)


def _computed(
    source: Source, engine: Engine, options: StatisticsOptions, limits: Limits
) -> StatisticsState:
    """Count all, slice by slice; text files whose types are unknown are typed from the counts."""
    if isinstance(source, CsvFiles) and source.columns is None:
        if not _reads_values(options):
            return _of_texts(source, engine, options, limits)
        schema = engine.schema(source)
        source = replace(source, columns={field.name: field.type for field in schema})
    return _of_types(source, engine, options, limits)


def _reads_values(options: StatisticsOptions) -> bool:
    """Whether rows are looked at as a whole, so that their types must be known before."""
    return bool(
        options.weight or options.weights or options.slices or options.sample_rate or options.schema
    )


def _of_types(
    source: Source, engine: Engine, options: StatisticsOptions, limits: Limits
) -> StatisticsState:
    """Count data whose columns have types."""
    from lineal.validation.stats.derived import derived_of

    schema = engine.schema(source)
    plans = _plans(schema, options)
    series = _weighed(plans, schema, options)
    groups = _groups(series)
    if len(groups) > 1 or options.slices:
        source = rereadable(source)
    derived = derived_of(options.schema, plans)
    parts = _counted(source, engine, schema, groups, limits, None, options, derived)
    if None in parts:
        _check_weights(parts[None], series)
    for part in options.slices:
        sliced = replace(limits, sliced=True)
        parts.update(_counted(source, engine, schema, groups, sliced, part, options, derived))
    return StatisticsState(series, parts, options, derived)


def _counted(
    source: Source,
    engine: Engine,
    schema: pa.Schema,
    groups: list[tuple[Series, ...]],
    limits: Limits,
    part: Slice | None,
    options: StatisticsOptions,
    derived: tuple[Derived, ...],
) -> dict[str | None, Counts]:
    from lineal.validation.stats.collect import DATA, expression
    from lineal.validation.stats.counts import read_counts, together
    from lineal.validation.stats.sampling import Sample

    rate = options.sample_rate
    sample = None if rate is None or rate == 1 else Sample(rate, options.seed)
    by_order: dict[int, NumberCounts] = {}
    found = []
    for number, group in enumerate(groups):
        own = {} if part or sample else _by_order(source, engine, schema, group, limits)
        by_order.update({number * _GROUP + place: each for place, each in own.items()})
        asked = expression(schema, group, limits, part, sample, derived, frozenset(own))
        found.append(read_counts(engine.run(asked, {DATA: source}).read_all()))
    counts = together(found, _GROUP)
    if by_order:
        whole = counts[None]
        counts[None] = replace(whole, numbers={**whole.numbers, **by_order})
    return counts


def _by_order(
    source: Source, engine: Engine, schema: pa.Schema, group: tuple[Series, ...], limits: Limits
) -> dict[int, NumberCounts]:
    """Return the counts of numbers that are hardly ever equal, of a source that is read again."""
    from lineal.validation.stats.ordered import counted_in_order, mostly_distinct

    in_memory = isinstance(source, ArrowData) and isinstance(source.data, Sized)
    if not (in_memory or isinstance(source, ParquetFiles)):
        return {}
    places = mostly_distinct(engine, source, schema, group)
    series = {place: group[place] for place in sorted(places)}
    return counted_in_order(engine, source, schema, series, intervals=limits.intervals)


def _plans(schema: pa.Schema, options: StatisticsOptions) -> list[FeaturePlan]:
    from lineal.validation.stats.plan import plan_features
    from lineal.validation.stats.stated import as_stated

    keys = {part.keys for part in options.slices if part.keys}
    plans = plan_features(schema, columns=options.columns)
    return as_stated([plan for plan in plans if plan.path[0] not in keys], options.schema)


def _weighed(
    plans: list[FeaturePlan], schema: pa.Schema, options: StatisticsOptions
) -> tuple[Series, ...]:
    """Give each feature its weight; raise for a weight that is no numeric column."""
    from lineal.validation.stats.plan import Kind, plan_features
    from lineal.validation.stats.series import series_of

    weights = [options.weight_of(plan.path) for plan in plans]
    for name in {weight for weight in weights if weight is not None}:
        if name not in schema.names:
            raise NotFound.among(
                "the data has no weight column",
                name,
                schema.names,
                remedy=f"give one of its {len(schema.names)} columns that holds numbers",
            )
        told = plan_features(schema, columns=(name,))[0]
        if told.kind not in {Kind.INT, Kind.FLOAT} or told.depth > 1 or told.domain_info:
            raise InvalidInput(
                f"column {name!r} holds {schema.field(name).type} and can't weigh rows; give a "
                "column of numbers"
            )
    return series_of(plans, weights)


def _check_weights(counts: Counts, series: tuple[Series, ...]) -> None:
    """Raise `InvalidInput` for weights that leave a row without one, or that weigh nothing."""
    names = sorted({each.weight for each in series if each.weight is not None})
    for place, name in enumerate(names):
        found = counts.weights[place]
        if found.missing:
            raise InvalidInput(
                f"weight column {name!r} has no finite number in {found.missing} of "
                f"{counts.examples} rows; every row needs exactly one"
            )
        if found.negative:
            raise InvalidInput(
                f"weight column {name!r} is below zero in {found.negative} of {counts.examples} "
                "rows; leave those rows out, or give weights of zero and above"
            )
        if counts.examples and not found.total:
            raise InvalidInput(
                f"weight column {name!r} is zero in all {counts.examples} rows, so that nothing "
                "has a weight; give another column, or none"
            )


def _of_texts(
    source: CsvFiles, engine: Engine, options: StatisticsOptions, limits: Limits
) -> StatisticsState:
    """Count files whose types are told from their values, in the same scan."""
    import pyarrow as pa

    from lineal.validation.stats.collect import DATA
    from lineal.validation.stats.counts import read_counts, together
    from lineal.validation.stats.plan import chosen, plan_text
    from lineal.validation.stats.series import series_of
    from lineal.validation.stats.untyped import untyped_expression

    names = engine.column_names(source)
    read = tuple(chosen(names, options.columns))
    texts = replace(source, columns=dict.fromkeys(names, pa.string()))
    results = (
        engine.run(untyped_expression(group, limits), {DATA: texts}).read_all()
        for group in _groups(read)
    )
    parts = together([read_counts(result) for result in results], _GROUP)
    types = parts[None].types
    empty = {place for place, found in parts[None].texts.items() if not found.count}
    plans = [
        plan_text(name, types.get(place), is_empty=place in empty)
        for place, name in enumerate(read)
    ]
    return StatisticsState(series_of(plans), parts, options)


def _groups(items: tuple[_Item, ...]) -> list[tuple[_Item, ...]]:
    """Cut what is counted into groups; without columns there is still one, of no items."""
    starts = range(0, max(len(items), 1), _GROUP)
    return [items[start : start + _GROUP] for start in starts]
