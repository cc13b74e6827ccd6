"""What is given in place of a request's parts: None, and messages that can't be sent."""

from __future__ import annotations

import inspect

import pytest

from lineal import mlmd
from lineal.mlmd import errors
from lineal.mlmd.metadata_store import metadata_store
from lineal.mlmd.proto import metadata_store_pb2 as pb

# What ML Metadata takes None for as well: nothing asked for, or a message without fields.
NONE_IS_NOTHING = {
    "get_artifacts_and_types_by_artifact_ids",
    "get_artifact_types_by_external_ids",
    "get_artifacts_by_external_ids",
    "get_context_types_by_external_ids",
    "get_contexts_by_external_ids",
    "get_execution_types_by_external_ids",
    "get_executions_by_external_ids",
}
NONE_IS_EMPTY = {
    "get_lineage_subgraph",
    "put_artifact_type",
    "put_context_type",
    "put_execution_type",
}


def methods():
    for name, method in inspect.getmembers(mlmd.MetadataStore, inspect.isfunction):
        given = list(inspect.signature(method).parameters.values())[1:]
        count = sum(each.default is inspect.Parameter.empty for each in given)
        if count and not name.startswith("_"):
            yield name, count


@pytest.mark.parametrize(("name", "count"), [*methods()])
def test_none_is_told_as_ml_metadata_tells_it(store, name, count):
    method = getattr(store, name)
    given = [None] * count
    if name in NONE_IS_NOTHING:
        assert method(*given) in ([], ([], []))
    elif name in NONE_IS_EMPTY:
        with pytest.raises(errors.InvalidArgumentError):
            method(*given)
    else:
        with pytest.raises(TypeError):
            method(*given)


def nested(levels: int) -> pb.Value:
    value = pb.Value()
    inner = value.struct_value
    for _ in range(levels):
        inner = inner.fields["a"].struct_value
    inner.fields["a"].number_value = 1
    return value


def test_a_struct_comes_back_as_deep_as_protobuf_reads(store):
    kind = store.put_artifact_type(pb.ArtifactType(name="A"))
    made = store.put_artifacts([pb.Artifact(type_id=kind, custom_properties={"s": nested(30)})])
    (found,) = store.get_artifacts_by_id(made)
    assert found.custom_properties["s"] == nested(30)


@pytest.mark.parametrize("levels", [40, 200])
def test_a_struct_nested_deeper_is_refused(store, levels):
    kind = store.put_artifact_type(pb.ArtifactType(name="A"))
    run = store.put_execution_type(pb.ExecutionType(name="X"))
    deep = {"s": nested(levels)}
    artifact = pb.Artifact(type_id=kind)
    execution = pb.Execution(type_id=run)
    artifact.custom_properties["s"].struct_value.SetInParent()
    event = pb.Event(type=pb.Event.INPUT)
    calls = (
        lambda: store.put_artifacts([_with(artifact, deep)]),
        lambda: store.put_executions([_with(execution, deep)]),
        lambda: store.put_execution(_with(execution, deep), [], []),
        lambda: store.put_execution(execution, [(_with(artifact, deep), event)], []),
        lambda: store.put_lineage_subgraph([], [_with(artifact, deep)], [], []),
    )
    for call in calls:
        with pytest.raises(errors.InvalidArgumentError, match="nest"):
            call()
    assert store.get_artifacts() == store.get_executions() == []


def _with(node, properties):
    """Return a node whose properties were filled in place, so that nothing has parsed them."""
    made = type(node)(type_id=node.type_id)
    for name, value in properties.items():
        inner, given = made.custom_properties[name].struct_value, value.struct_value
        while given.fields["a"].HasField("struct_value"):
            inner, given = inner.fields["a"].struct_value, given.fields["a"].struct_value
        inner.fields["a"].number_value = 1
    return made


def test_a_uri_with_nul_is_nobodys(store):
    kind = store.put_artifact_type(pb.ArtifactType(name="A"))
    store.put_artifacts([pb.Artifact(type_id=kind, uri="u1")])
    assert store.get_artifacts_by_uri("u1\0") == []
    assert len(store.get_artifacts_by_uri("u1")) == 1


def test_ml_metadatas_module_has_its_names():
    assert metadata_store.MAX_NUM_RESULT == 100
    assert metadata_store.proto.ConnectionConfig is pb.ConnectionConfig
    assert metadata_store.metadata_store_pb2 is pb
    assert metadata_store.metadata_store_service_pb2.PutArtifactsRequest
    assert metadata_store.errors is errors
