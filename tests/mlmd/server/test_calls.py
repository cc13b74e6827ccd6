"""What goes over the wire: every method, errors, sizes, probes, numbers and log lines."""

from __future__ import annotations

import json
import logging
import urllib.request
from typing import TYPE_CHECKING

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from lineal.errors import Unavailable
from lineal.mlmd.proto import metadata_store_service_pb2 as calls
from lineal.mlmd.server import Server
from lineal.mlmd.server.telemetry import JsonLines

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineal.metadata import Store


Start = "Callable[..., Server]"
Connect = "Callable[..., Client]"
METHODS = calls.DESCRIPTOR.services_by_name["MetadataStoreService"].methods


def status(act: Callable[[], object]) -> tuple[str, str]:
    """Return the status and the text of a call that fails."""
    with pytest.raises(grpc.RpcError) as caught:
        act()
    return caught.value.code().name, caught.value.details()


def test_every_method_answers(running: Start, connect: Connect) -> None:
    client = connect(running().address)
    codes = {}

    for method in METHODS:
        try:
            client(method.name, getattr(calls, method.input_type.name)())
            codes[method.name] = "OK"
        except grpc.RpcError as error:
            codes[method.name] = error.code().name

    assert len(codes) == 52
    assert [name for name, code in codes.items() if code == "UNIMPLEMENTED"] == ["GetLineageGraph"]
    assert [name for name, code in codes.items() if code in ("INTERNAL", "UNKNOWN")] == []


def test_what_is_put_is_got(running: Start, connect: Connect) -> None:
    client = connect(running().address)
    type_id = client.put_type()

    assert client.put(type_id, "a", "b") == [1, 2]
    assert client.uris() == ["a", "b"]


def test_errors_have_their_status_and_a_message(running: Start, connect: Connect) -> None:
    client = connect(running().address)

    code, text = status(lambda: client.put(999, "a"))
    assert code == "NOT_FOUND"
    assert "999" in text
    wanted = calls.GetArtifactTypeRequest(type_name="nothing")
    assert status(lambda: client("GetArtifactType", wanted))[0] == "NOT_FOUND"


def test_bytes_that_are_no_request_are_an_invalid_argument(
    running: Start, connect: Connect
) -> None:
    channel = connect(running().address).channel
    send = channel.unary_unary("/ml_metadata.MetadataStoreService/PutArtifacts")

    assert status(lambda: send(b"\x0a\xff"))[0] == "INVALID_ARGUMENT"
    for method in ("/ml_metadata.MetadataStoreService/PutNothing", "/some.Other/Service"):
        assert status(lambda name=method: channel.unary_unary(name)(b""))[0] == "UNIMPLEMENTED"
    send = channel.unary_unary("/lineal.Store/Read")
    code, text = status(lambda: send(b""))
    assert (code, "the client speaks protocol 0" in text) == ("FAILED_PRECONDITION", True)


def test_long_errors_are_cut_for_clients_with_small_trailers(
    running: Start, connect: Connect
) -> None:
    client = connect(running().address)
    wanted = calls.GetArtifactTypeRequest(type_name="é" * 30_000)

    code, text = status(lambda: client("GetArtifactType", wanted))

    assert code == "NOT_FOUND"
    assert len(text.encode()) <= 1_000
    assert text.endswith("…")


def test_more_than_four_mebibytes_go_both_ways(running: Start, connect: Connect) -> None:
    client = connect(running().address, options=[("grpc.max_receive_message_length", -1)])
    type_id = client.put_type()
    text = "x" * 50_000

    ids = client.put(type_id, *(f"{number}" for number in range(200)), text=text)

    answer = client("GetArtifactsByID", calls.GetArtifactsByIDRequest(artifact_ids=ids))
    assert {artifact.properties["text"].string_value for artifact in answer.artifacts} == {text}
    assert answer.ByteSize() > 2 * 4 * 1024 * 1024
    # A client that keeps gRPC's limit is told so by its own library.
    small = connect(running().address)
    wanted = calls.GetArtifactsByIDRequest(artifact_ids=ids)
    assert status(lambda: small("GetArtifactsByID", wanted))[0] == "RESOURCE_EXHAUSTED"


def test_a_port_that_is_taken_is_said_to_be(running: Start, store: Store) -> None:
    first = running()

    with pytest.raises(Unavailable, match=f"can't listen on {first.address}"):
        Server(store, port=first.port).start()
    with pytest.raises(Unavailable, match="metrics can't be served"):
        Server(store, port=0, metrics_port=first.port).start()


def test_probes_find_it_healthy(running: Start, connect: Connect) -> None:
    channel = connect(running().address).channel
    stub = health_pb2_grpc.HealthStub(channel)

    for name in ("", "ml_metadata.MetadataStoreService", "lineal.Store"):
        answer = stub.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    unknown = health_pb2.HealthCheckRequest(service="nothing")
    assert status(lambda: stub.Check(unknown))[0] == "NOT_FOUND"


def test_reflection_lists_the_services(running: Start, connect: Connect) -> None:
    channel = connect(running().address).channel
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(
            file_containing_symbol="ml_metadata.MetadataStoreService"
        ),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="lineal.Store"),
    ]

    listed, *files = stub.ServerReflectionInfo(iter(asked))

    assert {service.name for service in listed.list_services_response.service} == {
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        "lineal.Store",
        "ml_metadata.MetadataStoreService",
    }
    assert all(found.file_descriptor_response.file_descriptor_proto for found in files)


def test_numbers_are_served_to_prometheus(running: Start, connect: Connect) -> None:
    server = running(metrics_port=0)
    client = connect(server.address)
    client.put_type()
    client.uris()
    status(lambda: client.put(999, "a"))

    url = f"http://127.0.0.1:{server.metrics_port}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        lines = answer.read().decode().splitlines()

    assert 'lineal_server_calls_total{code="OK",method="GetArtifacts"} 1.0' in lines
    assert 'lineal_server_errors_total{code="NOT_FOUND",method="PutArtifacts"} 1.0' in lines
    assert 'lineal_server_call_seconds_count{method="PutArtifactType"} 1.0' in lines
    assert "lineal_server_calls_in_progress 0.0" in lines
    assert "lineal_server_connections 1.0" in lines
    assert any(line.startswith("lineal_server_database_connections ") for line in lines)


def test_each_call_is_a_line_of_json(
    running: Start, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="lineal.server"):
        client = connect(running().address)
        client.uris()
        status(lambda: client.put(999, "a"))

    told = [json.loads(JsonLines().format(record)) for record in caplog.records]
    got, failed = (line for line in told if line["event"] == "call")
    assert (got["method"], got["code"], got["level"]) == ("GetArtifacts", "OK", "info")
    assert got["peer"].startswith("ipv4:127.0.0.1:")
    assert got["milliseconds"] > 0
    assert (failed["method"], failed["code"]) == ("PutArtifacts", "NOT_FOUND")
    assert "999" in failed["error"]
    assert told[0]["event"] == "started"


def test_a_mistake_of_ours_tells_callers_little_and_the_log_all(
    running: Start,
    connect: Connect,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = connect(running().address)
    monkeypatch.setattr(store, "write", lambda: 1 / 0)

    code, text = status(client.put_type)

    assert (code, "ZeroDivisionError" in text) == ("INTERNAL", True)
    assert "test_calls.py" not in text
    (record,) = (record for record in caplog.records if record.getMessage() == "mistake")
    assert "ZeroDivisionError" in json.loads(JsonLines().format(record))["traceback"]
