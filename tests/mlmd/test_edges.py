"""Events, links, whole executions and lineage through the drop-in."""

from __future__ import annotations

import pytest

from lineal.mlmd import errors
from lineal.mlmd.proto import metadata_store_pb2 as pb


def event(kind=pb.Event.OUTPUT, *, path=(), **fields):
    made = pb.Event(type=kind, **fields)
    for step in path:
        made.path.steps.add(**({"index": step} if isinstance(step, int) else {"key": step}))
    return made


def pair(graph):
    (artifact,) = graph.store.put_artifacts([graph.artifact()])
    (execution,) = graph.store.put_executions([graph.execution()])
    return {"artifact_id": artifact, "execution_id": execution}


# Events


def test_an_event_keeps_its_path_and_its_time(graph):
    ends = pair(graph)
    told = [
        event(pb.Event.INPUT, path=["data", 0, ""], milliseconds_since_epoch=12345, **ends),
        event(pb.Event.OUTPUT, **ends),
    ]
    graph.store.put_events(told)
    first, second = graph.store.get_events_by_artifact_ids([ends["artifact_id"]])
    assert first == told[0]
    assert second.milliseconds_since_epoch > 10**12
    assert not second.HasField("path")
    assert graph.store.get_events_by_execution_ids([ends["execution_id"]]) == [first, second]


def test_one_artifact_in_two_executions(graph):
    ends = pair(graph)
    (other,) = graph.store.put_executions([graph.execution()])
    graph.store.put_events([event(**ends)])
    graph.store.put_events([event(3, artifact_id=ends["artifact_id"], execution_id=other)])
    found = graph.store.get_events_by_artifact_ids([ends["artifact_id"]])
    assert [(each.execution_id, each.type) for each in found] == [(1, 4), (2, 3)]


def test_no_ids_have_no_events(graph):
    assert graph.store.get_events_by_artifact_ids([]) == []
    assert graph.store.get_events_by_execution_ids([99]) == []


@pytest.mark.parametrize(
    "change",
    [{"artifact_id": None}, {"execution_id": None}, {"artifact_id": 99}, {"execution_id": 99}],
    ids=str,
)
def test_an_event_that_lacks_an_end(graph, change):
    with pytest.raises(errors.InvalidArgumentError, match=r"artifact|execution"):
        graph.store.put_events([event(**{**pair(graph), **change})])


def test_an_event_is_there_once(graph):
    ends = pair(graph)
    with pytest.raises(errors.AlreadyExistsError):
        graph.store.put_events([event(path=["a"], **ends), event(path=["b"], **ends)])
    assert graph.store.get_events_by_artifact_ids([1]) == []


# Links


def test_links_made_twice_are_there_once(graph):
    ends = pair(graph)
    (context,) = graph.store.put_contexts([graph.context("c")])
    attribution = pb.Attribution(artifact_id=ends["artifact_id"], context_id=context)
    association = pb.Association(execution_id=ends["execution_id"], context_id=context)
    graph.store.put_attributions_and_associations([attribution] * 2, [association])
    graph.store.put_attributions_and_associations([attribution], [association])
    assert len(graph.store.get_artifacts_by_context(context)) == 1
    assert [each.name for each in graph.store.get_contexts_by_artifact(1)] == ["c"]
    assert [each.name for each in graph.store.get_contexts_by_execution(1)] == ["c"]


def test_what_is_in_no_context_is_not_found(graph):
    pair(graph)
    with pytest.raises(errors.NotFoundError, match="artifact/1"):
        graph.store.get_contexts_by_artifact(1)
    with pytest.raises(errors.NotFoundError, match="execution/99"):
        graph.store.get_contexts_by_execution(99)


def test_parents_and_children(graph):
    store = graph.store
    store.put_contexts([graph.context(name) for name in "xyz"])
    store.put_parent_contexts(
        [pb.ParentContext(child_id=2, parent_id=1), pb.ParentContext(child_id=3, parent_id=1)]
    )
    assert [each.id for each in store.get_children_contexts_by_context(1)] == [2, 3]
    assert [each.id for each in store.get_parent_contexts_by_context(3)] == [1]
    assert store.get_parent_contexts_by_context(1) == []
    with pytest.raises(errors.AlreadyExistsError):
        store.put_parent_contexts([pb.ParentContext(child_id=2, parent_id=1)])


@pytest.mark.parametrize("link", [(1, None), (None, 1), (1, 99), (1, 1), (1, 2)], ids=str)
def test_a_parent_that_can_not_be(graph, link):
    graph.store.put_contexts([graph.context(name) for name in "xy"])
    graph.store.put_parent_contexts([pb.ParentContext(child_id=2, parent_id=1)])
    child, parent = link
    with pytest.raises(errors.InvalidArgumentError):
        graph.store.put_parent_contexts([pb.ParentContext(child_id=child, parent_id=parent)])


# Whole executions


def test_an_execution_with_all_that_belongs_to_it(graph):
    made = graph.store.put_execution(
        graph.execution(name="run"),
        [(graph.artifact(), event(3)), (graph.artifact(), event(4)), (), (graph.artifact(),)],
        [graph.context("c"), graph.context("d")],
    )
    assert made == (1, [1, 2, 3], [1, 2])
    events = graph.store.get_events_by_execution_ids([1])
    assert [(each.artifact_id, each.type) for each in events] == [(1, 3), (2, 4)]
    assert [each.id for each in graph.store.get_artifacts_by_context(2)] == [1, 2, 3]
    assert [each.name for each in graph.store.get_executions_by_context(1)] == ["run"]


