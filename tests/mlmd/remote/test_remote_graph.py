"""The graph of a store behind a server is put and read as that of a local one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.errors import AlreadyExists, InvalidInput
from lineal.metadata import (
    Artifact,
    ArtifactType,
    Context,
    ContextType,
    Event,
    EventType,
    Execution,
    ExecutionType,
    PropertyType,
    Store,
)
from lineal.metadata.graph import Graph
from lineal.metadata.model import Attribution

if TYPE_CHECKING:
    from pathlib import Path

    from tests.mlmd.remote.conftest import Ends

DATA = ArtifactType("Data", {"rows": PropertyType.INT})


def filled(graph: Graph) -> Graph:
    """Put a small graph, and a table of nodes."""
    graph.put_types([DATA, ExecutionType("Train"), ContextType("Run")])
    graph.put_artifacts(
        [Artifact("Data", uri=f"file:///{n}", properties={"rows": n}) for n in range(5)]
    )
    graph.put_executions([Execution("Train", custom_properties={"deep": {"a": [1, None]}})])
    graph.put_contexts([Context("Run", "first")])
    graph.put_events([Event(1, 1, EventType.INPUT), Event(2, 1, EventType.OUTPUT, ("out", 0))])
    graph.put_links([Attribution(1, 1)])
    made = graph.put_execution(
        Execution("Train"), inputs={"data": 2}, outputs={"model": Artifact("Data", name="m")}
    )
    assert (made.execution, made.outputs) == (2, {"model": [6]})
    ids = graph.load("artifact", pa.table({"name": ["x", "y"], "rows": [7, 8]}), type="Data")
    assert ids == pa.array([7, 8])
    return graph


def told(graph: Graph) -> dict[str, object]:
    """Read the graph in every way, without the times that differ."""
    part = graph.subgraph("artifact", "name = 'm'")
    return {
        "artifacts": [
            (a.id, a.name, a.uri, a.properties) for a in graph.artifacts(filter="id > 1")
        ],
        "newest": [a.id for a in graph.artifacts(order_by="id", ascending=False, limit=2)],
        "executions": [e.custom_properties for e in graph.executions(type="Train")],
        "contexts": [c.name for c in graph.contexts(artifact_id=1)],
        "types": [(t.name, t.properties) for t in graph.types("artifact", name="Data")],
        "events": [(e.artifact_id, e.type, e.path) for e in graph.events(execution_ids=[1, 2])],
        "attributions": graph.attributions(artifact_ids=[1]),
        "table": graph.table("artifact").select(["id", "name"]).to_pydict(),
        "pages": [len(page.nodes) for page in graph.pages("artifact", limit=3)],
        "part": [len(part.artifacts), len(part.executions), len(part.events)],
    }


def test_it_says_the_same_as_a_local_one(ends: Ends, tmp_path: Path) -> None:
    local = Store(tmp_path / "local.db")

    assert told(filled(Graph(ends.there))) == told(filled(Graph(local)))
    assert told(Graph(ends.here)) == told(Graph(local))
    local.close()


def test_a_call_is_one_commit_or_nothing(ends: Ends) -> None:
    graph = Graph(ends.there)
    graph.put_types([DATA])
    before = len(ends.here.commits())

    graph.put_artifacts([Artifact("Data", name="a"), Artifact("Data", name="b")])
    with pytest.raises(AlreadyExists, match="'a'"):
        graph.put_artifacts([Artifact("Data", name="c"), Artifact("Data", name="a")])

    assert len(ends.here.commits()) == before + 1
    assert [a.name for a in graph.artifacts()] == ["a", "b"]


def test_a_batch_of_many_calls_needs_the_database(ends: Ends) -> None:
    with pytest.raises(InvalidInput, match="kept by a server"), Graph(ends.there).batch():
        pass
