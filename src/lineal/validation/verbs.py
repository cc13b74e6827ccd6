"""The verbs on statistics and schemas: infer, update, validate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import anomalies_pb2

from lineal.errors import NotFound
from lineal.validation.anomalies.check import find_in_features
from lineal.validation.anomalies.examples import check_examples
from lineal.validation.anomalies.filling import fill_report
from lineal.validation.anomalies.finding import Context
from lineal.validation.constraints import check_constraints
from lineal.validation.custom import check_custom
from lineal.validation.infer import inferred_schema
from lineal.validation.ranges import add_ranges
from lineal.validation.report import Report
from lineal.validation.schema import Schema
from lineal.validation.validating import ValidationOptions
from lineal.validation.views import DatasetView, the_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lineal.validation.custom import CustomValidation
    from lineal.validation.results import Statistics

    Transformation = Callable[[Schema, Statistics], Schema]

__all__ = ["check_environment", "infer_schema", "update_schema", "validate"]


def infer_schema(
    statistics: Statistics,
    *,
    infer_feature_shape: bool = True,
    max_string_domain_size: int = 100,
    ranges: bool = False,
    transformations: Sequence[Transformation] = (),
) -> Schema:
    """Return a schema that data with these statistics satisfies.

    Texts of at most `max_string_domain_size` different values get them as their domain; numbers
    get bounds, those seen, only with `ranges`. `infer_feature_shape` fixes the number of values
    where all rows agree. Each of `transformations` takes the schema and the statistics and returns
    the schema to go on with.
    """
    schema = Schema(
        inferred_schema(
            statistics.proto,
            infer_feature_shape=infer_feature_shape,
            max_string_domain_size=max_string_domain_size,
        )
    )
    if ranges:
        add_ranges(schema.proto, DatasetView(the_dataset(statistics.proto)))
    for transform in transformations:
        schema = transform(schema, statistics)
    return schema


def validate(
    statistics: Statistics,
    schema: Schema,
    *,
    environment: str | None = None,
    previous: Statistics | None = None,
    serving: Statistics | None = None,
    previous_version: Statistics | None = None,
    options: ValidationOptions | None = None,
    custom: Sequence[CustomValidation] | None = None,
) -> Report:
    """Check statistics against a schema and report every rule that the data breaks.

    In an `environment` of the schema, features that are not in it are not expected. Drift is
    measured against `previous`, skew against `serving`, the number of examples also against
    `previous_version`, each where the schema has a threshold. `custom` are conditions in SQL
    beside those of the schema. Raises `NotFound` for an environment that the schema does not have.
    """
    context = _context(
        statistics,
        schema,
        environment,
        previous,
        serving=_view(serving),
        previous_version=_view(previous_version),
        options=options or ValidationOptions(),
    )
    report = anomalies_pb2.Anomalies(
        anomaly_name_format=anomalies_pb2.Anomalies.SERIALIZED_PATH, baseline=schema.proto
    )
    if context.dataset.proto.num_examples == 0:
        report.data_missing = True
        return Report(report)
    findings = find_in_features(context)
    findings.dataset.extend(check_examples(context))
    check_constraints(context, findings)
    check_custom(context, findings, custom or ())
    fill_report(report, findings, context.options)
    return Report(report)


def update_schema(
    schema: Schema,
    statistics: Statistics,
    *,
    max_string_domain_size: int = 100,
    options: ValidationOptions | None = None,
) -> Schema:
    """Return a copy of `schema`, loosened so that data with these statistics satisfies it.

    New columns are added, required ones that are gone become deprecated. Limits on the number of
    examples stay as they are.
    """
    context = _context(
        statistics,
        schema,
        None,
        None,
        max_string_domain_size=max_string_domain_size,
        options=options or ValidationOptions(),
    )
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
    statistics: Statistics,
    schema: Schema,
    environment: str | None,
    previous: Statistics | None,
    *,
    options: ValidationOptions,
    serving: DatasetView | None = None,
    previous_version: DatasetView | None = None,
    max_string_domain_size: int = 100,
) -> Context:
    check_environment(schema, environment)
    return Context(
        baseline=schema.proto,
        schema=schema.copy().proto,
        dataset=DatasetView(the_dataset(statistics.proto)),
        environment=environment,
        previous=_view(previous),
        serving=serving,
        previous_version=previous_version,
        max_string_domain_size=max_string_domain_size,
        options=options,
    )


def _view(statistics: Statistics | None) -> DatasetView | None:
    return None if statistics is None else DatasetView(the_dataset(statistics.proto))
