"""Check whether a feature is there, and often enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.validation.anomalies.finding import (
    Finding,
    amount_text,
    count_text,
    number_text,
    share_text,
)
from lineal.validation.lifecycle import deprecate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import FeatureView

__all__ = ["check_environment", "check_not_present", "check_presence", "dropped_column"]


def check_not_present(
    context: Context, feature: schema_pb2.Feature, view: FeatureView
) -> Iterable[Finding]:
    """Find a required feature of which every value is missing."""
    if view.common.num_non_missing == 0 and context.requires(feature):
        deprecate(feature)
        yield Finding(
            "FEATURE_TYPE_NOT_PRESENT",
            "Column dropped",
            "The column is there, but every one of its "
            f"{count_text(view.num_missing, 'value')} is missing, and it is required.",
            value=0,
            count=view.num_missing,
            rule="presence",
        )


def check_environment(
    context: Context,
    feature: schema_pb2.Feature,
    view: FeatureView,  # noqa: ARG001
) -> Iterable[Finding]:
    """Find data for a feature that the environment should not have."""
    if context.environment is None or context.expects(feature):
        return
    yield Finding(
        "SCHEMA_NEW_COLUMN",
        "Column missing in environment",
        f"The column has values, but the schema does not expect it in {context.environment}.",
    )
    if context.environment in feature.not_in_environment:
        kept = [name for name in feature.not_in_environment if name != context.environment]
        feature.not_in_environment[:] = kept
    if not context.expects(feature):
        feature.in_environment.append(context.environment)


def check_presence(
    context: Context,  # noqa: ARG001
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find a feature that is missing more often than the schema allows."""
    presence = feature.presence
    present, missing = view.num_present, view.num_missing
    if presence.HasField("min_count") and present < presence.min_count:
        yield Finding(
            "FEATURE_TYPE_LOW_NUMBER_PRESENT",
            "Column dropped",
            f"Present in {count_text(present, 'row')}, required in at least "
            f"{count_text(presence.min_count, 'row')} (presence.min_count).",
            value=present,
            limit=presence.min_count,
            rule="presence.min_count",
        )
        presence.min_count = int(present)
    if not presence.HasField("min_fraction"):
        return
    fraction = 1.0 if missing == 0 else present / (present + missing)
    hidden = presence.min_fraction == 1.0 and missing != 0
    if fraction >= presence.min_fraction and not hidden:
        return
    yield Finding(
        "FEATURE_TYPE_LOW_FRACTION_PRESENT",
        "Column dropped",
        f"Present in {share_text(present, present + missing)} of the rows (required "
        f"{share_text(presence.min_fraction, 1.0)}): missing in {amount_text(missing)} of "
        f"{amount_text(present + missing)} (presence.min_fraction).",
        value=fraction,
        limit=presence.min_fraction,
        count=missing,
        rule="presence.min_fraction",
    )
    presence.min_fraction = fraction if fraction < presence.min_fraction else 0.9999


def dropped_column(feature: schema_pb2.Feature) -> Finding:
    """Return the finding for a required feature that the data does not have at all."""
    presence = feature.presence
    limit = (
        f"in at least {share_text(presence.min_fraction, 1.0)} of the rows"
        if presence.min_fraction > 0
        else f"in at least {number_text(presence.min_count)} rows"
    )
    return Finding(
        "SCHEMA_MISSING_COLUMN",
        "Column dropped",
        f"The data has no such column; the schema requires it {limit}.",
        value=0,
        limit=presence.min_fraction if presence.min_fraction > 0 else presence.min_count,
        rule="presence",
    )
