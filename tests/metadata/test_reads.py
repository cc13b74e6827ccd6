"""What is read in batches is the same on every database."""

from __future__ import annotations

from datetime import UTC, datetime

from lineal.metadata import ArtifactState, ArtifactType, ContextType, PropertyType, walk
from lineal.metadata.gaps import history_gaps
from lineal.metadata.graph import Graph
from lineal.metadata.model import (
    Artifact,
    Association,
    Attribution,
    Context,
    Event,
    EventType,
    Execution,
    ExecutionType,
    ParentContext,
    Proto,
)
from lineal.metadata.search import find
from lineal.metadata.words import search

VALUES = {"n": 2**40, "half": 0.1, "text": "é'\"%", "flag": True, "dict": {"a": [1, None]}}


def filled(store):
    """Return the graph of a chain d1 -> r1 -> d2 -> … -> d5 in a context within another."""
    graph = Graph(store)
    graph.put_types(
        [
            ArtifactType("Data", {"rank": PropertyType.INT}),
            ExecutionType("Run"),
            ContextType("Group"),
        ]
    )
    data = graph.put_artifacts(
        [
            Artifact(
                "Data",
                name=f"d{n}",
                uri=f"s3://b/{n}",
                state=ArtifactState.LIVE,
                properties={"rank": n},
                custom_properties={**VALUES, "message": Proto("type.googleapis.com/x", b"\0\1")},
                external_id=f"E{n}",
            )
            for n in range(1, 6)
        ]
    )
    runs = graph.put_executions([Execution("Run", name=f"r{n}") for n in range(1, 5)])
    events = []
    for place, run in enumerate(runs):
        events.append(Event(data[place], run, EventType.INPUT, ("in", 0)))
        events.append(Event(data[place + 1], run, EventType.OUTPUT, ("out", 1, "deep")))
    graph.put_events(events)
    inner, outer = graph.put_contexts([Context("Group", "inner"), Context("Group", "outer")])
    graph.put_parent_contexts([ParentContext(inner, outer)])
    graph.put_links([Attribution(inner, data[0]), Association(inner, runs[0])])
    return graph


def names(nodes):
    return [node.name for node in nodes]


def test_nodes_pages_tables_and_links(store):
    graph = filled(store)
    (first,) = graph.artifacts(name="d1")
    assert {**first.custom_properties} == {
        **VALUES,
        "message": Proto("type.googleapis.com/x", b"\0\1"),
    }
    assert names(graph.artifacts(uris=["s3://b/2", "nothing"])) == ["d2"]
    assert names(graph.artifacts(external_ids=["E3"], ids=[first.id + 2])) == ["d3"]
    assert graph.artifacts(ids=[]) == []
    by_rank = "properties.rank.int_value IN (1, 4) OR name = 'd2'"
    assert names(graph.artifacts(filter=by_rank, ascending=False)) == ["d4", "d2", "d1"]
    for order_by in ("id", "create_time", "last_update_time"):
        pages = graph.pages("artifact", limit=2, order_by=order_by, filter="has(properties.rank)")
        assert [names(page.nodes) for page in pages] == [["d1", "d2"], ["d3", "d4"], ["d5"]]
    table = graph.table("artifact", type="Data", limit=3)
    assert table.column("rank").to_pylist() == [1, 2, 3]
    assert table.column("flag").to_pylist() == [True] * 3
    assert names(graph.contexts(artifact_id=first.id)) == ["inner"]
    (inner,) = graph.contexts(name="inner")
    assert names(graph.parents([inner.id])[inner.id]) == ["outer"]
    assert names(graph.executions(context_id=inner.id)) == ["r1"]
    assert [t.properties for t in graph.types("artifact", name="Data")] == [
        {"rank": PropertyType.INT}
    ]
    paths = [event.path for event in graph.events(artifact_ids=[first.id + 1])]
    assert paths == [("out", 1, "deep"), ("in", 0)]


def test_lineage_subgraphs_search_and_gaps(store):
    graph = filled(store)
    (last,) = graph.artifacts(name="d5")
    start = ("artifact", last.id)
    assert names(walk(store, start).artifacts.values()) == [f"d{n}" for n in range(1, 6)]
    assert names(walk(store, start, depth=2).artifacts.values()) == ["d3", "d4", "d5"]
    assert names(walk(store, start, name="d3").artifacts.values()) == ["d3", "d4", "d5"]
    part = graph.subgraph("artifact", "name = 'd1'", direction="downstream", max_hops=3)
    assert names(part.artifacts) == ["d1", "d2"]
    assert names(part.executions) == ["r1", "r2"]
    assert names(part.contexts) == ["inner"]
    assert names(a for a, _ in find(store, "upstream(name = 'd4')")) == ["d5"]
    assert names(hit.artifact for hit in search(store, "d2 data")) == ["d2"]
    then = datetime.now(tz=UTC)
    graph.put_artifacts([Artifact("Data", id=last.id, properties={"rank": 9})])
    past = Graph(store.as_of(then))
    assert names(past.artifacts(filter="properties.rank.int_value = 5")) == ["d5"]
    assert names(graph.artifacts(filter="properties.rank.int_value = 9")) == ["d5"]
    assert names(walk(past.store, start, depth=1).artifacts.values()) == ["d4", "d5"]
    assert history_gaps(past.store) == []
