"""Count everything that the statistics need, in one scan of the data.

Each feature's values are grouped and counted; all else is computed from these counts, which
are as many as there are distinct values.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import ibis

from lineal.engine.functions import binary_bytes, text_bytes, text_of
from lineal.validation.stats.columns import base_of, counted, unbound, weight_of, within
from lineal.validation.stats.derived import derived_columns, derived_rows
from lineal.validation.stats.parting import features_read, parted
from lineal.validation.stats.plan import Reading
from lineal.validation.stats.reduce import Row, number_rows, shaped, text_rows, union
from lineal.validation.stats.sampling import sampled
from lineal.validation.stats.series import Measure

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir
    import pyarrow as pa

    from lineal.validation.slices import Slice
    from lineal.validation.stats.derived import Derived
    from lineal.validation.stats.reduce import Limits
    from lineal.validation.stats.sampling import Sample
    from lineal.validation.stats.series import Series

__all__ = ["DATA", "READ", "expression"]

DATA = "data"
READ = "lineal_read"


@lru_cache(maxsize=32)
def expression(
    schema: pa.Schema,
    series: tuple[Series, ...],
    limits: Limits,
    part: Slice | None = None,
    sample: Sample | None = None,
    derived: tuple[Derived, ...] = (),
    left_out: frozenset[int] = frozenset(),
) -> ir.Table:
    """Return the computation, over the unbound table `DATA`, of all counts.

    Series in the places `left_out` are not counted. The last computations are kept: months of
    one table come one after another.
    """
    weights = sorted({each.weight for each in series if each.weight is not None})
    more = schema.names if sample or (part and part.condition) else features_read(part)
    components = [name for each in derived for name in each.components]
    data = unbound(
        schema, [each.plan for each in series], name=DATA, more=[*weights, *more, *components]
    )
    rows = data if sample is None else sampled(data, sample)
    # A common table with a name of its own: Ibis does not repeat it, so the data is scanned once.
    base = _base(rows, series, weights, part, derived, left_out).alias(READ)
    parts = [*_examples(base, limits), *_weights(base, weights, limits)]
    parts += derived_rows(base, derived, limits)
    numbers = []
    texts = []
    for index, each in enumerate(series):
        if index in left_out:
            continue
        counts = _counts(base, index, each, weights, limits)
        if each.reading in {Reading.TEXT, Reading.BINARY}:
            texts.append(counts)
        else:
            numbers.append(counts)
    if numbers:
        parts += _both(number_rows, numbers, limits, is_weighted=bool(weights))
    if texts:
        parts += _both(text_rows, texts, limits, is_weighted=bool(weights))
    return union(parts)


def _both(
    reduce: Callable[..., list[ir.Table]],
    counts: list[ir.Table],
    limits: Limits,
    *,
    is_weighted: bool,
) -> list[ir.Table]:
    """Reduce counts, and the sums of weights where there are some."""
    together = union(counts)
    found = reduce(together.drop("weight"), limits)
    if is_weighted:
        weighed = together.filter(together["weight"].notnull())
        weighed = weighed.drop("count").rename(count="weight")
        found += reduce(weighed, limits, weighted=True)
    return found


def _base(
    rows: ir.Table,
    series: tuple[Series, ...],
    weights: list[str],
    part: Slice | None,
    derived: tuple[Derived, ...],
    left_out: frozenset[int],
) -> ir.Table:
    """Select once what all series read: plain values as they count, lists as they are."""
    selected: dict[str, ir.Value] = {}
    for index, each in enumerate(series):
        if index in left_out:
            continue
        column = base_of(rows, each.plan)
        if _is_plain(each):
            selected[f"s{index}"] = counted(column, each.reading)
        else:
            selected[_base_name(each)] = column
    for place, name in enumerate(weights):
        selected[f"w{place}"] = weight_of(rows[name])
    selected.update(derived_columns(rows, derived))
    if not selected:
        selected["none"] = ibis.literal(0, "int8")
    return rows.select(**selected) if part is None else parted(rows, selected, part)


def _is_plain(each: Series) -> bool:
    return not each.plan.depth and all(step.name for step in each.plan.steps)


def _base_name(each: Series) -> str:
    names = []
    for step in each.plan.steps:
        if not step.name:
            break
        names.append(step.name)
    return "b" + "".join(f"{len(name)}_{name}" for name in names)


def _examples(base: ir.Table, limits: Limits) -> list[ir.Table]:
    if not limits.sliced:
        return [shaped(base.aggregate(count=base.count()), Row.EXAMPLES)]
    return [shaped(base.group_by("slice").aggregate(count=base.count()), Row.EXAMPLES)]


def _weights(base: ir.Table, weights: list[str], limits: Limits) -> list[ir.Table]:
    grouped = base.group_by("slice") if limits.sliced else base
    found = []
    for place in range(len(weights)):
        weight = base[f"w{place}"]
        told = grouped.aggregate(
            count=weight.sum(),
            missing=(weight.isnull() | weight.isnan() | weight.isinf()).sum(),
            invalid=(weight < 0).sum(),
        )
        found.append(shaped(told.mutate(series=_int32(place)), Row.WEIGHTS))
    return found


def _counts(
    base: ir.Table, index: int, each: Series, weights: list[str], limits: Limits
) -> ir.Table:
    """Count each distinct value of a series, nulls too, and sum their weights.

    One projection a series: Ibis looks at all that lies below each when it compiles, which made
    half of the time of a table with a thousand columns.
    """
    weight = None if each.weight is None else f"w{weights.index(each.weight)}"
    if _is_plain(each):
        values, value = base, base[f"s{index}"]
    else:
        carried = [name for name in ("slice", weight) if name in base.columns]
        values = _nested(base.select(*carried, value=base[_base_name(each)]), each)
        value = values["value"]
    keys = {"value": value, **({"slice": values["slice"]} if limits.sliced else {})}
    sums = {} if weight is None else {"weight": values[weight].sum()}
    grouped = values.group_by(**keys).aggregate(count=values.count(), **sums)
    slices = {"slice": grouped["slice"]} if limits.sliced else {}
    return grouped.select(
        **_read(grouped["value"], each.reading),
        count=grouped["count"],
        weight=ibis.null("float64") if weight is None else grouped["weight"],
        series=_int32(index),
        **slices,
    )


def _read(value: ir.Value, reading: Reading) -> dict[str, ir.Value]:
    """Return the columns that tell of a counted value."""
    if reading is Reading.TEXT:
        return {"text": value, "bytes": text_bytes(value), "invalid": ibis.literal(False)}
    if reading is Reading.BINARY:
        text = text_of(value)
        invalid = value.notnull() & text.isnull()
        return {"text": text, "bytes": binary_bytes(value), "invalid": invalid}
    return {"number": value}


def _nested(rows: ir.Table, each: Series) -> ir.Table:
    """Return what a series counts of values that lie in lists."""
    table = within(rows, each.plan)
    others = [name for name in table.columns if name != "value"]
    if each.measure is Measure.INNERMOST:
        return table.select(*others, value=_innermost(table["value"], each).cast("float64"))
    lists = each.plan.depth if each.measure is Measure.VALUES else each.level - 1
    for level in range(1, lists + 1):
        is_map = each.plan.is_map and level == each.plan.depth
        value = table["value"]
        table = table.select(*others, value=(value.keys() if is_map else value).unnest())
    value = table["value"]
    if each.measure is Measure.LENGTHS:
        return table.select(*others, value=value.length().cast("float64"))
    return table.select(*others, value=counted(value, each.reading))


def _innermost(value: ir.Value, each: Series) -> ir.Value:
    """Count the values in lists of lists; a null list in them has none."""
    for _ in range(each.plan.depth - 1):
        value = value.flatten()
    return value.length()


def _int32(number: int) -> ir.IntegerScalar:
    return ibis.literal(number, "int32")
