"""Nodes through the drop-in: put, updated, masked, found."""

from __future__ import annotations

import time

import pytest

from lineal.mlmd import errors
from lineal.mlmd.proto import metadata_store_pb2 as pb


def node_of(kind, type_id, name="x", **fields):
    node = kind.node(type_id=type_id, name=name, **fields)
    node.properties["foo"].int_value = 3
    node.properties["bar"].string_value = "Hello"
    node.custom_properties["baz"].string_value = "World"
    return node


def test_a_node_round_trips(store, kind):
    node = node_of(kind, kind.put_type(store), external_id="e")
    (made,) = kind.put(store, node)
    found = kind.stored(store, made)
    assert (found.id, found.name, found.type, found.external_id) == (made, "x", "T", "e")
    assert found.properties == node.properties
    assert found.custom_properties == node.custom_properties
    assert found.create_time_since_epoch == found.last_update_time_since_epoch > 10**12


def test_every_kind_of_value_comes_back_as_it_was(store, kind):
    values = {
        "least": pb.Value(int_value=-(2**63)),
        "third": pb.Value(double_value=1 / 3),
        "tiny": pb.Value(double_value=1e-300),
        "endless": pb.Value(double_value=float("inf")),
        "text": pb.Value(string_value='it\'s "quoted" 🦆\n'),
        "empty": pb.Value(string_value=""),
        "no": pb.Value(bool_value=False),
    }
    values["nested"] = pb.Value()
    values["nested"].struct_value.update({"list": [1, None, {"a": True}]})
    values["any"] = pb.Value()
    values["any"].proto_value.Pack(pb.Artifact(name="inside"))
    (made,) = kind.put(
        store, kind.node(type_id=kind.put_type(store), name="x", custom_properties=values)
    )
    assert dict(kind.stored(store, made).custom_properties) == values


def test_properties_and_custom_properties_of_one_name_are_two(store, kind):
    node = kind.node(type_id=kind.put_type(store), name="x")
    node.properties["foo"].int_value = 1
    node.custom_properties["foo"].string_value = "custom"
    (node.id,) = kind.put(store, node)
    del node.properties["foo"]
    kind.put(store, node)
    found = kind.stored(store, node.id)
    assert not found.properties
    assert found.custom_properties["foo"].string_value == "custom"


def test_nodes_are_found_by_what_they_are_called(store, kind):
    type_id = kind.put_type(store)
    versioned = kind.put_type(store, version="2")
    first, second = kind.put(
        store,
        kind.node(type_id=type_id, name="x", external_id="e"),
        kind.node(type_id=versioned, name="x"),
    )
    assert [each.id for each in kind.do(store, "get_*s_by_id", {second, first, 99})] == [1, 2]
    assert [each.id for each in kind.do(store, "get_*s_by_type", "T")] == [first]
    assert [each.id for each in kind.do(store, "get_*s_by_type", "T", "2")] == [second]
    assert kind.do(store, "get_*s_by_type", "U") == []
    assert kind.do(store, "get_*_by_type_and_name", "T", "x").id == first
    assert kind.do(store, "get_*_by_type_and_name", "T", "x", "2").id == second
    assert kind.do(store, "get_*_by_type_and_name", "T", "y") is None
    assert [each.id for each in kind.do(store, "get_*s_by_external_ids", ["e", "f"])] == [first]
    with pytest.raises(errors.NotFoundError, match="'f'"):
        kind.do(store, "get_*s_by_external_ids", ["f"])


def test_artifacts_are_found_with_their_types_and_by_uri(graph):
    made = graph.store.put_artifacts([graph.artifact(uri="u"), graph.artifact(uri="u/v")])
    artifacts, types = graph.store.get_artifacts_and_types_by_artifact_ids(made)
    assert ([each.id for each in artifacts], [each.id for each in types]) == (made, [graph.a])
    assert [each.id for each in graph.store.get_artifacts_by_uri("u")] == made[:1]


