"""What a program that was written for ML Metadata does with a server; told as plain values.

The module to use is handed in, so that the wheel, in an interpreter of its own, and `lineal.mlmd`
run the same lines: `journey.py HOST PORT [CA KEY CERTIFICATE]` prints what the wheel says.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def connect(store: Any, mlmd: Any, address: list[str]) -> Any:
    """Open a store by host, port and perhaps files of TLS."""
    host, port, *files = address
    config = mlmd.MetadataStoreClientConfig(host=host, port=int(port))
    if files:
        authority, key, certificate = (Path(file).read_text() for file in files)
        config.ssl_config.custom_ca = authority
        config.ssl_config.client_key = key
        config.ssl_config.server_cert = certificate
    return store.MetadataStore(config)


def run(store: Any, mlmd: Any, address: list[str]) -> dict[str, object]:
    """Write a small graph, read it in many ways, and make mistakes."""
    client = connect(store, mlmd, address)
    data = mlmd.ArtifactType(name="Data", properties={"rows": mlmd.INT, "ratio": mlmd.DOUBLE})
    data_id = client.put_artifact_type(data)
    train_id = client.put_execution_type(mlmd.ExecutionType(name="Train"))
    run_id = client.put_context_type(mlmd.ContextType(name="Run"))
    table = mlmd.Artifact(type_id=data_id, uri="file:///a", name="a")
    table.properties["rows"].int_value = 3
    table.properties["ratio"].double_value = 0.5
    table.custom_properties["note"].struct_value.update({"deep": [1, "two"]})
    (table_id,) = client.put_artifacts([table])
    model = mlmd.Artifact(type_id=data_id, uri="file:///b", name="b")
    execution = mlmd.Execution(type_id=train_id, last_known_state=mlmd.Execution.COMPLETE)
    read = mlmd.Event(type=mlmd.Event.INPUT, artifact_id=table_id)
    read.path.steps.add().key = "data"
    made = mlmd.Event(type=mlmd.Event.OUTPUT)
    execution_id, (_, model_id), (context_id,) = client.put_execution(
        execution,
        [(client.get_artifacts_by_id([table_id])[0], read), (model, made)],
        [mlmd.Context(type_id=run_id, name="first")],
    )
    client.put_artifacts(
        [mlmd.Artifact(type_id=data_id, uri=f"file:///{n}", name=f"n{n}") for n in range(250)]
    )
    query = mlmd.LineageSubgraphQueryOptions(
        starting_artifacts={"filter_query": "name = 'b'"},
        direction=mlmd.LineageSubgraphQueryOptions.UPSTREAM,
    )
    graph = client.get_lineage_subgraph(query)
    options = store.ListOptions
    return {
        "types": [kind.name for kind in client.get_artifact_types()],
        "table": _plain(client.get_artifacts_by_id([table_id])[0]),
        "events": [_plain(event) for event in client.get_events_by_execution_ids([execution_id])],
        "contexts": [_plain(each) for each in client.get_contexts_by_execution(execution_id)],
        "in context": [each.id for each in client.get_artifacts_by_context(context_id)],
        "model": model_id,
        "all": len(client.get_artifacts()),
        "limited": [
            each.name
            for each in client.get_artifacts(
                options(limit=120, filter_query="name LIKE 'n%'", is_asc=False)
            )
        ],
        "graph": [len(graph.artifacts), len(graph.executions), len(graph.events)],
        "mistakes": [
            _mistake(client.get_artifact_type, "Nothing"),
            _mistake(client.put_artifacts, [mlmd.Artifact(uri="x")]),
            _mistake(client.put_artifacts, [mlmd.Artifact(type_id=data_id, name="a")]),
            _mistake(client.get_artifacts, options(filter_query="no query")),
        ],
    }


def _plain(message: Any) -> dict[str, object]:
    """Return a message as a dictionary, without the times that the store set."""
    from google.protobuf.json_format import MessageToDict

    plain = MessageToDict(message)
    return {key: plain[key] for key in sorted(plain) if "SinceEpoch" not in key}


def _mistake(call: Any, *arguments: object) -> str:
    try:
        call(*arguments)
    except Exception as error:  # noqa: BLE001  (of either package: names are compared)
        return type(error).__name__
    return "no error"


if __name__ == "__main__":
    from ml_metadata.metadata_store import metadata_store
    from ml_metadata.proto import metadata_store_pb2

    print(json.dumps(run(metadata_store, metadata_store_pb2, sys.argv[1:])))
