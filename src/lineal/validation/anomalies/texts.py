"""Check texts against the values allowed, and how many different ones there are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lineal.validation.anomalies.finding import Finding, count_text, share_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import FeatureView

__all__ = ["check_string_domain", "check_unique"]

_SHOWN = 10


def check_string_domain(
    context: Context, feature: schema_pb2.Feature, view: FeatureView
) -> Iterable[Finding]:
    """Find texts outside the domain, more than the schema allows, or that are no UTF-8."""
    domain = context.string_domain(feature)
    if domain is None:
        return
    if view.texts is not None and view.texts.invalid_utf8_count:
        yield Finding(
            "ENUM_TYPE_INVALID_UTF8",
            "Invalid UTF8 strings",
            f"{count_text(view.texts.invalid_utf8_count, 'value')} no valid UTF-8, so outside any "
            "domain of texts.",
            count=view.texts.invalid_utf8_count,
            rule="domain",
        )
        _clear_domain(context, feature)
        return
    known = set(domain.value)
    odd = [label for label in view.labels if label not in known]
    if not odd:
        return
    outside = math.fsum(view.labels[label] for label in odd)
    share = outside / view.total_values if view.total_values else 0.0
    mass = feature.distribution_constraints.min_domain_mass
    if mass < 1 and share <= 1 - mass:
        return
    needed = f", while {share_text(mass, 1.0)} must lie in it (min_domain_mass)" if mass < 1 else ""
    yield Finding(
        "ENUM_TYPE_UNEXPECTED_STRING_VALUES",
        "Unexpected string values",
        f"{count_text(outside, 'value')} ({share_text(outside, view.total_values)}) outside the "
        f"domain of {count_text(len(known), 'text')}{needed}: {_shown(view, odd)}.",
        value=odd[0],
        limit=mass if mass < 1 else None,
        count=outside,
        rule="distribution_constraints.min_domain_mass" if mass < 1 else "domain",
    )
    domain.value.extend(sorted(odd, key=str.encode))


def check_unique(
    context: Context,
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find too few or too many different texts."""
    if not feature.HasField("unique_constraints"):
        return
    limits = feature.unique_constraints
    if view.texts is None:
        feature.ClearField("unique_constraints")
        yield Finding(
            "FEATURE_TYPE_NO_UNIQUE",
            "No unique values",
            "The number of different values is limited (unique_constraints), but only texts have "
            "that number in their statistics.",
            rule="unique_constraints",
        )
        return
    unique = view.texts.unique
    if unique < limits.min:
        yield Finding(
            "FEATURE_TYPE_LOW_UNIQUE",
            "Low number of unique values",
            f"{unique} different texts, fewer than {limits.min} (unique_constraints.min).",
            value=unique,
            limit=limits.min,
            rule="unique_constraints.min",
        )
        limits.min = unique
    if unique > limits.max and (limits.HasField("max") or context.options.compatible):
        unset = "" if limits.HasField("max") else "; unset, it counts as 0"
        yield Finding(
            "FEATURE_TYPE_HIGH_UNIQUE",
            "High number of unique values",
            f"{unique} different texts, more than {limits.max} (unique_constraints.max{unset}).",
            value=unique,
            limit=limits.max,
            rule="unique_constraints.max",
        )
        limits.max = unique


def _clear_domain(context: Context, feature: schema_pb2.Feature) -> None:
    """Take the domain away; one that is shared, from every feature that names it."""
    if feature.HasField("string_domain"):
        feature.ClearField("string_domain")
        return
    name = feature.domain

    def clear(features: Iterable[schema_pb2.Feature]) -> None:
        for each in features:
            if each.HasField("domain") and each.domain == name:
                each.ClearField("domain")
            clear(each.struct_domain.feature)

    clear(context.schema.feature)
    kept = [domain for domain in context.schema.string_domain if domain.name != name]
    del context.schema.string_domain[:]
    context.schema.string_domain.extend(kept)
    context.note_domains()


def _shown(view: FeatureView, labels: list[str]) -> str:
    texts = [f"{label!r} ({view.labels[label]:,.6g})" for label in labels[:_SHOWN]]
    rest = len(labels) - _SHOWN
    return ", ".join(texts) + (f" and {rest} more texts" if rest > 0 else "")
