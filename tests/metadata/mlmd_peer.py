"""What the real ML Metadata does with a file; run by its own interpreter, never by ours.

`mlmd_peer.py COMMAND FILE`: the answer is JSON on stdout.
"""

from __future__ import annotations

import json
import sys

from google.protobuf.json_format import MessageToDict
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

KINDS = {"artifact": mlmd.Artifact, "execution": mlmd.Execution, "context": mlmd.Context}


def open_store(path: str) -> metadata_store.MetadataStore:
    """Open the file with the wheel."""
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = path
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return metadata_store.MetadataStore(config)


def create(store: metadata_store.MetadataStore) -> dict[str, object]:
    """Make a fresh store, and nothing more."""
    return {"types": len(store.get_artifact_types())}


def read(store: metadata_store.MetadataStore) -> dict[str, object]:
    """Return everything that the store holds."""
    answer: dict[str, object] = {}
    for kind in KINDS:
        answer[f"{kind}_types"] = {
            found.name: {
                "id": found.id,
                "version": found.version,
                "properties": dict(found.properties),
                "base": found.base_type,
            }
            for found in getattr(store, f"get_{kind}_types")()
        }
        answer[f"{kind}s"] = [_node(node) for node in getattr(store, f"get_{kind}s")()]
    executions = [node.id for node in store.get_executions()]
    answer["events"] = [_event(event) for event in store.get_events_by_execution_ids(executions)]
    contexts = store.get_contexts()
    for kind in ("artifact", "execution"):
        members = getattr(store, f"get_{kind}s_by_context")
        answer[f"{kind}s_of_context"] = {
            context.name: sorted(node.id for node in members(context.id)) for context in contexts
        }
    answer["parents_of_context"] = {
        context.name: [parent.name for parent in store.get_parent_contexts_by_context(context.id)]
        for context in contexts
    }
    return answer


def _node(node: object) -> dict[str, object]:
    state = {"Artifact": "state", "Execution": "last_known_state"}.get(type(node).__name__)
    return {
        "id": node.id,
        "type": node.type,
        "name": node.name if node.HasField("name") else None,
        "state": getattr(node, state) if state and node.HasField(state) else None,
        "uri": getattr(node, "uri", ""),
        "external_id": node.external_id if node.HasField("external_id") else None,
        "created": node.create_time_since_epoch,
        "updated": node.last_update_time_since_epoch,
        "properties": {name: _value(value) for name, value in node.properties.items()},
        "custom_properties": {
            name: _value(value) for name, value in node.custom_properties.items()
        },
    }


def _value(value: mlmd.Value) -> object:
    kind = value.WhichOneof("value")
    held = getattr(value, kind)
    if kind == "proto_value":
        return [kind, held.type_url]
    return [kind, MessageToDict(held) if kind == "struct_value" else held]


def _event(event: mlmd.Event) -> dict[str, object]:
    return {
        "artifact": event.artifact_id,
        "execution": event.execution_id,
        "type": event.type,
        "time": event.milliseconds_since_epoch,
        "path": [getattr(step, step.WhichOneof("value")) for step in event.path.steps],
    }


