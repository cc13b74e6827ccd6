"""Write what was found into the proto that a report is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import anomalies_pb2

from lineal.validation.details import Details, write_details
from lineal.validation.paths import serialized

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.validation.anomalies.check import Findings
    from lineal.validation.anomalies.finding import Finding
    from lineal.validation.validating import ValidationOptions

__all__ = ["fill_report"]

_Info = anomalies_pb2.AnomalyInfo
_ABOUT_SCHEMA = frozenset(
    {
        "FEATURE_MISSING_NAME",
        "FEATURE_MISSING_TYPE",
        "INVALID_DOMAIN_SPECIFICATION",
        "INVALID_SCHEMA_SPECIFICATION",
    }
)


def fill_report(
    report: anomalies_pb2.Anomalies, findings: Findings, options: ValidationOptions
) -> None:
    """Fill `report`: one entry for each feature, the most severe reason's severity."""
    details: dict[str, list[Mapping[str, float | int | str | None]]] = {}
    for path, found in findings.features.items():
        key = serialized(path)
        info = report.anomaly_info[key]
        info.path.step.extend(path)
        kept = _fill(info, found, options)
        details[key] = [_detail(finding) for finding in kept]
    whole: list[Mapping[str, float | int | str | None]] = []
    if findings.dataset:
        _fill(report.dataset_anomaly_info, findings.dataset, None)
        whole = [_detail(finding) for finding in findings.dataset]
    for path in sorted({*findings.drift, *findings.skew}):
        info = report.drift_skew_info.add(
            drift_measurements=findings.drift.get(path, ()),
            skew_measurements=findings.skew.get(path, ()),
        )
        info.path.step.extend(path)
    warnings = [(".".join(path), message) for path, message in findings.warnings]
    if not options.compatible:
        write_details(report, Details(details, whole, warnings))


def _fill(
    info: anomalies_pb2.AnomalyInfo, found: Sequence[Finding], options: ValidationOptions | None
) -> Sequence[Finding]:
    """Fill one entry and return the reasons kept; `options` None is the whole data set."""
    if all(finding.type == "SCHEMA_NEW_COLUMN" for finding in found):
        found = found[:1]
    info.severity = max(_severity(finding, options) for finding in found)
    info.short_description = _title(found)
    info.description = " ".join(finding.description for finding in found)
    for finding in found:
        info.reason.add(
            type=finding.type, short_description=finding.short, description=finding.description
        )
    return found


def _title(found: Sequence[Finding]) -> str:
    """Return the title of the only reason about the data; without one, that of the last."""
    about_data = [each for each in found if each.type not in _ABOUT_SCHEMA] or found[-1:]
    return about_data[0].short if len(about_data) == 1 else "Multiple errors"


def _severity(finding: Finding, options: ValidationOptions | None) -> int:
    if finding.severity is not None:
        return int(_Info.Severity.Value(finding.severity))
    if options is None:
        return int(_Info.ERROR)
    override = options.severity_overrides.get(finding.type)
    if override is not None:
        return int(_Info.Severity.Value(override.value))
    if options.new_features_are_warnings and finding.type == "SCHEMA_NEW_COLUMN":
        return int(_Info.WARNING)
    return int(_Info.ERROR)


def _detail(finding: Finding) -> Mapping[str, float | int | str | None]:
    """Return what else is known of a reason, in values that JSON has."""
    known = {
        "value": finding.value,
        "limit": finding.limit,
        "count": finding.count,
        "rule": finding.rule,
    }
    return {
        key: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in known.items()
        if value is not None
    }
