"""Lineage subgraphs."""

from __future__ import annotations

from bench import case


def chain(b):
    """Store a1 -> x1 -> a2 -> x2 -> a3 in context x."""
    for made in (2, 3):
        inside = [(b.artifact(id=made - 1), b.event(type=3))]
        if made == 2:
            inside = [(b.artifact(name="a1"), b.event(type=3))]
        b.store.put_execution(
            b.execution(name=f"x{made - 1}"),
            [*inside, (b.artifact(name=f"a{made}"), b.event(type=4))],
            [b.context(name="x")],
            reuse_context_if_already_exist=True,
        )


def names(graph):
    return [
        sorted(each.name for each in graph.artifacts),
        sorted(each.name for each in graph.executions),
        sorted(each.name for each in graph.contexts),
        [each.name for each in graph.artifact_types],
        [each.name for each in graph.execution_types],
        [each.name for each in graph.context_types],
        sorted([each.artifact_id, each.execution_id, each.type] for each in graph.events),
        sorted([each.context_id, each.artifact_id] for each in graph.attributions),
        sorted([each.context_id, each.execution_id] for each in graph.associations),
    ]


@case
def lineage_of_the_whole_chain(b):
    chain(b)
    return names(b.walk())


@case
def lineage_upstream(b):
    chain(b)
    return names(b.walk(filter="name = 'a3'", direction=1, max_num_hops=2))


@case
def lineage_downstream_from_executions(b):
    chain(b)
    return names(b.walk("executions", "id = 1", direction=2))


@case
def lineage_of_no_hops(b):
    chain(b)
    return names(b.walk(max_num_hops=0))


@case
def lineage_up_to_ending_nodes(b):
    chain(b)
    ending = {"filter_query": "name = 'x2'"}
    return names(b.walk(ending_executions=ending))


@case
def lineage_with_ending_nodes(b):
    chain(b)
    ending = {"filter_query": "name = 'a2'", "include_ending_nodes": True}
    return names(b.walk(ending_artifacts=ending))


@case
def lineage_with_a_mask(b):
    chain(b)
    return names(b.walk(mask=["events", "executions", "nope"]))


@case
def lineage_with_a_mask_of_types(b):
    chain(b)
    return names(b.walk(mask=["artifact_types", "context_types"]))


@case
def lineage_from_nothing(b):
    return b.walk()


@case
def lineage_without_filter(b):
    return b.walk(filter="")


@case
def lineage_with_negative_hops(b):
    chain(b)
    return b.walk(max_num_hops=-1)
