"""Stores as a program made for ML Metadata uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from lineal import mlmd
from lineal.metadata import Store
from lineal.mlmd.proto import metadata_store_pb2 as pb
from lineal.mlmd.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

PROPERTIES = {"foo": pb.INT, "bar": pb.STRING, "baz": pb.DOUBLE}


@pytest.fixture(params=["memory", "server"])
def store(request: pytest.FixtureRequest) -> Iterator[mlmd.MetadataStore]:
    """A fresh store, in this process and behind a server."""
    if request.param == "server":
        held = Store()
        with Server(held, port=0) as server:
            host, _, port = server.address.rpartition(":")
            yield mlmd.MetadataStore(pb.MetadataStoreClientConfig(host=host, port=int(port)))
        held.close()
        return
    yield mlmd.MetadataStore(pb.ConnectionConfig(sqlite={}))


@dataclass(frozen=True)
class Kind:
    """One of the three kinds of nodes: its messages, and a store's methods for it by name."""

    name: str
    node: Any
    node_type: Any

    def do(self, store: mlmd.MetadataStore, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method, `*` in its name standing for the kind."""
        return getattr(store, method.replace("*", self.name))(*arguments, **options)

    def put_type(self, store: mlmd.MetadataStore, name: str = "T", **fields: Any) -> int:
        """Put a type with three properties; return its id."""
        fields = {"properties": PROPERTIES, **fields}
        made: int = self.do(store, "put_*_type", self.node_type(name=name, **fields))
        return made

    def put(self, store: mlmd.MetadataStore, *nodes: Any, **options: Any) -> list[int]:
        """Put nodes; return their ids."""
        made: list[int] = self.do(store, "put_*s", list(nodes), **options)
        return made

    def stored(self, store: mlmd.MetadataStore, node_id: int) -> Any:
        """Return the node with that id."""
        (found,) = self.do(store, "get_*s_by_id", [node_id])
        return found


KINDS = [
    Kind("artifact", pb.Artifact, pb.ArtifactType),
    Kind("execution", pb.Execution, pb.ExecutionType),
    Kind("context", pb.Context, pb.ContextType),
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of node in turn."""
    found: Kind = request.param
    return found


@dataclass(frozen=True)
class Graph:
    """A store with a type of each kind, and short ways to make messages."""

    store: mlmd.MetadataStore
    a: int
    x: int
    c: int

    def artifact(self, **fields: Any) -> pb.Artifact:
        """Return an artifact of the type A."""
        return pb.Artifact(type_id=self.a, **fields)

    def execution(self, **fields: Any) -> pb.Execution:
        """Return an execution of the type X."""
        return pb.Execution(type_id=self.x, **fields)

    def context(self, name: str, **fields: Any) -> pb.Context:
        """Return a context of the type C."""
        return pb.Context(type_id=self.c, name=name, **fields)


@pytest.fixture
def graph(store: mlmd.MetadataStore) -> Graph:
    """A store with the types A, X and C."""
    return Graph(
        store,
        store.put_artifact_type(pb.ArtifactType(name="A", properties=PROPERTIES)),
        store.put_execution_type(pb.ExecutionType(name="X", properties=PROPERTIES)),
        store.put_context_type(pb.ContextType(name="C", properties=PROPERTIES)),
    )
