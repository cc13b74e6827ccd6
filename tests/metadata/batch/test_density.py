"""Whichever way a page is reached, it is the same; the way is short for many hits and for few."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lineal.metadata import Store, tables
from lineal.metadata.batch import density, selects
from lineal.metadata.batch.forms import PageRequest
from lineal.metadata.batch.listing import list_nodes

FILTERS = (
    "properties.n.int_value >= 3",
    "properties.n.int_value = 3 OR custom_properties.s.string_value = 'x'",
    "NOT properties.n.int_value = 3",
    "type = 'Data' AND properties.n.int_value < 6",
    "name = 'a2' AND properties.n.int_value < 6",
    "contexts_a.name = 'c' AND properties.n.int_value < 8",
    "has(properties.n) AND state = LIVE",
)


@pytest.fixture
def many(monkeypatch):
    """Count as many what a test can hold, in a store that no other test has counted in."""
    monkeypatch.setattr(density, "_SMALL", 0)
    monkeypatch.setattr(density, "_many", lambda _size, _limit: 2)


def fill(filled, values):
    filled.put(tables.context, {"id": 1, "type_id": 12, "name": "c"})
    filled.put(
        tables.artifact,
        *(
            {"id": i, "type_id": 10, "name": f"a{i}", "state": 2, "create_time_since_epoch": -i % 3}
            for i in range(1, len(values) + 1)
        ),
    )
    held = [(i, value) for i, value in enumerate(values, 1) if value is not None]
    for i, value in held:
        filled.properties(i, n=value)
        filled.properties(i, custom=True, s="x" if value % 2 else "y")
    filled.put(tables.attribution, *({"context_id": 1, "artifact_id": i} for i, _ in held[::2]))


def ids(store, text, order_by="id", **rest):
    found, token = [], ""
    while True:
        request = PageRequest(3, order_by, token=token, filter=text)
        with store.reading() as (connection, _):
            page = list_nodes(connection, "artifact", request, **rest)
        found += [node.id for node in page.nodes]
        token = page.token
        if not token:
            return found


@pytest.mark.parametrize(
    ("nodes", "limit", "most"), [(20_000, 20, 1_000), (10**7, 100, 31_622), (10**7, 1, 3_162)]
)
def test_hits_are_many_where_going_along_the_order_is_quicker(nodes, limit, most):
    assert density._many(nodes, limit) == most


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.none() | st.integers(0, 9), max_size=10),
    st.sampled_from(FILTERS),
    st.sampled_from(["id", "create_time"]),
    st.sampled_from([None, "Data"]),
    st.sampled_from(["lineal", "mlmd"]),
)
def test_both_ways_lead_to_the_same_pages(values, text, order_by, type_name, meaning):
    from tests.metadata.batch.conftest import Filled

    filled = Filled()
    fill(filled, values)
    assume(meaning == "lineal" or "has(" not in text)  # which ML Metadata doesn't know
    wanted = {"type_name": type_name, "filter_meaning": meaning}
    by_hits = ids(filled.store, text, order_by, **wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(density, "_SMALL", 0)
        patch.setattr(density, "_many", lambda _size, _limit: 1)
        assert ids(filled.store, text, order_by, **wanted) == by_hits


def plan(filled, monkeypatch, request, **rest):
    """Return the steps by which SQLite gets at a page."""
    found = []

    def noted(connection, key, build, values):
        if key[0] == "page":
            found.extend(selects.explained(connection, build, values))
        return fetch(connection, key, build, values)

    fetch = selects.fetch
    monkeypatch.setattr("lineal.metadata.batch.listing.fetch", noted)
    rest.setdefault("filter_meaning", "lineal")
    filled.read(list_nodes, "artifact", request, **rest)
    return found


@pytest.mark.parametrize("meaning", ["lineal", "mlmd"])
def test_many_hits_are_met_along_the_order(filled, many, monkeypatch, meaning):
    fill(filled, [5] * 6)
    request = PageRequest(2, filter="properties.n.int_value = 5")
    steps = plan(filled, monkeypatch, request, filter_meaning=meaning)
    assert steps[0] == "SCAN Artifact"
    assert not any("TEMP B-TREE" in step for step in steps)
    assert any("sqlite_autoindex_ArtifactProperty_1" in step for step in steps)


def test_few_hits_are_looked_up(filled, many, monkeypatch):
    fill(filled, [5, 1, 2, 3])
    steps = plan(filled, monkeypatch, PageRequest(2, filter="properties.n.int_value = 5"))
    assert steps[0].startswith("SEARCH Artifact USING INTEGER PRIMARY KEY")
    assert any("idx_artifact_property_int" in step for step in steps)


def test_page_of_a_common_type_is_not_sorted(filled, many, monkeypatch):
    fill(filled, [5] * 6)
    for order_by in ("id", "create_time", "last_update_time"):
        steps = plan(filled, monkeypatch, PageRequest(2, order_by), type_name="Data")
        assert steps[0].startswith("SCAN Artifact")
        assert not any("TEMP B-TREE" in step for step in steps)


def test_name_alone_is_found_by_the_index_of_types_and_names(filled, monkeypatch):
    fill(filled, [5] * 6)
    steps = plan(filled, monkeypatch, PageRequest(2, filter="name = 'a3'"))
    assert any("(type_id=? AND name=?)" in step for step in steps)


def test_small_stores_are_not_counted_in(monkeypatch):
    def refused(*_):
        raise AssertionError("a short list needs no counting")

    monkeypatch.setattr(density, "_parts", refused)
    with Store().reading() as (connection, _):
        list_nodes(connection, "artifact", PageRequest(2, filter="id > 7"), filter_meaning="lineal")
