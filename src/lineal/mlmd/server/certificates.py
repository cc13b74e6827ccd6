"""TLS and mutual TLS: the server's key and certificate, and whose clients' it accepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    import grpc

__all__ = ["Certificates"]


@dataclass(frozen=True)
class Certificates:
    """The PEM texts of a server: its private key, its chain, and its clients' authority.

    With `client_authority` and `require_client`, only clients with a certificate of that
    authority can connect.
    """

    key: str
    chain: str
    client_authority: str = ""
    require_client: bool = True

    @classmethod
    def of_files(
        cls, key: Path | None, chain: Path | None, client_authority: Path | None = None
    ) -> Certificates | None:
        """Return what the files say; None if none is given.

        A clients' authority makes their certificates required.
        """
        if key is None or chain is None:
            if key or chain or client_authority:
                raise InvalidInput(
                    "TLS needs both the server's certificate and its private key: give both "
                    "--tls-cert and --tls-key"
                )
            return None
        return cls(
            key=_text(key, "the server's key"),
            chain=_text(chain, "the server's certificate"),
            client_authority=""
            if client_authority is None
            else _text(client_authority, "the clients' authority"),
        )

    @property
    def identifies_clients(self) -> bool:
        """Whether whoever connects has shown a certificate."""
        return bool(self.client_authority) and self.require_client

    def credentials(self) -> grpc.ServerCredentials:
        """Return them as gRPC takes them."""
        import grpc

        for what, text in (("key", self.key), ("certificate", self.chain)):
            if "-----BEGIN" not in text:
                raise InvalidInput(f"the server's {what} is no PEM text ('-----BEGIN …')")
        if "CERTIFICATE-----" not in self.chain or "PRIVATE KEY-----" not in self.key:
            raise InvalidInput(
                "the server's certificate must hold '-----BEGIN CERTIFICATE-----', and its key a "
                "'PRIVATE KEY'; were the two files swapped?"
            )
        _check_pair(self.key, self.chain)
        return grpc.ssl_server_credentials(
            [(self.key.encode(), self.chain.encode())],
            root_certificates=self.client_authority.encode() or None,
            require_client_auth=self.identifies_clients,
        )


def _check_pair(key: str, chain: str) -> None:
    """Refuse a key that isn't its certificate's, which gRPC tells on its log only."""
    import ssl
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory(prefix="lineal-tls-") as folder:  # its owner's only
        held = Path(folder) / "pair.pem"
        held.write_text(f"{key}\n{chain}\n", encoding="ascii")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(held, password=lambda: "")
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise InvalidInput(
                    "the server's private key is not that of its certificate; "
                    "give the two that belong together"
                ) from error
            raise InvalidInput(
                "the server's certificate and private key can't be used "
                f"({error.reason or error}); a key must not be encrypted"
            ) from error


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise Unavailable(f"{what} {path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{what} {path} is no PEM text; convert it from DER first") from error
