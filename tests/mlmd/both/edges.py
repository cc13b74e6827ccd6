"""Events, links, and nodes together with them."""

from __future__ import annotations

from bench import case


def pair(b):
    b.put(b.artifact())
    b.put(b.execution())


@case
def events_with_paths_and_times(b):
    pair(b)
    b.store.put_events(
        [b.event(1, 1, 4, ["out", 0, ""]), b.event(1, 1, 3, milliseconds_since_epoch=5)]
    )
    found = [
        b.store.get_events_by_artifact_ids([1]),
        b.store.get_events_by_execution_ids([1, 1, 9]),
    ]
    return [sorted(events, key=lambda event: event.type) for events in found]


@case
def a_step_with_neither_name_nor_index(b):
    pair(b)
    event = b.event(1, 1, 4, ["a"])
    event.path.steps.add()
    b.store.put_events([event])
    return b.store.get_events_by_artifact_ids([1])


@case
def an_event_without_artifact(b):
    pair(b)
    return b.store.put_events([b.event(None, 1)])


@case
def an_event_of_unknown_type(b):
    pair(b)
    return b.store.put_events([b.event(1, 1, 0)])


@case
def an_event_of_an_unknown_artifact(b):
    pair(b)
    return b.store.put_events([b.event(9, 1)])


@case
def the_same_event_twice(b):
    pair(b)
    return b.store.put_events([b.event(1, 1, 4, ["a"]), b.event(1, 1, 4, ["b"])])


@case
def no_events(b):
    return b.store.get_events_by_artifact_ids([]), b.store.get_events_by_execution_ids([5])


@case
def links_are_made_once(b):
    pair(b)
    b.put(b.context(name="x"))
    for _ in range(2):
        b.store.put_attributions_and_associations(
            [b.pb.Attribution(artifact_id=1, context_id=1)],
            [b.pb.Association(execution_id=1, context_id=1)],
        )
    return (
        b.store.get_contexts_by_artifact(1),
        b.store.get_contexts_by_execution(1),
        b.store.get_artifacts_by_context(1),
        b.store.get_executions_by_context(1),
    )


@case
def an_attribution_to_an_unknown_context(b):
    pair(b)
    return b.store.put_attributions_and_associations(
        [b.pb.Attribution(artifact_id=1, context_id=9)], []
    )


@case
def contexts_of_an_artifact_in_none(b):
    pair(b)
    return b.store.get_contexts_by_artifact(1)


@case
def members_of_an_unknown_context(b):
    return b.store.get_artifacts_by_context(9), b.store.get_executions_by_context(9)


@case
def executions_of_a_context_newest_first(b):
    b.put(b.context(name="x"))
    for _ in range(3):
        b.store.put_execution(b.execution(), [], [b.context(id=1, name="x")])
    wanted = b.options(limit=2, order_by=b.order.ID)
    return (
        len(b.store.get_executions_by_context(1)),
        [each.id for each in b.store.get_executions_by_context(1, wanted)],
    )


@case
def parents_and_children(b):
    b.put(*[b.context(name=name) for name in "xyz"])
    links = [b.pb.ParentContext(child_id=child, parent_id=1) for child in (2, 3)]
    b.store.put_parent_contexts(links)
    return (
        [each.name for each in b.store.get_children_contexts_by_context(1)],
        [each.name for each in b.store.get_parent_contexts_by_context(3)],
        b.store.get_parent_contexts_by_context(1),
    )


@case
def the_same_parent_twice(b):
    b.put(b.context(name="x"), b.context(name="y"))
    link = b.pb.ParentContext(child_id=1, parent_id=2)
    return b.store.put_parent_contexts([link, link])


@case
def a_context_as_its_own_parent(b):
    b.put(b.context(name="x"))
    return b.store.put_parent_contexts([b.pb.ParentContext(child_id=1, parent_id=1)])


@case
def a_cycle_of_parents(b):
    b.put(*[b.context(name=name) for name in "xyz"])
    link = b.pb.ParentContext
    b.store.put_parent_contexts([link(child_id=1, parent_id=2), link(child_id=2, parent_id=3)])
    return b.store.put_parent_contexts([link(child_id=3, parent_id=1)])


@case
def a_parent_without_child(b):
    return b.store.put_parent_contexts([b.pb.ParentContext(parent_id=1)])


