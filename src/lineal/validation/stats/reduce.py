"""Reduce the counts of distinct values to what statistics need of them.

A number's sorted counts are cut down to those that answer a quantile, a text's to the most
frequent ones, and both are summed up in totals. So what reaches Python is bounded, whatever the
size of the data. Weighted statistics go the same way, with sums of weights in place of counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

__all__ = ["EXACT", "Limits", "Row", "number_rows", "shaped", "text_rows", "union"]

EXACT = 5701
"""Up to so many distinct numbers a state keeps them all, as TFDV's sketch does."""


class Row:
    """What a row of the result is about, in its column `kind`."""

    EXAMPLES = 0
    NUMBER_TOTALS = 1
    NUMBER = 2
    TEXT_TOTALS = 3
    TEXT = 4
    TYPE = 5
    """The type that the values of a column of text have, by its number; null where it is text."""
    WEIGHTS = 6
    """Of a weight column: the rows it has, lacks, and where it is below zero; the sum."""
    DERIVED = 8
    """Of a component of a feature that the schema puts together."""
    DIGEST = 7
    """One of the least digests of a text's values, from which their number is estimated."""


@dataclass(frozen=True)
class Limits:
    """How finely numbers are cut, and how many texts are kept."""

    intervals: int
    texts: int
    digests: int = 0
    """Of a text with more than `texts` distinct values, so many digests are kept."""
    mergeable: bool = False
    """Whether the result is merged with others: every number is kept up to `EXACT` of them."""
    sliced: bool = False
    """Whether all is counted for each value of a column `slice`."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What tells series apart."""
        return ("series", "slice") if self.sliced else ("series",)


_RESULT = {
    "kind": "int8",
    "weighted": "boolean",
    "slice": "string",
    "series": "int32",
    "number": "float64",
    "text": "string",
    "count": "float64",
    "cumulative": "float64",
    "distinct": "float64",
    "missing": "float64",
    "nan": "float64",
    "zeros": "float64",
    "positive_infinities": "float64",
    "minimum": "float64",
    "maximum": "float64",
    "greatest_finite": "float64",
    "mean": "float64",
    "deviations": "float64",
    "bytes": "float64",
    "invalid": "float64",
}


def number_rows(counts: ir.Table, limits: Limits, *, weighted: bool = False) -> list[ir.Table]:
    """Return totals and kept values of `counts`: series, number, count and perhaps a slice."""
    keys = limits.keys
    absent = counts.group_by(keys).aggregate(
        missing=_sum_where(counts["count"], counts["number"].isnull()),
        nan=_sum_where(counts["count"], counts["number"].isnan()),
    )
    ranked = _ranked(counts, limits)
    return [
        shaped(_number_totals(ranked, absent, keys), Row.NUMBER_TOTALS, weighted=weighted),
        shaped(_thinned(ranked, limits), Row.NUMBER, weighted=weighted),
    ]


def _ranked(counts: ir.Table, limits: Limits) -> ir.Table:
    """Sort each series' numbers, NaN apart, with the number of values up to each."""
    present = counts.filter(
        counts["number"].notnull() & ~counts["number"].isnan() & (counts["count"] > 0)
    )
    whole = ibis.window(group_by=limits.keys)
    upto = ibis.window(group_by=limits.keys, order_by="number", preceding=None, following=0)
    more = {"among": present.count().over(whole)} if limits.mergeable else {}
    ranked = present.mutate(
        cumulative=present["count"].sum().over(upto),
        total=present["count"].sum().over(whole),
        # Weighted in doubles: a product of integers could overflow.
        mean=(present["number"] * present["count"]).sum().over(whole)
        / present["count"].sum().over(whole),
        **more,
    )
    distance = ranked["number"] - ranked["mean"]
    return ranked.mutate(deviation=distance * distance * ranked["count"])


