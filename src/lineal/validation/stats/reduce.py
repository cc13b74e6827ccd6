"""Reduce the counts of distinct values to what statistics need of them.

A number's sorted counts are cut down to those that answer a quantile, a text's to the most
frequent ones, and both are summed up in totals. So what reaches Python is bounded, whatever the
size of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

__all__ = ["Limits", "Row", "number_rows", "shaped", "text_rows", "union"]


class Row:
    """What a row of the result is about, in its column `kind`."""

    EXAMPLES = 0
    NUMBER_TOTALS = 1
    NUMBER = 2
    TEXT_TOTALS = 3
    TEXT = 4
    TYPE = 5
    """The type that the values of a column of text have, by its number; null where it is text."""


@dataclass(frozen=True)
class Limits:
    """How finely numbers are cut, and how many texts are kept."""

    intervals: int
    texts: int


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


def number_rows(counts: ir.Table, limits: Limits) -> list[ir.Table]:
    absent = counts.group_by("series").aggregate(
        missing=_sum_where(counts["count"], counts["number"].isnull()),
        nan=_sum_where(counts["count"], counts["number"].isnan()),
    )
    ranked = _ranked(counts)
    return [
        shaped(_number_totals(ranked, absent), Row.NUMBER_TOTALS),
        _thinned(ranked, limits.intervals),
    ]


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
    return shaped(kept.select("series", "number", "count", "cumulative"), Row.NUMBER)


def text_rows(counts: ir.Table, limits: Limits) -> list[ir.Table]:
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
    top = place.filter(place["place"] < limits.texts)
    top = top.select("series", "text", "count", cumulative=top["place"].cast("int64"))
    return [shaped(totals, Row.TEXT_TOTALS), shaped(top, Row.TEXT)]


def shaped(table: ir.Table, kind: int) -> ir.Table:
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


def union(tables: Sequence[ir.Table]) -> ir.Table:
    return tables[0] if len(tables) == 1 else ibis.union(*tables)