def test_an_execution_without_contexts_is_updated_in_place(graph):
    made, _, _ = graph.store.put_execution(graph.execution(), [], [])
    again = graph.execution(id=made, last_known_state=pb.Execution.COMPLETE)
    assert graph.store.put_execution(again, [], None) == (made, [], [])
    found = graph.store.get_executions_by_id([made])
    assert [each.last_known_state for each in found] == [pb.Execution.COMPLETE]


def test_a_context_is_reused_if_asked(graph):
    store = graph.store
    store.put_contexts([graph.context("c")])
    with pytest.raises(errors.AlreadyExistsError):
        store.put_execution(graph.execution(), [], [graph.context("c")])
    _, _, contexts = store.put_execution(
        graph.execution(), [], [graph.context("c")], reuse_context_if_already_exist=True
    )
    _, _, forced = store.put_execution(
        graph.execution(), [], [pb.Context(id=1)], force_reuse_context=True
    )
    assert (contexts, forced) == ([1], [1])
    assert len(store.get_executions_by_context(1)) == 2


def test_an_artifact_is_reused_by_its_external_id(graph):
    store = graph.store
    store.put_artifacts([graph.artifact(external_id="e", uri="old")])
    _, artifacts, _ = store.put_execution(
        graph.execution(),
        [(graph.artifact(external_id="e", uri="new"), event(3))],
        [],
        reuse_artifact_if_already_exist_by_external_id=True,
    )
    assert artifacts == [1]
    assert [each.uri for each in store.get_artifacts()] == ["new"]


def test_an_execution_of_an_unknown_id(graph):
    with pytest.raises(errors.InvalidArgumentError, match="99"):
        graph.store.put_execution(graph.execution(id=99), [(graph.artifact(), event())], [])
    assert graph.store.get_artifacts() == []


# Lineage


def chain(graph):
    """Put a1 -> x1 -> a2 -> x2 -> a3 in one call."""
    return graph.store.put_lineage_subgraph(
        [graph.execution(name=name) for name in ("x1", "x2")],
        [graph.artifact(name=name) for name in ("a1", "a2", "a3")],
        [graph.context("c")],
        [
            (0, 0, event(3)),
            (0, 1, event(4, path=["out"])),
            (1, 1, event(3)),
            (1, 2, event(4)),
        ],
    )


def walk(graph, filter_query="name = 'a1'", mask=None, **options):
    query = pb.LineageSubgraphQueryOptions(**options)
    query.starting_artifacts.filter_query = filter_query
    return graph.store.get_lineage_subgraph(query, mask)


def test_a_piece_of_the_graph_comes_back_whole(graph):
    assert chain(graph) == ([1, 2], [1, 2, 3], [1])
    found = walk(graph)
    assert [each.name for each in found.artifacts] == ["a1", "a2", "a3"]
    assert [each.type for each in found.executions] == ["X", "X"]
    assert [each.name for each in found.contexts] == ["c"]
    types = (found.artifact_types, found.execution_types, found.context_types)
    assert [[each.name for each in part] for part in types] == [["A"], ["X"], ["C"]]
    assert len(found.events) == 4
    assert (len(found.attributions), len(found.associations)) == (3, 2)


def test_a_mask_names_the_parts_wanted(graph):
    chain(graph)
    found = walk(graph, mask=["artifacts", "execution_types", "events"])
    set_fields = {field.name for field, _ in found.ListFields()}
    assert set_fields == {"artifacts", "execution_types", "events"}


def test_direction_and_hops(graph):
    chain(graph)
    up = walk(graph, "name = 'a2'", direction=pb.LineageSubgraphQueryOptions.UPSTREAM)
    down = walk(graph, "name = 'a2'", direction=pb.LineageSubgraphQueryOptions.DOWNSTREAM)
    near = walk(graph, max_num_hops=1)
    assert [each.name for each in up.artifacts] == ["a1", "a2"]
    assert [each.name for each in down.artifacts] == ["a2", "a3"]
    assert [each.name for each in near.artifacts] == ["a1"]
    assert [each.name for each in near.executions] == ["x1"]


def test_a_walk_stops_at_ending_nodes(graph):
    chain(graph)
    ending = {"filter_query": "name = 'x2'"}
    assert [each.name for each in walk(graph, ending_executions=ending).executions] == ["x1"]
    ending["include_ending_nodes"] = True
    found = walk(graph, ending_executions=ending)
    assert [each.name for each in found.executions] == ["x1", "x2"]
    assert [each.name for each in found.artifacts] == ["a1", "a2"]


def test_a_walk_needs_a_start(graph):
    chain(graph)
    with pytest.raises(errors.NotFoundError, match="nope"):
        walk(graph, "name = 'nope'")
    with pytest.raises(errors.InvalidArgumentError):
        walk(graph, "")
    with pytest.raises(errors.InvalidArgumentError):
        graph.store.get_lineage_subgraph(pb.LineageSubgraphQueryOptions())
    with pytest.raises(errors.InvalidArgumentError, match="-1"):
        walk(graph, max_num_hops=-1)


@pytest.mark.parametrize(
    ("edge", "error"),
    [
        ((0, 9, event()), errors.OutOfRangeError),
        ((0, 0, None), errors.InvalidArgumentError),
        ((0, None, event()), errors.InvalidArgumentError),
        ((0, 0, event(artifact_id=7)), errors.InvalidArgumentError),
    ],
    ids=["index", "no event", "no end", "other id"],
)
def test_an_edge_that_can_not_be(graph, edge, error):
    with pytest.raises(error):
        graph.store.put_lineage_subgraph([graph.execution()], [graph.artifact()], [], [edge])
    assert graph.store.get_artifacts() == []