def _number_totals(ranked: ir.Table, absent: ir.Table, keys: tuple[str, ...]) -> ir.Table:
    number, count = ranked["number"], ranked["count"]
    present = ranked.group_by(keys).aggregate(
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
    return absent.left_join(present, keys).drop(*(f"{key}_right" for key in keys))


def _thinned(ranked: ir.Table, limits: Limits) -> ir.Table:
    """Keep the values that answer one of the ranks r * total / intervals, and few others.

    A value answers the ranks between the counts before it and through it. The slack keeps a
    value on the border, which the exact rule then judges in Python.
    """
    slack = 1e-6
    intervals = float(limits.intervals)
    # In doubles: with a literal beside integers DuckDB reckons in wide decimals, far slower.
    cumulative, total = (ranked[name].cast("float64") for name in ("cumulative", "total"))
    through = cumulative * intervals / total
    before = (cumulative - ranked["count"]) * intervals / total
    wanted = (through + slack).floor() > (before - slack).floor()
    if limits.mergeable:
        wanted = wanted | (ranked["among"] <= EXACT)
    return ranked.filter(wanted).select(*limits.keys, "number", "count", "cumulative")


def text_rows(counts: ir.Table, limits: Limits, *, weighted: bool = False) -> list[ir.Table]:
    """Return totals and most frequent ones of `counts`: series, text, bytes, invalid, count."""
    keys = limits.keys
    known = counts["text"].notnull() | counts["invalid"]
    totals = counts.group_by(keys).aggregate(
        count=_sum_where(counts["count"], known),
        distinct=known.sum(),
        missing=_sum_where(counts["count"], ~known),
        bytes=(counts["bytes"] * counts["count"]).sum(),
        minimum=counts["bytes"].min(),
        maximum=counts["bytes"].max(),
        invalid=_sum_where(counts["count"], counts["invalid"]),
    )
    present = counts.filter(counts["text"].notnull() & (counts["count"] > 0))
    order = ibis.window(group_by=keys, order_by=[ibis.desc("count"), ibis.desc("text")])
    place = present.mutate(place=ibis.row_number().over(order))
    top = place.filter(place["place"] < limits.texts)
    top = top.select(*keys, "text", "count", cumulative=top["place"].cast("float64"))
    parts = [
        shaped(totals, Row.TEXT_TOTALS, weighted=weighted),
        shaped(top, Row.TEXT, weighted=weighted),
    ]
    if limits.digests and not weighted:
        parts.append(shaped(_digests(present, limits), Row.DIGEST))
    return parts


def _digests(present: ir.Table, limits: Limits) -> ir.Table:
    """Return the least digests of each series that has more texts than are kept."""
    among = present.mutate(among=present.count().over(ibis.window(group_by=limits.keys)))
    many = among.filter(among["among"] > limits.texts)
    hashed = many.select(*limits.keys, text=many["text"].hexdigest("md5"))
    order = ibis.window(group_by=limits.keys, order_by="text")
    ranked = hashed.mutate(place=ibis.row_number().over(order))
    return ranked.filter(ranked["place"] < limits.digests).drop("place")


def shaped(table: ir.Table, kind: int, *, weighted: bool = False) -> ir.Table:
    """Give a part of the result all columns of the result."""
    fixed = {
        "kind": ibis.literal(kind, "int8"),
        "weighted": ibis.literal(weighted),
    }
    return table.select(
        **{
            name: table[name].cast(type_) if name in table.columns else ibis.null(type_)
            for name, type_ in _RESULT.items()
            if name not in fixed
        }
    ).select(
        *(value.name(name) for name, value in fixed.items()),
        *[name for name in _RESULT if name not in fixed],
    )


def _sum_where(value: ir.NumericValue, where: ir.BooleanValue) -> ir.NumericValue:
    return value.sum(where=where).fill_null(0)


def union(tables: Sequence[ir.Table]) -> ir.Table:
    """Put tables of the same columns after one another."""
    return tables[0] if len(tables) == 1 else ibis.union(*tables)
