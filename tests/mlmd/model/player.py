"""Plays single calls on a store of either package, named on stdin as JSON, a line each.

    python player.py ml_metadata

It runs in the wheel's environment as well as in ours, so it imports neither by name.
"""

from __future__ import annotations

import importlib
import json
import sys

KINDS = ("artifact", "execution", "context")


class Player:
    """A store in memory, and what can be asked of it in plain values."""

    def __init__(self, package):
        self.mlmd = importlib.import_module(package)
        self.errors = importlib.import_module(f"{package}.errors")
        self.pb = importlib.import_module(f"{package}.proto.metadata_store_pb2")
        self.store = None

    def play(self, call, arguments):
        """Do one call; return `["ok", answer]` or `["error", class]`."""
        try:
            return ["ok", getattr(self, call)(**arguments)]
        except self.errors.StatusError as error:
            return ["error", type(error).__name__]
        except Exception as error:  # noqa: BLE001 -- a mistake, in the package or here: told
            return ["raised", f"{type(error).__name__}: {error}"]

    def new(self):
        """Begin with an empty store."""
        config = self.pb.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = self.mlmd.MetadataStore(config)

    def put_type(self, kind, fields, properties, **options):
        made = self.message(f"{kind.capitalize()}Type", fields)
        for name, number in properties.items():
            made.properties[name] = number
        return getattr(self.store, f"put_{kind}_type")(made, **options)

    def put_nodes(self, kind, nodes, mask=None):
        made = [self.node(kind, node) for node in nodes]
        return list(getattr(self.store, f"put_{kind}s")(made, field_mask_paths=mask))

    def put_events(self, events):
        self.store.put_events([self.event(event) for event in events])

    def put_links(self, attributions, associations):
        self.store.put_attributions_and_associations(
            [self.message("Attribution", link) for link in attributions],
            [self.message("Association", link) for link in associations],
        )

    def put_parents(self, links):
        self.store.put_parent_contexts([self.message("ParentContext", link) for link in links])

    def put_execution(self, execution, pairs, contexts, **options):
        made = [
            (self.node("artifact", artifact), self.event(event))
            if event
            else (self.node("artifact", artifact),)
            for artifact, event in pairs
        ]
        answer = self.store.put_execution(
            self.node("execution", execution),
            made,
            [self.node("context", context) for context in contexts],
            **options,
        )
        return [answer[0], list(answer[1]), list(answer[2])]

    def put_subgraph(self, executions, artifacts, contexts, edges, **options):
        answer = self.store.put_lineage_subgraph(
            [self.node("execution", one) for one in executions],
            [self.node("artifact", one) for one in artifacts],
            [self.node("context", one) for one in contexts],
            [(first, second, self.event(event)) for first, second, event in edges],
            **options,
        )
        return [list(ids) for ids in answer]

    def list_nodes(self, kind, **options):
        if "is_asc" in options:
            options["order_by"] = self.mlmd.OrderByField.ID
        listed = self.mlmd.ListOptions(**options)
        return self.told(getattr(self.store, f"get_{kind}s")(list_options=listed))

    def by_type(self, kind, name, version):
        return self.told(getattr(self.store, f"get_{kind}s_by_type")(name, version))

    def by_name(self, kind, name, node_name):
        found = getattr(self.store, f"get_{kind}_by_type_and_name")(name, node_name)
        return None if found is None else plain(found)

    def by_external_ids(self, kind, ids):
        return self.told(getattr(self.store, f"get_{kind}s_by_external_ids")(ids))

    def around(self, node):
        """Everything that is tied to the nodes of one number."""
        answers = []
        for ask in (
            "get_contexts_by_artifact",
            "get_contexts_by_execution",
            "get_artifacts_by_context",
            "get_executions_by_context",
            "get_parent_contexts_by_context",
            "get_children_contexts_by_context",
        ):
            try:
                answers.append(sorted(found.id for found in getattr(self.store, ask)(node)))
            except self.errors.StatusError as error:
                answers.append(type(error).__name__)
        return answers

    def walk(self, start, hops, direction, filter_text):
        options = self.pb.LineageSubgraphQueryOptions(max_num_hops=hops, direction=direction)
        getattr(options, f"starting_{start}s").filter_query = filter_text
        found = self.store.get_lineage_subgraph(options)
        return [
            sorted(node.id for node in found.artifacts),
            sorted(node.id for node in found.executions),
            sorted(node.id for node in found.contexts),
            sorted((e.artifact_id, e.execution_id, e.type) for e in found.events),
        ]

    def everything(self):
        """Return the whole store."""
        answer = {}
        for kind in KINDS:
            types = self.told(getattr(self.store, f"get_{kind}_types")())
            for one in types:  # the wheel keeps it, finds by it, and leaves it out here
                one.pop("external_id", None)
            nodes = self.told(getattr(self.store, f"get_{kind}s")())
            answer[kind] = [sorted(types, key=key), sorted(nodes, key=key)]
        executions = [node["id"] for node in answer["execution"][1]]
        answer["events"] = sorted(
            self.told(self.store.get_events_by_execution_ids(executions)),
            key=lambda event: json.dumps(event, sort_keys=True),
        )
        return answer

    # Making messages

    def message(self, name, fields):
        return getattr(self.pb, name)(**fields)

    def node(self, kind, told):
        fields = dict(told)
        held = {name: fields.pop(name, {}) for name in ("properties", "custom_properties")}
        made = self.message(kind.capitalize(), fields)
        for name, values in held.items():
            for key, value in values.items():
                set_value(getattr(made, name)[key], value)
        return made

    def event(self, told):
        fields = dict(told)
        path = fields.pop("path", [])
        made = self.pb.Event(**fields)
        for step in path:
            made.path.steps.add(**({"index": step} if isinstance(step, int) else {"key": step}))
        return made

    def told(self, messages):
        return [plain(message) for message in messages]


def key(shown):
    return shown["id"]


def set_value(message, value):
    """Put a plain value into a Value; None leaves it unset."""
    if isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int):
        message.int_value = value
    elif isinstance(value, float):
        message.double_value = value
    elif isinstance(value, str):
        message.string_value = value
    elif isinstance(value, dict):
        message.struct_value.update(value)


def plain(message):
    """Return a message's set fields by name, without the times, which the clock gives."""
    shown = {}
    for field, value in message.ListFields():
        if "since_epoch" in field.name:
            continue
        if hasattr(value, "ListFields"):
            shown[field.name] = plain(value)
        elif hasattr(value, "items"):
            shown[field.name] = {
                name: plain(value[name]) if hasattr(value[name], "ListFields") else value[name]
                for name in sorted(value)
            }
        elif hasattr(value, "__len__") and not isinstance(value, (str, bytes)):
            shown[field.name] = [plain(v) if hasattr(v, "ListFields") else v for v in value]
        else:
            shown[field.name] = value
    return shown


def main():
    """Answer the calls on stdin until it ends."""
    player = Player(sys.argv[1])
    for line in sys.stdin:
        call, arguments = json.loads(line)
        print(json.dumps(player.play(call, arguments)), flush=True)


if __name__ == "__main__":
    main()
