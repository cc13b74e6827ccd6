"""Take the statistics of numbers that are nearly all different by sorting them.

Counting equal values is of no use where there are none: a hash table as large as the data would be
built and sorted after all. Instead the totals of all such columns come from one scan, and one sort
of each column gives the values at the ranks that are asked for, with exact counts. A column is
taken so only if its first rows prove it to have more distinct values than any state keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from lineal.validation.stats.collect import DATA
from lineal.validation.stats.columns import base_of, counted, unbound
from lineal.validation.stats.counts import NumberCounts
from lineal.validation.stats.histograms import Ranks
from lineal.validation.stats.plan import Kind, Reading
from lineal.validation.stats.series import Measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir
    import pyarrow as pa

    from lineal.engine import Engine, Source
    from lineal.validation.stats.series import Series

__all__ = ["counted_in_order", "mostly_distinct"]

_FIRST = 65_536
"""Rows that are looked at to tell which columns to sort."""
_SMALL = 500_000
"""Tables with fewer rows are counted: that is as fast, and keeps every value."""
_COLUMNS = 64
"""More columns than that are not looked at: they are counted group by group."""


def mostly_distinct(
    engine: Engine, source: Source, schema: pa.Schema, series: Sequence[Series]
) -> frozenset[int]:
    """Return the places of the series of plain numbers that are hardly ever equal."""
    asked = {place: each for place, each in enumerate(series) if _can_be_sorted(each)}
    if not 0 < len(asked) <= _COLUMNS:
        return frozenset()
    data = unbound(schema, [each.plan for each in asked.values()], name=DATA)
    counted_rows = engine.run(data.aggregate(rows=data.count()), {DATA: source}).read_all()
    if counted_rows["rows"][0].as_py() < _SMALL:
        return frozenset()
    first = data.limit(_FIRST)
    distinct = {f"s{n}": base_of(first, each.plan).nunique() for n, each in asked.items()}
    told = engine.run(first.aggregate(**distinct), {DATA: source}).read_all()
    return frozenset(n for n in asked if told[f"s{n}"][0].as_py() > _FIRST // 2)


def _can_be_sorted(each: Series) -> bool:
    plan = each.plan
    return (
        each.measure is Measure.VALUES
        and plan.reading is Reading.NUMBER
        and plan.kind in {Kind.INT, Kind.FLOAT}
        and not plan.depth
        and each.weight is None
        and all(step.name for step in plan.steps)
    )


def counted_in_order(
    engine: Engine,
    source: Source,
    schema: pa.Schema,
    series: Mapping[int, Series],
    *,
    intervals: int,
) -> dict[int, NumberCounts]:
    """Return the counts of these series, with their values at `intervals` + 1 even ranks."""
    if not series:
        return {}
    data = unbound(schema, [each.plan for each in series.values()], name=DATA)
    columns = {n: counted(base_of(data, each.plan), Reading.NUMBER) for n, each in series.items()}
    totals = {
        f"{name}_{n}": value
        for n, column in columns.items()
        for name, value in _totals(column).items()
    }
    row = engine.run(data.aggregate(**totals), {DATA: source}).read_all().to_pylist()[0]
    found = {}
    for n, each in series.items():
        own = {name: row[f"{name}_{n}"] for name in _totals(columns[n])}
        ranks = _ranks(engine, source, schema, each, int(own["count"]), intervals)
        variance = own.pop("variance")
        deviations = None if variance is None else variance * own["count"]
        found[n] = NumberCounts(
            **{name: value for name, value in own.items() if value is not None},
            distinct=len(ranks.values),
            deviations=deviations,
            ranks=ranks,
        )
    return found


def _totals(column: ir.FloatingValue) -> dict[str, ir.Scalar]:
    is_number = column.notnull() & ~column.isnan()
    is_finite = is_number & ~column.isinf()
    return {
        "count": is_number.sum().fill_null(0),
        "missing": column.isnull().sum().fill_null(0),
        "nan": column.isnan().sum().fill_null(0),
        "zeros": (column == 0).sum().fill_null(0),
        "positive_infinities": (column == float("inf")).sum().fill_null(0),
        "minimum": column.min(where=is_number),
        "maximum": column.max(where=is_number),
        "greatest_finite": column.max(where=is_finite),
        "mean": column.mean(where=is_finite),
        "variance": column.var(where=is_finite, how="pop"),
    }


def _ranks(
    engine: Engine, source: Source, schema: pa.Schema, each: Series, total: int, intervals: int
) -> Ranks:
    """Sort one column; keep the values at the ranks, with how many are at or below each."""
    data = unbound(schema, [each.plan], name=DATA)
    column = counted(base_of(data, each.plan), Reading.NUMBER)
    numbers = data.select(number=column)
    numbers = numbers.filter(numbers["number"].notnull() & ~numbers["number"].isnan())
    order = ibis.window(order_by="number")
    ranked = numbers.mutate(
        place=ibis.row_number().over(order),
        first=ibis.rank().over(order),
        through=ibis.cume_dist().over(order),
    )
    slack = 1e-6
    scale = float(intervals) / max(total, 1)
    # In doubles: with a literal beside integers DuckDB reckons in wide decimals, far slower.
    place = ranked["place"].cast("float64")
    at, after = place * scale, (place + 1.0) * scale
    kept = ranked.filter((after + slack).floor() > (at - slack).floor())
    rows = engine.run(
        kept.group_by("number").aggregate(first=kept["first"].min(), through=kept["through"].max()),
        {DATA: source},
    ).read_all()
    found = sorted(
        zip(*(rows[name].to_pylist() for name in ("number", "first", "through")), strict=True)
    )
    cumulative = [float(round(through * total)) for _, _, through in found]
    return Ranks(
        [number for number, _, _ in found],
        cumulative,
        own=[through - first for (_, first, _), through in zip(found, cumulative, strict=True)],
    )
