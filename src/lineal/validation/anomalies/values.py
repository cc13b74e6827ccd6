"""Check how many values a row has, and the shape of its lists."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lineal.validation.anomalies.finding import Finding
from lineal.validation.infer import fill_value_counts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import FeatureView, Level

__all__ = ["check_shape", "check_value_counts"]


def check_value_counts(
    context: Context,  # noqa: ARG001
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find rows with fewer or more values than allowed, at each level of nesting."""
    nested = feature.HasField("value_counts")
    if not nested and not feature.HasField("value_count"):
        return
    counts = list(feature.value_counts.value_count) if nested else [feature.value_count]
    if len(counts) != len(view.levels):
        feature.ClearField("value_counts" if nested else "value_count")
        fill_value_counts(feature, view)
        yield Finding(
            "VALUE_NESTEDNESS_MISMATCH",
            "Mismatched value nest level",
            f"The data has lists nested {len(view.levels)} deep, the schema counts values at "
            f"{len(counts)}.",
            value=len(view.levels),
            limit=len(counts),
            rule="value_counts" if nested else "value_count",
        )
        return
    for number, (count, level) in enumerate(zip(counts, view.levels, strict=True)):
        at = f" at level {number}" if nested else ""
        yield from _value_count(count, level, at)


def _value_count(count: schema_pb2.ValueCount, level: Level, at: str) -> Iterable[Finding]:
    if count.HasField("min") and level.min_num_values < count.min:
        yield Finding(
            "FEATURE_TYPE_LOW_NUMBER_VALUES",
            "Missing values",
            f"Some rows have {level.min_num_values} values{at}, fewer than the least allowed, "
            f"{count.min} (value_count.min).",
            value=level.min_num_values,
            limit=count.min,
            rule="value_count.min",
        )
        if level.min_num_values:
            count.min = level.min_num_values
        else:
            count.ClearField("min")
    if count.HasField("max") and level.max_num_values > count.max:
        yield Finding(
            "FEATURE_TYPE_HIGH_NUMBER_VALUES",
            "Superfluous values",
            f"Some rows have {level.max_num_values} values{at}, more than the most allowed, "
            f"{count.max} (value_count.max).",
            value=level.max_num_values,
            limit=count.max,
            rule="value_count.max",
        )
        count.max = level.max_num_values


def check_shape(
    context: Context,  # noqa: ARG001
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find rows that do not fit the fixed shape."""
    if not feature.HasField("shape"):
        return
    sizes = [dimension.size for dimension in feature.shape.dim]
    lengths = [level.fixed_length for level in view.levels]
    fixed = [length for length in lengths if length is not None]
    if len(fixed) < len(lengths):
        missing = sum(level.num_missing for level in view.levels)
        seen = ", ".join(
            f"{level.min_num_values} to {level.max_num_values}" for level in view.levels
        )
        reason = (
            f"{missing:,.6g} rows have no value"
            if missing
            else f"the number of values differs, from {seen}"
        )
        short = "Feature shape dropped"
        description = f"The schema wants the shape {sizes} in every row, but {reason}."
    elif math.prod(fixed) != math.prod(sizes):
        short = "Feature shape dropped"
        description = (
            f"Every row has {math.prod(fixed)} values, the shape {sizes} wants {math.prod(sizes)}."
        )
    else:
        return
    feature.ClearField("shape")
    yield Finding("INVALID_FEATURE_SHAPE", short, description, limit=str(sizes), rule="shape")
