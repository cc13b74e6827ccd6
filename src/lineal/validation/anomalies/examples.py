"""Check the number of examples of the whole data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.validation.anomalies.finding import Finding, count_text, number_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.validation.anomalies.finding import Context

__all__ = ["check_examples"]


def check_examples(context: Context) -> Iterable[Finding]:
    """Find too few or too many examples, absolutely and against the previous statistics."""
    if not context.schema.HasField("dataset_constraints"):
        return
    yield from _compared(context)
    limits = context.schema.dataset_constraints
    count = context.dataset.num_examples
    if limits.HasField("min_examples_count") and count < limits.min_examples_count:
        yield Finding(
            "DATASET_LOW_NUM_EXAMPLES",
            "Low num examples in dataset",
            f"{count_text(count, 'example')}, fewer than {limits.min_examples_count:,} "
            "(min_examples_count).",
        )
        limits.min_examples_count = int(count)
    if limits.HasField("max_examples_count") and count > limits.max_examples_count:
        yield Finding(
            "DATASET_HIGH_NUM_EXAMPLES",
            "High num examples in dataset",
            f"{count_text(count, 'example')}, more than {limits.max_examples_count:,} "
            "(max_examples_count).",
        )
        limits.max_examples_count = int(count)


def _compared(context: Context) -> Iterable[Finding]:
    comparator = context.schema.dataset_constraints.num_examples_drift_comparator
    if context.previous is None:
        return
    count, before = context.dataset.num_examples, context.previous.num_examples
    ratio = count / before if before else float("inf")
    compared = f"{count_text(count, 'example')} against {before:,.6g} before"
    if (
        before
        and comparator.HasField("min_fraction_threshold")
        and ratio < comparator.min_fraction_threshold
    ):
        yield Finding(
            "COMPARATOR_LOW_NUM_EXAMPLES",
            "Low num examples in current dataset versus the previous span",
            f"{compared}: a ratio of {ratio:.6g}, below "
            f"{number_text(comparator.min_fraction_threshold)} (min_fraction_threshold).",
        )
        comparator.min_fraction_threshold = ratio
    if comparator.HasField("max_fraction_threshold") and ratio > comparator.max_fraction_threshold:
        yield Finding(
            "COMPARATOR_HIGH_NUM_EXAMPLES",
            "High num examples in current dataset versus the previous span",
            f"{compared}: a ratio of {ratio:.6g}, above "
            f"{number_text(comparator.max_fraction_threshold)} (max_fraction_threshold).",
        )
        comparator.max_fraction_threshold = ratio
