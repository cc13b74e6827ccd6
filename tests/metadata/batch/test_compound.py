"""Whole executions and subgraphs in one call."""

import pytest

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.metadata import tables
from lineal.metadata.batch.compound import put_execution, put_subgraph
from lineal.metadata.batch.forms import Edge, EventForm, NodeForm
from lineal.metadata.faults import OutOfRange

INPUT, OUTPUT = 3, 4


def links(puts):
    """Return the pairs of (context, artifact) and of (context, execution)."""
    return (
        [(r["context_id"], r["artifact_id"]) for r in puts.rows(tables.attribution)],
        [(r["context_id"], r["execution_id"]) for r in puts.rows(tables.association)],
    )


def ends(puts):
    """Return artifact, execution and type of every event."""
    return [(r["artifact_id"], r["execution_id"], r["type"]) for r in puts.rows(tables.event)]


def put(puts, execution, pairs=(), contexts=(), **options):
    return puts.call(put_execution, execution, pairs, contexts, **options)


# put_execution


def test_an_execution_comes_with_artifacts_events_and_contexts(puts):
    (known,) = puts.put("artifact", puts.artifact(uri="known"))
    run, artifacts, contexts = put(
        puts,
        puts.execution(state=3),
        [
            (puts.artifact(uri="new"), EventForm(type=OUTPUT, path=("model", 0))),
            (None, EventForm(artifact_id=known, type=INPUT)),
            (puts.artifact(uri="alone"), None),
            (None, None),
        ],
        [puts.context("pipeline"), puts.context("run")],
    )
    assert [a.uri for a in puts.get("artifact", *artifacts)] == ["new", "known", "alone"]
    assert sorted(ends(puts)) == sorted([(artifacts[0], run, OUTPUT), (known, run, INPUT)])
    assert links(puts) == (
        [(c, a) for c in contexts for a in artifacts],
        [(c, run) for c in contexts],
    )


def test_stored_nodes_of_an_execution_are_updated(puts):
    (known,) = puts.put("artifact", puts.artifact(uri="old"))
    (run,) = puts.put("execution", puts.execution(state=2))
    put(
        puts,
        NodeForm(id=run, state=3),
        [(NodeForm(id=known, uri="new"), EventForm(known, run, OUTPUT))],
    )
    assert puts.get("artifact", known)[0].uri == "new"
    assert puts.get("execution", run)[0].state == 3
    assert ends(puts) == [(known, run, OUTPUT)]


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ((None, EventForm(type=INPUT)), "needs the artifact_id"),
        ((NodeForm(type_id=10), EventForm(artifact_id=5, type=INPUT)), "artifact_id 5 is not"),
        ((NodeForm(type_id=10), EventForm(execution_id=5, type=INPUT)), "execution_id 5 is not"),
        ((NodeForm(type_id=10), EventForm(type=0)), "needs a type"),
        ((NodeForm(type_id=10, properties={"zz": 1}), None), "unmatched property type: zz"),
        ((NodeForm(id=77), None), "no artifact with the id 77"),
    ],
)
def test_a_wrong_pair_leaves_nothing_of_its_execution(puts, pair, told):
    with pytest.raises(InvalidInput, match=told):
        put(puts, puts.execution(), [(puts.artifact(), EventForm(type=INPUT)), pair])
    assert puts.rows(tables.artifact) == puts.rows(tables.execution) == []


def test_an_unknown_execution_is_refused(puts):
    with pytest.raises(InvalidInput, match="no execution with the id 9"):
        put(puts, NodeForm(id=9))


def test_a_repeated_event_is_refused(puts):
    run, (artifact,), _ = put(puts, puts.execution(), [(puts.artifact(), EventForm(type=INPUT))])
    with pytest.raises(AlreadyExists, match="INPUT"):
        put(puts, NodeForm(id=run), [(None, EventForm(artifact, type=INPUT))])


def test_a_known_context_is_taken_as_it_stands_where_asked(puts):
    (known,) = puts.put("context", puts.context("c", properties={"n": 1}))
    changed = puts.context("c", properties={"n": 2})
    with pytest.raises(AlreadyExists, match="the name 'c'"):
        put(puts, puts.execution(), (), [changed])
    run, _, contexts = put(
        puts,
        puts.execution(),
        (),
        [changed, puts.context("d"), puts.context("d")],
        reuse_context=True,
    )
    assert contexts[0] == known
    assert contexts[1] == contexts[2]
    assert puts.get("context", known)[0].properties == {"n": 1}
    assert links(puts)[1] == [(known, run), (contexts[1], run)]


