"""Measure how far a feature moved since earlier statistics, or lies from those of serving."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from lineal.validation.anomalies.comparators import (
    histogram_divergence,
    l_infinity,
    label_divergence,
    normalized_absolute_difference,
)
from lineal.validation.anomalies.finding import Finding, number_text, share_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import FeatureView

    Distance = Callable[[Mapping[str, float], Mapping[str, float]], tuple[str, float]]

__all__ = ["Measured", "check_drift"]

_Measurement = anomalies_pb2.DriftSkewInfo.Measurement
_QUANTILES = schema_pb2.HistogramSelection.QUANTILES
_ENOUGH_PER_BIN = 10
"""Below that many values for each bin, chance alone gives a divergence worth noticing."""


@dataclass
class Measured:
    """What comparing a feature found and measured."""

    findings: list[Finding] = field(default_factory=list)
    drift: list[anomalies_pb2.DriftSkewInfo.Measurement] = field(default_factory=list)
    skew: list[anomalies_pb2.DriftSkewInfo.Measurement] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Pair:
    """A feature in two sets of statistics, and what they are called."""

    current: FeatureView
    control: FeatureView
    names: tuple[str, str]
    rule: str
    compatible: bool


def check_drift(context: Context, feature: schema_pb2.Feature, view: FeatureView) -> Measured:
    """Compare with the previous and the serving statistics, where the schema asks for it."""
    measured = Measured()
    for control, rule, names, into in (
        (context.previous, "drift_comparator", ("current", "previous"), measured.drift),
        (context.serving, "skew_comparator", ("training", "serving"), measured.skew),
    ):
        if control is None or not feature.HasField(rule):
            continue
        comparator = getattr(feature, rule)
        other = control.features.get(view.path)
        if other is None:
            measured.findings.append(
                Finding(
                    "COMPARATOR_CONTROL_DATA_MISSING",
                    f"{names[1]} data missing",
                    f"A distance from the {names[1]} statistics is to be measured ({rule}), but "
                    "they lack the feature.",
                    rule=rule,
                )
            )
            feature.ClearField(rule)
            continue
        pair = _Pair(view, other, names, rule, context.options.compatible)
        for measurement in _compare(measured, comparator, pair):
            into.append(measurement)
    return measured


def _compare(
    measured: Measured, comparator: schema_pb2.FeatureComparator, pair: _Pair
) -> Iterator[anomalies_pb2.DriftSkewInfo.Measurement]:
    """Measure by each measure that has a threshold."""
    norm = comparator.infinity_norm
    if comparator.HasField("infinity_norm") and norm.HasField("threshold"):
        yield _by_labels(measured, norm, pair, _Measurement.L_INFTY, l_infinity)
    difference = comparator.normalized_abs_difference
    if comparator.HasField("normalized_abs_difference") and difference.HasField("threshold"):
        kind = _Measurement.NORMALIZED_ABSOLUTE_DIFFERENCE
        yield _by_labels(measured, difference, pair, kind, normalized_absolute_difference)
    divergence = comparator.jensen_shannon_divergence
    if comparator.HasField("jensen_shannon_divergence") and divergence.HasField("threshold"):
        found = _divergence(measured, divergence, pair)
        if found is not None:
            yield found


def _by_labels(
    measured: Measured,
    limit: schema_pb2.InfinityNorm | schema_pb2.NormalizedAbsoluteDifference,
    pair: _Pair,
    kind: anomalies_pb2.DriftSkewInfo.Measurement.Type,
    distance: Distance,
) -> anomalies_pb2.DriftSkewInfo.Measurement:
    infinity = kind == _Measurement.L_INFTY
    field_name = "infinity_norm" if infinity else "normalized_abs_difference"
    now, then = pair.current.labels, pair.control.labels
    if not now and not then:
        measured.warnings.append(
            f"{pair.rule}.{field_name} compares texts, and there are none in these statistics: "
            "it is 0 whatever the values are, so it never finds anything. For numbers use "
            "jensen_shannon_divergence."
        )
    label, value = distance(now, then)
    limit_before = limit.threshold
    if value > limit_before:
        name = "Linfty distance" if infinity else "normalized absolute difference"
        moved = (
            f"the share of {label!r} went from {share_text(then.get(label, 0), sum(then.values()))}"
            f" to {share_text(now.get(label, 0), sum(now.values()))}"
            if infinity
            else f"the count of {label!r} went from {then.get(label, 0):,.6g} to "
            f"{now.get(label, 0):,.6g}"
        )
        measured.findings.append(
            Finding(
                "COMPARATOR_L_INFTY_HIGH"
                if infinity
                else "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH",
                f"High {name} between {pair.names[0]} and {pair.names[1]}",
                f"The {'L-infinity distance' if infinity else name} between {pair.names[0]} and "
                f"{pair.names[1]} is {value:.6g}, above the threshold {number_text(limit_before)}: "
                f"{moved}.",
                value=value,
                limit=limit_before,
                rule=f"{pair.rule}.{field_name}.threshold",
            )
        )
        limit.threshold = value
    return _Measurement(type=kind, value=value, threshold=limit_before)


def _divergence(
    measured: Measured, limit: schema_pb2.JensenShannonDivergence, pair: _Pair
) -> anomalies_pb2.DriftSkewInfo.Measurement | None:
    rule = f"{pair.rule}.jensen_shannon_divergence"
    found = _divergence_of(limit, pair)
    if found is None:
        measured.warnings.append(
            f"{rule} could not be measured: it needs texts on both sides or histograms with "
            "values on both sides"
        )
        return None
    value, bins = found
    for name, view in zip(pair.names, (pair.current, pair.control), strict=True):
        if view.common.tot_num_values < _ENOUGH_PER_BIN * bins:
            measured.warnings.append(
                f"{rule}: {int(view.common.tot_num_values):,} {name} values are few for "
                f"{bins:,} bins; chance alone makes the divergence larger than it is in truth"
            )
    threshold = limit.threshold
    if value > threshold:
        measured.findings.append(
            Finding(
                "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
                "High approximate Jensen-Shannon divergence between "
                f"{pair.names[0]} and {pair.names[1]}",
                f"The Jensen-Shannon divergence between {pair.names[0]} and {pair.names[1]} is "
                f"{value:.6g}, above the threshold {number_text(threshold)} (over {bins:,} bins).",
                value=value,
                limit=threshold,
                rule=f"{rule}.threshold",
            )
        )
        limit.threshold = value
    kind = _Measurement.JENSEN_SHANNON_DIVERGENCE
    return _Measurement(type=kind, value=value, threshold=threshold)


def _divergence_of(
    limit: schema_pb2.JensenShannonDivergence, pair: _Pair
) -> tuple[float, int] | None:
    """Return the divergence and over how many bins it was taken."""
    now, then = pair.current.labels, pair.control.labels
    if now and then:
        return label_divergence(now, then), len({*now, *then})
    kind = (
        statistics_pb2.Histogram.QUANTILES
        if limit.source.type == _QUANTILES
        else statistics_pb2.Histogram.STANDARD
    )
    histograms = pair.current.histogram(kind), pair.control.histogram(kind)
    if histograms[0] is None or histograms[1] is None:
        return None
    value = histogram_divergence(*histograms, compatible=pair.compatible)
    bins = max(len(each.buckets) for each in histograms if each is not None)
    return None if value is None else (value, bins)
