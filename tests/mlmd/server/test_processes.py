"""Servers as processes: many clients at once, killed, stopped, and two on one database."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import grpc
import pytest
from tests.services import database as empty_database
from tests.services import server

from lineal.mlmd.proto import metadata_store_service_pb2 as calls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


Serve = "Callable[..., Serving]"
Connect = "Callable[..., Client]"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The file of a database that does not exist yet."""
    return tmp_path / "metadata.db"


def stored(database: Path) -> list[str]:
    """Return the URIs that stand in the file, read by nothing but SQLite."""
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT uri FROM Artifact ORDER BY id")]


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def url(request: pytest.FixtureRequest, database: Path) -> Iterator[str]:
    """The URL of an empty database, on each kind of server in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{database}"
    else:
        yield from empty_database(server(request.param))


def test_64_clients_at_once_lose_nothing_and_none_fails(
    serve: Serve, connect: Connect, url: str
) -> None:
    serving = serve("--url", url)
    clients = [connect(serving.address) for _ in range(64)]
    type_id = clients[0].put_type()
    begin = threading.Barrier(64)

    def work(number: int) -> list[tuple[int, str]]:
        begin.wait()
        acknowledged = []
        for turn in range(6):
            uri = f"{number}/{turn}"
            (artifact_id,) = clients[number].put(type_id, uri, text="some text")
            wanted = calls.GetArtifactsByIDRequest(artifact_ids=[artifact_id])
            (found,) = clients[number]("GetArtifactsByID", wanted).artifacts
            assert found.uri == uri
            acknowledged.append((artifact_id, uri))
        return acknowledged

    with ThreadPoolExecutor(64) as pool:
        done = [pair for pairs in pool.map(work, range(64)) for pair in pairs]

    assert len({artifact_id for artifact_id, _ in done}) == 384
    assert sorted(clients[0].uris()) == sorted(uri for _, uri in done)
    assert serving.stop() == 0
    ends = [json.loads(line) for line in serving.log]
    assert {line["code"] for line in ends if line["event"] == "call"} == {"OK"}


def test_what_was_acknowledged_survives_kill_9(
    serve: Serve, connect: Connect, database: Path
) -> None:
    serving = serve("--url", f"sqlite:///{database}", "--quiet")
    clients = [connect(serving.address) for _ in range(16)]
    type_id = clients[0].put_type()
    acknowledged: set[str] = set()
    uncertain: set[str] = set()

    def work(number: int) -> None:
        for turn in range(125):  # 16 clients x 125 calls x 5 artifacts = 10,000 writes
            for attempt in range(100):
                uris = [f"{number}/{turn}/{place}#{attempt}" for place in range(5)]
                try:
                    clients[number].put(type_id, *uris)
                    acknowledged.update(uris)
                    break
                except grpc.RpcError as error:
                    if error.code() is not grpc.StatusCode.UNAVAILABLE:
                        raise
                    uncertain.update(uris)
                    time.sleep(0.1)

    with ThreadPoolExecutor(17) as pool:
        working = [pool.submit(work, number) for number in range(16)]
        while len(acknowledged) < 4_000:
            time.sleep(0.01)
        serving.kill()
        serving.start()
        for each in working:
            each.result()

    there = stored(database)
    assert len(acknowledged) == 10_000
    assert acknowledged <= set(there)
    assert set(there) - acknowledged <= uncertain
    assert len(there) == len(set(there))
    assert len(there) % 5 == 0  # each call all or nothing
    assert uncertain  # or nobody was in the middle of it


def test_two_servers_on_one_database(serve: Serve, connect: Connect, database: Path) -> None:
    servers = [serve("--url", f"sqlite:///{database}") for _ in range(2)]
    clients = [connect(serving.address) for serving in servers for _ in range(4)]
    type_id = clients[0].put_type()
    assert {client.put_type() for client in clients} == {type_id}

    def work(number: int) -> list[int]:
        return [
            artifact_id
            for turn in range(25)
            for artifact_id in clients[number].put(type_id, f"{number}/{turn}")
        ]

    with ThreadPoolExecutor(8) as pool:
        ids = [artifact_id for made in pool.map(work, range(8)) for artifact_id in made]

    assert sorted(ids) == list(range(1, 201))
    for client in clients:
        assert len(client.uris()) == 200


def test_sigterm_lets_running_calls_end(serve: Serve, connect: Connect, database: Path) -> None:
    serving = serve("--url", f"sqlite:///{database}")
    client = connect(serving.address)
    type_id = client.put_type()
    client.put(type_id, "before")
    code: list[int] = []
    stopping = threading.Thread(target=lambda: code.append(serving.stop()))
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # so that the call has to wait
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.put, type_id, "during")
            time.sleep(0.3)
            stopping.start()
            time.sleep(0.5)
            with pytest.raises(grpc.RpcError):
                connect(serving.address).uris()
            assert not waiting.done()
            other.execute("COMMIT")

            assert waiting.result() == [2]

    stopping.join(30)
    assert code == [0]
    assert stored(database) == ["before", "during"]
    assert [json.loads(line)["event"] for line in serving.log][-2:] == ["call", "stopped"]


def test_a_second_server_on_the_port_says_so(serve: Serve, database: Path) -> None:
    serving = serve("--url", f"sqlite:///{database}")

    with pytest.raises(pytest.fail.Exception, match="can't listen on"):
        serve("--url", f"sqlite:///{database}", "--port", serving.address.rpartition(":")[2])
