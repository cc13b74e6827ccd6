"""The page of statistics: complete, harmless, and in need of nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pyarrow as pa
import pytest

from lineal.errors import InvalidInput
from lineal.validation import infer_schema, statistics, statistics_page, validate

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


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.cards: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.scripts = 0
        self.pictures = 0

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if found.get("class") == "card":
            self.cards.append(found)
        self.links += [
            value for name, value in attrs if name in {"src", "href", "action"} and value
        ]
        self.scripts += tag == "script"
        self.pictures += tag == "svg"


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_every_feature_has_a_card_and_a_picture():
    page = read(statistics_page({"January": statistics(JANUARY)}))

    assert [card["data-name"] for card in page.cards] == JANUARY.schema.names
    assert page.pictures == len(JANUARY.schema.names) - 1  # nothing to draw of what is empty


def test_the_page_needs_no_network():
    text = statistics_page({"January": statistics(JANUARY)}, title="January")

    assert all(link.startswith("#") for link in read(text).links)
    assert not re.search(r"https?:|@import|url\(", text)


def test_names_and_values_are_shown_and_never_run():
    evil = "</script><script>alert(1)</script>"
    table = pa.table({evil: [evil, "a"]})
    current = statistics(table)
    rules = infer_schema(statistics(pa.table({evil: ["a", "b"]})))

    text = statistics_page(
        {evil: current}, reports={evil: validate(current, rules)}, title=f"{evil} & more"
    )

    assert read(text).scripts == 1
    assert "<script>alert" not in text
    assert "&amp; more" in text


def test_a_comparison_shows_each_data_set_and_what_is_gone():
    february = JANUARY.drop_columns(["speed"])
    rules = infer_schema(statistics(JANUARY))
    rules["speed"].required = True
    current = {"January": statistics(JANUARY), "February": statistics(february)}
    reports = {name: validate(each, rules) for name, each in current.items()}

    text = statistics_page({"February": current["February"]}, reports=reports)
    both = read(statistics_page(current, reports=reports))

    assert "not in the data" in text
    assert [card["data-found"] for card in both.cards if card["data-name"] == "speed"] == ["1"]
    assert "anomal" in text


def test_a_page_about_nothing_is_refused():
    with pytest.raises(InvalidInput):
        statistics_page({})
