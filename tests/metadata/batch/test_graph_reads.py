"""The graph tells its nodes as plain values, now and as they were."""

from datetime import UTC, datetime, timedelta

import pytest

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    Event,
    EventType,
    Execution,
    ExecutionType,
    PropertyType,
    Store,
)
from lineal.metadata.batch.subgraph import Ending
from lineal.metadata.graph import Graph
from lineal.metadata.model import Association, Attribution, ParentContext


@pytest.fixture
def graph():
    graph = Graph(Store())
    graph.put_types(
        [
            ArtifactType("Data", {"rows": PropertyType.INT}),
            ArtifactType("Data", {"rows": PropertyType.INT}, version="v2"),
            ExecutionType("Run"),
            ContextType("Group"),
        ]
    )
    return graph


def put_data(graph, *names, **columns):
    artifacts = [Artifact("Data", name=name, uri=f"s3://b/{name}", **columns) for name in names]
    return graph.put_artifacts(artifacts)


def names(nodes):
    return [node.name for node in nodes]


def test_nodes_are_chosen_by_everything_that_tells_them_apart(graph):
    first, second = put_data(graph, "a", "b", properties={"rows": 3})
    v2 = next(t.id for t in graph.types("artifact", name="Data") if t.version == "v2")
    graph.put_artifacts([Artifact("Data", name="c", type_id=v2, external_id="E")])
    assert names(graph.artifacts()) == ["a", "b", "c"]
    assert names(graph.artifacts(ids=[second, first, 99])) == ["a", "b"]
    assert names(graph.artifacts(type="Data", version="")) == ["a", "b"]
    assert names(graph.artifacts(type="Data", version="v2")) == ["c"]
    assert names(graph.artifacts(name="b")) == ["b"]
    assert names(graph.artifacts(uris=["s3://b/a", "s3://b/zzz"])) == ["a"]
    assert names(graph.artifacts(external_ids=["E"])) == ["c"]
    assert names(graph.artifacts(filter="properties.rows.int_value = 3 OR name = 'c'")) == [
        "a",
        "b",
        "c",
    ]
    assert names(graph.artifacts(ascending=False, limit=2)) == ["c", "b"]


def test_context_holds_nodes_and_its_executions_come_newest_first(graph):
    (group,) = graph.put_contexts([Context("Group", "g")])
    data = put_data(graph, "a", "b")
    runs = graph.put_executions([Execution("Run", name=name) for name in "xyz"])
    graph.put_links(
        [Attribution(group, data[0]), Association(group, runs[0]), Association(group, runs[2])]
    )
    assert names(graph.artifacts(context_id=group)) == ["a"]
    assert names(graph.executions(context_id=group)) == ["z", "x"]
    assert names(graph.executions(context_id=group, order_by="id")) == ["x", "z"]
    assert names(graph.contexts(artifact_id=data[0])) == ["g"]
    assert names(graph.contexts(execution_id=runs[1])) == []
    assert graph.attributions(context_ids=[group]) == [Attribution(group, data[0])]
    assert graph.associations(execution_ids=runs[2:]) == [Association(group, runs[2])]


def test_pages_go_on_to_the_end(graph):
    put_data(graph, *"abcde")
    assert [names(page.nodes) for page in graph.pages("artifact", limit=2)] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]


def test_choice_that_a_kind_does_not_have_is_refused(graph):
    with pytest.raises(InvalidInput, match="contexts can't be chosen by uris"):
        graph.contexts(uris=["x"])
    with pytest.raises(InvalidInput, match="limit is 0"):
        graph.artifacts(limit=0)


def test_relatives_of_contexts(graph):
    one, two, three = graph.put_contexts([Context("Group", name) for name in ("1", "2", "3")])
    graph.put_parent_contexts([ParentContext(two, one), ParentContext(three, one)])
    assert names(graph.children([one])[one]) == ["2", "3"]
    assert names(graph.parents([three])[three]) == ["1"]
    assert graph.parents([one]) == {one: []}


