"""Statistics, schema and anomalies: know data, say what it must look like, find what breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.validation.compute import statistics as statistics
    from lineal.validation.compute import statistics_state as statistics_state
    from lineal.validation.constraints import Constraint as Constraint
    from lineal.validation.constraints import add_constraint as add_constraint
    from lineal.validation.constraints import constraints_of as constraints_of
    from lineal.validation.constraints import remove_constraint as remove_constraint
    from lineal.validation.custom import CustomValidation as CustomValidation
    from lineal.validation.feature import Feature as Feature
    from lineal.validation.options import StatisticsOptions as StatisticsOptions
    from lineal.validation.page import Comparison as Comparison
    from lineal.validation.page import statistics_page as statistics_page
    from lineal.validation.report import Anomaly as Anomaly
    from lineal.validation.report import Caution as Caution
    from lineal.validation.report import Drift as Drift
    from lineal.validation.report import Reason as Reason
    from lineal.validation.report import Report as Report
    from lineal.validation.results import FeatureStatistics as FeatureStatistics
    from lineal.validation.results import Statistics as Statistics
    from lineal.validation.schema import Schema as Schema
    from lineal.validation.slices import Slice as Slice
    from lineal.validation.state import StatisticsState as StatisticsState
    from lineal.validation.validating import Quirks as Quirks
    from lineal.validation.validating import Severity as Severity
    from lineal.validation.validating import ValidationOptions as ValidationOptions
    from lineal.validation.verbs import check_environment as check_environment
    from lineal.validation.verbs import infer_schema as infer_schema
    from lineal.validation.verbs import update_schema as update_schema
    from lineal.validation.verbs import validate as validate

__all__ = [
    "Anomaly",
    "Caution",
    "Comparison",
    "Constraint",
    "CustomValidation",
    "Drift",
    "Feature",
    "FeatureStatistics",
    "Quirks",
    "Reason",
    "Report",
    "Schema",
    "Severity",
    "Slice",
    "Statistics",
    "StatisticsOptions",
    "StatisticsState",
    "ValidationOptions",
    "add_constraint",
    "check_environment",
    "constraints_of",
    "infer_schema",
    "remove_constraint",
    "statistics",
    "statistics_page",
    "statistics_state",
    "update_schema",
    "validate",
]

# Loaded when first asked for: protobuf, Arrow and Ibis cost a second that a command may not need.
_HOMES = {
    "Anomaly": "report",
    "Comparison": "page",
    "Caution": "report",
    "Constraint": "constraints",
    "CustomValidation": "custom",
    "Drift": "report",
    "Feature": "feature",
    "FeatureStatistics": "results",
    "Quirks": "validating",
    "Reason": "report",
    "Report": "report",
    "Schema": "schema",
    "Severity": "validating",
    "Statistics": "results",
    "Slice": "slices",
    "StatisticsOptions": "options",
    "ValidationOptions": "validating",
    "add_constraint": "constraints",
    "check_environment": "verbs",
    "constraints_of": "constraints",
    "infer_schema": "verbs",
    "remove_constraint": "constraints",
    "statistics": "compute",
    "statistics_state": "compute",
    "StatisticsState": "state",
    "statistics_page": "page",
    "update_schema": "verbs",
    "validate": "verbs",
}


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
