"""Count everything that the statistics need, in one scan of the data.

Each feature's values are grouped and counted; all else is computed from these counts, which
are as many as there are distinct values. The engine reduces them: a number's sorted counts to
those that answer a quantile, a text's to the most frequent ones, and both to totals. So what
reaches Python is bounded, whatever the size of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from lineal.engine.functions import binary_bytes, text_bytes, text_of
from lineal.validation.stats.columns import column_of, counted, unbound
from lineal.validation.stats.plan import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pyarrow as pa

    from lineal.validation.stats.plan import FeaturePlan

__all__ = ["DATA", "Limits", "Row", "Series", "expression", "series_of"]

DATA = "data"


class Row:
    """What a row of the result is about, in its column `kind`."""

    EXAMPLES = 0
    NUMBER_TOTALS = 1
    NUMBER = 2
    TEXT_TOTALS = 3
    TEXT = 4


@dataclass(frozen=True)
class Limits:
    """How finely numbers are cut, and how many texts are kept."""

    intervals: int
    texts: int


@dataclass(frozen=True)
class Series:
    """One thing that is counted: a feature's values, or the lengths of its lists."""

    plan: FeaturePlan
    is_lengths: bool = False

    @property
    def reading(self) -> Reading:
        """How each value of the series is read."""
        return Reading.NUMBER if self.is_lengths else self.plan.reading


def series_of(plans: Sequence[FeaturePlan]) -> list[Series]:
    """Return what is counted for these features; the place in the list numbers each series."""
    values = [Series(plan) for plan in plans]
    return values + [Series(plan, is_lengths=True) for plan in plans if plan.is_list]


_RESULT = {
    "kind": "int8",
    "series": "int32",
    "number": "float64",
    "text": "string",
    "count": "int64",
    "cumulative": "int64",
    "distinct": "int64",
    "missing": "int64",
    "nan": "int64",
    "zeros": "int64",
    "positive_infinities": "int64",
    "minimum": "float64",
    "maximum": "float64",
    "greatest_finite": "float64",
    "mean": "float64",
    "deviations": "float64",
    "bytes": "int64",
    "invalid": "int64",
}


def expression(schema: pa.Schema, series: Sequence[Series], limits: Limits) -> ir.Table:
    """Return the computation, over the unbound table `DATA`, of all counts."""
    data = unbound(schema, [each.plan for each in series], name=DATA)
    # One common node: the engine scans the data once for all that is counted of it.
    base = data.select(**{f"s{i}": _selected(data, each) for i, each in enumerate(series)})
    numbers = []
    texts = []
    for index, each in enumerate(series):
        counts = _counts(base, index, each)
        if each.reading is Reading.TEXT:
            texts.append(_text_counts(counts, index))
        elif each.reading is Reading.BINARY:
            texts.append(_binary_counts(counts, index))
        else:
            numbers.append(counts.select(series=_int32(index), number="value", count="count"))
    parts = [_shaped(base.aggregate(count=base.count()), Row.EXAMPLES)]
    if numbers:
        parts += _number_rows(_union(numbers), limits.intervals)
    if texts:
        parts += _text_rows(_union(texts), limits.texts)
    return _union(parts)


def _selected(data: ir.Table, each: Series) -> ir.Value:
    column = column_of(data, each.plan)
    if each.is_lengths:
        return column.length().cast("float64")
    return column if each.plan.is_list else counted(column, each.reading)


def _counts(base: ir.Table, index: int, each: Series) -> ir.Table:
    """Count each distinct value of a series, nulls too."""
    column = base[f"s{index}"]
    if each.plan.is_list and not each.is_lengths:
        values = base.select(value=column.unnest())
        values = values.select(value=counted(values["value"], each.reading))
    else:
        values = base.select(value=column)
    return values.group_by("value").aggregate(count=values.count())


def _text_counts(counts: ir.Table, index: int) -> ir.Table:
    return counts.select(
        series=_int32(index),
        text="value",
        bytes=text_bytes(counts["value"]),
        invalid=ibis.literal(False),
        count="count",
    )


def _binary_counts(counts: ir.Table, index: int) -> ir.Table:
    value = counts["value"]
    text = text_of(value)
    return counts.select(
        series=_int32(index),
        text=text,
        bytes=binary_bytes(value),
        invalid=value.notnull() & text.isnull(),
        count="count",
    )


