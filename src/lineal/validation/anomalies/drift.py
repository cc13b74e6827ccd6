"""Measure how far a feature moved since earlier statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import anomalies_pb2

from lineal.validation.anomalies.finding import Finding, number_text, share_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import FeatureView

__all__ = ["Measured", "check_drift", "l_infinity"]

Measured = tuple[list[Finding], list[anomalies_pb2.DriftSkewInfo.Measurement]]


def check_drift(context: Context, feature: schema_pb2.Feature, view: FeatureView) -> Measured:
    """Compare with the same feature of the previous statistics, if the schema asks for it."""
    comparator = feature.drift_comparator
    if context.previous is None or not comparator.HasField("infinity_norm"):
        return [], []
    before = context.previous.features.get(view.path)
    if before is None:
        finding = Finding(
            "COMPARATOR_CONTROL_DATA_MISSING",
            "previous data missing",
            "Drift is to be measured, but the previous statistics lack the feature.",
        )
        feature.ClearField("drift_comparator")
        return [finding], []
    norm = comparator.infinity_norm
    if not norm.HasField("threshold"):
        return [], []
    label, distance = l_infinity(view.labels, before.labels)
    measured = anomalies_pb2.DriftSkewInfo.Measurement(
        type=anomalies_pb2.DriftSkewInfo.Measurement.L_INFTY,
        value=distance,
        threshold=norm.threshold,
    )
    if distance <= norm.threshold:
        return [], [measured]
    finding = Finding(
        "COMPARATOR_L_INFTY_HIGH",
        "High Linfty distance between current and previous",
        f"The L-infinity distance between current and previous is {distance:.6g}, above the "
        f"threshold {number_text(norm.threshold)}: the share of {label!r} went from "
        f"{share_text(before.labels.get(label, 0), sum(before.labels.values()))} to "
        f"{share_text(view.labels.get(label, 0), sum(view.labels.values()))}.",
    )
    norm.threshold = distance
    return [finding], [measured]


def l_infinity(current: Mapping[str, float], before: Mapping[str, float]) -> tuple[str, float]:
    """Return the label whose share differs most between two sets of counts, and by how much.

    Each count is divided by the total of its own set; without labels the distance is 0.
    """
    totals = sum(current.values()) or 1.0, sum(before.values()) or 1.0
    distances = {
        label: abs(current.get(label, 0.0) / totals[0] - before.get(label, 0.0) / totals[1])
        for label in [*current, *before]
    }
    if not distances:
        return "", 0.0
    # Of labels that moved equally far, up to rounding, the most frequent is named.
    label = max(distances, key=lambda each: round(distances[each], 12))
    return label, max(distances.values())
