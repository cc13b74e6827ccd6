"""A store of either package, with what cases need to talk to it; and what they answer, as JSON.

Everything here runs in the wheel's environment too, so neither package is imported by name.
"""

from __future__ import annotations

import importlib
import time

CASES = {}


def case(act):
    """Add a case, called as its function is."""
    CASES[act.__name__] = act
    return act


class Bench:
    """A store with the types A (of artifacts), X (of executions) and C (of contexts)."""

    def __init__(self, package):
        self.package = package
        self.mlmd = importlib.import_module(package)
        self.errors = importlib.import_module(f"{package}.errors")
        self.pb = importlib.import_module(f"{package}.proto.metadata_store_pb2")
        config = self.pb.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = self.mlmd.MetadataStore(config)
        properties = {"n": 1, "d": 2, "s": 3, "m": 4, "p": 5, "b": 6}
        self.a = self.store.put_artifact_type(self.pb.ArtifactType(name="A", properties=properties))
        self.x = self.store.put_execution_type(
            self.pb.ExecutionType(name="X", properties=properties)
        )
        self.c = self.store.put_context_type(self.pb.ContextType(name="C", properties=properties))
        self.options = self.mlmd.ListOptions
        self.order = self.mlmd.OrderByField

    def artifact(self, properties=(), custom=(), **fields):
        return self._node(self.pb.Artifact, {"type_id": self.a, **fields}, properties, custom)

    def execution(self, properties=(), custom=(), **fields):
        return self._node(self.pb.Execution, {"type_id": self.x, **fields}, properties, custom)

    def context(self, properties=(), custom=(), **fields):
        return self._node(self.pb.Context, {"type_id": self.c, **fields}, properties, custom)

    def event(self, artifact=None, execution=None, type=4, path=(), **fields):  # noqa: A002 -- the field's name
        made = self.pb.Event(artifact_id=artifact, execution_id=execution, type=type, **fields)
        for step in path:
            made.path.steps.add(**({"index": step} if isinstance(step, int) else {"key": step}))
        return made

    def put(self, *nodes, **options):
        name = type(nodes[0]).__name__.lower()
        return getattr(self.store, f"put_{name}s")(list(nodes), **options)

    def stored(self, node_id):
        return self.store.get_artifacts_by_id([node_id])

    def later(self, node_id, change, **options):
        """Read an artifact, change it, put it; return whether its time moved, and the artifact."""
        before = self.stored(node_id)[0]
        wanted = self.pb.Artifact()
        wanted.CopyFrom(before)
        change(wanted)
        time.sleep(0.002)
        self.put(wanted, **options)
        after = self.stored(node_id)[0]
        moved = after.last_update_time_since_epoch > before.last_update_time_since_epoch
        kept = after.create_time_since_epoch == before.create_time_since_epoch
        return [moved, kept, after]

    def walk(self, start="artifacts", filter="id = 1", mask=None, **options):  # noqa: A002 -- as above
        query = self.pb.LineageSubgraphQueryOptions(**options)
        getattr(query, f"starting_{start}").filter_query = filter
        return self.store.get_lineage_subgraph(query, mask)

    def request(self, method, **fields):
        """Send a request that Python's methods can't make; return the response."""
        messages = importlib.import_module(f"{self.package}.proto.metadata_store_service_pb2")
        request = getattr(messages, f"{method}Request")(**fields)
        if self.package != "ml_metadata":
            return self.store._end.answer(method, request)
        core = importlib.import_module("ml_metadata.metadata_store.pywrap.metadata_store_extension")
        call = getattr(core.metadata_store, method)
        answer, message, code = call(self.store._metadata_store, request.SerializeToString())
        if code:
            raise self.errors.make_exception(message.decode(), code)
        return getattr(messages, f"{method}Response").FromString(answer)

    def _node(self, kind, fields, properties, custom):
        node = kind(**fields)
        for held, given in ((node.properties, properties), (node.custom_properties, custom)):
            for name, value in dict(given).items():
                set_value(held[name], value)
        return node


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
    elif isinstance(value, bytes):
        message.proto_value.type_url, message.proto_value.value = "example.com/T", value


def told(answer):
    """Return an answer as JSON can hold it, its times as "set"."""
    if isinstance(answer, list | tuple):
        return [told(each) for each in answer]
    return plain(answer) if hasattr(answer, "ListFields") else answer


def plain(message):
    """Return a message's set fields by name."""
    shown = {}
    for field, value in message.ListFields():
        if "time_since_epoch" in field.name or "milliseconds" in field.name:
            shown[field.name] = "set" if value > 10**12 else value
        elif hasattr(value, "ListFields"):
            shown[field.name] = plain(value)
        elif hasattr(value, "items"):
            shown[field.name] = {key: told(value[key]) for key in sorted(value)}
        elif hasattr(value, "__len__") and not isinstance(value, str | bytes):
            shown[field.name] = [told(each) for each in value]
        elif isinstance(value, bytes):
            shown[field.name] = value.hex()
        else:
            shown[field.name] = told(value)
    return shown


def answers(package):
    """Return what each case comes to: its answer, or the class of its error."""
    found = {}
    for name, act in CASES.items():
        bench = Bench(package)
        try:
            found[name] = told(act(bench))
        except bench.errors.StatusError as error:
            found[name] = f"{type(error).__name__} {error.error_code}"
    return found
