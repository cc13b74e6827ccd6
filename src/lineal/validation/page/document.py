"""Put the page together: what was found, then a card for each feature."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.validation.page.charts import COLORS, distribution
from lineal.validation.page.text import escaped, percent, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lineal.validation.report import Anomaly, Report
    from lineal.validation.results import FeatureStatistics, Statistics

__all__ = ["statistics_page"]


def statistics_page(
    statistics: Mapping[str, Statistics],
    *,
    reports: Mapping[str, Report] | None = None,
    title: str = "Statistics",
) -> str:
    """Return an HTML page about one data set, or a comparison of several, named by the keys.

    `reports` gives what validation found, by the same names. The page needs no network and no
    server: styles, script and pictures are in it.
    """
    if not statistics:
        raise InvalidInput("a page needs the statistics of at least one data set")
    found = _by_feature(reports or {})
    names = list(dict.fromkeys(name for each in statistics.values() for name in each.features))
    # Columns that are gone have no statistics, and are what one looks for first.
    names += [name for name in found if name and name not in names]
    cards = [
        _card(place, name, statistics, found.get(name, [])) for place, name in enumerate(names)
    ]
    return "".join(
        [
            "<!doctype html>\n<html lang=en><meta charset=utf-8>",
            '<meta name=viewport content="width=device-width,initial-scale=1">',
            f"<title>{escaped(title)}</title><style>{_asset('page.css')}</style>",
            f"<body{' class=many' if len(statistics) > 1 else ''}>",
            f"<header><h1>{escaped(title)}</h1>{_legend(statistics)}</header>",
            _summary(names, found),
            _controls(statistics, names),
            f"<main id=cards>{''.join(cards)}</main>",
            "<p id=nothing hidden>No feature fits these filters.</p>",
            f"<script>{_asset('page.js')}</script></body></html>\n",
        ]
    )


def _asset(name: str) -> str:
    return (files("lineal.validation.page") / name).read_text(encoding="utf-8")


def _by_feature(reports: Mapping[str, Report]) -> dict[str, list[tuple[str, Anomaly]]]:
    found: dict[str, list[tuple[str, Anomaly]]] = {}
    for data, report in reports.items():
        for anomaly in report.anomalies:
            found.setdefault(anomaly.path, []).append((data, anomaly))
    return found


def _legend(statistics: Mapping[str, Statistics]) -> str:
    items = [
        f'<li><i class="c{place % COLORS}"></i><b>{escaped(name)}</b> '
        f"{each.num_examples:,} rows, {len(each)} features</li>"
        for place, (name, each) in enumerate(statistics.items())
    ]
    return f"<ul class=legend>{''.join(items)}</ul>"


def _summary(names: list[str], found: Mapping[str, list[tuple[str, Anomaly]]]) -> str:
    if not found:
        return ""
    rows = []
    for name in ["", *names]:
        for data, anomaly in found.get(name, []):
            target = f"<a href=#f{names.index(name)}>{escaped(name)}</a>" if name else "(data set)"
            rows.append(
                f"<tr><td>{target}<td>{escaped(data)}"
                f"<td>{_severity(anomaly)} {escaped(anomaly.short)}"
                f"<td>{escaped(anomaly.description)}"
            )
    opened = " open" if len(rows) <= 30 else ""
    word = "anomaly" if len(rows) == 1 else "anomalies"
    return (
        f"<details class=found{opened}><summary>{len(rows)} {word} found</summary>"
        "<div class=scroll><table><thead><tr><th>feature<th>data<th>what<th>why</thead>"
        f"<tbody>{''.join(rows)}</table></div></details>"
    )


def _severity(anomaly: Anomaly) -> str:
    kind = anomaly.severity.lower()
    return f'<span class="mark {escaped(kind)}">{escaped(kind)}</span>'


def _controls(statistics: Mapping[str, Statistics], names: Iterable[str]) -> str:
    types = sorted(
        {feature.type for each in statistics.values() for feature in each.features.values()}
    )
    options = "".join(f"<option>{kind}</option>" for kind in types)
    listed = list(names)
    return (
        "<form id=controls role=search onsubmit='return false'>"
        "<label>Find <input id=find type=search placeholder='name of a feature' "
        "autocomplete=off></label>"
        f"<label>Type <select id=type><option value=''>all</option>{options}</select></label>"
        "<label>Sort by <select id=sort><option value=place>order in the data</option>"
        "<option value=name>name</option><option value=missing>missing values</option>"
        "<option value=found>anomalies</option></select></label>"
        "<label><input id=only type=checkbox> with anomalies only</label>"
        f"<output id=shown>{len(listed)} features</output></form>"
    )


def _card(
    place: int,
    name: str,
    statistics: Mapping[str, Statistics],
    anomalies: list[tuple[str, Anomaly]],
) -> str:
    features = [
        (number % COLORS, data, each.features[name])
        for number, (data, each) in enumerate(statistics.items())
        if name in each.features
    ]
    kind = features[0][2].type if features else ""
    shown = "time" if features and features[0][2].is_time else kind.lower()
    missing = max((_missing_share(each) for _, _, each in features), default=1.0)
    notes = "".join(
        f"<li>{_severity(anomaly)} {escaped(data)}: {escaped(anomaly.description)}</li>"
        for data, anomaly in anomalies
    )
    body = (
        distribution(name, features) + _table(features)
        if features
        else '<p class="none">not in the data</p>'
    )
    return (
        f'<article class=card id=f{place} data-name="{escaped(name.lower())}" data-type="{kind}" '
        f"data-missing={missing:.6f} data-found={len(anomalies)} data-place={place}>"
        f'<h2 title="{escaped(name)}">{escaped(name)} <small>{escaped(shown)}</small></h2>'
        f"{f'<ul class=notes>{notes}</ul>' if notes else ''}{body}</article>"
    )


def _missing_share(feature: FeatureStatistics) -> float:
    return feature.missing / ((feature.count + feature.missing) or 1)


def _table(features: list[tuple[int, str, FeatureStatistics]]) -> str:
    """Return the main numbers, a row for each data set."""
    rows = [_numbers_of(feature) for _, _, feature in features]
    columns = [name for name in rows[0] if any(row.get(name, "–") != "–" for row in rows)]
    single = len(features) == 1
    head = "".join(["" if single else "<th>", *(f"<th>{column}" for column in columns)])
    body = "".join(
        ("<tr>" if single else f'<tr><th scope=row><i class="c{color}"></i>{_name(data)}')
        + "".join(f"<td>{escaped(row.get(column, '–'))}" for column in columns)
        for (color, data, _), row in zip(features, rows, strict=True)
    )
    return (
        f"<div class=scroll><table class=numbers><thead><tr>{head}</thead>"
        f"<tbody>{body}</table></div>"
    )


def _name(data: str) -> str:
    return f"<span>{escaped(data)}</span>"


def _numbers_of(feature: FeatureStatistics) -> dict[str, str]:
    rows = feature.count + feature.missing
    least, most = feature.value_count
    return {
        "missing": percent(feature.missing, rows) if feature.missing else "0",
        "NaN": plain(feature.num_nan) if feature.num_nan else "–",
        "mean": plain(feature.mean),
        "std": plain(feature.std_dev),
        "min": plain(feature.min),
        "median": plain(feature.median),
        "max": plain(feature.max),
        "zeros": "–" if feature.zeros is None else percent(feature.zeros, feature.num_values),
        "unique": plain(feature.unique),
        "bytes": plain(feature.avg_length),
        "values": "–" if least == most else f"{least}–{most}",
    }
