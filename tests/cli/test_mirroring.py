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

    done = workspace.ok("metadata", "mirror", url)

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


def test_two_servers_can_not_be_mirrored(workspace) -> None:
    done = workspace("metadata", "mirror", "mlmd://h:1", "mlmd://h:2")

    assert done.code == 2
    assert "one of SOURCE and TARGET is a server" in done.err


def test_a_database_comes_in_too(other, workspace, tmp_path: Path) -> None:
    done = workspace.ok("metadata", "mirror", str(tmp_path / "other.db"))

    assert f"{tmp_path / 'other.db'} -> " in done.out
    assert "Data" in workspace.ok("find", "type=Data").out
