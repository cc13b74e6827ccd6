"""Statistics of what a schema says belongs together: sparse features and weighted features.

An example counts where at least one component is there; a missing list then has no values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from lineal.validation.stats.counts import NumberCounts
from lineal.validation.stats.reduce import Row, shaped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir
    from tensorflow_metadata.proto.v0 import statistics_pb2

    from lineal.validation.schema import Schema
    from lineal.validation.stats.plan import FeaturePlan
    from lineal.validation.stats.reduce import Limits

__all__ = ["Derived", "add_derived", "derived_columns", "derived_of", "derived_rows"]


@dataclass(frozen=True)
class Derived:
    """A feature made of columns: its values first, then its indices, or its weight."""

    name: str
    components: tuple[str, ...]
    is_sparse: bool


def derived_of(schema: Schema | None, plans: Sequence[FeaturePlan]) -> tuple[Derived, ...]:
    """Return the derived features of a schema whose components are all columns of the data."""
    if schema is None:
        return ()
    columns = {plan.path[0] for plan in plans if len(plan.path) == 1 and plan.depth <= 1}
    found = [
        Derived(
            each.name,
            (each.value_feature.name, *(index.name for index in each.index_feature)),
            is_sparse=True,
        )
        for each in schema.proto.sparse_feature
    ]
    found += [
        Derived(each.name, (".".join(each.feature.step), ".".join(each.weight_feature.step)), False)
        for each in schema.proto.weighted_feature
    ]
    return tuple(each for each in found if columns.issuperset(each.components))


def derived_columns(rows: ir.Table, derived: Sequence[Derived]) -> dict[str, ir.Value]:
    """Return what is read of each row: how many values each component has, null where missing."""
    lengths: dict[str, ir.Value] = {}
    for place, each in enumerate(derived):
        for number, name in enumerate(each.components):
            column = rows[name]
            length = column.length() if column.type().is_array() else column.notnull().cast("int64")
            present = ibis.ifelse(column.isnull(), ibis.null("int64"), length.cast("int64"))
            lengths[f"d{place}_{number}"] = present
    return lengths


def derived_rows(base: ir.Table, derived: Sequence[Derived], limits: Limits) -> list[ir.Table]:
    """Return a row for each component: where it alone is missing, how its length differs."""
    parts = []
    series = 0
    for place, each in enumerate(derived):
        lengths = [base[f"d{place}_{number}"] for number in range(len(each.components))]
        any_ = ibis.or_(*(length.notnull() for length in lengths))
        for length in lengths:
            apart = length.fill_null(0) - lengths[0].fill_null(0)
            grouped = base.group_by("slice") if limits.sliced else base
            told = grouped.aggregate(
                count=any_.sum(),
                missing=(any_ & length.isnull()).sum(),
                minimum=apart.min(where=any_),
                maximum=apart.max(where=any_),
            )
            numbered = told.mutate(series=ibis.literal(series, "int32"))
            parts.append(shaped(numbered, Row.DERIVED))
            series += 1
    return parts


def add_derived(
    dataset: statistics_pb2.DatasetFeatureStatistics,
    derived: Sequence[Derived],
    counts: Mapping[int, NumberCounts],
) -> None:
    """Add an entry of custom statistics for each."""
    first = 0
    for each in derived:
        parts = [counts.get(first + n, NumberCounts()) for n in range(len(each.components))]
        first += len(parts)
        feature = dataset.features.add()
        feature.path.step.append(each.name)
        add = feature.custom_stats.add
        if not each.is_sparse:
            weight = parts[1]
            add(name="missing_weight", num=weight.missing)
            add(name="missing_value", num=parts[0].missing)
            add(name="min_weight_length_diff", num=weight.minimum or 0)
            add(name="max_weight_length_diff", num=weight.maximum or 0)
            continue
        add(name="missing_value", num=parts[0].missing)
        told = {
            "missing_index": [part.missing for part in parts],
            "max_length_diff": [part.maximum or 0 for part in parts],
            "min_length_diff": [part.minimum or 0 for part in parts],
        }
        for name, numbers in told.items():
            ranks = add(name=name).rank_histogram
            for label, number in zip(each.components[1:], numbers[1:], strict=True):
                ranks.buckets.add(label=label, sample_count=number)