def write(store: metadata_store.MetadataStore) -> dict[str, object]:
    """Write one of everything: all kinds of values, states, links, a type with a version."""
    thing = store.put_artifact_type(
        mlmd.ArtifactType(
            name="peer.Thing",
            properties={
                "count": mlmd.INT,
                "score": mlmd.DOUBLE,
                "text": mlmd.STRING,
                "detail": mlmd.STRUCT,
                "message": mlmd.PROTO,
                "flag": mlmd.BOOLEAN,
            },
            base_type=mlmd.ArtifactType.MODEL,
        )
    )
    old = store.put_artifact_type(mlmd.ArtifactType(name="peer.Thing", version="2"))
    work = store.put_execution_type(
        mlmd.ExecutionType(name="peer.Work", properties={"speed": mlmd.DOUBLE})
    )
    group = store.put_context_type(mlmd.ContextType(name="peer.Group"))

    full = mlmd.Artifact(
        type_id=thing,
        name="full",
        uri="s3://bucket/é 🎈'\"",
        state=mlmd.Artifact.LIVE,
        external_id="outside-1",
    )
    full.properties["count"].int_value = -(2**63)
    full.properties["score"].double_value = 0.125
    full.properties["text"].string_value = "line\nbreak 'quoted' \"twice\" `and` \\ 🎈"
    full.properties["detail"].struct_value.update({"a": [1, {"b": None}], "c": "é"})
    full.properties["message"].proto_value.type_url = "type.googleapis.com/peer"
    full.properties["flag"].bool_value = False
    full.custom_properties["flag"].bool_value = True
    full.custom_properties["empty"].string_value = ""
    full.custom_properties["zero"].int_value = 0
    bare = mlmd.Artifact(type_id=old)
    execution = mlmd.Execution(type_id=work, name="first", last_known_state=mlmd.Execution.CACHED)
    execution.properties["speed"].double_value = 2.5
    context = mlmd.Context(type_id=group, name="the group")
    context.custom_properties["n"].int_value = 7
    used = mlmd.Event(type=mlmd.Event.INPUT, milliseconds_since_epoch=1_600_000_000_123)
    for step in ("left", 0, "right", 2):
        used.path.steps.add(**({"index": step} if isinstance(step, int) else {"key": step}))
    made = mlmd.Event(type=mlmd.Event.OUTPUT)
    made.path.steps.add(key="result")
    _, artifacts, contexts = store.put_execution(execution, [(full, used), (bare, made)], [context])
    parent = store.put_contexts([mlmd.Context(type_id=group, name="above")])[0]
    store.put_parent_contexts([mlmd.ParentContext(child_id=contexts[0], parent_id=parent)])
    return {"artifacts": list(artifacts)}


def add(store: metadata_store.MetadataStore) -> dict[str, object]:
    """Write beside what another client wrote: use its newest artifact, make a new one, link them.

    One property of the artifact that was there is overwritten.
    """
    there = store.get_artifacts()[-1]
    thing = store.put_artifact_type(mlmd.ArtifactType(name="peer.Late"))
    work = store.put_execution_type(mlmd.ExecutionType(name="peer.LateWork"))
    group = store.put_context_type(mlmd.ContextType(name="peer.LateGroup"))
    execution, artifacts, contexts = store.put_execution(
        mlmd.Execution(type_id=work, last_known_state=mlmd.Execution.COMPLETE),
        [
            (there, mlmd.Event(type=mlmd.Event.INPUT)),
            (
                mlmd.Artifact(type_id=thing, uri="late", state=mlmd.Artifact.LIVE),
                mlmd.Event(type=mlmd.Event.OUTPUT),
            ),
        ],
        [mlmd.Context(type_id=group, name="late group")],
    )
    late = store.get_artifacts_by_id([artifacts[1]])[0]
    there.custom_properties["seen by"].string_value = "the wheel"
    store.put_artifacts([there])
    return {
        "used": there.id,
        "artifact": late.id,
        "created": late.create_time_since_epoch,
        "execution": execution,
        "context": contexts[0],
    }


def write_again(store: metadata_store.MetadataStore) -> dict[str, object]:
    """Put the types of `write` again, as any client does that starts anew."""
    for version in (None, "2"):
        kind = mlmd.ArtifactType(name="peer.Thing", version=version)
        store.put_artifact_type(kind, can_omit_fields=True)
    return {"types": [found.name for found in store.get_artifact_types()]}


if __name__ == "__main__":
    commands = {
        "create": create,
        "read": read,
        "write": write,
        "write_again": write_again,
        "add": add,
    }
    json.dump(commands[sys.argv[1]](open_store(sys.argv[2])), sys.stdout)
