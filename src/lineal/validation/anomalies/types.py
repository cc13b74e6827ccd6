"""Check that the data has the type that the schema says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from lineal.validation.anomalies.finding import Finding
from lineal.validation.infer import feature_type
from lineal.validation.lifecycle import deprecate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import FeatureView

__all__ = ["check_bytes_domain", "check_type"]

_DOMAINS_OF_BYTES = {"natural_language_domain", "image_domain", "url_domain"}


def check_type(
    context: Context,  # noqa: ARG001
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find data of another type. It can't be mended: the feature would have to be retired."""
    found = feature_type(view)
    if found == feature.type:
        return
    names = schema_pb2.FeatureType
    yield Finding(
        "UNEXPECTED_DATA_TYPE",
        "Unexpected data type",
        f"The schema says {names.Name(feature.type)}, all {int(view.total_values):,} values are "
        f"{names.Name(found)}.",
        value=str(names.Name(found)),
        limit=str(names.Name(feature.type)),
        count=view.total_values,
        rule="type",
    )
    deprecate(feature)


def check_bytes_domain(
    context: Context,  # noqa: ARG001
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find a domain of texts or numbers for opaque bytes, which have no labels to check."""
    kind = feature.WhichOneof("domain_info")
    if view.type != statistics_pb2.FeatureNameStatistics.BYTES or kind is None:
        return
    if kind in _DOMAINS_OF_BYTES:
        return
    feature.ClearField(kind)
    yield Finding(
        "DOMAIN_INVALID_FOR_TYPE",
        "Invalid domain type",
        f"The values are opaque bytes, which a {kind} can't be checked on.",
    )
