"""Edges: events, links and parents of contexts, checked and told when they can't be."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import AlreadyExists, InvalidInput
from lineal.metadata import tables
from lineal.metadata.batch import edges
from lineal.metadata.batch.cycles import find_cycle
from lineal.metadata.batch.forms import EventForm, Link

INPUT, OUTPUT = 3, 4


@pytest.fixture
def ids(puts):
    """Ids of two artifacts, two executions and three contexts."""
    return (
        puts.put("artifact", puts.artifact(), puts.artifact()),
        puts.put("execution", puts.execution(), puts.execution()),
        puts.put("context", *(puts.context(name) for name in "abc")),
    )


def test_events_keep_their_time_or_take_the_present_and_their_path(puts, ids):
    (first, second), (run, _), _ = ids
    puts.call(
        edges.put_events,
        [
            EventForm(first, run, INPUT, ("key", 0, "deep"), milliseconds=5),
            EventForm(second, run, OUTPUT),
        ],
    )
    rows = puts.rows(tables.event)
    assert [(r["artifact_id"], r["execution_id"], r["type"]) for r in rows] == [
        (first, run, INPUT),
        (second, run, OUTPUT),
    ]
    assert rows[0]["milliseconds_since_epoch"] == 5
    assert rows[1]["milliseconds_since_epoch"] > 1_600_000_000_000
    steps = [(r["step_key"], r["step_index"]) for r in puts.rows(tables.event_path)]
    assert steps == [("key", None), (None, 0), ("deep", None)]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (EventForm(None, 1, INPUT), "artifact_id"),
        (EventForm(1, None, INPUT), "execution_id"),
        (EventForm(1, 1, 0), "artifact/1 and execution/1 needs a type"),
        (EventForm(99, 1, INPUT), "no artifact with the id 99"),
        (EventForm(1, 98, INPUT), "no execution with the id 98"),
        (EventForm(1, 1, INPUT, ("a\0",)), "NUL"),
    ],
)
def test_a_wrong_event_is_refused_with_its_whole_call(puts, ids, event, told):
    with pytest.raises(InvalidInput, match=told):
        puts.call(edges.put_events, [EventForm(2, 1, INPUT), event])
    assert puts.rows(tables.event) == []


def test_an_event_is_there_once_whatever_its_path(puts, ids):
    puts.call(edges.put_events, [EventForm(1, 1, INPUT, ("a",))])
    with pytest.raises(
        AlreadyExists, match="artifact/1 and execution/1 already have an event INPUT"
    ):
        puts.call(edges.put_events, [EventForm(1, 1, INPUT, ("b",))])
    with pytest.raises(AlreadyExists, match="artifact/2 and execution/1"):
        puts.call(edges.put_events, [EventForm(2, 1, OUTPUT), EventForm(2, 1, OUTPUT)])
    puts.call(edges.put_events, [EventForm(1, 1, OUTPUT), EventForm(1, 2, INPUT)])
    assert len(puts.rows(tables.event)) == 3


def test_links_are_there_once_however_often_they_are_put(puts, ids):
    artifacts, runs, (group, other, _) = ids
    attributions = [Link(group, a) for a in artifacts] + [Link(group, artifacts[0])]
    for _ in range(2):
        puts.call(edges.put_links, attributions, [Link(other, runs[0])])
    assert [(r["context_id"], r["artifact_id"]) for r in puts.rows(tables.attribution)] == [
        (group, a) for a in artifacts
    ]
    assert [(r["context_id"], r["execution_id"]) for r in puts.rows(tables.association)] == [
        (other, runs[0])
    ]


@pytest.mark.parametrize(
    ("attribution", "association", "told"),
    [
        (Link(None, 1), None, "an attribution of artifact/1 needs the id of its context"),
        (Link(1, None), None, "an attribution of context/1 needs the id of its artifact"),
        (None, Link(1, None), "an association of context/1 needs the id of its execution"),
        (Link(99, 1), None, "no context with the id 99"),
        (Link(1, 99), None, "no artifact with the id 99"),
        (None, Link(1, 99), "no execution with the id 99"),
    ],
)
def test_a_wrong_link_is_refused_with_its_whole_call(puts, ids, attribution, association, told):
    attributions = [Link(1, 1), *([attribution] if attribution else [])]
    with pytest.raises(InvalidInput, match=told):
        puts.call(edges.put_links, attributions, [association] if association else [])
    assert puts.rows(tables.attribution) == []


@pytest.mark.parametrize(
    ("link", "told"),
    [
        (Link(None, 1), "child"),
        (Link(1, None), "parent"),
        (Link(1, 1), "context/1 can't be its own parent"),
        (Link(1, 99), "no context with the id 99"),
    ],
)
def test_a_wrong_parent_is_refused(puts, ids, link, told):
    with pytest.raises(InvalidInput, match=told):
        puts.call(edges.put_parents, [Link(2, 3), link])
    assert puts.rows(tables.parent_context) == []


def test_a_parent_is_there_once(puts, ids):
    puts.call(edges.put_parents, [Link(1, 2)])
    with pytest.raises(AlreadyExists, match="context/2 is a parent of context/1 already"):
        puts.call(edges.put_parents, [Link(1, 2)])
    with pytest.raises(AlreadyExists):
        puts.call(edges.put_parents, [Link(2, 3), Link(2, 3)])


def test_a_cycle_of_parents_is_refused_with_its_members(puts, ids):
    puts.call(edges.put_parents, [Link(1, 2)])
    with pytest.raises(
        InvalidInput, match="cycle: context/2 in context/3 in context/1 in context/2"
    ):
        puts.call(edges.put_parents, [Link(2, 3), Link(3, 1)])
    assert len(puts.rows(tables.parent_context)) == 1


def test_a_deep_chain_of_parents_is_no_trouble(puts):
    chain = puts.put("context", *(puts.context(str(i)) for i in range(3_000)))
    puts.call(edges.put_parents, [Link(*pair) for pair in itertools.pairwise(chain)])
    with pytest.raises(InvalidInput, match=r"cycle.* …$"):
        puts.call(edges.put_parents, [Link(chain[-1], chain[0])])


def test_parents_are_seen_from_when_they_were_put(puts, ids):
    before = puts.store.commits(limit=1)[0][1]
    puts.call(edges.put_parents, [Link(1, 2)])
    assert [c.name for c in puts.store.parent_contexts(1)] == ["b"]
    assert puts.store.as_of(before).parent_contexts(1) == []


def test_links_and_events_are_seen_from_when_they_were_put(puts, ids):
    before = puts.store.commits(limit=1)[0][1]
    puts.call(edges.put_links, [Link(1, 1)], [Link(1, 1)])
    puts.call(edges.put_events, [EventForm(1, 1, INPUT)])
    then, now = puts.store.as_of(before), puts.store
    assert [len(s.artifacts(context_id=1)) for s in (then, now)] == [0, 1]
    assert [len(s.executions(context_id=1)) for s in (then, now)] == [0, 1]
    assert [len(s.events(artifact_ids=[1])) for s in (then, now)] == [0, 1]


def reaches_itself(arrows, start):
    seen, front = set(), set(arrows.get(start, ()))
    while front - seen:
        seen |= front
        front = {b for a in front for b in arrows.get(a, ())}
    return start in seen


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.integers(0, 7), st.lists(st.integers(0, 7), max_size=3)))
def test_a_cycle_is_found_if_and_only_if_there_is_one(arrows):
    cycle = find_cycle(arrows, list(arrows))
    assert bool(cycle) == any(reaches_itself(arrows, start) for start in arrows)
    assert all(b in arrows[a] for a, b in itertools.pairwise(cycle))
    assert cycle[:1] == cycle[-1:]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (EventForm(None, None, 3), "^an event needs an artifact_id and an execution_id$"),
        (EventForm(None, 7, 3), "^an event of execution/7 needs an artifact_id$"),
        (EventForm(7, None, 3), "^an event of artifact/7 needs an execution_id$"),
    ],
)
def test_what_an_event_lacks_is_told_with_what_it_has(puts, event, told):
    with pytest.raises(InvalidInput, match=told):
        puts.call(edges.put_events, [event])
