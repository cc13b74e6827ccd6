"""Who gets in: TLS, mutual TLS, tokens and their roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from lineal.errors import InvalidInput, LinealError, Unavailable
from lineal.metadata import ExecutionType, Recorder, Store
from lineal.mlmd.errors import PermissionDeniedError, UnauthenticatedError
from lineal.mlmd.proto import metadata_store_service_pb2 as calls
from lineal.mlmd.remote import RemoteStore
from lineal.mlmd.server import Certificates, Role, Server, TokenFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.mlmd.server.conftest import Authority

Start = "Callable[..., Server]"
Connect = "Callable[..., Client]"


def refusal(act: Callable[[], object]) -> tuple[str, str]:
    """Return the status and the text that a call is refused with."""
    with pytest.raises(grpc.RpcError) as caught:
        act()
    return caught.value.code().name, caught.value.details()


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    """A token file that does not exist yet."""
    return TokenFile(tmp_path / "tokens.toml")


def test_tls_is_checked_by_clients(running: Start, connect: Connect, authority: Authority) -> None:
    server = running(certificates=authority.certificates())

    assert connect(server.address, authority=authority.own.certificate).uris() == []
    code, _ = refusal(connect(server.address, authority=authority.stranger.certificate).uris)
    assert code == "UNAVAILABLE"
    code, _ = refusal(connect(server.address).uris)
    assert code == "UNAVAILABLE"


def test_mutual_tls_lets_in_the_authority_s_clients_only(
    running: Start, connect: Connect, authority: Authority
) -> None:
    server = running(certificates=authority.certificates(mutual=True))
    root = authority.own.certificate

    assert connect(server.address, authority=root, shown=authority.client).uris() == []
    for shown in (None, authority.stranger):
        code, _ = refusal(connect(server.address, authority=root, shown=shown).uris)
        assert code == "UNAVAILABLE"


def test_a_workspace_s_store_goes_through_mutual_tls(running: Start, authority: Authority) -> None:
    server = running(certificates=authority.certificates(mutual=True))
    files = f"ca={authority.own.certificate}&certificate={authority.client.certificate}"

    remote = RemoteStore(f"grpcs://{server.address}?{files}&key={authority.client.key}")

    assert remote.uuid == server.store.uuid
    remote.close()
    with pytest.raises(Unavailable, match="can't be reached"):
        RemoteStore(
            f"grpcs://{server.address}?ca={authority.own.certificate}", patience_seconds=0.2
        )


def test_a_certificate_without_key_or_of_no_pem_is_refused(
    authority: Authority, tmp_path: Path, store: Store
) -> None:
    with pytest.raises(InvalidInput, match="both the server's certificate and its private key"):
        Certificates.of_files(None, authority.server.certificate)
    with pytest.raises(Unavailable, match=r"nowhere\.pem can't be read"):
        Certificates.of_files(authority.server.key, tmp_path / "nowhere.pem")
    (tmp_path / "der.pem").write_bytes(b"\x30\x82")
    with pytest.raises(InvalidInput, match="no PEM text"):
        Certificates.of_files(authority.server.key, tmp_path / "der.pem")
    wrong = Certificates(key="nonsense", chain=authority.server.certificate.read_text())
    with pytest.raises(InvalidInput, match="the server's key is no PEM text"):
        Server(store, port=0, certificates=wrong).start()


def test_a_certificate_that_is_not_the_key_s_is_told_before_listening(
    authority: Authority, store: Store
) -> None:
    swapped = Certificates.of_files(authority.server.certificate, authority.server.key)
    with pytest.raises(InvalidInput, match="were the two files swapped"):
        Server(store, port=0, certificates=swapped).start()
    other = Certificates.of_files(authority.client.key, authority.server.certificate)
    with pytest.raises(InvalidInput, match="private key is not that of its certificate"):
        Server(store, port=0, certificates=other).start()


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_what_is_no_port_is_refused(port: int, store: Store) -> None:
    with pytest.raises(InvalidInput, match=f"0 \\(a free one\\) to 65535, not {port}"):
        Server(store, port=port)
    with pytest.raises(InvalidInput, match="a metrics port is a number"):
        Server(store, port=0, metrics_port=port)


def test_the_log_tells_who_was_denied(
    running: Start, connect: Connect, tokens: TokenFile, caplog: pytest.LogCaptureFixture
) -> None:
    token = tokens.add("ada", Role.READ)
    reader = connect(running(tokens=tokens).address, token=token)

    with caplog.at_level("INFO", logger="lineal.server"):
        assert refusal(lambda: reader.put(11, "b"))[0] == "PERMISSION_DENIED"

    told = [record.fields for record in caplog.records if record.getMessage() == "call"]
    assert [(each["code"], each["who"]) for each in told] == [("PERMISSION_DENIED", "ada")]


def test_without_a_token_nobody_is_known(
    running: Start, connect: Connect, tokens: TokenFile
) -> None:
    tokens.add("ada", Role.READ)
    server = running(tokens=tokens)

    for token in (None, "guessed"):
        code, text = refusal(connect(server.address, token=token).uris)
        assert code == "UNAUTHENTICATED"
        assert "token" in text
        assert "guessed" not in text


def test_a_reader_reads_and_a_writer_writes_too(
    running: Start, connect: Connect, tokens: TokenFile
) -> None:
    reads, writes = tokens.add("ada", Role.READ), tokens.add("bob", Role.WRITE)
    server = running(tokens=tokens)
    reader, writer = (connect(server.address, token=token) for token in (reads, writes))

    assert writer.put(writer.put_type(), "a") == [1]
    assert reader.uris() == writer.uris() == ["a"]
    assert refusal(lambda: reader.put(11, "b")) == (
        "PERMISSION_DENIED",
        "the token of 'ada' may only read, this call needs 'write'",
    )
    assert reader.uris() == ["a"]


def test_roles_hold_for_every_method(running: Start, connect: Connect, tokens: TokenFile) -> None:
    reads = tokens.add("ada", Role.READ)
    server = running(tokens=tokens)
    reader = connect(server.address, token=reads)

    for method in calls.DESCRIPTOR.services_by_name["MetadataStoreService"].methods:
        request = getattr(calls, method.input_type.name)()
        try:
            reader(method.name, request)
            code = "OK"
        except grpc.RpcError as error:
            code = error.code().name

        assert (code == "PERMISSION_DENIED") == method.name.startswith("Put"), method.name


def test_a_revoked_token_stops_working_at_once(
    running: Start, connect: Connect, tokens: TokenFile
) -> None:
    token = tokens.add("ada", Role.READ)
    tokens.add("bob", Role.READ)
    client = connect(running(tokens=tokens).address, token=token)
    assert client.uris() == []

    tokens.revoke("ada")

    assert refusal(client.uris)[0] == "UNAUTHENTICATED"


def test_roles_hold_for_workspaces_too(
    running: Start, tokens: TokenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = tokens.add("ada", Role.READ)
    server = running(tokens=tokens)
    monkeypatch.delenv("LINEAL_TOKEN", raising=False)
    with pytest.raises(UnauthenticatedError, match="set LINEAL_TOKEN"):
        RemoteStore(f"grpc://{server.address}")
    monkeypatch.setenv("MINE", reads)
    remote = RemoteStore(f"grpc://{server.address}?token_env=MINE")

    assert remote.names() == []
    with (
        pytest.raises(PermissionDeniedError, match="may only read"),
        Recorder(remote).run(ExecutionType("x")),
    ):
        pass
    with pytest.raises(PermissionDeniedError, match="may only read"), remote.lock("table"):
        pass
    assert server.store.executions() == []
    remote.close()


def test_the_file_holds_hashes_and_is_its_owner_s_alone(tokens: TokenFile) -> None:
    token = tokens.add("ada", Role.WRITE)

    assert token not in tokens.path.read_text()
    assert tokens.path.stat().st_mode & 0o077 == 0
    assert tokens.find(token) == tokens.tokens()[0]
    assert [(each.name, each.role) for each in tokens.tokens()] == [("ada", Role.WRITE)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[token]", "no valid TOML"),
        ('[[token]]\nname = "a"\nrole = "read"\n', "has a name, a role and the sha256"),
        ('[[token]]\nname = "a"\nrole = "admin"\nsha256 = "' + "0" * 64 + '"\n', "'admin'"),
        ('token = "secret"\n', "has a name, a role and the sha256"),
    ],
)
def test_a_wrong_file_is_told_before_the_server_starts(
    text: str, says: str, tokens: TokenFile, store: Store
) -> None:
    tokens.path.write_text(text)

    with pytest.raises(LinealError, match=says):
        Server(store, port=0, tokens=tokens)


def test_names_of_tokens_are_checked(tokens: TokenFile) -> None:
    tokens.add("ada", Role.READ)

    with pytest.raises(LinealError, match="has a token 'ada' already"):
        tokens.add("ada", Role.WRITE)
    with pytest.raises(LinealError, match="can't name a token"):
        tokens.add('x"\n[[token]]', Role.WRITE)
    with pytest.raises(LinealError, match="did you mean 'ada'"):
        tokens.revoke("adda")


def test_tokens_in_the_clear_are_warned_of(
    running: Start, tokens: TokenFile, caplog: pytest.LogCaptureFixture
) -> None:
    tokens.add("ada", Role.READ)
    running(tokens=tokens)
    assert "tokens travel unencrypted" not in caplog.messages

    running(tokens=tokens, host="0.0.0.0")  # noqa: S104  (for the moment of the test)

    assert "tokens travel unencrypted" in caplog.messages
