"""Check features that validation itself derives from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import schema_pb2

from lineal.validation.anomalies.finding import Finding
from lineal.validation.infer import mark_derived
from lineal.validation.lifecycle import is_deprecated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.validation.views import FeatureView

__all__ = ["check_derived"]


def check_derived(feature: schema_pb2.Feature, view: FeatureView) -> Iterable[Finding]:
    """Find a derived feature that the schema does not know as one, or keeps in a wrong stage."""
    derived = view.proto.HasField("validation_derived_source")
    if derived and not feature.HasField("validation_derived_source"):
        mark_derived(feature, view)
        yield Finding(
            "DERIVED_FEATURE_INVALID_SOURCE",
            "Derived source not set in schema.",
            "The statistics say from what the feature is derived, the schema does not "
            "(validation_derived_source).",
            rule="validation_derived_source",
        )
    if not feature.HasField("validation_derived_source") or is_deprecated(feature):
        return
    if feature.lifecycle_stage != schema_pb2.VALIDATION_DERIVED:
        stage = schema_pb2.LifecycleStage.Name(feature.lifecycle_stage)
        feature.lifecycle_stage = schema_pb2.VALIDATION_DERIVED
        yield Finding(
            "DERIVED_FEATURE_BAD_LIFECYCLE",
            "Derived feature has wrong lifecycle.",
            f"The schema says it is derived, but its lifecycle_stage is {stage}.",
            value=stage,
            limit="VALIDATION_DERIVED",
            rule="lifecycle_stage",
        )
