"""Check that the rules of a feature make sense before data is held against them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import schema_pb2

from lineal.validation.anomalies.finding import Finding, number_text
from lineal.validation.lifecycle import deprecate, is_deprecated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.validation.anomalies.finding import Context

__all__ = ["check_consistency"]

_ALLOWED = {
    "domain": {schema_pb2.BYTES},
    "string_domain": {schema_pb2.BYTES},
    "image_domain": {schema_pb2.BYTES},
    "mid_domain": {schema_pb2.BYTES},
    "url_domain": {schema_pb2.BYTES},
    "bool_domain": {schema_pb2.INT, schema_pb2.BYTES, schema_pb2.FLOAT},
    "int_domain": {schema_pb2.INT, schema_pb2.BYTES},
    "float_domain": {schema_pb2.FLOAT, schema_pb2.BYTES},
    "struct_domain": {schema_pb2.STRUCT},
    "natural_language_domain": {schema_pb2.BYTES, schema_pb2.INT},
    "time_domain": {schema_pb2.BYTES, schema_pb2.INT},
}

_KINDS = {
    "int_domain": "int",
    "float_domain": "float",
    "bool_domain": "bool",
    "struct_domain": "struct",
}


def check_consistency(context: Context, feature: schema_pb2.Feature) -> list[Finding]:
    """Check name, type, presence, value counts, shape, domain and distribution of a feature."""
    if not feature.HasField("name"):
        deprecate(feature)
        return [
            Finding(
                "FEATURE_MISSING_NAME", "unspecified name: deprecating", "A feature has no name."
            )
        ]
    found = [
        *_presence(feature),
        *_value_counts(feature),
        *_shape(feature),
        *_type(feature),
    ]
    if is_deprecated(feature):
        return found
    _mend(context, feature)
    return [
        *found,
        *_domain(feature),
        *_distribution(feature),
        *_unusable_domain(context, feature),
    ]


def _presence(feature: schema_pb2.Feature) -> Iterable[Finding]:
    if not feature.presence.HasField("min_fraction"):
        return
    fraction = feature.presence.min_fraction
    if fraction < 0:
        feature.presence.ClearField("min_fraction")
        yield _invalid(
            "min_fraction should not be negative: clear is equal to zero",
            f"min_fraction of presence is {number_text(fraction)}, below 0.",
        )
    elif fraction > 1:
        feature.presence.min_fraction = 1.0
        yield _invalid(
            "min_fraction should not greater than 1",
            f"min_fraction of presence is {number_text(fraction)}, above 1.",
        )


def _value_counts(feature: schema_pb2.Feature) -> Iterable[Finding]:
    counts = (
        [feature.value_count]
        if feature.HasField("value_count")
        else list(feature.value_counts.value_count)
    )
    for count in counts:
        if count.HasField("min") and count.min < 0:
            yield _invalid(
                "ValueCount.min should not be negative",
                f"The least number of values is {count.min}, below 0.",
            )
            count.ClearField("min")
        if count.HasField("max") and count.max < count.min:
            yield _invalid(
                "ValueCount.max should not be less than min",
                f"The greatest number of values is {count.max}, below the least, {count.min}.",
            )
            count.max = count.min


def _shape(feature: schema_pb2.Feature) -> Iterable[Finding]:
    sizes = [dimension.size for dimension in feature.shape.dim]
    if any(size <= 0 for size in sizes):
        yield _invalid(
            "Shape.dim.size must be a positive integer",
            f"The shape {sizes} has a dimension that is not above 0.",
        )
        feature.ClearField("shape")


def _type(feature: schema_pb2.Feature) -> Iterable[Finding]:
    if feature.HasField("type") and feature.type != schema_pb2.TYPE_UNKNOWN:
        return
    if feature.HasField("domain") or feature.HasField("string_domain"):
        feature.type = schema_pb2.BYTES
        short = "unspecified type: inferring the type to be BYTES, given the domain specified."
    else:
        deprecate(feature)
        short = "unspecified type: determine the type and set it, rather than deprecating."
    yield Finding(
        "FEATURE_MISSING_TYPE",
        short,
        f"The schema says no type for {feature.name!r}; name one of INT, FLOAT, BYTES, STRUCT.",
    )


def _mend(context: Context, feature: schema_pb2.Feature) -> None:
    """Take what is said twice out of the domain; it does no harm, so it is no anomaly."""
    truth = feature.bool_domain
    if truth.HasField("true_value") and truth.true_value == truth.false_value:
        truth.ClearField("false_value")
    domain = context.string_domain(feature)
    if domain is not None and len(set(domain.value)) < len(domain.value):
        domain.value[:] = list(dict.fromkeys(domain.value))


def _domain(feature: schema_pb2.Feature) -> Iterable[Finding]:
    kind = feature.WhichOneof("domain_info")
    if kind is None:
        return
    if kind in _ALLOWED and feature.type not in _ALLOWED[kind]:
        feature.ClearField(kind)
        yield Finding(
            "DOMAIN_INVALID_FOR_TYPE",
            "The domain does not match the type",
            f"A feature of type {schema_pb2.FeatureType.Name(feature.type)} can't have a {kind}.",
        )


def _unusable_domain(context: Context, feature: schema_pb2.Feature) -> Iterable[Finding]:
    kind = feature.WhichOneof("domain_info")
    if kind is not None and kind not in _ALLOWED:
        feature.ClearField(kind)
        yield Finding(
            "INVALID_DOMAIN_SPECIFICATION",
            "internal issue: unknown domain_info type",
            f"Data is not checked against a {kind}.",
        )
    if not feature.HasField("domain") or context.string_domain(feature) is not None:
        return
    missing = feature.domain
    feature.ClearField("domain")
    yield Finding(
        "INVALID_DOMAIN_SPECIFICATION",
        "missing domain: " + ("" if context.options.compatible else missing),
        f"The schema has no string_domain named {missing!r}.",
    )


def _distribution(feature: schema_pb2.Feature) -> Iterable[Finding]:
    if not feature.HasField("distribution_constraints"):
        return
    kind = feature.WhichOneof("domain_info")
    if kind in {"domain", "string_domain"} or (kind is not None and kind not in _ALLOWED):
        return
    feature.ClearField("distribution_constraints")
    yield _invalid(
        f"distribution constraints not supported for {_KINDS.get(kind, 'semantic')} domains."
        if kind is not None
        else "distribution constraints require domain or string domain.",
        "distribution_constraints say which share of the texts lies in a domain of texts, and "
        f"{feature.name!r} has none.",
    )


def _invalid(short: str, description: str) -> Finding:
    return Finding("INVALID_SCHEMA_SPECIFICATION", short, description)