def _number_rows(counts: ir.Table, intervals: int) -> list[ir.Table]:
    absent = counts.group_by("series").aggregate(
        missing=_sum_where(counts["count"], counts["number"].isnull()),
        nan=_sum_where(counts["count"], counts["number"].isnan()),
    )
    ranked = _ranked(counts)
    return [_shaped(_number_totals(ranked, absent), Row.NUMBER_TOTALS), _thinned(ranked, intervals)]


def _ranked(counts: ir.Table) -> ir.Table:
    """Sort each series' numbers, NaN apart, with the number of values up to each."""
    present = counts.filter(counts["number"].notnull() & ~counts["number"].isnan())
    whole = ibis.window(group_by="series")
    upto = ibis.window(group_by="series", order_by="number", preceding=None, following=0)
    ranked = present.mutate(
        cumulative=present["count"].sum().over(upto),
        total=present["count"].sum().over(whole),
        # Weighted in doubles: a product of integers could overflow.
        mean=(present["number"] * present["count"]).sum().over(whole)
        / present["count"].sum().over(whole),
    )
    distance = ranked["number"] - ranked["mean"]
    return ranked.mutate(deviation=distance * distance * ranked["count"])


def _number_totals(ranked: ir.Table, absent: ir.Table) -> ir.Table:
    number, count = ranked["number"], ranked["count"]
    present = ranked.group_by("series").aggregate(
        count=count.sum(),
        distinct=ranked.count(),
        zeros=_sum_where(count, number == 0),
        positive_infinities=_sum_where(count, number == float("inf")),
        minimum=number.min(),
        maximum=number.max(),
        greatest_finite=number.max(where=~number.isinf()),
        mean=ranked["mean"].max(),
        deviations=ranked["deviation"].sum(),
    )
    return absent.left_join(present, "series").drop("series_right")


def _thinned(ranked: ir.Table, intervals: int) -> ir.Table:
    """Keep the values that answer one of the ranks r * total / intervals, and few others.

    A value answers the ranks between the counts before it and through it. The slack keeps a
    value on the border, which the exact rule then judges in Python.
    """
    slack = 1e-6
    through = ranked["cumulative"] * float(intervals) / ranked["total"]
    before = (ranked["cumulative"] - ranked["count"]) * float(intervals) / ranked["total"]
    kept = ranked.filter((through + slack).floor() > (before - slack).floor())
    return _shaped(kept.select("series", "number", "count", "cumulative"), Row.NUMBER)


def _text_rows(counts: ir.Table, limit: int) -> list[ir.Table]:
    known = counts["text"].notnull() | counts["invalid"]
    totals = counts.group_by("series").aggregate(
        count=_sum_where(counts["count"], known),
        distinct=known.sum(),
        missing=_sum_where(counts["count"], ~known),
        bytes=(counts["bytes"] * counts["count"]).sum(),
        invalid=_sum_where(counts["count"], counts["invalid"]),
    )
    present = counts.filter(counts["text"].notnull())
    order = ibis.window(group_by="series", order_by=[ibis.desc("count"), ibis.desc("text")])
    place = present.mutate(place=ibis.row_number().over(order))
    top = place.filter(place["place"] < limit)
    top = top.select("series", "text", "count", cumulative=top["place"].cast("int64"))
    return [_shaped(totals, Row.TEXT_TOTALS), _shaped(top, Row.TEXT)]


def _shaped(table: ir.Table, kind: int) -> ir.Table:
    """Give a part of the result all columns of the result."""
    return table.select(
        **{
            name: table[name].cast(type_) if name in table.columns else ibis.null(type_)
            for name, type_ in _RESULT.items()
            if name != "kind"
        }
    ).select(ibis.literal(kind, "int8").name("kind"), *[name for name in _RESULT if name != "kind"])


def _sum_where(value: ir.IntegerValue, where: ir.BooleanValue) -> ir.IntegerValue:
    return value.sum(where=where).fill_null(0)


def _int32(number: int) -> ir.IntegerScalar:
    return ibis.literal(number, "int32")


def _union(tables: Sequence[ir.Table]) -> ir.Table:
    return tables[0] if len(tables) == 1 else ibis.union(*tables)
