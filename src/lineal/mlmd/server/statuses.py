"""Which status a call ends with when it fails, in a text that fits into gRPC's trailers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import LinealError

if TYPE_CHECKING:
    import grpc

__all__ = ["ERROR_CLASS", "ERROR_TEXT", "LONGEST_WHOLE", "Refused", "Status", "status_of"]

ERROR_CLASS = "lineal-error"
"""The trailer that names the class of Lineal's error."""

ERROR_TEXT = "lineal-text-bin"
"""The trailer that holds its whole text, for clients that take long ones."""

LONGEST_WHOLE = 16_000
_LONGEST = 1_000
"""Bytes of a status text. Other clients take 8 KiB of trailers, in which each byte beyond ASCII
stands as three; a longer text would turn every error into an obscure one of the transport."""


class Refused(Exception):  # noqa: N818  (named by its meaning, as Lineal's errors are)
    """The caller is unknown, or not allowed to do this."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Status:
    """How a failed call ends."""

    code: grpc.StatusCode
    text: str
    error_class: str = ""


def status_of(error: BaseException) -> Status:
    """Return the status that tells of `error`; its whole text goes into the log only."""
    import grpc

    if isinstance(error, Refused):
        return Status(grpc.StatusCode[error.code], str(error))
    if isinstance(error, LinealError):
        from lineal.mlmd.errors import code_of

        number = code_of(error)
        code = next(known for known in grpc.StatusCode if known.value[0] == number)
        return Status(code, _short(str(error)), type(error).__name__)
    return Status(
        grpc.StatusCode.INTERNAL,
        f"a mistake in Lineal: {type(error).__name__} (the server's log tells more)",
    )


def _short(text: str) -> str:
    """Cut a text to what fits, between two characters."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= _LONGEST:
        return raw.decode()
    return raw[: _LONGEST - 4].decode("utf-8", "ignore") + " …"
