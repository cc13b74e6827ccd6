"""Put the page together: one file that holds its data, style and script, and loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.validation.page.island import island
from lineal.validation.page.text import as_json, escaped

if TYPE_CHECKING:
    from lineal.validation.page.island import Rows
    from lineal.validation.report import Report
    from lineal.validation.results import Statistics
    from lineal.validation.schema import Schema

__all__ = ["statistics_page"]


def statistics_page(
    statistics: Statistics | Mapping[str, Statistics] | None = None,
    *,
    others: Mapping[str, Statistics] | None = None,
    report: Report | Mapping[str, Report] | None = None,
    schema: Schema | None = None,
    rows: Mapping[str, Rows] | None = None,
    title: str = "Statistics",
) -> str:
    """Return an HTML page about one data set, or a comparison of several, named by the keys.

    `report` gives what validation found, in the first data set or by the same names; `schema`
    what is asked, else the report's own; `rows` the rows to show of a feature, by its path: a
    table or a list of dicts. The page needs no network and no server.
    """
    sets = dict(statistics) if isinstance(statistics, Mapping) else {}
    if statistics is not None and not isinstance(statistics, Mapping):
        sets = {str(getattr(statistics, "ref", "data")): statistics}
    sets |= others or {}
    first = next(iter(sets), "data")
    reports = dict(report) if isinstance(report, Mapping) else {}
    if report is not None and not isinstance(report, Mapping):
        reports = {first: report}
    if not sets and not reports and schema is None:
        raise InvalidInput("a page needs the statistics of at least one data set")
    found = island(sets, reports, schema or _baseline(reports), rows or {})
    return _document(title, as_json({"title": title, **found}))


def _baseline(reports: Mapping[str, Report]) -> Schema | None:
    from lineal.validation.schema import Schema

    protos = [each.proto.baseline for each in reports.values() if each.proto.HasField("baseline")]
    return Schema(protos[0]) if protos else None


def _document(title: str, data: str) -> str:
    style, script = _asset("page.css"), _asset("charts.js") + _asset("page.js")
    policy = (
        f"default-src 'none';style-src '{_digest(style)}';script-src '{_digest(script)}';"
        "base-uri 'none';form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escaped(title)}</title><style>{style}</style></head><body>"
        '<a class="skip" href="#table">Skip to the features</a>'
        f'<header><h1><bdi>{escaped(title)}</bdi></h1><div id="sets"></div></header>'
        '<main id="main"><noscript>This page draws its data with a script of its own; '
        "allow scripts to see it.</noscript></main>"
        f'<script type="application/json" id="island">{data}</script>'
        f"<script>{script}</script></body></html>\n"
    )


@cache
def _asset(name: str) -> str:
    return (files("lineal.validation.page") / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """Return what a content security policy knows an inline style or script by."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
