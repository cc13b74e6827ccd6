"""Count everything that the statistics need, in one scan of the data.

Each feature's values are grouped and counted; all else is computed from these counts, which
are as many as there are distinct values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import ibis

from lineal.engine.functions import binary_bytes, text_bytes, text_of
from lineal.validation.stats.columns import column_of, counted, unbound
from lineal.validation.stats.plan import Reading
from lineal.validation.stats.reduce import Row, number_rows, shaped, text_rows, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pyarrow as pa

    from lineal.validation.stats.plan import FeaturePlan
    from lineal.validation.stats.reduce import Limits

__all__ = ["DATA", "READ", "Series", "expression", "series_of"]

DATA = "data"
READ = "lineal_read"


@dataclass(frozen=True)
class Series:
    """One thing that is counted: a feature's values, or the lengths of its lists."""

    plan: FeaturePlan
    is_lengths: bool = False

    @property
    def reading(self) -> Reading:
        """How each value of the series is read."""
        return Reading.NUMBER if self.is_lengths else self.plan.reading


def series_of(plans: Sequence[FeaturePlan]) -> tuple[Series, ...]:
    """Return what is counted for these features; the place in the list numbers each series."""
    values = (Series(plan) for plan in plans)
    lengths = (Series(plan, is_lengths=True) for plan in plans if plan.is_list)
    return (*values, *lengths)


@lru_cache(maxsize=32)
def expression(schema: pa.Schema, series: tuple[Series, ...], limits: Limits) -> ir.Table:
    """Return the computation, over the unbound table `DATA`, of all counts.

    The last ones are kept: months of one table come one after another.
    """
    data = unbound(schema, [each.plan for each in series], name=DATA)
    # A common table with a name of its own: Ibis does not repeat it, so the data is scanned once.
    base = data.select(**{f"s{i}": _selected(data, each) for i, each in enumerate(series)}).alias(
        READ
    )
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
    parts = [shaped(base.aggregate(count=base.count()), Row.EXAMPLES)]
    if numbers:
        parts += number_rows(union(numbers), limits)
    if texts:
        parts += text_rows(union(texts), limits)
    return union(parts)


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


def _int32(number: int) -> ir.IntegerScalar:
    return ibis.literal(number, "int32")
