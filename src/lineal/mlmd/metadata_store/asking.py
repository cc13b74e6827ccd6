"""Requests made of what a caller gave."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from google.protobuf.message import DecodeError, Message

from lineal.mlmd import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["asked", "needed", "shallow"]

_Request = TypeVar("_Request", bound=Message)
_Given = TypeVar("_Given")


def needed(name: str, value: _Given | None) -> _Given:
    """Return the argument called `name`; raise `TypeError`, as ML Metadata, if it is None."""
    if value is None:
        raise TypeError(f"{name} is None, which asks for nothing; give a value")
    return value


def asked(kind: type[_Request], **fields: object) -> _Request:
    """Return a request with these fields; None leaves one out."""
    try:
        return kind(**fields)
    except DecodeError as error:
        raise _too_deep(error) from error


@contextmanager
def shallow() -> Iterator[None]:
    """Tell of a message that can't be taken over since it is nested too deep."""
    try:
        yield
    except DecodeError as error:
        raise _too_deep(error) from error


def _too_deep(error: DecodeError) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(
        f"a message that was given can't be sent ({error}): protobuf reads 100 levels, and a "
        "Struct takes three for each of its own; nest its dictionaries 31 deep at most"
    )
