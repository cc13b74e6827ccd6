"""Statistics, schema and anomalies: know data, say what it must look like, find what breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.validation.compute import statistics as statistics
    from lineal.validation.feature import Feature as Feature
    from lineal.validation.options import StatisticsOptions as StatisticsOptions
    from lineal.validation.page import statistics_page as statistics_page
    from lineal.validation.report import Anomaly as Anomaly
    from lineal.validation.report import Report as Report
    from lineal.validation.results import FeatureStatistics as FeatureStatistics
    from lineal.validation.results import Statistics as Statistics
    from lineal.validation.schema import Schema as Schema
    from lineal.validation.verbs import check_environment as check_environment
    from lineal.validation.verbs import infer_schema as infer_schema
    from lineal.validation.verbs import update_schema as update_schema
    from lineal.validation.verbs import validate as validate

__all__ = [
    "Anomaly",
    "Feature",
    "FeatureStatistics",
    "Report",
    "Schema",
    "Statistics",
    "StatisticsOptions",
    "check_environment",
    "infer_schema",
    "statistics",
    "statistics_page",
    "update_schema",
    "validate",
]

# Loaded when first asked for: protobuf, Arrow and Ibis cost a second that a command may not need.
_HOMES = {
    "Anomaly": "report",
    "Feature": "feature",
    "FeatureStatistics": "results",
    "Report": "report",
    "Schema": "schema",
    "Statistics": "results",
    "StatisticsOptions": "options",
    "check_environment": "verbs",
    "infer_schema": "verbs",
    "statistics": "compute",
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
