"""Lineage can be bounded by depth, and filtered without losing the way to what was found."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.metadata import ArtifactType, Store, tables, walk
from lineal.metadata.graph import Graph
from lineal.metadata.model import Artifact, Event, EventType, Execution, ExecutionType

INPUT, OUTPUT = EventType.INPUT, EventType.OUTPUT


@pytest.fixture
def graph():
    return made(Graph(Store()))


def made(graph):
    graph.put_types([ArtifactType("Data"), ArtifactType("Model"), ExecutionType("Run")])
    return graph


def put(graph, names, steps):
    """Put artifacts by name (a Model's begins with M), and executions as (inputs, outputs)."""
    kinds = {name: "Model" if name[0] == "M" else "Data" for name in names}
    ids = graph.put_artifacts([Artifact(kinds[name], name=name) for name in names])
    by_name = dict(zip(names, ids, strict=True))
    runs = graph.put_executions([Execution("Run") for _ in steps])
    events = []
    for run, (inputs, outputs) in zip(runs, steps, strict=True):
        events += [Event(by_name[name], run, INPUT) for name in inputs]
        events += [Event(by_name[name], run, OUTPUT) for name in outputs]
    graph.put_events(events)
    return by_name


def names(found):
    return sorted(str(artifact.name) for artifact in found.artifacts.values())


# raw -> a -> M1 -> b -> M2, and side -> b
NAMES = ("raw", "a", "M1", "b", "M2", "side")
STEPS = (("raw",), ("a",)), (("a",), ("M1",)), (("M1", "side"), ("b",)), (("b",), ("M2",))


@pytest.mark.parametrize(
    ("depth", "wanted"),
    [
        (1, ["M2", "b"]),
        (2, ["M1", "M2", "b", "side"]),
        (3, ["M1", "M2", "a", "b", "side"]),
        (9, sorted(NAMES)),
        (None, sorted(NAMES)),
    ],
)
def test_depth_counts_executions(graph, depth, wanted):
    ids = put(graph, NAMES, STEPS)
    found = walk(graph.store, ("artifact", ids["M2"]), depth=depth)
    assert names(found) == wanted
    assert len(found.executions) == min(depth or 4, 4)


def test_depth_from_an_execution_counts_it_as_the_first(graph):
    put(graph, NAMES, STEPS)
    assert names(walk(graph.store, ("execution", 3), depth=1)) == ["M1", "side"]
    down = walk(graph.store, ("execution", 3), direction="downstream", depth=2)
    assert names(down) == ["M2", "b"]


def test_filter_by_type_keeps_the_way(graph):
    ids = put(graph, NAMES, STEPS)
    found = walk(graph.store, ("artifact", ids["M2"]), type="Mod*")
    assert names(found) == ["M1", "M2", "b"]
    assert found.matched == {("artifact", ids["M1"]), ("artifact", ids["M2"])}
    assert len(found.edges) == 4


def test_filter_by_name_on_both_sides(graph):
    ids = put(graph, NAMES, STEPS)
    found = walk(graph.store, ("artifact", ids["M1"]), direction="both", name="[rs]*")
    assert names(found) == ["M1", "a", "raw"]
    down = walk(graph.store, ("artifact", ids["M1"]), direction="downstream", name="M2")
    assert names(down) == ["M1", "M2", "b"]


def test_filter_that_nothing_fits_leaves_the_start(graph):
    ids = put(graph, NAMES, STEPS)
    found = walk(graph.store, ("artifact", ids["M2"]), name="nothing")
    assert names(found) == ["M2"]
    assert found.edges == ()
    assert found.to_text().strip().startswith("Model")


def test_filter_by_time(graph):
    ids = put(graph, NAMES, STEPS)
    with graph.store._database.write() as connection:
        for place, name in enumerate(NAMES):
            when = datetime(2013, 1, 1 + place, tzinfo=UTC)
            change = tables.artifact.update().where(tables.artifact.c.id == ids[name])
            milliseconds = int(when.timestamp() * 1000)
            connection.execute(change.values(create_time_since_epoch=milliseconds))
    start = ("artifact", ids["M2"])
    early = walk(graph.store, start, until="2013-01-02", type="Data")
    assert {graph.store.artifact(n).name for _, n in early.matched} == {"raw"}
    window = walk(graph.store, start, since="2013-01-02", until="2013-01-04", type="*")
    assert {window.artifacts[n].name for k, n in window.matched if k == "artifact"} == {"a", "M1"}
    with pytest.raises(InvalidInput, match="since"):
        walk(graph.store, start, since=datetime(2013, 1, 1))  # noqa: DTZ001 -- what is refused


def test_depth_below_one_is_refused(graph):
    put(graph, NAMES, STEPS)
    with pytest.raises(InvalidInput, match="depth 0"):
        walk(graph.store, ("artifact", 1), depth=0)


def test_past_is_walked_to_a_depth_too(graph):
    ids = put(graph, NAMES, STEPS)
    then = datetime.now(tz=UTC)
    put(graph, ("later",), [(("later",), ())])
    past = graph.store.as_of(then)
    for depth in (1, 2, 3):
        here = walk(graph.store, ("artifact", ids["M2"]), depth=depth)
        there = walk(past, ("artifact", ids["M2"]), depth=depth)
        assert names(there) == names(here)


def test_lineage_as_arrow_and_ids(graph):
    ids = put(graph, NAMES, STEPS)
    found = walk(graph.store, ("artifact", ids["M1"]), type="Data")
    nodes, edges = found.to_arrow()
    assert nodes.column("kind").to_pylist().count("artifact") == 3
    assert edges.num_rows == len(found.edges) == 4
    assert set(edges.column("target_kind").to_pylist()) == {"artifact", "execution"}
    matched = [row["id"] for row in nodes.to_pylist() if row["matched"]]
    assert sorted(matched) == sorted([ids["raw"], ids["a"]])
    assert found.ids == {
        "artifact": sorted([ids["raw"], ids["a"], ids["M1"]]),
        "execution": sorted(found.executions),
    }


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12),
    st.integers(1, 4),
    st.booleans(),
)
def test_walk_to_a_depth_is_the_whole_walk_cut_off(arrows, depth, upstream):
    graph = made(Graph(Store()))
    every = [f"d{number}" for number in range(7)]
    makers = {}
    for source, target in arrows:
        if source < target:  # no cycle, and one maker each
            makers.setdefault(target, set()).add(source)
    steps = [([f"d{s}" for s in sorted(sources)], [f"d{t}"]) for t, sources in makers.items()]
    ids = put(graph, every, steps)
    start = ("artifact", ids["d6" if upstream else "d0"])
    direction = "upstream" if upstream else "downstream"
    whole = walk(graph.store, start, direction=direction)
    cut = walk(graph.store, start, direction=direction, depth=depth)
    near, level = {start}, {start}
    for _ in range(depth):
        for _half in range(2):
            ends = [(e.target, e.source) if upstream else (e.source, e.target) for e in whole.edges]
            level = {far for one, far in ends if one in level}
            near |= level
    reached = {("artifact", n) for n in cut.artifacts} | {("execution", n) for n in cut.executions}
    assert reached == near


@pytest.mark.parametrize("diamonds", [24, 1_000])
def test_diamonds_cost_what_their_nodes_do(graph, diamonds):
    every = [f"d{number}" for number in range(3 * diamonds + 1)]
    steps = []
    for n in range(0, 3 * diamonds, 3):
        steps += [((every[n],), (every[n + 1],)), ((every[n],), (every[n + 2],))]
        steps.append(((every[n + 1], every[n + 2]), (every[n + 3],)))
    ids = put(graph, every, steps)
    began = time.process_time()
    found = walk(graph.store, ("artifact", ids[every[-1]]))
    assert time.process_time() - began < 2.0  # 2^24 ways would take hours
    assert len(found.artifacts) == 3 * diamonds + 1
    assert len(found.executions) == 3 * diamonds
