"""Check the number of examples of the whole data set."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lineal.validation.anomalies.finding import Finding, count_text, number_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import DatasetView

__all__ = ["check_examples"]


def check_examples(context: Context) -> Iterable[Finding]:
    """Find too few or too many examples, absolutely and against other statistics."""
    if not context.schema.HasField("dataset_constraints"):
        return
    limits = context.schema.dataset_constraints
    if limits.HasField("num_examples_drift_comparator"):
        yield from _compared(
            context,
            context.previous,
            limits.num_examples_drift_comparator,
            ("num_examples_drift_comparator", "the previous span"),
        )
    if limits.HasField("num_examples_version_comparator"):
        yield from _compared(
            context,
            context.previous_version,
            limits.num_examples_version_comparator,
            ("num_examples_version_comparator", "the previous version"),
        )
    yield from _counted(context, limits)


def _counted(context: Context, limits: schema_pb2.DatasetConstraints) -> Iterable[Finding]:
    count = context.dataset.num_examples
    bounded = limits.HasField("min_examples_count")
    if bounded and count < limits.min_examples_count:
        yield Finding(
            "DATASET_LOW_NUM_EXAMPLES",
            "Low num examples in dataset.",
            f"{count_text(count, 'example')}, fewer than {limits.min_examples_count:,} "
            "(min_examples_count).",
            value=count,
            limit=limits.min_examples_count,
            rule="dataset_constraints.min_examples_count",
        )
        limits.min_examples_count = int(count)
    if not bounded and context.options.compatible:
        return  # TFDV looks at the greatest number only beside a least one
    if limits.HasField("max_examples_count") and count > limits.max_examples_count:
        yield Finding(
            "DATASET_HIGH_NUM_EXAMPLES",
            "High num examples in dataset.",
            f"{count_text(count, 'example')}, more than {limits.max_examples_count:,} "
            "(max_examples_count).",
            value=count,
            limit=limits.max_examples_count,
            rule="dataset_constraints.max_examples_count",
        )
        limits.max_examples_count = int(count)


def _compared(
    context: Context,
    control: DatasetView | None,
    comparator: schema_pb2.NumericValueComparator,
    names: tuple[str, str],
) -> Iterable[Finding]:
    if control is None:
        return
    rule, other = names
    count, before = context.dataset.num_examples, control.num_examples
    ratio = count / before if before else math.inf
    compared = f"{count_text(count, 'example')} against {before:,.6g} in {other}"
    for kind, adjective, field in (
        ("LOW", "below", "min_fraction_threshold"),
        ("HIGH", "above", "max_fraction_threshold"),
    ):
        limit = getattr(comparator, field)
        broken = ratio < limit if kind == "LOW" else ratio > limit
        if not comparator.HasField(field) or not broken:
            continue
        yield Finding(
            f"COMPARATOR_{kind}_NUM_EXAMPLES",
            f"{kind.title()} num examples in current dataset versus {other}"
            + ("." if before else ", which has 0."),
            f"{compared}: a ratio of {ratio:.6g}, {adjective} {number_text(limit)} "
            f"({rule}.{field}).",
            value=ratio,
            limit=limit,
            rule=f"dataset_constraints.{rule}.{field}",
        )
        setattr(comparator, field, ratio)
