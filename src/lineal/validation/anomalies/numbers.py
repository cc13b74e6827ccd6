"""Check numbers, or texts that must be numbers, against their bounds."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from lineal.validation.anomalies.finding import Finding, count_text, number_text
from lineal.validation.infer import is_int64

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import FeatureView

__all__ = ["check_float_domain", "check_int_domain"]


def check_int_domain(
    context: Context,  # noqa: ARG001
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find whole numbers out of bounds, and texts that are no whole numbers."""
    domain = feature.int_domain
    bad = [label for label in view.labels if not is_int64(label)]
    if bad and view.numbers is None:
        feature.ClearField("int_domain")
        yield Finding(
            "INT_TYPE_NOT_INT_STRING",
            "Invalid values",
            f"{_labels_text(view, bad)} no whole numbers of 64 bits.",
            value=bad[0],
            count=sum(view.labels[label] for label in bad),
            rule="int_domain",
        )
        return
    bounds = _bounds_of_ints(view)
    if bounds is None:
        return
    least, greatest = bounds
    if (domain.HasField("min") or domain.HasField("max")) and (
        least < -(2**63) or greatest >= 2**63
    ):
        feature.ClearField("int_domain")
        yield Finding(
            "DOMAIN_INVALID_FOR_TYPE",
            "Invalid values",
            f"The values reach {number_text(greatest)}, beyond the 64 bits of an int_domain.",
        )
        return
    if domain.HasField("min") and least < domain.min:
        yield _below("INT_TYPE_SMALL_INT", least, domain.min, "int_domain")
        domain.min = int(least)
    if domain.HasField("max") and greatest > domain.max:
        yield _above("INT_TYPE_BIG_INT", greatest, domain.max, "int_domain")
        domain.max = int(greatest)


def check_float_domain(
    context: Context,  # noqa: ARG001
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find numbers out of bounds, NaN and infinities where they are not allowed."""
    domain = feature.float_domain
    bad = [label for label in view.labels if _float(label) is None]
    if bad and view.numbers is None:
        feature.ClearField("float_domain")
        yield Finding(
            "FLOAT_TYPE_STRING_NOT_FLOAT",
            "Invalid values",
            f"{_labels_text(view, bad)} no numbers.",
            value=bad[0],
            count=sum(view.labels[label] for label in bad),
            rule="float_domain",
        )
        return
    if domain.disallow_nan and view.num_nan:
        domain.disallow_nan = False
        yield Finding(
            "FLOAT_TYPE_HAS_NAN",
            "Invalid values",
            f"{count_text(view.num_nan, 'value')} NaN, and float_domain disallows NaN.",
            value="NaN",
            count=view.num_nan,
            rule="float_domain.disallow_nan",
        )
    bounds = _bounds_of_floats(view)
    if bounds is None:
        return
    least, greatest = bounds
    if domain.HasField("min") and _single(least) < domain.min:
        yield _below("FLOAT_TYPE_SMALL_FLOAT", least, domain.min, "float_domain")
        domain.min = least
    if domain.HasField("max") and _single(greatest) > domain.max:
        yield _above("FLOAT_TYPE_BIG_FLOAT", greatest, domain.max, "float_domain")
        domain.max = greatest
    if domain.disallow_inf and (math.isinf(least) or math.isinf(greatest)):
        domain.disallow_inf = False
        seen = number_text(greatest if math.isinf(greatest) else least)
        yield Finding(
            "FLOAT_TYPE_HAS_INF",
            "Invalid values",
            f"Some values are {seen}, and float_domain disallows infinity.",
            value=seen,
            rule="float_domain.disallow_inf",
        )


def _below(type_: str, least: float, limit: float, rule: str) -> Finding:
    return Finding(
        type_,
        "Out-of-range values",
        f"Unexpectedly small values: the least is {number_text(least)}, below "
        f"{number_text(limit)} ({rule}.min).",
        value=least,
        limit=limit,
        rule=f"{rule}.min",
    )


def _above(type_: str, greatest: float, limit: float, rule: str) -> Finding:
    return Finding(
        type_,
        "Out-of-range values",
        f"Unexpectedly large values: the greatest is {number_text(greatest)}, above "
        f"{number_text(limit)} ({rule}.max).",
        value=greatest,
        limit=limit,
        rule=f"{rule}.max",
    )


def _bounds_of_ints(view: FeatureView) -> tuple[float, float] | None:
    if view.numbers is not None:
        return (view.numbers.min, view.numbers.max) if _has_numbers(view) else None
    numbers = [int(label) for label in view.labels]
    return (min(numbers), max(numbers)) if numbers else None


def _bounds_of_floats(view: FeatureView) -> tuple[float, float] | None:
    if view.numbers is not None:
        return (view.numbers.min, view.numbers.max) if _has_numbers(view) else None
    read = [_float(label) for label in view.labels]
    numbers = [number for number in read if number is not None and not math.isnan(number)]
    return (min(numbers), max(numbers)) if numbers else None


def _has_numbers(view: FeatureView) -> bool:
    numbers = view.numbers
    return numbers is not None and any(histogram.buckets for histogram in numbers.histograms)


def _float(label: str) -> float | None:
    try:
        return float(label) if "_" not in label else None
    except ValueError:
        return None


def _single(number: float) -> float:
    """Round to the 32 bits that float_domain keeps its bounds in."""
    if math.isinf(number) or math.isnan(number):
        return number
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def _labels_text(view: FeatureView, labels: list[str]) -> str:
    shown = ", ".join(map(repr, labels[:5])) + (", …" if len(labels) > 5 else "")
    count = sum(view.labels[label] for label in labels)
    verb = "is" if len(labels) == 1 else "are"
    return f"{shown} ({count_text(count, 'value')}) {verb}"
