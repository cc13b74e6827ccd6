"""A store and the real ML Metadata core, kept alike in both directions."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineal.errors import InvalidInput, LinealError, Unavailable
from lineal.metadata import Artifact, ArtifactType, ExecutionType, Made, Output, Recorder, Store
from lineal.metadata.graph import Graph
from lineal.mlmd import metadata_store
from lineal.mlmd.mirror import Peer, mirror_in, mirror_out
from lineal.mlmd.proto import metadata_store_pb2 as mlmd
from lineal.mlmd.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE = Path(__file__).parents[1] / "server" / "wheel_core.py"


@pytest.fixture
def port(wheel_python: Path, tmp_path: Path) -> Iterator[int]:
    """Where the wheel's own core answers."""
    command = [wheel_python, CORE, tmp_path / "core.db"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


@pytest.fixture
def client(port: int) -> metadata_store.MetadataStore:
    """A client of the core."""
    return connect(port)


@pytest.fixture
def peer(port: int) -> Peer:
    """The core as one end of a mirror."""
    return Peer.at(f"mlmd://127.0.0.1:{port}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with something of its own, so that ids differ."""
    opened = Store(tmp_path / "ours.db")
    graph = Graph(opened)
    graph.put_types([ArtifactType("Own")])
    graph.put_artifacts([Artifact("Own", uri=f"own/{n}") for n in range(3)])
    yield opened
    opened.close()


def connect(port: int) -> metadata_store.MetadataStore:
    return metadata_store.MetadataStore(mlmd.MetadataStoreClientConfig(host="127.0.0.1", port=port))


def fill(client: metadata_store.MetadataStore, *, count: int = 3) -> None:
    """Put a run with artifacts, contexts, events, links and parents."""
    data = client.put_artifact_type(
        mlmd.ArtifactType(name="Data", properties={"rows": mlmd.INT, "deep": mlmd.STRUCT})
    )
    train = client.put_execution_type(mlmd.ExecutionType(name="Train"))
    run = client.put_context_type(mlmd.ContextType(name="Run"))
    made = []
    for number in range(count):
        artifact = mlmd.Artifact(type_id=data, uri=f"file:///{number}", name=f"a{number}")
        artifact.properties["rows"].int_value = number
        artifact.properties["deep"].struct_value.update({"x": [1, None]})
        artifact.custom_properties["note"].string_value = "some text"
        made.append((artifact, mlmd.Event(type=mlmd.Event.OUTPUT)))
    made[0][1].path.steps.add().key = "out"
    client.put_execution(
        mlmd.Execution(type_id=train, last_known_state=mlmd.Execution.COMPLETE),
        made,
        [mlmd.Context(type_id=run, name="inner")],
    )
    (outer,) = client.put_contexts([mlmd.Context(type_id=run, name="outer")])
    inner = client.get_context_by_type_and_name("Run", "inner").id
    client.put_parent_contexts([mlmd.ParentContext(child_id=inner, parent_id=outer)])


def told(client: metadata_store.MetadataStore) -> dict[str, object]:
    """Tell what a server has of `fill`, by names instead of ids."""
    artifacts = client.get_artifacts_by_type("Data")
    names = {artifact.id: artifact.name for artifact in artifacts}
    (execution,) = client.get_executions_by_type("Train")
    inner = client.get_context_by_type_and_name("Run", "inner")
    return {
        "artifacts": [
            (a.name, a.uri, str(a.properties["deep"]), a.properties["rows"].int_value)
            for a in artifacts
        ],
        "notes": [a.custom_properties["note"].string_value for a in artifacts],
        "state": execution.last_known_state,
        "events": [
            (names[event.artifact_id], event.type, str(event.path))
            for event in client.get_events_by_execution_ids([execution.id])
        ],
        "attributed": sorted(a.name for a in client.get_artifacts_by_context(inner.id)),
        "associated": [e.type for e in client.get_executions_by_context(inner.id)],
        "parents": [c.name for c in client.get_parent_contexts_by_context(inner.id)],
    }


def test_everything_of_a_server_comes_in(
    client: metadata_store.MetadataStore, peer: Peer, store: Store
) -> None:
    fill(client)

    done = mirror_in(peer, store)

    assert dict(done.new) == {
        "context": 2,
        "execution": 1,
        "artifact": 3,
        "event": 3,
        "attribution": 3,
        "association": 1,
        "parent": 1,
    }
    with Server(store, port=0) as server:
        assert told(connect(server.port)) == told(client)
    assert [a.uri for a in store.artifacts(type="Own")] == ["own/0", "own/1", "own/2"]


def test_a_second_pass_brings_only_what_changed(
    client: metadata_store.MetadataStore, peer: Peer, store: Store
) -> None:
    fill(client)
    mirror_in(peer, store)
    assert mirror_in(peer, store).total == 0
    assert mirror_in(peer, store, full=True).total == 0
    commits = len(store.commits())
    (first, *_) = client.get_artifacts_by_type("Data")
    first.properties["rows"].int_value = 99
    client.put_artifacts([first, mlmd.Artifact(type_id=first.type_id, uri="new")])
    (execution,) = client.get_executions_by_type("Train")
    late = client.get_artifacts_by_uri("new")[0]
    read = mlmd.Event(type=mlmd.Event.INPUT, artifact_id=late.id, execution_id=execution.id)
    client.put_events([read])

    done = mirror_in(peer, store)

    assert (dict(done.new) | {"artifact": 1, "event": 1}, done.changed) == (dict(done.new), 1)
    assert [a.get("rows") for a in store.artifacts(type="Data", name="a0")] == [99]
    assert len(store.commits()) > commits


def test_a_crash_between_windows_repeats_nothing(
    client: metadata_store.MetadataStore,
    peer: Peer,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(client, count=1_100)  # three windows
    asked = 0

    def links(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise KeyboardInterrupt
        return Peer.links(peer, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(peer, "links", links)
    with pytest.raises(KeyboardInterrupt):
        mirror_in(peer, store)
    monkeypatch.undo()

    mirror_in(peer, store)

    assert len(store.artifacts(type="Data")) == 1_100
    with Server(store, port=0) as server:
        assert told(connect(server.port)) == told(client)


def test_what_is_here_already_is_met(
    client: metadata_store.MetadataStore, peer: Peer, store: Store
) -> None:
    fill(client)
    graph = Graph(store)
    graph.put_types([ArtifactType("Data")])
    graph.put_artifacts(
        [
            Artifact("Data", name="a0", uri="file:///0"),  # the same
            Artifact("Data", name="a1", uri="elsewhere"),  # another of that name
        ]
    )

    done = mirror_in(peer, store)

    assert done.new["artifact"] == 2
    names = sorted(a.name or "" for a in store.artifacts(type="Data"))
    assert names == ["a0", "a1", f"a1 (from {peer.uuid[:8]})", "a2"]
    assert mirror_in(peer, store, full=True).total == 0


def test_a_store_goes_out_to_a_server(
    client: metadata_store.MetadataStore, peer: Peer, store: Store, tmp_path: Path
) -> None:
    other = Store(tmp_path / "filled.db")
    with Server(other, port=0) as server:
        fill(connect(server.port))
        wanted = told(connect(server.port))
    client.put_artifact_type(mlmd.ArtifactType(name="Theirs"))

    done = mirror_out(other, peer)

    assert told(client) == wanted
    assert done.new["artifact"] == 3
    assert mirror_out(other, peer).total == 0
    assert mirror_out(other, peer, full=True).total == 0
    other.close()


def test_only_changes_go_out_again(
    client: metadata_store.MetadataStore, peer: Peer, store: Store
) -> None:
    mirror_out(store, peer)
    recorder = Recorder(store)
    with recorder.run(
        ExecutionType("make"), outputs=[Output("out", ArtifactType("File"), "a")]
    ) as running:
        running.made("out", Made("c", "file:///c", {"rows": 3}))

    done = mirror_out(store, peer)

    assert (done.new["artifact"], done.new["execution"], done.new["event"]) == (1, 1, 1)
    assert [a.name for a in client.get_artifacts_by_type("File")] == ["a@1"]
    recorder.label(running.artifacts["out"].id or 0, {"team": "red"})
    assert mirror_out(store, peer).changed == 1


def test_there_and_back_again_adds_nothing(
    client: metadata_store.MetadataStore, peer: Peer, store: Store
) -> None:
    fill(client)
    mirror_in(peer, store)
    before = len(client.get_artifacts())

    mirror_out(store, peer)
    mirror_in(peer, store)

    assert len(client.get_artifacts_by_type("Data")) == 3
    assert len(store.artifacts(type="Own")) == 3
    assert len(client.get_artifacts()) == before + 3


@pytest.mark.parametrize(
    "url", ["grpc://host:1", "mlmd://", "mlmd://host:1?ca=x", "mlmds://host:1?cart=x"]
)
def test_a_wrong_url_is_refused(url: str) -> None:
    with pytest.raises(LinealError, match=r"no server's URL|has no option"):
        Peer.at(url)


def test_a_mirror_needs_the_database(store: Store, peer: Peer) -> None:
    from lineal.mlmd.remote import RemoteStore

    with Server(store, port=0) as server:
        remote = RemoteStore(f"grpc://{server.address}")
        with pytest.raises(InvalidInput, match="where the database is"):
            mirror_in(peer, remote)
        with pytest.raises(InvalidInput, match="where the database is"):
            mirror_out(remote, peer)
        remote.close()


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with (
        closing(Store(tmp_path / "here.db")) as here,
        pytest.raises(Unavailable, match=r"mlmd://127\.0\.0\.1:9 can't be reached .*mlmds://"),
    ):
        mirror_in(Peer.at("mlmd://127.0.0.1:9"), here)
