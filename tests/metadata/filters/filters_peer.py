"""What the real ML Metadata answers to filters; run by its own interpreter, never by ours.

`filters_peer.py FILE` reads `{"graph": …, "filters": [[kind, text], …]}` from stdin, makes the
graph in the file if there is none, and prints a list of ids, or an error's class, for each filter.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ml_metadata import errors
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd


def main(path: str) -> None:
    """Answer the filters."""
    asked = json.load(sys.stdin)
    is_new = not Path(path).exists()
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = path
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    store = metadata_store.MetadataStore(config)
    if is_new:
        fill(store, asked["graph"])
    print(json.dumps([answer(store, kind, text) for kind, text in asked["filters"]]))


def answer(store: metadata_store.MetadataStore, kind: str, text: str) -> object:
    """Return the ids of the nodes that a filter finds, or the class of the error."""
    options = metadata_store.ListOptions(limit=100, filter_query=text)
    try:
        return sorted(node.id for node in getattr(store, f"get_{kind}s")(options))
    except errors.StatusError as error:
        return type(error).__name__


def fill(store: metadata_store.MetadataStore, graph: dict[str, object]) -> None:
    """Write the graph; the ids come out in its order."""
    for kind, names in graph["types"].items():
        message = getattr(mlmd, kind.title())
        type_message = getattr(mlmd, f"{kind.title()}Type")
        type_ids = {}
        for name in names:
            type_ids[name] = getattr(store, f"put_{kind}_type")(
                type_message(name=name, properties=graph["properties"])
            )
        state = "last_known_state" if kind == "execution" else "state"
        nodes = []
        for given in graph[kind]:
            fields = {name: given[name] for name in ("name", "uri", "external_id") if name in given}
            if "state" in given:
                fields[state] = given["state"]
            node = message(type_id=type_ids[given["type"]], **fields)
            for held, values in (
                (node.properties, given["properties"]),
                (node.custom_properties, given["custom"]),
            ):
                for name, value in values.items():
                    setattr(held[name], f"{COLUMNS[type(value)]}_value", value)
            nodes.append(node)
        getattr(store, f"put_{kind}s")(nodes)
    store.put_events(
        [
            mlmd.Event(artifact_id=a, execution_id=e, type=t, milliseconds_since_epoch=ms)
            for a, e, t, ms in graph["events"]
        ]
    )
    store.put_attributions_and_associations(
        [mlmd.Attribution(context_id=c, artifact_id=a) for c, a in graph["attributions"]],
        [mlmd.Association(context_id=c, execution_id=e) for c, e in graph["associations"]],
    )
    store.put_parent_contexts(
        [mlmd.ParentContext(child_id=c, parent_id=p) for c, p in graph["parents"]]
    )


COLUMNS = {int: "int", float: "double", str: "string", bool: "bool"}

if __name__ == "__main__":
    main(sys.argv[1])
