"""The first lab of a well-known course: ML Metadata by hand, with nothing but the imports changed.

A taxi company's data is validated; then somebody who knows only a type's name asks where a schema
came from.
"""

from __future__ import annotations

import pytest

from lineal.mlmd import errors
from lineal.mlmd.metadata_store import metadata_store
from lineal.mlmd.proto import metadata_store_pb2


def test_the_lab_runs_with_its_imports_changed():
    connection_config = metadata_store_pb2.ConnectionConfig()
    connection_config.fake_database.SetInParent()
    store = metadata_store.MetadataStore(connection_config)

    # Types
    data_artifact_type = metadata_store_pb2.ArtifactType()
    data_artifact_type.name = "DataSet"
    data_artifact_type.properties["name"] = metadata_store_pb2.STRING
    data_artifact_type.properties["split"] = metadata_store_pb2.STRING
    data_artifact_type.properties["version"] = metadata_store_pb2.INT
    data_type_id = store.put_artifact_type(data_artifact_type)
    schema_artifact_type = metadata_store_pb2.ArtifactType()
    schema_artifact_type.name = "Schema"
    schema_artifact_type.properties["name"] = metadata_store_pb2.STRING
    schema_artifact_type.properties["version"] = metadata_store_pb2.INT
    schema_type_id = store.put_artifact_type(schema_artifact_type)
    dv_execution_type = metadata_store_pb2.ExecutionType()
    dv_execution_type.name = "Data Validation"
    dv_execution_type.properties["state"] = metadata_store_pb2.STRING
    dv_type_id = store.put_execution_type(dv_execution_type)
    assert (data_type_id, schema_type_id, dv_type_id) == (10, 11, 12)

    # The data, and the run that reads it
    data_artifact = metadata_store_pb2.Artifact()
    data_artifact.uri = "./data/train/data.csv"
    data_artifact.type_id = data_type_id
    data_artifact.properties["name"].string_value = "Chicago Taxi dataset"
    data_artifact.properties["split"].string_value = "train"
    data_artifact.properties["version"].int_value = 1
    data_artifact_id = store.put_artifacts([data_artifact])[0]
    assert not data_artifact.HasField("id")  # the call returns ids, it fills none in
    dv_execution = metadata_store_pb2.Execution()
    dv_execution.type_id = dv_type_id
    dv_execution.properties["state"].string_value = "RUNNING"
    dv_execution_id = store.put_executions([dv_execution])[0]
    declared_input = metadata_store_pb2.Event()
    declared_input.artifact_id = data_artifact_id
    declared_input.execution_id = dv_execution_id
    declared_input.type = metadata_store_pb2.Event.DECLARED_INPUT
    store.put_events([declared_input])

    # What it makes, and its end
    schema_artifact = metadata_store_pb2.Artifact()
    schema_artifact.uri = "./schema.pbtxt"
    schema_artifact.type_id = schema_type_id
    schema_artifact.properties["version"].int_value = 1
    schema_artifact.properties["name"].string_value = "Chicago Taxi Schema"
    schema_artifact_id = store.put_artifacts([schema_artifact])[0]
    declared_output = metadata_store_pb2.Event()
    declared_output.artifact_id = schema_artifact_id
    declared_output.execution_id = dv_execution_id
    declared_output.type = metadata_store_pb2.Event.DECLARED_OUTPUT
    store.put_events([declared_output])
    dv_execution.id = dv_execution_id
    dv_execution.properties["state"].string_value = "COMPLETED"
    assert store.put_executions([dv_execution]) == [dv_execution_id]
    found = store.get_executions_by_id([dv_execution_id])[0]
    assert found.properties["state"].string_value == "COMPLETED"
    assert found.last_known_state == metadata_store_pb2.Execution.UNKNOWN

    # The experiment
    expt_context_type = metadata_store_pb2.ContextType()
    expt_context_type.name = "Experiment"
    expt_context_type.properties["note"] = metadata_store_pb2.STRING
    expt_context_type_id = store.put_context_type(expt_context_type)
    assert expt_context_type_id == 13
    expt_context = metadata_store_pb2.Context()
    expt_context.type_id = expt_context_type_id
    expt_context.name = "Demo"
    expt_context.properties["note"].string_value = "Walkthrough of metadata"
    expt_context_id = store.put_contexts([expt_context])[0]
    attribution = metadata_store_pb2.Attribution()
    attribution.artifact_id = schema_artifact_id
    attribution.context_id = expt_context_id
    association = metadata_store_pb2.Association()
    association.execution_id = dv_execution_id
    association.context_id = expt_context_id
    store.put_attributions_and_associations([attribution], [association])

    # Knowing only a type's name, find where the schema came from
    assert [each.name for each in store.get_artifact_types()] == ["DataSet", "Schema"]
    schema_to_inv = store.get_artifacts_by_type("Schema")[0]
    schema_events = store.get_events_by_artifact_ids([schema_to_inv.id])
    assert [each.type for each in schema_events] == [metadata_store_pb2.Event.DECLARED_OUTPUT]
    execution_events = store.get_events_by_execution_ids([schema_events[0].execution_id])
    assert [each.type for each in execution_events] == [
        metadata_store_pb2.Event.DECLARED_INPUT,
        metadata_store_pb2.Event.DECLARED_OUTPUT,
    ]
    artifact = store.get_artifacts_by_id([execution_events[0].artifact_id])[0]
    assert artifact.uri == "./data/train/data.csv"

    # What the course only notes
    assert [each.name for each in store.get_contexts_by_artifact(schema_artifact_id)] == ["Demo"]
    with pytest.raises(errors.NotFoundError):
        store.get_contexts_by_artifact(data_artifact_id)
    assert store.get_artifacts_by_type("Nothing") == []
    with pytest.raises(errors.AlreadyExistsError):
        store.put_events([declared_output])
