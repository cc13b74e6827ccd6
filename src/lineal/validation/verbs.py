"""The verbs on statistics and schemas: infer, update, validate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import anomalies_pb2

from lineal.errors import NotFound
from lineal.validation.anomalies.check import Findings, find_in_features
from lineal.validation.anomalies.examples import check_examples
from lineal.validation.anomalies.finding import Context, Finding
from lineal.validation.infer import inferred_schema
from lineal.validation.paths import serialized
from lineal.validation.report import Report
from lineal.validation.schema import Schema
from lineal.validation.views import DatasetView, the_dataset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.validation.results import Statistics

__all__ = ["check_environment", "infer_schema", "update_schema", "validate"]


def infer_schema(
    statistics: Statistics, *, infer_feature_shape: bool = True, max_string_domain_size: int = 100
) -> Schema:
    """Return a schema that data with these statistics satisfies.

    Texts of at most `max_string_domain_size` different values get them as their domain; numbers
    get no bounds. `infer_feature_shape` fixes the number of values where all rows agree.
    """
    return Schema(
        inferred_schema(
            statistics.proto,
            infer_feature_shape=infer_feature_shape,
            max_string_domain_size=max_string_domain_size,
        )
    )


def validate(
    statistics: Statistics,
    schema: Schema,
    *,
    environment: str | None = None,
    previous: Statistics | None = None,
) -> Report:
    """Check statistics against a schema and report every rule that the data breaks.

    In an `environment` of the schema, features that are not in it are not expected. Drift is
    measured against `previous`, for the features whose drift has a threshold in the schema.
    Raises `NotFound` for an environment that the schema does not have.
    """
    context = _context(statistics, schema, environment, previous)
    report = anomalies_pb2.Anomalies(
        anomaly_name_format=anomalies_pb2.Anomalies.SERIALIZED_PATH, baseline=schema.proto
    )
    if context.dataset.proto.num_examples == 0:
        report.data_missing = True
        return Report(report)
    findings = find_in_features(context)
    findings.dataset.extend(check_examples(context))
    _fill(report, findings)
    return Report(report)


def update_schema(schema: Schema, statistics: Statistics) -> Schema:
    """Return a copy of `schema`, loosened so that data with these statistics satisfies it.

    New columns are added, required ones that are gone become deprecated. Limits on the number of
    examples stay as they are.
    """
    context = _context(statistics, schema, None, None)
    find_in_features(context)
    return Schema(context.schema)


def check_environment(schema: Schema, environment: str | None) -> None:
    """Raise `NotFound` for an environment that the schema does not have."""
    if environment is not None and environment not in schema.environments:
        raise NotFound.among(
            "the schema has no environment",
            environment,
            schema.environments,
            remedy=f"it has: {', '.join(schema.environments) or 'none'}",
        )


def _context(
    statistics: Statistics, schema: Schema, environment: str | None, previous: Statistics | None
) -> Context:
    check_environment(schema, environment)
    return Context(
        baseline=schema.proto,
        schema=schema.copy().proto,
        dataset=DatasetView(the_dataset(statistics.proto)),
        environment=environment,
        previous=None if previous is None else DatasetView(the_dataset(previous.proto)),
    )


def _fill(report: anomalies_pb2.Anomalies, findings: Findings) -> None:
    for path, found in findings.features.items():
        info = report.anomaly_info[serialized(path)]
        info.path.step.extend(path)
        _fill_info(info, found)
    if findings.dataset:
        _fill_info(report.dataset_anomaly_info, findings.dataset)
    for path, measured in sorted(findings.drift.items()):
        drift = report.drift_skew_info.add(drift_measurements=measured)
        drift.path.step.extend(path)


def _fill_info(info: anomalies_pb2.AnomalyInfo, found: Sequence[Finding]) -> None:
    if all(finding.type == "SCHEMA_NEW_COLUMN" for finding in found):
        found = found[:1]
    info.severity = anomalies_pb2.AnomalyInfo.ERROR
    info.short_description = found[0].short if len(found) == 1 else "Multiple errors"
    info.description = " ".join(finding.description for finding in found)
    for finding in found:
        info.reason.add(
            type=finding.type, short_description=finding.short, description=finding.description
        )
