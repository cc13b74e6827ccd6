"""Servers, calls to them with nothing but gRPC between, and certificates of an own authority."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
import pytest

from lineal.metadata import Store
from lineal.mlmd.proto import metadata_store_pb2 as mlmd
from lineal.mlmd.proto import metadata_store_service_pb2 as calls
from lineal.mlmd.proto import metadata_store_service_pb2_grpc as services
from lineal.mlmd.server import Certificates, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store on a file."""
    opened = Store(tmp_path / "metadata.db")
    yield opened
    opened.close()


@pytest.fixture
def running(store: Store) -> Iterator[Callable[..., Server]]:
    """Start servers around the store in this process, stopped when the test ends."""
    started: list[Server] = []

    def _start(**options: object) -> Server:
        server = Server(store, port=0, **options)  # type: ignore[arg-type]
        server.start()
        started.append(server)
        return server

    yield _start
    for server in started:
        server.stop(0)


class Client:
    """Makes calls of ML Metadata's service."""

    def __init__(self, channel: grpc.Channel, token: str | None = None) -> None:
        self.channel = channel
        self._stub = services.MetadataStoreServiceStub(channel)
        self._headers = [("authorization", f"Bearer {token}")] if token else []

    def __call__(self, method: str, request: object) -> object:
        """Make one call; return the response, or raise what gRPC raises."""
        return getattr(self._stub, method)(request, metadata=self._headers, timeout=60)

    def put_type(self, name: str = "T") -> int:
        """Put an artifact type with a property; return its id."""
        kind = mlmd.ArtifactType(name=name, properties={"text": mlmd.STRING})
        request = calls.PutArtifactTypeRequest(artifact_type=kind)
        return self("PutArtifactType", request).type_id  # type: ignore[attr-defined]

    def put(self, type_id: int, *uris: str, text: str = "") -> list[int]:
        """Put an artifact for each URI; return their ids."""
        request = calls.PutArtifactsRequest()
        for uri in uris:
            artifact = request.artifacts.add(type_id=type_id, uri=uri)
            if text:
                artifact.properties["text"].string_value = text
        return list(self("PutArtifacts", request).artifact_ids)  # type: ignore[attr-defined]

    def uris(self) -> list[str]:
        """Return the URIs of all artifacts."""
        answer = self("GetArtifacts", calls.GetArtifactsRequest())
        return [artifact.uri for artifact in answer.artifacts]  # type: ignore[attr-defined]


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """Connect clients to an address; by TLS with an authority, showing a certificate if given."""
    channels: list[grpc.Channel] = []

    def _connect(
        address: str,
        *,
        token: str | None = None,
        authority: Path | None = None,
        shown: Pair | None = None,
        options: list[tuple[str, int]] | None = None,
    ) -> Client:
        given = [("grpc.use_local_subchannel_pool", 1), *(options or [])]
        if authority is None:
            channel = grpc.insecure_channel(address, given)
        else:
            credentials = grpc.ssl_channel_credentials(
                authority.read_bytes(),
                None if shown is None else shown.key.read_bytes(),
                None if shown is None else shown.certificate.read_bytes(),
            )
            channel = grpc.secure_channel(address, credentials, given)
        channels.append(channel)
        return Client(channel, token)

    yield _connect
    for channel in channels:
        channel.close()


@dataclass(frozen=True)
class Pair:
    """A private key and its certificate, as files."""

    key: Path
    certificate: Path


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test's own, and what it signed."""

    own: Pair
    server: Pair
    client: Pair
    stranger: Pair  # signed by nobody but itself

    def certificates(self, *, mutual: bool = False) -> Certificates:
        """Return what a server takes."""
        found = Certificates.of_files(
            self.server.key, self.server.certificate, self.own.certificate if mutual else None
        )
        assert found is not None
        return found


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make the keys with OpenSSL."""
    folder = tmp_path_factory.mktemp("certificates")

    def pair(name: str, *options: str | Path) -> Pair:
        made = Pair(folder / f"{name}.key", folder / f"{name}.pem")
        command = [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={name}"),
            *("-keyout", made.key, "-out", made.certificate, *options),
        ]
        subprocess.run(command, check=True, capture_output=True)
        return made

    own = pair("authority", "-addext", "basicConstraints=critical,CA:TRUE")
    signed = ("-CA", own.certificate, "-CAkey", own.key, "-addext", "basicConstraints=CA:FALSE")
    server = pair("server", *signed, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost")
    return Authority(own, server, pair("analyst", *signed), pair("stranger"))
