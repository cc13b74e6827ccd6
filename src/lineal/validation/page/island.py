"""Gather what the page shows as one JSON value; the page's script draws it when it is seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from lineal.validation.page.differences import difference
from lineal.validation.page.filters import row_filter
from lineal.validation.page.rules import rules_of
from lineal.validation.page.text import cut, finite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.validation.report import Anomaly, Report
    from lineal.validation.results import FeatureStatistics, Histogram, Statistics
    from lineal.validation.schema import Schema

    class Table(Protocol):
        """An Arrow table, or what can be read like one."""

        def to_pylist(self) -> list[dict[str, object]]:
            """Return the rows."""

    Rows = Sequence[Mapping[str, object]] | Table

__all__ = ["island"]

_MOST_TEXTS, _MOST_ROWS, _MOST_COLUMNS = 20, 50, 40


def island(
    sets: Mapping[str, Statistics],
    reports: Mapping[str, Report],
    schema: Schema | None,
    rows: Mapping[str, Rows],
) -> dict[str, object]:
    """Return everything about the data sets, feature by feature."""
    found: dict[str, list[tuple[str, Anomaly]]] = {}
    for data, report in reports.items():
        for anomaly in report.anomalies:
            found.setdefault(anomaly.path, []).append((data, anomaly))
    names = dict.fromkeys(name for each in sets.values() for name in each.features)
    # Columns that are gone have no statistics, and are what one looks for first.
    names |= dict.fromkeys(name for name in (*found, *(schema or ())) if name)
    places = {name: place for place, name in enumerate({**sets, **reports})}
    return {
        "sets": [
            {"name": name, "rows": sets[name].num_examples if name in sets else None}
            for name in places
        ],
        "data": [_anomaly(places, data, each, schema) for data, each in found.get("", [])],
        "empty": [places[name] for name, each in reports.items() if each.data_missing],
        "checked": bool(reports),
        "features": [
            {
                "n": name,
                **_statistics(name, [sets.get(data) for data in places]),
                "a": [_anomaly(places, data, each, schema) for data, each in found.get(name, [])],
                "d": _drift(name, reports, places),
                "r": rules_of(schema[name]) if schema is not None and name in schema else [],
                "x": _table(rows[name], name) if name in rows else None,
            }
            for name in names
        ],
    }


def _statistics(name: str, sets: Sequence[Statistics | None]) -> dict[str, object]:
    features = [each.features.get(name) if each is not None else None for each in sets]
    known = [each for each in features if each is not None]
    first = known[0] if known else None
    gap = max((difference(known[0], each) for each in known[1:]), default=None)
    if known and len(known) < sum(each is not None for each in sets):
        gap = 1.0
    return {
        "t": "" if first is None else "TIME" if first.is_time else first.type,
        "u": _unit(first),
        "g": None if gap is None else round(gap, 4),
        "s": [None if each is None else _feature(each) for each in features],
    }


def _unit(feature: FeatureStatistics | None) -> str:
    if feature is None or not feature.is_time:
        return ""
    return "us" if isinstance(feature.value_of(0.0), datetime) else "days"


def _feature(feature: FeatureStatistics) -> dict[str, object]:
    least, most = feature.value_count
    numbers = feature.proto.num_stats if feature.min is not None else None
    deviation = feature.std_dev
    return {
        "c": feature.count,
        "m": feature.missing,
        "v": feature.num_values,
        "l": [least, most],
        "k": _lengths(feature),
        "num": None
        if numbers is None
        else [
            finite(each)
            for each in (numbers.mean, numbers.min, numbers.median, numbers.max, numbers.std_dev)
        ],
        "sd": str(deviation) if isinstance(deviation, timedelta) else None,
        "z": feature.zeros,
        "nan": feature.num_nan,
        "h": _histogram(feature.standard_histogram),
        "q": _histogram(feature.quantiles_histogram),
        "w": feature.unique,
        "b": None if feature.avg_length is None else finite(feature.avg_length),
        "top": [
            [cut(each.value), finite(each.count)] for each in islice(feature.ranks, _MOST_TEXTS)
        ],
    }


def _histogram(histogram: Histogram | None) -> list[list[float | str]]:
    buckets = histogram.buckets if histogram is not None else ()
    return [[finite(each.low), finite(each.high), finite(each.count)] for each in buckets]


def _lengths(feature: FeatureStatistics) -> list[list[float | str]]:
    """Return how many values the rows have, where that differs."""
    least, most = feature.value_count
    group = feature.proto.WhichOneof("stats")
    if group is None or least == most:
        return []
    common = getattr(feature.proto, group).common_stats
    return [
        [finite(each.low_value), finite(each.high_value), finite(each.sample_count)]
        for each in common.num_values_histogram.buckets
    ]


def _anomaly(
    places: Mapping[str, int], data: str, anomaly: Anomaly, schema: Schema | None
) -> dict[str, object]:
    rule = schema[anomaly.path] if schema is not None and anomaly.path in schema else None
    return {
        "in": places[data],
        "severity": anomaly.severity.lower(),
        "short": anomaly.short,
        "why": [[each.type, cut(each.description, 2000)] for each in anomaly.reasons]
        or [["", cut(anomaly.description, 2000)]],
        "where": row_filter(anomaly, rule) if rule is not None else "",
    }


def _drift(
    name: str, reports: Mapping[str, Report], places: Mapping[str, int]
) -> list[list[object]]:
    return [
        [places[data], each.measure.lower().replace("_", " "), each.value, each.threshold]
        for data, report in reports.items()
        for each in report.drift
        if each.path == name
    ]


def _table(rows: Rows, first: str) -> dict[str, object]:
    """Return example rows, the reason and the column in question first."""
    records = rows if isinstance(rows, Sequence) else rows.to_pylist()
    columns = list(dict.fromkeys(name for each in records[:_MOST_ROWS] for name in each))
    columns.sort(key=lambda name: (name not in {"reason", "reasons"}, name != first))
    columns = columns[:_MOST_COLUMNS]
    return {
        "count": len(records),
        "columns": columns,
        "rows": [[_cell(each.get(name)) for name in columns] for each in records[:_MOST_ROWS]],
    }


def _cell(value: object) -> object:
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) < 2**53 else str(value)
        case float():
            return finite(value)
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return cut(value.decode("utf-8", "backslashreplace"))
    return cut(str(value))