def test_a_context_with_an_id_is_updated_and_needs_type_and_name(puts):
    (known,) = puts.put("context", puts.context("c"))
    put(
        puts,
        puts.execution(),
        (),
        [puts.context("c", id=known, properties={"n": 2})],
        reuse_context=True,
    )
    assert puts.get("context", known)[0].properties == {"n": 2}
    with pytest.raises(InvalidInput, match="needs a type_id"):
        put(puts, puts.execution(), (), [NodeForm(id=known, name="c")], reuse_context=True)
    with pytest.raises(InvalidInput, match="needs a name"):
        put(puts, puts.execution(), (), [NodeForm(id=known, type_id=puts.group)])


def test_a_forced_reuse_takes_a_context_by_its_id_alone(puts):
    (known,) = puts.put("context", puts.context("c", properties={"n": 1}))
    _, _, contexts = put(
        puts,
        puts.execution(),
        (),
        [NodeForm(id=known), puts.context("new")],
        force_reuse_context=True,
    )
    assert contexts[0] == known
    assert puts.get("context", known)[0].properties == {"n": 1}
    with pytest.raises(NotFound, match="no context with the id 77"):
        put(puts, puts.execution(), (), [NodeForm(id=77)], force_reuse_context=True)


def test_an_artifact_of_a_known_external_id_is_updated_where_asked(puts):
    (known,) = puts.put("artifact", puts.artifact(external_id="e", uri="old"))
    pairs = [
        (puts.artifact(external_id="e", uri="new"), None),
        (puts.artifact(external_id="f"), None),
    ]
    with pytest.raises(AlreadyExists, match="the external_id 'e'"):
        put(puts, puts.execution(), pairs)
    _, artifacts, _ = put(puts, puts.execution(), pairs, reuse_artifact=True)
    assert artifacts[0] == known != artifacts[1]
    assert puts.get("artifact", known)[0].uri == "new"


# put_subgraph


def test_a_subgraph_is_put_with_all_its_links(puts):
    (known,) = puts.put("execution", puts.execution())
    executions, artifacts, contexts = puts.call(
        put_subgraph,
        [puts.execution(), puts.execution(id=known)],
        [puts.artifact(), puts.artifact()],
        [puts.context("c")],
        [
            Edge(0, 0, EventForm(type=OUTPUT)),
            Edge(1, 0, EventForm(execution_id=known, type=INPUT)),
            Edge(None, 1, EventForm(execution_id=known, type=OUTPUT)),
        ],
    )
    assert executions[1] == known
    assert ends(puts) == [
        (artifacts[0], executions[0], OUTPUT),
        (artifacts[0], known, INPUT),
        (artifacts[1], known, OUTPUT),
    ]
    assert links(puts) == (
        [(contexts[0], a) for a in artifacts],
        [(contexts[0], e) for e in executions],
    )


@pytest.mark.parametrize(
    ("edge", "error", "told"),
    [
        (Edge(0, 0, None), InvalidInput, "needs an event"),
        (Edge(1, 0, EventForm(type=INPUT)), OutOfRange, "execution_index 1"),
        (Edge(0, -1, EventForm(type=INPUT)), OutOfRange, "artifact_index -1"),
        (Edge(0, 0, EventForm(5, None, INPUT)), InvalidInput, "names artifact/5"),
        (Edge(None, 0, EventForm(type=INPUT)), InvalidInput, "execution_index, or"),
        (Edge(0, None, EventForm(type=INPUT)), InvalidInput, "artifact_index, or"),
        (Edge(0, 0, EventForm(type=0)), InvalidInput, "needs a type"),
    ],
)
def test_a_wrong_edge_leaves_nothing_of_its_subgraph(puts, edge, error, told):
    with pytest.raises(error, match=told):
        puts.call(put_subgraph, [puts.execution()], [puts.artifact()], [], [edge])
    assert puts.rows(tables.artifact) == puts.rows(tables.execution) == []


def test_every_node_of_a_subgraph_needs_its_type(puts):
    (known,) = puts.put("artifact", puts.artifact())
    with pytest.raises(InvalidInput, match="every artifact of a subgraph needs a type_id"):
        puts.call(put_subgraph, [], [NodeForm(id=known)], [], [])
    with pytest.raises(NotFound, match="no artifact type with the id 77"):
        puts.call(put_subgraph, [], [NodeForm(id=known, type_id=77)], [], [])


def test_a_new_context_given_twice_is_one_with_reuse_but_an_external_id_is_taken(puts):
    twice = [puts.context("c"), puts.context("c")]
    with pytest.raises(AlreadyExists):
        puts.call(put_subgraph, [], [], twice, [])
    _, _, contexts = puts.call(put_subgraph, [], [], twice, [], reuse_context=True)
    assert contexts[0] == contexts[1]
    same = [puts.artifact(external_id="e"), puts.artifact(external_id="e")]
    with pytest.raises(AlreadyExists, match="the external_id 'e'"):
        puts.call(put_subgraph, [], same, [], [], reuse_artifact=True)
