"""Nodes: inserted, updated in full or by a mask, and refused with what is wrong."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.metadata import Store, tables
from lineal.metadata.batch import nodes, types
from lineal.metadata.batch.cells import cell_of
from lineal.metadata.batch.forms import NodeForm, TypeForm
from lineal.metadata.faults import Stale

VALUES = {"n": 7, "x": 1 / 3, "s": "text", "b": True, "t": cell_of("t", {"deep": [1, None]})}


def the(puts, kind, form):
    """Put one node; return its id."""
    return puts.put(kind, form)[0]


def aged(puts, kind, node_id, milliseconds=5):
    """Make a node as old as that, so that a moved time shows."""
    table = getattr(tables, kind)
    with puts.store._database.write() as connection:
        connection.execute(
            table.update().where(table.c.id == node_id),
            {"create_time_since_epoch": 1, "last_update_time_since_epoch": milliseconds},
        )
    return puts.get(kind, node_id)[0]


# Inserting


def test_an_artifact_comes_back_with_everything_it_was_given(puts):
    form = puts.artifact(
        name="a", uri="u", state=2, external_id="e", properties=VALUES, custom={"c": -0.5}
    )
    (stored,) = puts.get("artifact", the(puts, "artifact", form))
    assert (stored.name, stored.uri, stored.state, stored.external_id) == ("a", "u", 2, "e")
    assert (stored.properties, stored.custom, stored.type) == (VALUES, {"c": -0.5}, "Data")
    assert stored.created == stored.updated > 1_600_000_000_000


def test_doubles_keep_every_bit(puts):
    for number in (1e-9, 1 / 3, 5e-324, math.inf, -math.inf, 1.7976931348623157e308):
        (stored,) = puts.get(
            "artifact", the(puts, "artifact", puts.artifact(properties={"x": number}))
        )
        assert stored.properties == {"x": number}


def test_a_property_and_a_custom_property_of_one_name_are_two(puts):
    node_id = the(puts, "artifact", puts.artifact(properties={"n": 1}, custom={"n": 2}))
    puts.put("artifact", NodeForm(id=node_id, properties={"n": 3}, custom={"n": 2}))
    (stored,) = puts.get("artifact", node_id)
    assert (stored.properties, stored.custom) == ({"n": 3}, {"n": 2})
    puts.put("artifact", NodeForm(id=node_id, custom={"n": 2}))
    (stored,) = puts.get("artifact", node_id)
    assert (stored.properties, stored.custom) == ({}, {"n": 2})


def test_an_unset_uri_is_stored_empty_and_an_unset_state_as_none(puts):
    (stored,) = puts.get("artifact", the(puts, "artifact", puts.artifact()))
    assert (stored.uri, stored.state, stored.name, stored.external_id) == ("", None, None, None)


def test_state_zero_is_a_value(puts):
    (stored,) = puts.get("execution", the(puts, "execution", puts.execution(state=0)))
    assert stored.state == 0


def test_empty_names_and_external_ids_count(puts):
    puts.put("artifact", puts.artifact(name="", external_id=""))
    with pytest.raises(AlreadyExists, match="the name ''"):
        puts.put("artifact", puts.artifact(name=""))
    with pytest.raises(AlreadyExists, match="the external_id ''"):
        puts.put("artifact", puts.artifact(external_id=""))


def test_simple_types_serve_for_nodes(puts):
    (stored,) = puts.get("artifact", the(puts, "artifact", NodeForm(type_id=1)))
    assert stored.type == "mlmd.Dataset"


@pytest.mark.parametrize(
    ("kind", "form", "error", "told"),
    [
        ("artifact", NodeForm(), InvalidInput, "type_id"),
        ("artifact", NodeForm(type_id=99), NotFound, "artifact type with the id 99"),
        ("artifact", NodeForm(type_id=11), NotFound, "artifact type with the id 11"),
        ("artifact", {"properties": {"zz": 1}}, InvalidInput, "Found unmatched property type: zz"),
        ("artifact", {"properties": {"n": "1"}}, InvalidInput, "property type: n .*INT.*STRING"),
        ("artifact", {"properties": {"n": True}}, InvalidInput, "property type: n"),
        ("artifact", {"properties": {"x": 1}}, InvalidInput, "property type: x"),
        ("artifact", {"properties": {"n": None}}, InvalidInput, "property type: n .*no value"),
        ("artifact", {"custom": {"c": None}}, InvalidInput, "'c' has no value"),
        ("artifact", {"custom": {"a\0b": 1}}, InvalidInput, "NUL"),
        ("artifact", {"properties": {"x": math.nan}}, InvalidInput, "'x' is NaN"),
        ("artifact", {"properties": {"n": 2**63}}, InvalidInput, "'n' is 9223372036854775808"),
        ("artifact", {"name": "a\0"}, InvalidInput, "the name.*NUL"),
        ("artifact", {"uri": "\ud800"}, InvalidInput, "the uri.*broken"),
        ("artifact", {"external_id": "__MLMD_NULL__"}, InvalidInput, "the external_id"),
        ("context", {"name": None}, InvalidInput, "context needs a name"),
        ("context", {"name": ""}, InvalidInput, "context needs a name"),
    ],
)
def test_a_wrong_new_node_is_refused_and_nothing_of_its_call_stays(puts, kind, form, error, told):
    if isinstance(form, dict):
        form = puts.artifact(**form) if kind == "artifact" else NodeForm(type_id=puts.group, **form)
    good = puts.artifact(name="good") if kind == "artifact" else puts.context("good")
    with pytest.raises(error, match=told):
        puts.put(kind, good, form)
    assert puts.rows(getattr(tables, kind)) == []


def test_a_taken_name_is_told_with_its_holder(puts):
    first = the(puts, "artifact", puts.artifact(name="twin"))
    with pytest.raises(AlreadyExists, match=f"the name 'twin' is taken by artifact/{first}"):
        puts.put("artifact", puts.artifact(name="new"), puts.artifact(name="twin"))
    with pytest.raises(AlreadyExists, match="another artifact of the same call"):
        puts.put("artifact", puts.artifact(name="x"), puts.artifact(name="x"))
    assert len(puts.rows(tables.artifact)) == 1


def test_one_name_may_serve_nodes_of_two_types(puts):
    (other,) = puts.put_types("artifact", TypeForm("Other"))
    puts.put("artifact", puts.artifact(name="same"), NodeForm(type_id=other, name="same"))
    assert len(puts.rows(tables.artifact)) == 2


def test_a_failed_call_within_a_commit_leaves_the_others_of_it(puts):
    with puts.store.write() as transaction:
        nodes.put_nodes(transaction, "artifact", [puts.artifact(name="a")])
        with pytest.raises(AlreadyExists):
            nodes.put_nodes(transaction, "artifact", [puts.artifact(), puts.artifact(name="a")])
        (last,) = nodes.put_nodes(transaction, "artifact", [puts.artifact(name="b")])
    assert [row["name"] for row in puts.rows(tables.artifact)] == ["a", "b"]
    newest = puts.rows(tables.commit)[-1]
    assert newest["seen"] is None  # nothing is taken for another client's
    assert f'"artifact": [[1, {last}]]' in newest["inserted"]


# Updating


def test_an_unknown_id_is_refused(puts):
    for number in (99, 0, -1):
        with pytest.raises(InvalidInput, match=f"no artifact with the id {number}"):
            puts.put("artifact", NodeForm(id=number, type_id=puts.data))


def test_another_type_is_refused(puts):
    node_id = the(puts, "artifact", puts.artifact())
    with pytest.raises(InvalidInput, match=f"of the type {puts.data}, which can't become 1"):
        puts.put("artifact", NodeForm(id=node_id, type_id=1))


def test_an_update_replaces_everything(puts):
    node_id = the(
        puts,
        "artifact",
        puts.artifact(uri="u", state=2, external_id="e", properties={"n": 1}, custom={"c": 1}),
    )
    puts.put("artifact", NodeForm(id=node_id, properties={"s": "new"}))
    (stored,) = puts.get("artifact", node_id)
    assert (stored.uri, stored.state, stored.external_id) == ("", None, None)
    assert (stored.properties, stored.custom) == ({"s": "new"}, {})


def test_a_value_may_change_its_kind_where_it_is_custom(puts):
    node_id = the(puts, "artifact", puts.artifact(custom={"c": 1}))
    for value in ("text", 0.5, True, 1, cell_of("c", {"a": 1})):
        puts.put("artifact", NodeForm(id=node_id, custom={"c": value}))
        held = puts.get("artifact", node_id)[0].custom["c"]
        assert (type(held), held) == (type(value), value)


def test_writing_back_what_was_read_changes_nothing(puts):
    node_id = the(puts, "artifact", puts.artifact(name="a", uri="u", state=2, properties=VALUES))
    old = aged(puts, "artifact", node_id)
    commits = len(puts.rows(tables.commit))
    puts.put("artifact", old)
    assert puts.get("artifact", node_id) == [old]
    assert len(puts.rows(tables.commit)) == commits


@pytest.mark.parametrize(
    "change", [{"type": None}, {"name": "other"}, {"uri": None}, {"state": 3}, {"custom": {"k": 1}}]
)
def test_the_time_moves_when_anything_differs(puts, change):
    node_id = the(puts, "artifact", puts.artifact(name="a"))
    old = aged(puts, "artifact", node_id)
    form = NodeForm(id=node_id, name="a", uri="", type="Data")
    for field, value in change.items():
        setattr(form, field, value)
    puts.put("artifact", form)
    (stored,) = puts.get("artifact", node_id)
    assert stored.updated > old.updated
    assert (stored.created, stored.name) == (1, "a")


def test_a_forced_time_moves_without_a_difference(puts):
    node_id = the(puts, "execution", puts.execution())
    old = aged(puts, "execution", node_id)
    puts.put("execution", old, force_update_time=True)
    assert puts.get("execution", node_id)[0].updated > old.updated


def test_a_context_is_renamed_but_keeps_some_name(puts):
    first, second = puts.put("context", puts.context("one"), puts.context("two"))
    puts.put("context", NodeForm(id=first, name="three"))
    assert puts.get("context", first)[0].name == "three"
    with pytest.raises(AlreadyExists, match=f"'two' is taken by context/{second}"):
        puts.put("context", NodeForm(id=first, name="two"))
    with pytest.raises(InvalidInput, match="needs a name"):
        puts.put("context", NodeForm(id=first))
    assert puts.get("context", first)[0].name == "three"


def test_an_external_id_taken_by_an_update_is_refused_as_taken(puts):
    puts.put("artifact", puts.artifact(external_id="e"))
    node_id = the(puts, "artifact", puts.artifact())
    with pytest.raises(AlreadyExists, match="the external_id 'e'"):
        puts.put("artifact", NodeForm(id=node_id, external_id="e"))


def test_the_last_of_two_updates_in_one_call_stands(puts):
    node_id = the(puts, "artifact", puts.artifact(uri="0"))
    ids = puts.put("artifact", NodeForm(id=node_id, uri="1"), NodeForm(id=node_id, uri="2"))
    assert ids == [node_id, node_id]
    assert puts.get("artifact", node_id)[0].uri == "2"


def test_new_and_known_nodes_of_one_call_keep_their_order(puts):
    known = the(puts, "artifact", puts.artifact())
    ids = puts.put("artifact", puts.artifact(), NodeForm(id=known), puts.artifact())
    assert ids[1] == known
    assert len(set(ids)) == 3


# Masks


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["uri"], {"uri": "new"}),
        (["state"], {"state": 3}),
        (["external_id"], {"external_id": None}),
        (["properties.n"], {"properties": {"n": 2, "s": "old"}}),
        (["properties.s"], {"properties": {"n": 1}}),
        (["properties.n", "properties.s"], {"properties": {"n": 2}}),
        (["properties"], {"properties": {"n": 2}}),
        (["properties", "properties.s"], {"properties": {"n": 2}}),
        (["custom_properties.k"], {"custom": {"c": 1, "k": 5}}),
        (["custom_properties.c"], {"custom": {}}),
        (["custom_properties"], {"custom": {"k": 5}}),
        (["properties.zz"], {}),
        (["name", "id", "nonsense"], {}),
    ],
)
def test_a_mask_changes_what_it_names_and_moves_the_time(puts, fields, expected):
    node_id = the(
        puts,
        "artifact",
        puts.artifact(
            name="a",
            uri="old",
            state=2,
            external_id="e",
            properties={"n": 1, "s": "old"},
            custom={"c": 1},
        ),
    )
    old = aged(puts, "artifact", node_id)
    sent = NodeForm(id=node_id, name="b", uri="new", state=3, properties={"n": 2}, custom={"k": 5})
    puts.put("artifact", sent, fields=fields)
    (stored,) = puts.get("artifact", node_id)
    assert stored.updated > old.updated
    for field in ("name", "uri", "state", "external_id", "properties", "custom"):
        assert getattr(stored, field) == expected.get(field, getattr(old, field)), field


def test_masked_properties_alone_are_checked(puts):
    node_id = the(puts, "artifact", puts.artifact())
    wrong = NodeForm(id=node_id, properties={"zz": 1, "n": 4})
    puts.put("artifact", wrong, fields=["properties.n"])
    with pytest.raises(InvalidInput, match="Found unmatched property type: zz"):
        puts.put("artifact", wrong, fields=["properties.zz"])
    with pytest.raises(InvalidInput, match="Found unmatched property type: zz"):
        puts.put("artifact", wrong, fields=["properties"])


def test_a_new_node_takes_no_notice_of_a_mask(puts):
    (node_id,) = puts.put("artifact", puts.artifact(uri="u", state=2), fields=["uri"])
    assert puts.get("artifact", node_id)[0].state == 2


def test_a_masked_context_needs_no_name_and_an_execution_has_its_own_state(puts):
    (group,) = puts.put("context", puts.context("g"))
    (run,) = puts.put("execution", puts.execution(state=1))
    puts.put("context", NodeForm(id=group, external_id="e"), fields=["external_id"])
    assert puts.get("context", group)[0].name == "g"
    puts.put("context", NodeForm(id=group, name="h"), fields=["name"])
    assert puts.get("context", group)[0].name == "h"
    puts.put("execution", NodeForm(id=run, state=3), fields=["state"])
    assert puts.get("execution", run)[0].state == 1
    puts.put("execution", NodeForm(id=run, state=3), fields=["last_known_state"])
    assert puts.get("execution", run)[0].state == 3


# Optimistic concurrency


def test_a_node_that_changed_since_it_was_read_is_refused(puts):
    node_id = the(puts, "artifact", puts.artifact(uri="0"))
    read = puts.get("artifact", node_id)[0].updated
    puts.put("artifact", NodeForm(id=node_id, uri="1"), expected_updates=[read])
    with pytest.raises(Stale, match=f"not at {read} as expected"):
        puts.put("artifact", NodeForm(id=node_id, uri="2"), expected_updates=[read])
    assert puts.get("artifact", node_id)[0].uri == "1"


def test_an_unknown_id_is_no_stale_one(puts):
    with pytest.raises(InvalidInput, match="no artifact with the id 5") as caught:
        puts.put("artifact", NodeForm(id=5), expected_updates=[1])
    assert not isinstance(caught.value, Stale)


# Against a model

names = st.sampled_from(["n", "s"])
cells = {"n": st.integers(-3, 3), "s": st.text("ab", max_size=2)}
custom = st.dictionaries(
    st.sampled_from(["n", "k"]),
    st.one_of(st.integers(0, 2), st.floats(0, 1), st.booleans()),
    max_size=2,
)
properties = st.fixed_dictionaries({}, optional=cells)
steps = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 4),
            st.fixed_dictionaries(
                {"properties": properties, "custom": custom},
                optional={"uri": st.text("u", max_size=2), "state": st.integers(0, 6)},
            ),
        ),
        min_size=1,
        max_size=4,
    ),
    max_size=5,
)


def shown(artifact):
    """Return what a stored artifact and the model's have in common."""

    def exact(values):
        return {name: (type(value), value) for name, value in values.items()}

    return (
        artifact.uri,
        artifact.state,
        exact(artifact.properties),
        exact(artifact.custom_properties),
    )


@settings(max_examples=40, deadline=None)
@given(steps)
def test_random_batches_leave_what_a_dictionary_would_and_the_past_stays(steps):
    store = Store()
    model, moments = {}, []
    with store.write() as transaction:
        (data,) = types.put_types(
            transaction, "artifact", [TypeForm("Data", properties={"n": 1, "s": 3})]
        )
    for step in steps:
        forms = [
            NodeForm(id=number if number in model else None, type_id=data, **fields)
            for number, fields in step
        ]
        with store.write() as transaction:
            ids = nodes.put_nodes(transaction, "artifact", forms)
            moments.append((transaction.commit.time, None))
        for node_id, form in zip(ids, forms, strict=True):
            model[node_id] = (
                form.uri or "",
                form.state,
                {name: (type(v), v) for name, v in form.properties.items()},
                {name: (type(v), v) for name, v in form.custom.items()},
            )
        moments[-1] = (moments[-1][0], dict(model))
    assert {a.id: shown(a) for a in store.artifacts()} == model
    latest = dict(moments)  # of two commits in one microsecond, the later one
    for moment, then in latest.items():
        assert {a.id: shown(a) for a in store.as_of(moment).artifacts()} == then
    store.close()
