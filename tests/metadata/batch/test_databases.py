"""Batches mean the same on SQLite, PostgreSQL and MariaDB."""

import pytest

from lineal.errors import AlreadyExists, InvalidInput
from lineal.metadata import tables
from lineal.metadata.batch import compound, edges, nodes
from lineal.metadata.batch.cells import cell_of
from lineal.metadata.batch.forms import EventForm, Link, NodeForm
from lineal.metadata.model import Proto

INPUT, OUTPUT = 3, 4
VALUES = {
    "n": 2**62,
    "x": 5e-324,
    "s": "wörd " * 2_000,
    "b": False,
    "t": cell_of("t", {"deep": [1, None, "ä"]}),
    "p": cell_of("p", Proto("type.googleapis.com/a.B", bytes(range(256)))),
}


def test_nodes_are_inserted_updated_masked_and_seen_as_they_were(puts):
    (node_id,) = puts.put(
        "artifact", puts.artifact(name="a", properties=VALUES, custom={**VALUES, "c": 1})
    )
    (first,) = puts.get("artifact", node_id)
    assert (first.properties, first.custom) == (VALUES, {**VALUES, "c": 1})
    moment = puts.store.commits(limit=1)[0][1]
    puts.put("artifact", NodeForm(id=node_id, uri="u", properties={"n": 1}, custom={"c": "text"}))
    puts.put("artifact", NodeForm(id=node_id, custom={"d": 0.5}), fields=["custom_properties.d"])
    (stored,) = puts.get("artifact", node_id)
    assert (stored.uri, stored.properties) == ("u", {"n": 1})
    assert stored.custom == {"c": "text", "d": 0.5}
    (then,) = puts.store.as_of(moment).artifacts()
    assert (then.uri, then.properties["x"], then.custom_properties["c"]) == ("", 5e-324, 1)
    assert then.properties["p"] == Proto("type.googleapis.com/a.B", bytes(range(256)))


def test_a_refused_call_leaves_the_transaction_to_go_on(puts):
    with puts.store.write() as transaction:
        nodes.put_nodes(transaction, "artifact", [puts.artifact(name="a", external_id="e")])
        for form, told in (
            (puts.artifact(name="a"), "the name 'a' is taken by artifact/1"),
            (puts.artifact(external_id="e"), "the external_id 'e' is taken by artifact/1"),
        ):
            with pytest.raises(AlreadyExists, match=told):
                nodes.put_nodes(transaction, "artifact", [puts.artifact(name="b"), form])
        nodes.put_nodes(transaction, "artifact", [puts.artifact(name="b"), puts.artifact(name="A")])
    assert [row["name"] for row in puts.rows(tables.artifact)] == ["a", "b", "A"]


def test_executions_events_links_and_parents_are_put_once(puts):
    run, (data,), (group, other) = puts.call(
        compound.put_execution,
        puts.execution(state=3),
        [(puts.artifact(), EventForm(type=OUTPUT, path=("out", 0)))],
        [puts.context("g"), puts.context("h")],
    )
    with pytest.raises(AlreadyExists, match="OUTPUT"):
        puts.call(edges.put_events, [EventForm(data, run, OUTPUT)])
    with pytest.raises(InvalidInput, match="no artifact with the id 9223372036854775808"):
        puts.call(edges.put_events, [EventForm(2**63, run, INPUT)])
    puts.call(edges.put_links, [Link(group, data)] * 2, [Link(other, run)])
    puts.call(edges.put_parents, [Link(group, other)])
    with pytest.raises(AlreadyExists):
        puts.call(edges.put_parents, [Link(group, other)])
    with pytest.raises(InvalidInput, match="cycle"):
        puts.call(edges.put_parents, [Link(other, group)])
    assert len(puts.rows(tables.attribution)) == len(puts.rows(tables.association)) == 2
    assert [event.path for event in puts.store.events(execution_ids=[run])] == [("out", 0)]


def test_a_name_that_the_database_would_cut_is_told_with_its_length(puts):
    if puts.store._database.backend.name == "sqlite":  # which holds names of any length
        puts.put("artifact", puts.artifact(name="n" * 300))
        assert len(puts.rows(tables.artifact)) == 1
        return
    with pytest.raises(InvalidInput, match=r"^the name has 300 characters, .* 255 at most: 'nnn"):
        puts.put("artifact", puts.artifact(name="n" * 300))
