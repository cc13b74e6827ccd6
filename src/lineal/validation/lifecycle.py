"""Which features of a schema are checked, and in which environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import schema_pb2

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.schema_pb2 import (
        Feature,
        Schema,
        SparseFeature,
        WeightedFeature,
    )

__all__ = ["deprecate", "in_environment", "is_deprecated", "is_required", "is_retired"]

_NOT_LIVE = frozenset(
    {schema_pb2.PLANNED, schema_pb2.ALPHA, schema_pb2.DEPRECATED}
    | {schema_pb2.DEBUG_ONLY, schema_pb2.DISABLED}
)


def is_deprecated(feature: Feature) -> bool:
    """Say whether the feature is not checked: retired, or not in use yet."""
    return bool(feature.deprecated) or feature.lifecycle_stage in _NOT_LIVE


def is_retired(composed: SparseFeature | WeightedFeature) -> bool:
    """Say whether a sparse or weighted feature is not checked."""
    deprecated = getattr(composed, "deprecated", False)  # which weighted ones do not have
    return bool(deprecated) or composed.lifecycle_stage in _NOT_LIVE


def deprecate(feature: Feature) -> None:
    """Take the feature out of use."""
    feature.lifecycle_stage = schema_pb2.DEPRECATED


def is_required(feature: Feature) -> bool:
    """Say whether data must have the feature at all."""
    presence = feature.presence
    return not is_deprecated(feature) and (presence.min_count > 0 or presence.min_fraction > 0)


def in_environment(schema: Schema, feature: Feature, environment: str | None) -> bool:
    """Say whether the feature is expected in `environment`; without one every feature is.

    `in_environment` does not restrict a feature to that environment: it only takes precedence
    over `not_in_environment` (so TFDV does; the proto's comment says otherwise).
    """
    if environment is None or environment in feature.in_environment:
        return True
    if environment in feature.not_in_environment:
        return False
    return environment in schema.default_environment