@pytest.mark.parametrize("names", ["xx", "xy"], ids=["name", "external id"])
def test_what_is_taken_is_not_given_again(store, kind, names):
    type_id = kind.put_type(store)
    external = "same" if names == "xy" else None
    nodes = [kind.node(type_id=type_id, name=name, external_id=external) for name in names]
    with pytest.raises(errors.AlreadyExistsError, match=r"same|x"):
        kind.put(store, *nodes)
    assert kind.do(store, "get_*s") == []


def test_a_value_that_is_unset_is_refused(store, kind):
    node = kind.node(type_id=kind.put_type(store), name="x")
    node.properties["foo"].SetInParent()
    with pytest.raises(errors.InvalidArgumentError, match="Found unmatched property type: foo"):
        kind.put(store, node)


def test_a_custom_value_that_is_unset_is_refused_and_nothing_dies(store, kind):
    node = kind.node(type_id=kind.put_type(store), name="x")
    node.custom_properties["c"].SetInParent()
    with pytest.raises(errors.InvalidArgumentError, match="'c' has no value"):
        kind.put(store, node)
    assert kind.do(store, "get_*s") == []


def test_a_context_needs_a_name(graph):
    for context in (pb.Context(type_id=graph.c), graph.context("")):
        with pytest.raises(errors.InvalidArgumentError, match="name"):
            graph.store.put_contexts([context])


def test_an_update_replaces_all_and_moves_one_time(store, kind):
    node = node_of(kind, kind.put_type(store), external_id="e")
    (node.id,) = kind.put(store, node)
    before = kind.stored(store, node.id)
    time.sleep(0.002)
    kind.put(store, kind.node(id=node.id, type_id=node.type_id, name="x"))
    after = kind.stored(store, node.id)
    assert not after.properties
    assert not after.custom_properties
    assert not after.HasField("external_id")
    assert after.create_time_since_epoch == before.create_time_since_epoch
    assert after.last_update_time_since_epoch > before.last_update_time_since_epoch


def test_what_was_read_changes_nothing_when_put_again(store, kind):
    (made,) = kind.put(store, node_of(kind, kind.put_type(store)))
    before = kind.stored(store, made)
    time.sleep(0.002)
    kind.put(store, before)
    assert kind.stored(store, made) == before


def test_a_mask_touches_what_it_names(store, kind):
    (made,) = kind.put(store, node_of(kind, kind.put_type(store), external_id="e"))
    change = kind.node(id=made, external_id="f")
    change.properties["foo"].int_value = 9
    change.properties["baz"].double_value = 0.5
    change.custom_properties["other"].int_value = 1
    paths = ["external_id", "properties.foo", "properties.bar", "custom_properties.other"]
    kind.put(store, change, field_mask_paths=paths)
    found = kind.stored(store, made)
    assert found.external_id == "f"
    assert {name: value.int_value for name, value in found.properties.items()} == {"foo": 9}
    assert sorted(found.custom_properties) == ["baz", "other"]


def test_a_mask_on_a_new_node_means_nothing(store, kind):
    node = node_of(kind, kind.put_type(store))
    (made,) = kind.put(store, node, field_mask_paths=["properties.foo"])
    assert kind.stored(store, made).custom_properties == node.custom_properties


def test_states_are_kept_and_unset_is_not_unknown(graph):
    made = graph.store.put_artifacts(
        [graph.artifact(), graph.artifact(state=pb.Artifact.UNKNOWN), graph.artifact(state=5)]
    )
    found = graph.store.get_artifacts_by_id(made)
    assert [each.HasField("state") for each in found] == [False, True, True]
    assert found[2].state == pb.Artifact.ABANDONED
    (run,) = graph.store.put_executions([graph.execution(last_known_state=pb.Execution.CACHED)])
    assert graph.store.get_executions_by_id([run])[0].last_known_state == pb.Execution.CACHED


@pytest.mark.parametrize(
    "fields", [{}, {"type_id": 99}, {"id": 99, "type_id": 10}], ids=["none", "unknown", "id"]
)
def test_a_node_that_can_not_be(store, kind, fields):
    kind.put_type(store)
    with pytest.raises((errors.InvalidArgumentError, errors.NotFoundError)):
        kind.put(store, kind.node(name="x", **fields))
