"""Bearer tokens: who may read, who may write. The file holds their hashes, never a token.

A token is 32 random bytes, so a plain SHA-256 of it can't be turned back by guessing. The file is
read again when it changes: a token that is taken out of it stops working at once.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import threading
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lineal.errors import AlreadyExists, InvalidInput, NotFound, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Role", "Token", "TokenFile"]

_NAME = re.compile(r"[\w.@-]{1,100}")
_HASH = re.compile(r"[0-9a-f]{64}")


class Role(StrEnum):
    """What a caller may do; who writes may read, too."""

    READ = "read"
    WRITE = "write"

    def allows(self, needed: Role) -> bool:
        """Return whether this role is enough for a call that needs `needed`."""
        return self is Role.WRITE or needed is Role.READ


@dataclass(frozen=True)
class Token:
    """A token that a server accepts, known by its hash."""

    name: str
    role: Role
    sha256: str


class TokenFile:
    """A TOML file of tokens, each with its owner's name, a role and a hash."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], dict[str, Token]] | None = None

    def find(self, presented: str) -> Token | None:
        """Return the token whose text is `presented`, or None if the file has no such one."""
        return self._by_hash().get(_hash(presented))

    def tokens(self) -> list[Token]:
        """Return all tokens of the file, in its order; none if there is no file."""
        return list(self._by_hash().values())

    def add(self, name: str, role: Role) -> str:
        """Put a new token for `name` into the file, and return its text, which is kept nowhere."""
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"{name!r} can't name a token; use letters, digits, '.', '@', '_' and '-'"
            )
        known = self.tokens() if self.path.exists() else []
        if any(token.name == name for token in known):
            raise AlreadyExists(f"{self.path} has a token {name!r} already; revoke it first")
        text = secrets.token_urlsafe(32)
        self._write([*known, Token(name, role, _hash(text))])
        return text

    def revoke(self, name: str) -> None:
        """Take the token of `name` out of the file; servers refuse it from then on."""
        known = self.tokens()
        left = [token for token in known if token.name != name]
        if len(left) == len(known):
            raise NotFound.among(f"{self.path} has no token", name, [token.name for token in known])
        self._write(left)

    def _by_hash(self) -> dict[str, Token]:
        with self._lock:
            try:
                status = self.path.stat()
                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                if self._read is None or self._read[0] != stamp:
                    self._read = stamp, _parse(self.path, self.path.read_text(encoding="utf-8"))
            except OSError as error:
                raise Unavailable(
                    f"the tokens in {self.path} can't be read: {error.strerror}"
                ) from error
            return self._read[1]

    def _write(self, tokens: list[Token]) -> None:
        """Replace the file, which only its owner may read, whole or not at all."""
        text = "# Made by 'lineal metadata token': hashes of bearer tokens, never the tokens.\n"
        for token in tokens:
            text += (
                f'\n[[token]]\nname = "{token.name}"\nrole = "{token.role}"\n'
                f'sha256 = "{token.sha256}"\n'
            )
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(self.path)
        except OSError as error:
            raise Unavailable(f"{self.path} can't be written: {error.strerror}") from error


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _parse(path: Path, text: str) -> dict[str, Token]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path} is no valid TOML: {error}; mend that line") from error
    entries = document.get("token", [])
    found: dict[str, Token] = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        token = _token(path, entry)
        found[token.sha256] = token
    return found


def _token(path: Path, entry: object) -> Token:
    if isinstance(entry, dict):
        name, role, sha256 = (entry.get(key) for key in ("name", "role", "sha256"))
        if isinstance(name, str) and isinstance(sha256, str) and _HASH.fullmatch(sha256):
            try:
                return Token(name, Role(role or ""), sha256)
            except ValueError:
                raise InvalidInput(
                    f"{path}: token {name!r} has the role {role!r}; choose 'read' or 'write'"
                ) from None
    raise InvalidInput(
        f"{path}: each [[token]] has a name, a role and the sha256 of a token; "
        "'lineal metadata token' makes them"
    )
