"""Walks around nodes take along what ML Metadata's do; the golden answers are its wheel's."""

import json
from pathlib import Path

import pytest

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import tables
from lineal.metadata.batch.subgraph import Ending, lineage_subgraph

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "subgraphs.json").read_text())
DIRECTIONS = ("both", "upstream", "downstream", "both")


@pytest.mark.parametrize("number", range(len(GOLDEN)))
def test_walk_takes_what_the_wheel_takes(filled, number):
    graph = GOLDEN[number]
    filled.artifacts(graph["na"])
    filled.executions(graph["nx"])
    filled.events(*graph["events"])
    for context_id in (1, 2):
        filled.put(tables.context, {"id": context_id, "type_id": 12, "name": f"c{context_id}"})
    for table, links in ((tables.attribution, graph["at"]), (tables.association, graph["asc"])):
        other = "artifact_id" if table is tables.attribution else "execution_id"
        filled.put(table, *({"context_id": one, other: two} for one, two in links))
    for side, start, hops, direction, artifacts, executions, wanted in graph["cases"]:
        found = filled.read(
            lineage_subgraph,
            starting=side,
            starting_filter=start,
            max_hops=hops,
            direction=DIRECTIONS[direction],
            ending_artifacts=artifacts,
            ending_executions=executions,
        )
        assert {
            "a": found.artifact_ids,
            "x": found.execution_ids,
            "c": found.context_ids,
            "e": sorted([e.artifact_id, e.execution_id, e.type] for e in found.events),
            "at": sorted(map(list, found.attributions)),
            "asc": sorted(map(list, found.associations)),
        } == wanted, (side, start, hops, direction, artifacts, executions)


def chain(filled, length):
    """Put artifact 1 -> execution 1 -> artifact 2 -> execution 2 -> … into the store."""
    filled.artifacts(length + 1)
    filled.executions(length)
    used = ((i, i, 3) for i in range(1, length + 1))
    made = ((i + 1, i, 4) for i in range(1, length + 1))
    filled.events(*used, *made)


def test_hops_end_at_a_hundred_unless_more_are_allowed(filled):
    chain(filled, 60)
    start = {"starting": "artifact", "starting_filter": "id = 1", "direction": "downstream"}
    assert len(filled.read(lineage_subgraph, **start).artifact_ids) == 51
    assert len(filled.read(lineage_subgraph, **start, max_hops=500).artifact_ids) == 51
    assert len(filled.read(lineage_subgraph, **start, most_hops=None).artifact_ids) == 61
    far = filled.read(lineage_subgraph, **start, max_hops=104, most_hops=None)
    assert len(far.artifact_ids) == 53


def test_walk_starts_from_the_first_hundred_and_one(filled):
    filled.artifacts(150)
    start = {"starting": "artifact", "starting_filter": "id > 10"}
    found = filled.read(lineage_subgraph, **start)
    assert found.artifact_ids == list(range(11, 112))
    assert len(filled.read(lineage_subgraph, **start, most_starts=None).artifact_ids) == 140


def test_events_come_with_their_paths(filled):
    chain(filled, 1)
    steps = [(1, 0, None, "data"), (1, 1, 2, None)]
    names = ("event_id", "is_index_step", "step_index", "step_key")
    filled.put(tables.event_path, *(dict(zip(names, step, strict=True)) for step in steps))
    found = filled.read(lineage_subgraph, starting="artifact", starting_filter="id = 1")
    assert [(event.id, event.path) for event in found.events] == [(1, ("data", 2)), (2, ())]


def test_parts_that_nobody_asked_for_are_not_read(filled):
    chain(filled, 1)
    found = filled.read(lineage_subgraph, starting="artifact", starting_filter="id = 1", parts=())
    assert (found.artifact_ids, found.execution_ids) == ([1, 2], [1])
    assert found.events == []


def test_walk_without_a_beginning_is_refused(filled):
    with pytest.raises(InvalidInput, match="names its starting nodes"):
        filled.read(lineage_subgraph, starting="artifact", starting_filter=" ")
    with pytest.raises(NotFound, match="id = 7"):
        filled.read(lineage_subgraph, starting="artifact", starting_filter="id = 7")
    with pytest.raises(InvalidInput, match="max_num_hops is -1"):
        filled.read(lineage_subgraph, starting="artifact", starting_filter="id = 1", max_hops=-1)


def test_ending_by_a_filter_over_properties(filled):
    chain(filled, 3)
    filled.properties(3, stage="final")
    ending = Ending("properties.stage.string_value = 'final'", include=True)
    found = filled.read(
        lineage_subgraph, starting="artifact", starting_filter="id = 1", ending_artifacts=ending
    )
    assert found.artifact_ids == [1, 2, 3]
