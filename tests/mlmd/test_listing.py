"""Lists through the drop-in: limits, orders, filters, pages."""

from __future__ import annotations

import pytest

from lineal.metadata import Store
from lineal.mlmd import ListOptions, OrderByField, errors
from lineal.mlmd.proto import metadata_store_pb2 as pb
from lineal.mlmd.proto import metadata_store_service_pb2 as calls
from lineal.mlmd.service import Service


def test_a_limit_and_an_order(store, kind):
    type_id = kind.put_type(store)
    made = kind.put(store, *[kind.node(type_id=type_id, name=name) for name in "abcde"])
    for is_asc, expected in ((True, made[:2]), (False, made[:2:-1])):
        options = ListOptions(limit=2, order_by=OrderByField.ID, is_asc=is_asc)
        assert [each.id for each in kind.do(store, "get_*s", options)] == expected


def test_no_row_is_lost_however_long_the_list(graph):
    graph.store.put_artifacts([graph.artifact(name=f"a{n}") for n in range(230)])
    for limit in (99, 100, 101, 205, 230, 400, None):
        for field in OrderByField:
            found = graph.store.get_artifacts(ListOptions(limit=limit, order_by=field))
            assert [each.id for each in found] == list(range(1, min(limit or 230, 230) + 1))


def test_a_filter_over_many_nodes(store, kind):
    type_id = kind.put_type(store)
    nodes = [kind.node(type_id=type_id, name=f"node_{n}") for n in range(200)]
    for number, node in enumerate(nodes):
        node.custom_properties["p"].int_value = number
    kind.put(store, *nodes)
    query = "custom_properties.p.int_value < 21 AND name LIKE 'node_2%'"
    found = kind.do(store, "get_*s", ListOptions(filter_query=query))
    assert [each.name for each in found] == ["node_2", "node_20"]


def test_a_filter_that_is_none(store, kind):
    for query in ("invalid syntax", "id = 'x'", "nope = 1", "id = 1;"):
        with pytest.raises(errors.InvalidArgumentError, match=r"\^"):
            kind.do(store, "get_*s", ListOptions(filter_query=query))


def test_a_negative_limit(store, kind):
    with pytest.raises(errors.InvalidArgumentError, match="limit is -1"):
        kind.do(store, "get_*s", ListOptions(limit=-1))


def test_a_page_of_the_service_ends_at_a_hundred_with_a_token():
    store = Store()
    service = Service(store)
    made = service.PutArtifactType(
        calls.PutArtifactTypeRequest(artifact_type=pb.ArtifactType(name="A"))
    )
    nodes = [pb.Artifact(type_id=made.type_id) for _ in range(230)]
    service.PutArtifacts(calls.PutArtifactsRequest(artifacts=nodes))
    request = calls.GetArtifactsByTypeRequest(type_name="A", options={"max_result_size": 150})
    seen, sizes = [], []
    while True:
        page = service.GetArtifactsByType(request)
        sizes.append(len(page.artifacts))
        seen += [each.id for each in page.artifacts]
        if not page.next_page_token:
            break
        request.options.next_page_token = page.next_page_token
    assert (sizes, seen) == ([100, 100, 30], list(range(1, 231)))
    store.close()


def test_members_of_a_context_are_listed(graph):
    store = graph.store
    (context,) = store.put_contexts([graph.context("c")])
    artifacts = store.put_artifacts([graph.artifact() for _ in range(120)])
    executions = store.put_executions([graph.execution() for _ in range(3)])
    store.put_attributions_and_associations(
        [pb.Attribution(context_id=context, artifact_id=each) for each in artifacts[:110]],
        [pb.Association(context_id=context, execution_id=each) for each in executions],
    )
    assert [each.id for each in store.get_artifacts_by_context(context)] == artifacts[:110]
    limited = ListOptions(limit=105, order_by=OrderByField.ID, is_asc=False)
    found = store.get_artifacts_by_context(context, limited)
    assert [each.id for each in found] == artifacts[109:4:-1]
    assert [each.id for each in store.get_executions_by_context(context)] == executions[::-1]
    filtered = ListOptions(filter_query=f"id = {executions[1]}")
    assert [each.id for each in store.get_executions_by_context(context, filtered)] == [2]
    assert store.get_executions_by_context(99) == []
