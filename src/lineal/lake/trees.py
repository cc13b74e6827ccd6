"""A folder as a value: a sorted list of its files, links and empty folders, named by its hash.

The manifest is JSON lines in one canonical form, so that equal folders have equal manifests:

    {"format":"lineal.tree","version":1}
    {"kind":"file","path":"a/b.csv","sha256":"9f86…","size":12}
    {"executable":true,"kind":"file","path":"run.sh","sha256":"2c26…","size":80}
    {"kind":"folder","path":"still empty"}
    {"kind":"link","path":"newest","target":"a/b.csv"}

Entries are sorted by the bytes of their path. A path or target that is not UTF-8 stands as
`{"hex":"…"}`, its bytes in hexadecimal. Times and owners are left out: they are not content.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from lineal.errors import Corrupt, InvalidInput, NotFound

__all__ = ["Entry", "EntryKind", "Tree"]

_HEADER = {"format": "lineal.tree", "version": 1}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class EntryKind(StrEnum):
    """What an entry of a folder is."""

    FILE = "file"
    LINK = "link"
    FOLDER = "folder"


@dataclass(frozen=True)
class Entry:
    """One file, symbolic link or empty folder, by its path with `/`, relative to the folder.

    Bytes of a name that are not UTF-8 are kept as Python's `surrogateescape` keeps them.
    """

    path: str
    kind: EntryKind = EntryKind.FILE
    sha256: str = ""
    size: int = 0
    executable: bool = False
    target: str = ""


@dataclass(frozen=True)
class Tree:
    """The entries of a folder, sorted; folders that hold something follow from the paths."""

    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        """Sort the entries, and refuse those that no folder can hold together."""
        object.__setattr__(
            self, "entries", tuple(sorted(self.entries, key=lambda e: _bytes(e.path)))
        )
        _check(self.entries)

    @cached_property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(entry.size for entry in self.entries)

    @cached_property
    def files(self) -> tuple[Entry, ...]:
        """The entries that are files."""
        return tuple(entry for entry in self.entries if entry.kind is EntryKind.FILE)

    def file(self, path: str) -> Entry:
        """Return the file at `path` in the folder; raise `NotFound` if it has none."""
        for entry in self.files:
            if entry.path == path:
                return entry
        raise NotFound.among("the folder has no file", path, [entry.path for entry in self.files])

    def encode(self) -> bytes:
        """Return the manifest."""
        lines = [_HEADER, *(_to_json(entry) for entry in self.entries)]
        return "".join(
            json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in lines
        ).encode("ascii")

    @classmethod
    def decode(cls, manifest: bytes) -> Tree:
        """Read a manifest back; raise `Corrupt` if it is not one, or names paths outside."""
        try:
            header, *lines = [json.loads(line) for line in manifest.splitlines()]
            if header != _HEADER:
                raise Corrupt(f"the folder's manifest begins with {header!r}, not {_HEADER!r}")
            tree = cls(tuple(_from_json(line) for line in lines))
        except (ValueError, KeyError, TypeError, AttributeError, InvalidInput) as error:
            raise Corrupt(f"a folder's manifest is not as Lineal writes it: {error}") from error
        if tree.encode() != manifest:
            raise Corrupt("a folder's manifest is not in its canonical form")
        return tree


def _to_json(entry: Entry) -> dict[str, object]:
    line: dict[str, object] = {"kind": entry.kind.value, "path": _text(entry.path)}
    if entry.kind is EntryKind.LINK:
        line["target"] = _text(entry.target)
    if entry.kind is EntryKind.FILE:
        line |= {"sha256": entry.sha256, "size": entry.size}
    if entry.executable:
        line["executable"] = True
    return line


def _from_json(line: dict[str, object]) -> Entry:
    kind = EntryKind(str(line["kind"]))
    return Entry(
        path=_from_text(line["path"]),
        kind=kind,
        sha256=str(line["sha256"]) if kind is EntryKind.FILE else "",
        size=int(str(line["size"])) if kind is EntryKind.FILE else 0,
        executable=line.get("executable") is True,
        target=_from_text(line["target"]) if kind is EntryKind.LINK else "",
    )


def _text(text: str) -> str | dict[str, str]:
    """Return `text` for JSON, where half a surrogate pair would be read back differently."""
    return {"hex": _bytes(text).hex()} if not _is_utf8(text) else text


def _from_text(value: object) -> str:
    if isinstance(value, dict):
        return bytes.fromhex(str(value["hex"])).decode("utf-8", "surrogateescape")
    return str(value)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check(entries: tuple[Entry, ...]) -> None:
    """Refuse paths that leave the folder, stand twice, or lie below a file or a link."""
    paths = {entry.path for entry in entries}
    if len(paths) < len(entries):
        raise InvalidInput("a folder can't hold two entries of one path")
    for entry in entries:
        parts = entry.path.split("/")
        if "\0" in entry.path or any(part in ("", ".", "..") for part in parts):
            raise InvalidInput(f"{entry.path!r} is no path inside a folder")
        for depth in range(1, len(parts)):
            above = "/".join(parts[:depth])
            if above in paths:
                raise InvalidInput(f"{entry.path!r} can't lie below {above!r}, which is no folder")
        if entry.kind is EntryKind.FILE and not _SHA256.fullmatch(entry.sha256):
            raise InvalidInput(f"{entry.path!r} has no SHA-256")
