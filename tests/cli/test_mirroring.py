"""`lineal metadata mirror`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lineal.metadata import Artifact, ArtifactType, Store
from lineal.metadata.graph import Graph
from lineal.mlmd.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def other(tmp_path: Path) -> Iterator[tuple[Store, str]]:
    """A store with an artifact, and the URL of a server of it."""
    store = Store(tmp_path / "other.db")
    graph = Graph(store)
    graph.put_types([ArtifactType("Data")])
    graph.put_artifacts([Artifact("Data", name="a", uri="file:///a")])
    with Server(store, port=0) as server:
        yield store, f"mlmd://{server.address}"
    store.close()


def test_a_workspace_takes_over_what_a_server_has(other, workspace) -> None:
    _, url = other

    done = workspace.ok("metadata", "mirror", url, ".")

    assert done.out.startswith(f"{url} -> ")
    assert done.out.endswith(": 1 artifact\n")
    assert workspace.ok("metadata", "mirror", url, ".").out.endswith(": nothing new\n")
    assert "Data" in workspace.ok("find", "type=Data").out


def test_a_workspace_goes_out_to_a_server(other, workspace) -> None:
    store, url = other
    workspace.write("b.csv", "id\n1\n")
    workspace.ok("add", "b.csv")

    done = json.loads(workspace.ok("metadata", "mirror", ".", url, "--json").out)

    assert done["new"]["execution"] >= 1
    assert "b.csv@1" in [artifact.name for artifact in store.artifacts()]


@pytest.mark.parametrize(
    "ends", [("a.db", "b.db"), ("mlmd://h:1", "mlmd://h:2")], ids=["two stores", "two servers"]
)
def test_one_of_both_is_a_server(ends: tuple[str, str], workspace) -> None:
    done = workspace("metadata", "mirror", *ends)

    assert done.code == 2
    assert "one of SOURCE and TARGET is a server" in done.err
