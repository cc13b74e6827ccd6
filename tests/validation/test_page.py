"""The page of statistics, seen in a browser: complete, harmless, usable, in need of nothing."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.errors import InvalidInput
from lineal.validation import (
    Comparison,
    Statistics,
    infer_schema,
    statistics,
    statistics_page,
    validate,
)

from .browser import Browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

JANUARY = pa.table(
    {
        "delay": [1, 2, 3, None],
        "carrier": ["UA", "B6", "UA", "AA"],
        "day": pa.array([0, 1, 2, 3], pa.date32()),
        "empty": pa.nulls(4),
        "constant": [2013] * 4,
        "stops": [[1], [1, 2], [], None],
        "speed": [float("inf"), float("nan"), -1e-9, 1e12],
    }
)
FEBRUARY = pa.table(
    {
        "delay": [1, 2, 3, 4],
        "carrier": ["ZZ", "ZZ", "B6", "AA"],
        "day": pa.array([31, 32, 33, 34], pa.date32()),
        "constant": [2013] * 4,
        "stops": [[1], [1, 2], [], None],
    }
)
NAMES = "[...document.querySelectorAll('.features .open')].map(each => each.textContent)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def see(browser: Browser, tmp_path) -> Iterator[Callable[..., Browser]]:
    """Open a page; nothing may have been complained of or fetched when the test ends."""
    number = count()

    def opened(text: str, **how) -> Browser:
        path = tmp_path / f"page{next(number)}.html"
        path.write_text(text, encoding="utf-8")
        browser.open(path, **how)
        return browser

    yield opened
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith("file:")] == []
    assert len(browser.requests) == 1


def compared() -> str:
    first, second = statistics(JANUARY), statistics(FEBRUARY)
    rules = infer_schema(first)
    rules["carrier"].drift_threshold(0.1)
    report = validate(second, rules, previous=first)
    return statistics_page({"January": first, "February": second}, report={"February": report})


def test_every_feature_has_a_row_and_a_picture_where_there_is_something_to_draw(see):
    tab = see(statistics_page({"January": statistics(JANUARY)}))

    assert tab.run(NAMES) == JANUARY.schema.names
    tab.until("document.querySelectorAll('.features .spark').length === 6")


def test_names_and_values_are_shown_and_never_run(see):
    evil = "</script><script>document.title='caught'</script>\"'\u202eabc<!--"
    table = pa.table({evil: [evil, "a"], "long": ["x" * 1_000_000, "مرحبا"]})
    current = statistics(table)
    rules = infer_schema(statistics(pa.table({evil: ["a", "b"], "long": ["a", "b"]})))
    text = statistics_page({evil: current}, report=validate(current, rules), title=f"{evil} & more")

    tab = see(text)
    tab.run("page.features.forEach(f => toggle(f, true))")

    assert len(text) < 150_000
    assert tab.run("document.title").endswith("& more")
    assert tab.run("document.querySelectorAll('script').length") == 2
    shown = tab.run("document.querySelector('.open').textContent")
    assert shown == evil.replace("\u202e", "\\u202e")


def test_features_are_found_filtered_and_sorted(see):
    tab = see(compared())

    tab.run("document.getElementById('find').focus()")
    tab.type("CA")
    assert tab.run(NAMES) == ["carrier"]
    assert tab.run("document.getElementById('shown').textContent") == "1 of 7 features"
    tab.press("Escape")
    tab.run("document.querySelector('th.gap button').click()")
    assert tab.run("document.querySelector('th.gap').getAttribute('aria-sort')") == "ascending"
    gaps = tab.run("shown.map(f => f.g)")
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] == 1
    tab.run("document.querySelector('th.name button').click()")
    assert tab.run(NAMES) == sorted(JANUARY.schema.names)
    tab.run("document.getElementById('only').click()")
    assert set(tab.run(NAMES)) == {"carrier", "speed"}


def test_the_table_is_walked_and_opened_by_keys(see):
    tab = see(compared())

    tab.run("document.querySelector('.open').focus()")
    tab.press("ArrowDown")
    assert tab.run("document.activeElement.textContent") == "carrier"
    tab.press("Enter")
    assert tab.run("document.activeElement.getAttribute('aria-expanded')") == "true"
    told = tab.run("document.querySelector('.more').textContent")
    assert "'ZZ'" in told
    assert "exceeded" in told
    assert """WHERE "carrier" NOT IN ('AA', 'B6', 'UA')""" in told
    tab.press("Escape")
    assert tab.run("document.querySelector('.more')") is None
    tab.press("End")
    assert tab.run("document.activeElement.textContent") == "speed"
    assert tab.run("document.querySelectorAll('.open[tabindex=\"0\"]').length") == 1


def test_a_screen_reader_is_told_of_the_table_and_of_every_picture(see):
    tab = see(compared())
    tab.run("toggle(page.features[1], true)")

    tree = tab.tree()

    roles = {role for role, _ in tree}
    assert {"table", "columnheader", "rowheader", "search", "status", "main"} <= roles
    assert ("image", "most frequent values of carrier") in tree
    assert ("link", "Skip to the features") in tree
    assert not [
        name for role, name in tree if role in {"button", "image", "searchbox"} and not name
    ]


def test_an_anomaly_leads_to_the_rows_that_have_it(see):
    current = statistics(FEBRUARY)
    report = validate(current, infer_schema(statistics(JANUARY)))
    rows = {"carrier": pa.table({"day": [31, 32], "carrier": ["ZZ", "ZZ"], "reason": ["no"] * 2})}
    tab = see(statistics_page(current, report=report, rows=rows))

    tab.run("document.querySelector('.found a').click()")

    table = tab.run("document.querySelector('.more section').innerText")
    assert "Rows that have it (2)" in table
    assert table.count("ZZ") == 2
    assert table.index("reason") < table.index("carrier") < table.index("day")


def test_a_thousand_columns_open_at_once(see):
    wide = statistics(pa.table({"column": [1, 2, 3]}))
    dataset = wide.proto.datasets[0]
    dataset.features.extend([dataset.features[0]] * 999)
    for number, feature in enumerate(dataset.features):
        feature.path.step[0] = f"column {number}"
    text = statistics_page({"wide": Statistics(wide.proto)})

    began = time.monotonic()
    tab = see(text)
    tab.until("document.querySelectorAll('.features .open').length === 1000")

    assert time.monotonic() - began < 5  # a loaded machine; 0.5 s on a free one
    assert tab.run("document.querySelectorAll('.spark').length") < 100
    tab.run("scrollTo(0, 20000)")
    tab.until("rowOf(page.features[500]).querySelector('.spark') !== null")


def test_the_page_is_dark_where_it_is_asked_to_be(see):
    text = statistics_page(statistics(JANUARY))
    background = "getComputedStyle(document.body).backgroundColor"

    light, dark = see(text).run(background), see(text, dark=True).run(background)

    assert light != dark
    tab = see(text, dark=True)
    tab.run("at('theme').value = 'light'; at('theme').dispatchEvent(new Event('change'))")
    assert tab.run(background) == light


def test_going_to_an_anomaly_lifts_the_filters_and_leaves_the_colours(see):
    tab = see(compared())
    tab.run("at('theme').value = 'dark'; at('theme').dispatchEvent(new Event('change'))")
    tab.run("at('find').value = 'speed'; show()")

    tab.run("document.querySelector('.found a').click()")

    assert tab.run("at('find').value") == ""
    assert tab.run("[at('theme').value, document.documentElement.dataset.theme]") == ["dark"] * 2


def test_a_narrow_window_is_not_wider_than_it_is(see):
    tab = see(compared(), width=420)

    assert tab.run("document.documentElement.scrollWidth") <= 420


def test_schema_report_and_statistics_show_themselves_in_a_notebook(see):
    current = statistics(FEBRUARY)
    rules = infer_schema(statistics(JANUARY))
    shown = [current, rules, validate(current, rules), Comparison({"a": current, "b": current})]

    for each in shown:
        frame = each._repr_html_()
        assert frame.startswith("<iframe")
        assert 'sandbox="allow-scripts' in frame
    tab = see(rules.to_html())
    assert tab.run(NAMES) == sorted(JANUARY.schema.names, key=tab.run(NAMES).index)
    tab.run("toggle(page.features.find(f => f.n === 'carrier'), true)")
    assert "AA, B6, UA" in tab.run("document.querySelector('.more').textContent")


def test_the_most_different_features_come_first():
    first, second = statistics(JANUARY), statistics(FEBRUARY)

    found = Comparison({"January": first, "February": second}).differences

    assert {each.feature for each in found if each.value == 1} >= {"empty", "speed", "day"}
    assert found[-1].feature in {"constant", "stops"}
    assert found[-1].value == 0
    with pytest.raises(InvalidInput):
        Comparison({"January": first})


def test_facets_reads_features_by_name_and_data_sets_by_theirs():
    from tensorflow_metadata.proto.v0 import statistics_pb2

    current = statistics(FEBRUARY)
    found = statistics_pb2.DatasetFeatureStatisticsList.FromString(
        Comparison({"training": current, "serving": current}).to_facets()
    )

    assert [each.name for each in found.datasets] == ["training", "serving"]
    features = found.datasets[1].features
    assert [each.name for each in features] == FEBRUARY.schema.names
    assert not any(each.HasField("path") for each in features)
    assert features[0].num_stats.mean == 2.5


def test_a_page_about_nothing_is_refused():
    with pytest.raises(InvalidInput):
        statistics_page({})
