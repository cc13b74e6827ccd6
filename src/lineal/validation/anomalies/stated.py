"""Check whether the statistics state a domain that the schema lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.validation.anomalies.finding import Finding
from lineal.validation.infer import stated_domain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import FeatureView

__all__ = ["check_stated_domain"]


def check_stated_domain(
    context: Context,  # noqa: ARG001
    feature: schema_pb2.Feature,
    view: FeatureView,
) -> Iterable[Finding]:
    """Find what the values mean (times, images) where the schema says nothing about them."""
    if stated_domain(feature, view):
        kind = feature.WhichOneof("domain_info")
        yield Finding(
            "SEMANTIC_DOMAIN_UPDATE",
            "Updated semantic domain",
            f"The values are of a {kind}; add it to the schema.",
        )
