"""Keep protos in files: text for people and git, binary as TFX's readers expect it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lineal.errors import Corrupt, InvalidInput, NotFound, Unavailable

if TYPE_CHECKING:
    from google.protobuf.message import Message

__all__ = ["TEXT_SUFFIXES", "parse_text", "read_proto", "write_proto"]

TEXT_SUFFIXES = frozenset({".pbtxt", ".textproto", ".txt"})

_Proto = TypeVar("_Proto", bound="Message")


def write_proto(message: Message, path: str | Path) -> Path:
    """Write `message` to `path`, as text where the suffix says so, and never half of it."""
    from google.protobuf import text_format

    target = Path(path)
    if target.suffix in TEXT_SUFFIXES:
        content = text_format.MessageToString(message, as_utf8=True).encode()
    else:
        content = message.SerializeToString(deterministic=True)
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).chmod(0o644)
        Path(file.name).replace(target)
    except OSError as error:
        raise Unavailable(f"{target} can't be written: {error.strerror or error}") from error
    return target


def read_proto(path: str | Path, empty: _Proto, what: str) -> _Proto:
    """Fill `empty` from the file, text or binary, and return it.

    Raises `NotFound` without such a file, `InvalidInput` for an empty one, `Corrupt` if it holds
    no such message.
    """
    source = Path(path)
    try:
        content = source.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"no file {source}: {what} can't be read") from error
    except OSError as error:
        raise Unavailable(f"{source} can't be read: {error.strerror or error}") from error
    if not content.strip():  # which the formats take for a message that says nothing
        raise InvalidInput(f"{source} is empty; it holds no {what}")
    if source.suffix in TEXT_SUFFIXES:
        try:
            return parse_text(content.decode(), empty, what, str(source))
        except UnicodeDecodeError as error:
            raise Corrupt(f"{source} is no text in UTF-8, so no {what}: {error}") from error
    return _parse_binary(content, empty, what, source)


def parse_text(text: str, empty: _Proto, what: str, source: str) -> _Proto:
    """Fill `empty` from its text form; raise `InvalidInput` with line and column if it is wrong."""
    from google.protobuf import text_format

    try:
        text_format.Parse(text, empty)
    except text_format.ParseError as error:
        raise InvalidInput(f"{source} holds no {what}: line and column {error}") from error
    return empty


def _parse_binary(content: bytes, empty: _Proto, what: str, source: Path) -> _Proto:
    from google.protobuf.message import DecodeError

    try:
        empty.ParseFromString(content)
    except DecodeError as error:
        raise Corrupt(
            f"{source} holds no {what} ({error}); a text form must end in .pbtxt"
        ) from error
    return empty
