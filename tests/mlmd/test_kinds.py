"""Types through the drop-in: made, evolved, found."""

from __future__ import annotations

import pytest

from lineal.mlmd import errors
from lineal.mlmd.metadata_store import mlmd_types
from lineal.mlmd.proto import metadata_store_pb2 as pb


def get(store, kind, name="T", version=None):
    return kind.do(store, "get_*_type", name, version)


def test_a_type_round_trips(store, kind):
    made = kind.put_type(store, version="1", description="what", external_id="e")
    found = get(store, kind, "T", "1")
    assert (found.id, found.name, found.version) == (made, "T", "1")
    assert (found.description, found.external_id) == ("what", "e")
    assert dict(found.properties) == {"foo": pb.INT, "bar": pb.STRING, "baz": pb.DOUBLE}
    assert kind.do(store, "get_*_types") == [found]
    assert kind.do(store, "get_*_types_by_id", [made]) == [found]
    assert kind.do(store, "get_*_types_by_external_ids", ["e"]) == [found]


def test_the_first_type_of_ones_own_has_the_id_10(store, kind):
    assert kind.put_type(store) == 10


def test_a_type_is_missing(store, kind):
    with pytest.raises(errors.NotFoundError, match=r"no .* type 'T'"):
        get(store, kind)
    with pytest.raises(errors.NotFoundError, match="nope"):
        kind.do(store, "get_*_types_by_external_ids", ["nope"])
    assert kind.do(store, "get_*_types_by_id", [99]) == []


def test_a_mistyped_name_is_put_right(store, kind):
    kind.put_type(store, "Trainer")
    with pytest.raises(errors.NotFoundError, match="did you mean 'Trainer'"):
        get(store, kind, "Trainr")


def test_a_type_grows_with_leave(store, kind):
    made = kind.put_type(store)
    wider = kind.node_type(name="T", properties={"foo": pb.INT, "new": pb.BOOLEAN})
    with pytest.raises(errors.AlreadyExistsError, match="new"):
        kind.do(store, "put_*_type", wider, can_omit_fields=True)
    with pytest.raises(errors.AlreadyExistsError, match="bar"):
        kind.do(store, "put_*_type", wider, can_add_fields=True)
    again = kind.do(store, "put_*_type", wider, can_add_fields=True, can_omit_fields=True)
    assert again == made
    assert sorted(get(store, kind).properties) == ["bar", "baz", "foo", "new"]


def test_a_property_keeps_its_kind_of_value(store, kind):
    kind.put_type(store)
    with pytest.raises(errors.AlreadyExistsError, match="foo"):
        kind.put_type(store, properties={"foo": pb.STRING})


def test_versions_stand_side_by_side(store, kind):
    plain, versioned = kind.put_type(store), kind.put_type(store, version="v2")
    assert plain != versioned
    assert get(store, kind).id == plain
    assert get(store, kind, "T", "").id == plain
    assert get(store, kind, "T", "v2").id == versioned


@pytest.mark.parametrize("fields", [{}, {"name": "T", "properties": {"x": pb.UNKNOWN}}])
def test_a_type_that_can_not_be(store, kind, fields):
    with pytest.raises(errors.InvalidArgumentError):
        kind.do(store, "put_*_type", kind.node_type(**fields))


def test_a_base_type_is_told_and_stays(store):
    kind = pb.ArtifactType(name="Table", base_type=mlmd_types.Dataset().system_type)
    store.put_artifact_type(kind)
    assert store.get_artifact_type("Table").base_type == pb.ArtifactType.DATASET
    kind.base_type = mlmd_types.Model().system_type
    with pytest.raises(errors.UnimplementedError, match=r"mlmd\.Dataset"):
        store.put_artifact_type(kind)


SIMPLE = ["Dataset", "Model", "Metrics", "Statistics"]
SIMPLE += ["Train", "Transform", "Process", "Evaluate", "Deploy"]


@pytest.mark.parametrize("name", SIMPLE)
def test_a_simple_type_knows_its_name_and_number(name):
    simple = getattr(mlmd_types, name)()
    assert simple.name == f"mlmd.{name}"
    of = pb.ArtifactType if hasattr(pb.ArtifactType, name.upper()) else pb.ExecutionType
    assert simple.system_type == of.SystemDefinedBaseType.Value(name.upper())


def test_the_shapes_of_an_execution_type_are_kept(store):
    kind = pb.ExecutionType(name="T")
    kind.input_type.dict.properties["data"].simple.name = "A"
    kind.output_type.union_type.candidates.add().none.SetInParent()
    store.put_execution_type(kind)
    found = store.get_execution_type("T")
    assert (found.input_type, found.output_type) == (kind.input_type, kind.output_type)