@case
def put_execution_with_everything(b):
    pairs = [(b.artifact(name="in"), b.event(type=3)), (b.artifact(name="out"), b.event(type=4))]
    made = b.store.put_execution(b.execution(name="run"), pairs, [b.context(name="x")])
    return (
        made,
        b.store.get_events_by_execution_ids([1]),
        [each.name for each in b.store.get_artifacts_by_context(1)],
    )


@case
def put_execution_with_odd_pairs(b):
    b.put(b.artifact())
    pairs = [(), (b.artifact(name="x"),), (None, b.event(1, None, 3))]
    made = b.store.put_execution(b.execution(), pairs, [b.context(name="x")])
    return made, b.store.get_artifacts_by_context(1), b.store.get_events_by_execution_ids([1])


@case
def put_execution_twice_with_one_event(b):
    b.store.put_execution(b.execution(), [(b.artifact(), b.event())], [])
    return b.store.put_execution(b.execution(id=1), [(b.artifact(id=1), b.event())], [])


@case
def put_execution_with_an_event_of_another(b):
    pair(b)
    return b.store.put_execution(b.execution(), [(b.artifact(id=1), b.event(5))], [])


@case
def put_execution_of_an_unknown_id(b):
    return b.store.put_execution(b.execution(id=9), [], [])


@case
def put_execution_with_a_taken_context(b):
    b.put(b.context(name="x"))
    return b.store.put_execution(b.execution(), [], [b.context(name="x")])


@case
def put_execution_reuses_a_context_without_updating_it(b):
    b.put(b.context({"n": 1}, name="x"))
    made = b.store.put_execution(
        b.execution(), [], [b.context({"n": 2}, name="x")], reuse_context_if_already_exist=True
    )
    return made, b.store.get_contexts()


@case
def put_execution_forces_a_context_by_its_id_alone(b):
    b.put(b.context({"n": 1}, name="x"))
    made = b.store.put_execution(b.execution(), [], [b.pb.Context(id=1)], force_reuse_context=True)
    return made, b.store.get_contexts_by_execution(1)


@case
def put_execution_forces_an_unknown_context(b):
    return b.store.put_execution(b.execution(), [], [b.pb.Context(id=9)], force_reuse_context=True)


@case
def put_execution_reuses_an_artifact_by_external_id(b):
    b.put(b.artifact({"n": 1}, external_id="e", uri="u"))
    made = b.store.put_execution(
        b.execution(),
        [(b.artifact({"s": "z"}, external_id="e"), b.event(type=3))],
        [],
        reuse_artifact_if_already_exist_by_external_id=True,
    )
    return made, b.stored(1)


@case
def put_lineage_subgraph_with_everything(b):
    made = b.store.put_lineage_subgraph(
        [b.execution(name="r")],
        [b.artifact(name="i"), b.artifact(name="o")],
        [b.context(name="x")],
        [(0, 0, b.event(type=3)), (0, 1, b.event(type=4, path=["o", 0]))],
    )
    return made, b.store.get_events_by_execution_ids([1]), b.store.get_contexts_by_artifact(2)


@case
def put_lineage_subgraph_without_type(b):
    b.put(b.artifact())
    return b.store.put_lineage_subgraph([], [b.pb.Artifact(id=1)], [], [])


@case
def put_lineage_subgraph_with_an_index_too_far(b):
    return b.store.put_lineage_subgraph([b.execution()], [b.artifact()], [], [(0, 1, b.event())])


@case
def put_lineage_subgraph_without_event(b):
    return b.store.put_lineage_subgraph([b.execution()], [b.artifact()], [], [(0, 0, None)])


@case
def put_lineage_subgraph_with_neither_index_nor_id(b):
    return b.store.put_lineage_subgraph([b.execution()], [b.artifact()], [], [(0, None, b.event())])


@case
def put_lineage_subgraph_with_index_and_another_id(b):
    return b.store.put_lineage_subgraph([b.execution()], [b.artifact()], [], [(0, 0, b.event(7))])


@case
def put_lineage_subgraph_with_one_new_context_twice(b):
    return b.store.put_lineage_subgraph(
        [], [], [b.context(name="x")] * 2, [], reuse_context_if_already_exist=True
    )
