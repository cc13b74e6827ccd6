"""Check truth values, kept as whole numbers, floats or texts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import statistics_pb2

from lineal.validation.anomalies.finding import Finding, count_text, number_text
from lineal.validation.infer import is_int64

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import FeatureView

__all__ = ["check_bool_domain"]

_Type = statistics_pb2.FeatureNameStatistics


def check_bool_domain(
    context: Context,
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find values that are neither true nor false."""
    if view.type == _Type.INT:
        yield from _ints(feature, view)
    elif view.type == _Type.FLOAT:
        yield from _floats(context, feature, view)
    elif view.type == _Type.STRING:
        yield from _texts(feature, view)


def _ints(feature: schema_pb2.Feature, view: FeatureView) -> Iterable[Finding]:
    numbers = view.numbers
    if numbers is None:
        yield from _labelled_ints(feature, view)
        return
    if numbers.min < 0:
        kind, seen, where = "BOOL_TYPE_SMALL_INT", numbers.min, "below 0"
    elif numbers.max > 1:
        kind, seen, where = "BOOL_TYPE_BIG_INT", numbers.max, "above 1"
    else:
        return
    feature.int_domain.min = int(numbers.min)
    feature.int_domain.max = int(numbers.max)
    yield Finding(
        kind,
        "Non-boolean values",
        f"A truth value is 0 or 1, and some are {where}: {number_text(seen)} (bool_domain).",
        value=seen,
        limit=0 if seen < 0 else 1,
        rule="bool_domain",
    )


def _labelled_ints(feature: schema_pb2.Feature, view: FeatureView) -> Iterable[Finding]:
    """Check whole numbers whose statistics are those of categories, which TFDV leaves out."""
    odd = [int(label) for label in view.labels if is_int64(label) and int(label) not in {0, 1}]
    if not odd:
        return
    seen = min(odd) if min(odd) < 0 else max(odd)
    read = [int(label) for label in view.labels if is_int64(label)]
    count = math.fsum(view.labels[str(each)] for each in odd if str(each) in view.labels)
    feature.int_domain.min, feature.int_domain.max = min(read), max(read)
    feature.int_domain.is_categorical = True
    yield Finding(
        "BOOL_TYPE_SMALL_INT" if seen < 0 else "BOOL_TYPE_BIG_INT",
        "Non-boolean values",
        f"A truth value is 0 or 1, and {count_text(count, 'value')} are not, such as {seen} "
        "(bool_domain).",
        value=seen,
        limit=0 if seen < 0 else 1,
        count=count,
        rule="bool_domain",
    )


def _floats(context: Context, feature: schema_pb2.Feature, view: FeatureView) -> Iterable[Finding]:
    numbers = view.numbers
    if numbers is None:
        return
    reason = _odd_float(numbers, compatible=context.options.compatible)
    if not reason:
        return
    feature.float_domain.min = numbers.min
    feature.float_domain.max = numbers.max
    yield Finding(
        "BOOL_TYPE_UNEXPECTED_FLOAT",
        "Non-boolean values",
        f"A truth value is 0.0 or 1.0, and {reason} (bool_domain).",
        rule="bool_domain",
    )


def _odd_float(numbers: statistics_pb2.NumericStatistics, *, compatible: bool) -> str:
    if numbers.min not in {0.0, 1.0}:
        return f"the least is {number_text(numbers.min)}"
    if numbers.max not in {0.0, 1.0}:
        return f"the greatest is {number_text(numbers.max)}"
    for histogram in numbers.histograms:
        if histogram.num_nan:
            return f"{count_text(histogram.num_nan, 'value')} NaN"
        for bucket in histogram.buckets:
            if not bucket.sample_count:
                continue
            ends = 0 < bucket.low_value < 1, 0 < bucket.high_value < 1
            # A bound of quantiles is a value; TFDV wants the whole bucket inside.
            inside = histogram.type == statistics_pb2.Histogram.QUANTILES and (
                all(ends) if compatible else any(ends)
            )
            if bucket.low_value < 0 or bucket.high_value > 1 or inside:
                return (
                    f"some lie between {number_text(bucket.low_value)} and "
                    f"{number_text(bucket.high_value)}"
                )
    return ""


def _texts(feature: schema_pb2.Feature, view: FeatureView) -> Iterable[Finding]:
    domain = feature.bool_domain
    allowed = {
        value
        for field, value in (("true_value", domain.true_value), ("false_value", domain.false_value))
        if domain.HasField(field)
    }
    odd = [label for label in view.labels if label not in allowed]
    if not odd:
        return
    count = math.fsum(view.labels[label] for label in odd)
    wanted = " or ".join(map(repr, sorted(allowed))) or "neither true_value nor false_value is set"
    shown = ", ".join(map(repr, odd[:5])) + (", …" if len(odd) > 5 else "")
    feature.ClearField("bool_domain")
    yield Finding(
        "BOOL_TYPE_UNEXPECTED_STRING",
        "Non-boolean values",
        f"{count_text(count, 'value')} of {shown}; allowed: {wanted} (bool_domain).",
        value=odd[0],
        count=count,
        rule="bool_domain",
    )
