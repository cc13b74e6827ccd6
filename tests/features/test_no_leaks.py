"""Nothing that lies in a query's future can change its answer."""

from __future__ import annotations

import random
import warnings
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from tests.features.test_point_in_time import KNOWN, views
from tests.features.worlds import HOUR, QUERIES, SCHEMA, START

from lineal.features import MostlyMissing
from lineal.warehouse import load

if TYPE_CHECKING:
    from tests.features.conftest import Home

SENTINEL = -987654


def random_rows(source: random.Random, count: int) -> list[dict]:
    return [
        {
            "airport": source.choice(["JFK", "LGA"]),
            "gate": source.choice([1, 2]),
            "event": START + source.randrange(48) * HOUR,
            "known": START + source.randrange(48) * HOUR,
            "number": source.randrange(100),
            "real": source.random(),
            "row": i,
        }
        for i, _ in enumerate(range(count))
    ]


def answers(home: Home, table: str, rows: list[dict], queries: list[dict], **more) -> list[dict]:
    home.warehouse.save(pa.Table.from_pylist(rows, SCHEMA), table)
    defined = views(["airport", "gate"], table=table, **more)
    home.features.define(*defined)
    frame = pa.Table.from_pylist(queries, QUERIES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MostlyMissing)
        return home.features.training_set(frame, defined, at="at").to_arrow().to_pylist()


def visible(row: dict, known: str) -> object:
    """The first moment at which a row may matter."""
    if known == "known-at column":
        return max(row["event"], row["known"])
    return row["event"] + (2 * HOUR if known == "available after" else 0 * HOUR)


@pytest.mark.parametrize("known", sorted(KNOWN))
def test_changing_adding_or_removing_the_future_changes_nothing(home, known):
    source = random.Random(known)
    now = START + 24 * HOUR
    rows = random_rows(source, 300)
    queries = [
        {
            "q": i,
            "airport": source.choice(["JFK", "LGA"]),
            "gate": source.choice([1, 2]),
            "at": START + source.randrange(25) * HOUR,
        }
        for i in range(60)
    ]
    before = answers(home, "ops.before", rows, queries, **KNOWN[known])
    future = [
        {**row, "number": SENTINEL, "real": float(SENTINEL), "row": SENTINEL}
        for row in rows
        if visible(row, known) > now and source.random() < 0.7
    ]
    added = [
        {**row, "number": SENTINEL, "real": float(SENTINEL), "row": SENTINEL}
        for row in random_rows(source, 300)
        if visible(row, known) > now
    ]
    past = [row for row in rows if visible(row, known) <= now]
    after = answers(home, "ops.after", [*past, *future, *added], queries, **KNOWN[known])
    assert future
    assert added
    assert after == before


def test_what_is_loaded_later_changes_no_earlier_training_set(home):
    rows = [
        {"airport": "JFK", "gate": 1, "event": START + i * HOUR, "number": i, "row": i}
        for i in range(3)
    ]
    queries = [{"q": i, "airport": "JFK", "gate": 1, "at": START + i * HOUR} for i in range(5)]
    view = views(["airport"])[0]
    home.load(view.table, rows, SCHEMA, known_at=START + 6 * HOUR)
    home.features.define(view)
    frame = pa.Table.from_pylist(queries, QUERIES)
    first = home.features.training_set(frame, view, at="at", name="first")
    restated = [{**rows[1], "number": SENTINEL, "row": SENTINEL}]
    home.load(view.table, restated, SCHEMA, known_at=START + 9 * HOUR)

    again = home.features.training_set(frame, view, at="at", name="again")
    assert again.content == first.content
    assert again.views["plain"].restated == 1
    assert first.snapshots == ("ops.gates@1",)
    assert again.snapshots == ("ops.gates@2",)

    later = pa.Table.from_pylist([{**queries[1], "at": START + 9 * HOUR}], QUERIES)
    home.load(view.table, [{**rows[2], "number": -1}], SCHEMA, known_at=START + 10 * HOUR)
    assert row_found(home, later, view) == [2]  # a newer event than the restated one
    known = home.features.training_set(later, view, at="at", known_by=START + 9 * HOUR)
    assert known.snapshots == ("ops.gates@2",)


def test_a_clock_that_was_set_back_lets_no_later_load_be_known_earlier(home, monkeypatch):
    row = {"airport": "JFK", "gate": 1, "event": START, "number": 1, "row": 1}
    view = views(["airport"])[0]
    home.load(view.table, [row], SCHEMA, known_at=START + HOUR)
    monkeypatch.setattr(load, "now", lambda: START)
    home.load(view.table, [{**row, "row": SENTINEL}], SCHEMA, known_at=START + 9 * HOUR)
    home.features.define(view)

    times = [START + 8 * HOUR, START + 9 * HOUR]
    frame = pa.Table.from_pylist([{"q": 0, "airport": "JFK", "at": at} for at in times], QUERIES)
    assert row_found(home, frame, view) == [1, SENTINEL]


def row_found(home: Home, frame: pa.Table, view) -> list:
    return home.features.training_set(frame, view, at="at").to_arrow()["plain.row"].to_pylist()
