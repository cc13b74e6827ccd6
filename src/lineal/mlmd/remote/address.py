"""Where a server is, and how to get in: `grpc://host:port`, or `grpcs://` for TLS."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from lineal.errors import InvalidInput, NotFound, Unavailable

if TYPE_CHECKING:
    import grpc

__all__ = ["SCHEMES", "TOKEN_VARIABLE", "Address"]

SCHEMES = ("grpc", "grpcs")
TOKEN_VARIABLE = "LINEAL_TOKEN"  # noqa: S105  (the variable's name, no token)

_DEFAULT_PORT = 8080
_FILES = ("ca", "certificate", "key")


@dataclass(frozen=True)
class Address:
    """A server's host and port, the files of TLS, and where the token is found.

    The URL's query names files: `grpcs://host:443?ca=ca.pem`, for mutual TLS `certificate` and
    `key`, too; `token_env` names the environment variable that holds the token, else that
    is LINEAL_TOKEN. A token itself never stands in a URL.
    """

    url: str
    host: str
    port: int
    is_secure: bool
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    token_env: str = TOKEN_VARIABLE

    @classmethod
    def parse(cls, url: str, *, folder: Path | None = None) -> Address:
        """Return what `url` says; its files are relative to `folder`."""
        try:
            parts = urlsplit(url)
            port = parts.port or _DEFAULT_PORT
        except ValueError as error:
            raise InvalidInput(f"{url!r} is no server's URL: {error}") from error
        if parts.scheme not in SCHEMES or not parts.hostname or parts.path not in ("", "/"):
            raise InvalidInput(
                f"{url!r} is no server's URL; write grpc://host:port, or grpcs:// for TLS"
            )
        if parts.username or parts.password:
            raise InvalidInput(
                "a server's URL holds no secret; put the token into the environment variable "
                f"{TOKEN_VARIABLE}"
            )
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
        known = (*_FILES, "token_env")
        for word in given:
            if word not in known:
                raise NotFound.among("a server's URL has no option", word, known)
        files = {word: (folder or Path()) / given[word] for word in _FILES if word in given}
        if files and parts.scheme == "grpc":
            raise InvalidInput(f"{url!r} names files of TLS; write grpcs:// to use them")
        if ("certificate" in files) != ("key" in files):
            raise InvalidInput(f"{url!r}: a client's certificate and its key come together")
        return cls(
            url=url,
            host=parts.hostname,
            port=port,
            is_secure=parts.scheme == "grpcs",
            token_env=given.get("token_env", TOKEN_VARIABLE),
            **files,
        )

    @property
    def target(self) -> str:
        """The address as gRPC takes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def shown(self) -> str:
        """The address as messages show it."""
        return f"{'grpcs' if self.is_secure else 'grpc'}://{self.target}"

    def token(self) -> str | None:
        """Return the token, if there is one."""
        return os.environ.get(self.token_env) or None

    def credentials(self) -> grpc.ChannelCredentials | None:
        """Return what TLS needs; None for a plain connection."""
        if not self.is_secure:
            return None
        import grpc

        ca, key, certificate = (
            None if path is None else _content(path)
            for path in (self.ca, self.key, self.certificate)
        )
        return grpc.ssl_channel_credentials(ca, key, certificate)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{path} can't be read: {error.strerror}") from error
