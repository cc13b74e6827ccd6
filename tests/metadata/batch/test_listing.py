"""Pages of nodes: every row once, in order, whatever the ties, and at the cost of a seek."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.metadata import Store, tables
from lineal.metadata.batch import selects
from lineal.metadata.batch.forms import PageRequest
from lineal.metadata.batch.listing import list_nodes

ORDERS = ("id", "create_time", "last_update_time")


def pages(store, kind="artifact", *, limit, order_by="id", ascending=True, **rest):
    """Return the ids of every page, going on from token to token."""
    found, token = [], ""
    text = rest.pop("filter", "")
    while True:
        request = PageRequest(limit, order_by, ascending, token, text)
        with store.reading() as (connection, _):
            page = list_nodes(connection, kind, request, **rest)
        found.append([node.id for node in page.nodes])
        token = page.token
        if not token:
            return found


def put_times(filled, times):
    rows = (
        {
            "id": number,
            "type_id": 10,
            "create_time_since_epoch": time,
            "last_update_time_since_epoch": time,
        }
        for number, time in enumerate(times, 1)
    )
    filled.put(tables.artifact, *rows)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-2, 3), max_size=12),
    st.sampled_from(ORDERS),
    st.booleans(),
    st.integers(1, 5),
    st.sampled_from(["", "id != 2", "contexts_a.id > 0 OR id > 0"]),
)
def test_pages_hold_every_row_once_in_order(times, order_by, ascending, limit, text):
    from tests.metadata.batch.conftest import Filled

    filled = Filled()
    put_times(filled, times)
    number = enumerate(times, 1)
    wanted = [
        node_id
        for _, node_id in sorted(
            ((0 if order_by == "id" else time, node_id) for node_id, time in number),
            reverse=not ascending,
        )
        if text == "" or (text == "id != 2" and node_id != 2)
    ]
    found = pages(filled.store, limit=limit, order_by=order_by, ascending=ascending, filter=text)
    assert [node_id for page in found for node_id in page] == wanted
    assert all(len(page) == limit for page in found[:-1])
    assert found[-1] or found == [[]]


def test_page_longer_than_a_hundred_is_cut_and_goes_on(filled):
    filled.artifacts(250)
    assert [len(page) for page in pages(filled.store, limit=1_000)] == [100, 100, 50]
    assert [len(page) for page in pages(filled.store, limit=101)] == [100, 100, 50]
    assert [len(page) for page in pages(filled.store, limit=1_000, most=None)] == [250]
    assert [len(page) for page in pages(filled.store, limit=None)] == [250]


def test_last_page_that_is_full_ends_the_list(filled):
    filled.artifacts(4)
    assert pages(filled.store, limit=2) == [[1, 2], [3, 4]]


@pytest.mark.parametrize("limit", [0, -1])
def test_limit_below_one_is_refused(filled, limit):
    with pytest.raises(InvalidInput, match=f"max_result_size={limit}"):
        filled.read(list_nodes, "artifact", PageRequest(limit=limit))


def test_row_of_an_equal_filter_may_follow_another_limit(filled):
    filled.artifacts(6)
    first = filled.read(list_nodes, "artifact", PageRequest(limit=2))
    further = PageRequest(limit=3, token=first.token, filter="id != 4")
    assert [n.id for n in filled.read(list_nodes, "artifact", further).nodes] == [3, 5, 6]


def test_rows_written_between_pages_make_no_repetition(filled):
    put_times(filled, [5, 5, 5])
    request = PageRequest(2, "last_update_time")
    first = filled.read(list_nodes, "artifact", request)
    filled.put(
        tables.artifact,
        {"id": 4, "type_id": 10, "last_update_time_since_epoch": 5},
        {"id": 5, "type_id": 10, "last_update_time_since_epoch": 1},
    )
    further = PageRequest(9, "last_update_time", token=first.token)
    assert [n.id for n in first.nodes] == [1, 2]
    assert [n.id for n in filled.read(list_nodes, "artifact", further).nodes] == [3, 4]


def test_lists_of_a_type_a_version_and_a_context(filled):
    filled.put(tables.type_, {"id": 20, "name": "Data", "version": "v2", "type_kind": 1})
    filled.artifacts(2)
    filled.put(tables.artifact, {"id": 3, "type_id": 20})
    filled.put(tables.context, {"id": 1, "type_id": 12, "name": "c"})
    filled.put(tables.attribution, *({"context_id": 1, "artifact_id": i} for i in (2, 3)))
    assert pages(filled.store, limit=5, type_name="Data") == [[1, 2]]
    assert pages(filled.store, limit=5, type_name="Data", type_version="v2") == [[3]]
    assert pages(filled.store, limit=5, type_name="Data", every_version=True) == [[1, 2, 3]]
    assert pages(filled.store, limit=1, context_id=1) == [[2], [3]]
    assert pages(filled.store, limit=5, type_name="Data", context_id=1) == [[2]]
    assert pages(filled.store, limit=5, type_name="Nothing") == [[]]


def test_nodes_come_whole(filled):
    filled.artifacts(1, uri="s3://b/x", state=2, name="x", external_id="e")
    filled.properties(1, n=3, rate=0.1, flag=True, note="a")
    filled.properties(1, custom=True, n="another")
    (node,) = filled.read(list_nodes, "artifact", PageRequest()).nodes
    assert (node.uri, node.state, node.name, node.external_id) == ("s3://b/x", 2, "x", "e")
    assert (node.type, node.type_id) == ("Data", 10)
    assert node.properties == {"n": 3, "rate": 0.1, "flag": True, "note": "a"}
    assert node.properties["flag"] is True
    assert node.custom == {"n": "another"}


@pytest.mark.parametrize("kind", ["artifact", "execution", "context"])
@pytest.mark.parametrize("order_by", ORDERS)
@pytest.mark.parametrize("ascending", [True, False])
def test_page_deep_in_the_list_is_found_by_an_index(kind, order_by, ascending, monkeypatch):
    plans = []

    def noted(connection, key, build, values):
        plans.append((key, selects.explained(connection, build, values)))
        return fetch(connection, key, build, values)

    fetch = selects.fetch
    monkeypatch.setattr("lineal.metadata.batch.listing.fetch", noted)
    token = {
        "id": "CAIQAhoCCAI",
        "create_time": "CAIQlqTYg6E0GgYIAhICCAE",
        "last_update_time": "EJak2IOhNBoGCAISAggCIAIgAQ",
    }[order_by]
    if not ascending:  # the same place, in the other direction
        from lineal.metadata.batch.tokens import read_token, write_token

        place = read_token(PageRequest(2, order_by, token=token))
        token = write_token(PageRequest(2, order_by, ascending=False), place, [place.id])
    with Store().reading() as (connection, _):
        list_nodes(connection, kind, PageRequest(2, order_by, ascending, token))
    assert plans
    for _, plan in plans:
        steps = [step for step in plan if "Type" not in step and "SUBQUERY" not in step]
        assert steps
        assert all(step.startswith("SEARCH") for step in steps), steps