def test_past_knows_which_contexts_held_which(graph):
    one, two = graph.put_contexts([Context("Group", name) for name in ("1", "2")])
    then = datetime.now(tz=UTC)
    graph.put_parent_contexts([ParentContext(two, one)])
    past = Graph(graph.store.as_of(then))
    child = "parent_contexts_p.name = '1'"
    assert past.children([one]) == {one: []}
    assert names(past.contexts(filter=child)) == []
    assert names(graph.contexts(filter=child)) == ["2"]


def test_types_come_with_every_version(graph):
    assert [(t.name, t.version) for t in graph.types()] == [
        ("Data", ""),
        ("Data", "v2"),
        ("Run", ""),
        ("Group", ""),
    ]
    assert [t.version for t in graph.types(name="Data", version="v2")] == ["v2"]
    (simple,) = graph.types("artifact", name="mlmd.Model")
    assert simple.properties == {}


def test_subgraph_of_a_chain_ends_where_it_is_told(graph):
    data = put_data(graph, "a", "b", "c")
    runs = graph.put_executions([Execution("Run"), Execution("Run")])
    for number, run in enumerate(runs):
        used, made = (
            Event(data[number], run, EventType.INPUT),
            Event(data[number + 1], run, EventType.OUTPUT),
        )
        graph.put_events([used, made])
    part = graph.subgraph("artifact", "name = 'c'", direction="upstream")
    assert names(part.artifacts) == ["a", "b", "c"]
    assert [event.type for event in part.events] == [EventType.INPUT, EventType.OUTPUT] * 2
    ended = graph.subgraph(
        "artifact", "name = 'c'", ending_artifacts=Ending("name = 'b'", include=True)
    )
    assert names(ended.artifacts) == ["b", "c"]
    with pytest.raises(NotFound, match="name = 'zzz'"):
        graph.subgraph("artifact", "name = 'zzz'")


def test_past_is_filtered_by_the_values_of_then(graph):
    (node,) = put_data(graph, "a", properties={"rows": 3}, state=ArtifactState.PENDING)
    (other,) = put_data(graph, "b", properties={"rows": 5})
    (group,) = graph.put_contexts([Context("Group", "g")])
    graph.put_links([Attribution(group, node)])
    then = datetime.now(tz=UTC)
    graph.put_artifacts(
        [Artifact("Data", id=node, uri="moved", properties={"rows": 9}, state=ArtifactState.LIVE)]
    )
    graph.put_links([Attribution(group, other)])
    put_data(graph, "later")
    past = Graph(graph.store.as_of(then))
    by_rows = "properties.rows.int_value < 4"
    assert names(graph.artifacts(filter=by_rows)) == []
    assert names(past.artifacts(filter=by_rows)) == ["a"]
    assert names(past.artifacts(filter="state = PENDING AND contexts_g.name = 'g'")) == ["a"]
    assert names(past.artifacts(context_id=group)) == ["a"]
    assert names(past.artifacts(uris=["s3://b/a"])) == ["a"]
    assert names(past.artifacts(ascending=False)) == ["b", "a"]
    assert [names(page.nodes) for page in past.pages("artifact", limit=1)] == [["a"], ["b"]]
    assert past.table("artifact").column("rows").to_pylist() == [3, 5]
    assert past.attributions(context_ids=[group]) == [Attribution(group, node)]


def test_past_follows_lineage_in_filters(graph):
    data = put_data(graph, "a", "b")
    (run,) = graph.put_executions([Execution("Run", name="x")])
    graph.put_events([Event(data[0], run, EventType.INPUT)])
    then = datetime.now(tz=UTC)
    graph.put_events([Event(data[1], run, EventType.OUTPUT)])
    text = "upstream(name = 'a')"
    past = Graph(graph.store.as_of(then))
    assert names(past.artifacts(filter="events_e.type = INPUT")) == ["a"]
    assert names(past.artifacts(filter=text)) == []
    now = Graph(graph.store.as_of(datetime.now(tz=UTC) + timedelta(seconds=1)))
    assert names(graph.artifacts(filter=text)) == names(now.artifacts(filter=text)) == ["b"]
