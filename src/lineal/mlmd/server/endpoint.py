"""One method that a server answers: where, for whom, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.mlmd.server.tokens import Role

__all__ = ["Answer", "Endpoint", "Peer", "Stream"]


class Peer(Protocol):
    """The caller, as far as a method needs it."""

    def is_active(self) -> bool:
        """Return whether the call still stands."""
        ...

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until the call ends; return whether it still stands."""
        ...


class Answer(Protocol):
    """Turns the bytes of a request into the bytes of the response, or raises `LinealError`."""

    def __call__(self, request: bytes) -> bytes:
        """Answer one call."""
        ...


class Stream(Protocol):
    """Answers one request with responses, as long as the caller listens."""

    def __call__(self, request: bytes, peer: Peer) -> Iterator[bytes]:
        """Answer one call."""
        ...


@dataclass(frozen=True)
class Endpoint:
    """A method: `/ml_metadata.MetadataStoreService/PutArtifacts`.

    With `stream` it answers as often as it wants, in a thread of its own kind, so that calls
    that stay open keep none of the others waiting. A method that needs a `role` is refused to
    callers who have less. With `whole_errors` its clients take a long error text, too.
    """

    service: str
    method: str
    role: Role
    answer: Answer | None = None
    stream: Stream | None = None
    whole_errors: bool = False

    @property
    def path(self) -> str:
        """The name that a call is sent to."""
        return f"/{self.service}/{self.method}"
