"""Check pictures and natural language by the custom statistics that describe them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import statistics_pb2

from lineal.validation.anomalies.finding import Finding, number_text, share_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import FeatureView

__all__ = ["check_image_domain", "check_language_domain"]


_TITLES = {
    "TOO_SMALL_FRACTION": "Value occurs in too small a fraction of sequences.",
    "TOO_LARGE_FRACTION": "Value occurs in too large a fraction of sequences.",
    "TOO_FEW_OCCURRENCES": "Value has too few per-sequence occurrences.",
    "TOO_MANY_OCCURRENCES": "Value has too many per-sequence occurrences.",
}


def check_image_domain(
    context: Context,  # noqa: ARG001
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find too few pictures of a known format, and pictures that are too large."""
    domain = feature.image_domain
    for stated in view.custom("image_format_histogram")[:1]:
        buckets = stated.rank_histogram.buckets
        total = sum(bucket.sample_count for bucket in buckets)
        known = sum(bucket.sample_count for bucket in buckets if bucket.label != "UNKNOWN")
        share = known / total if total else 0.0
        if domain.HasField("minimum_supported_image_fraction") and (
            share < domain.minimum_supported_image_fraction
        ):
            yield Finding(
                "LOW_SUPPORTED_IMAGE_FRACTION",
                "Low supported image fraction",
                f"{share_text(known, total)} of the values are pictures of a known format "
                f"(required {share_text(domain.minimum_supported_image_fraction, 1.0)}).",
                value=share,
                limit=domain.minimum_supported_image_fraction,
                count=total - known,
                rule="image_domain.minimum_supported_image_fraction",
            )
            domain.minimum_supported_image_fraction = share
    largest = view.proto.bytes_stats.max_num_bytes_int
    if domain.HasField("max_image_byte_size") and largest > domain.max_image_byte_size:
        yield Finding(
            "MAX_IMAGE_BYTE_SIZE_EXCEEDED",
            "Num bytes exceeds the max byte size.",
            f"The largest picture has {largest:,} bytes, more than "
            f"{domain.max_image_byte_size:,} (image_domain.max_image_byte_size).",
            value=largest,
            limit=domain.max_image_byte_size,
            rule="image_domain.max_image_byte_size",
        )
        domain.max_image_byte_size = largest


def check_language_domain(
    context: Context,  # noqa: ARG001
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find texts that the vocabulary covers too little, and tokens too rare or too frequent."""
    domain = feature.natural_language_domain
    if not domain.HasField("coverage") and not domain.token_constraints:
        return
    statistics = statistics_pb2.NaturalLanguageStatistics()
    stated = view.custom("nl_statistics")
    if not stated or not stated[0].any.Unpack(statistics):
        yield _unavailable("there are no statistics of natural language (nl_statistics)")
        feature.ClearField("natural_language_domain")
        return
    yield from _coverage(domain, statistics)
    for constraint in domain.token_constraints:
        token = _token(statistics, constraint)
        if token is None:
            named = constraint.string_value or constraint.int_value
            yield _unavailable(f"nl_statistics have no token {named!r}")
            feature.ClearField("natural_language_domain")
            return
        yield from _occurrences(constraint, token)


def _coverage(
    domain: schema_pb2.NaturalLanguageDomain, statistics: statistics_pb2.NaturalLanguageStatistics
) -> Iterable[Finding]:
    for kind, short, field, seen in (
        (
            "FEATURE_COVERAGE_TOO_LOW",
            "Feature coverage is too low.",
            "min_coverage",
            statistics.feature_coverage,
        ),
        (
            "FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH",
            "Average token length is too short.",
            "min_avg_token_length",
            statistics.avg_token_length,
        ),
    ):
        limit = getattr(domain.coverage, field)
        if not domain.coverage.HasField(field) or seen >= limit:
            continue
        yield Finding(
            kind,
            short,
            f"It is {number_text(seen)}, below {number_text(limit)} (coverage.{field}).",
            value=seen,
            limit=limit,
            rule=f"natural_language_domain.coverage.{field}",
        )
        setattr(domain.coverage, field, seen)


def _token(
    statistics: statistics_pb2.NaturalLanguageStatistics,
    constraint: schema_pb2.SequenceValueConstraints,
) -> statistics_pb2.NaturalLanguageStatistics.TokenStatistics | None:
    for token in statistics.token_statistics:
        if constraint.HasField("string_value"):
            if token.HasField("string_token") and token.string_token == constraint.string_value:
                return token
        elif token.HasField("int_token") and token.int_token == constraint.int_value:
            return token
    return None


def _occurrences(
    constraint: schema_pb2.SequenceValueConstraints,
    token: statistics_pb2.NaturalLanguageStatistics.TokenStatistics,
) -> Iterable[Finding]:
    named = constraint.string_value or constraint.int_value
    for kind, field, seen, above in (
        ("TOO_SMALL_FRACTION", "min_fraction_of_sequences", token.fraction_of_sequences, False),
        ("TOO_LARGE_FRACTION", "max_fraction_of_sequences", token.fraction_of_sequences, True),
        ("TOO_FEW_OCCURRENCES", "min_per_sequence", token.per_sequence_min_frequency, False),
        ("TOO_MANY_OCCURRENCES", "max_per_sequence", token.per_sequence_max_frequency, True),
    ):
        limit = getattr(constraint, field)
        if not constraint.HasField(field) or (seen <= limit if above else seen >= limit):
            continue
        yield Finding(
            f"SEQUENCE_VALUE_{kind}",
            _TITLES[kind],
            f"The token {named!r}: {number_text(seen)} is {'above' if above else 'below'} "
            f"{number_text(limit)} (token_constraints.{field}).",
            value=seen,
            limit=limit,
            rule=f"natural_language_domain.token_constraints.{field}",
        )
        setattr(constraint, field, type(limit)(seen))


def _unavailable(reason: str) -> Finding:
    return Finding(
        "STATS_NOT_AVAILABLE",
        "Natural language stats are not computed.",
        f"The rules of natural_language_domain can't be checked: {reason}.",
        rule="natural_language_domain",
    )
