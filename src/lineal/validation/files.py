"""Keep protos in files: text for people and git, binary as TFX's readers expect it."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar, cast

from lineal.errors import Corrupt, InvalidInput, NotFound, Unavailable
from lineal.validation.details import DETAILS_FIELD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf import text_format
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

__all__ = ["TEXT_SUFFIXES", "parse_text", "read_proto", "write_proto", "written_whole"]

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
    with written_whole(target) as file:
        file.write(content)
    return target


@contextmanager
def written_whole(target: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to that becomes `target` once all of it is on disk, or not at all."""
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise Unavailable(f"{target} can't be written: {error.strerror or error}") from error


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
    if source.suffix in TEXT_SUFFIXES or _is_text(content):
        return parse_text(_decoded(content, source, what), empty, what, str(source))
    return _parse_binary(content, empty, what, source)


def _is_text(content: bytes) -> bool:
    """Say whether a file is written for people, whatever it is called.

    A serialized message of these begins with a tag and a length: one of the control characters
    that no text has among its first bytes.
    """
    if b"\x00" in content or any(byte < 32 and byte not in b"\t\n\r\f" for byte in content[:2]):
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decoded(content: bytes, source: Path, what: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Corrupt(
            f"{source} is no text in UTF-8, so no {what}: line {line} has the byte "
            f"0x{content[error.start]:02x}; write it in UTF-8, or name a binary file .pb"
        ) from error


def parse_text(text: str, empty: _Proto, what: str, source: str) -> _Proto:
    """Fill `empty` from its text form; raise `InvalidInput` with line and column if it is wrong."""
    from google.protobuf import text_format

    try:
        text_format.Parse(text, empty)
    except text_format.ParseError as error:
        raise InvalidInput(_parse_failure(text, error, empty, what, source)) from error
    except (RecursionError, ValueError) as error:  # nested beyond reason; escapes that are none
        raise InvalidInput(f"{source} holds no {what}: {error}") from error
    return empty


def _parse_failure(
    text: str, error: text_format.ParseError, empty: Message, what: str, source: str
) -> str:
    """Say where the text is wrong, with its line, and what was likely meant."""
    from difflib import get_close_matches

    said = f"{source} holds no {what}: line and column {error}"
    line = error.GetLine()
    if line is None:
        return f"{said}; is it cut short?"
    lines = text.splitlines()
    shown = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    unknown = re.search(r'has no field named "(\w+)"', str(error))
    if unknown is not None:
        known = sorted(_field_names(cast("Descriptor", empty.DESCRIPTOR), set()))
        close = get_close_matches(unknown[1], known, n=1, cutoff=0.6)
        said += f" Did you mean {close[0]!r}?" if close else " Remove it, or name a field it has."
    elif line >= len(lines):
        said += " The file may be cut short: each { needs its }."
    return f"{said} (the line is: {shown[:80]!r})" if shown else said


def _field_names(descriptor: Descriptor, seen: set[str]) -> set[str]:
    """Return the names of all fields of a message and of those within it."""
    if descriptor.full_name in seen:
        return set()
    seen.add(descriptor.full_name)
    names = set()
    for field in descriptor.fields:
        names.add(field.name)
        if field.message_type is not None:
            names |= _field_names(field.message_type, seen)
    return names


def _check_known(message: Message, what: str, source: Path) -> None:
    """Refuse bytes that are of some other message: their fields are unknown here."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    fields = UnknownFieldSet(message)
    numbers = {fields[number].field_number for number in range(len(fields))}
    unknown = sorted(numbers - {DETAILS_FIELD})
    if unknown:
        raise InvalidInput(
            f"{source} holds no {what}: it has fields number {', '.join(map(str, unknown))}, which "
            f"a {what} does not; was it written for something else, or by a newer release?"
        )


def _parse_binary(content: bytes, empty: _Proto, what: str, source: Path) -> _Proto:
    from google.protobuf.message import DecodeError

    try:
        empty.ParseFromString(content)
    except DecodeError as error:
        raise Corrupt(
            f"{source} holds no {what} ({error}); a text form must end in .pbtxt"
        ) from error
    _check_known(empty, what, source)
    return empty
