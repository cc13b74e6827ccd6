"""Take bytes in from files and streams, and make them objects together."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from lineal.errors import Corrupt, InvalidInput
from lineal.lake.disk import disk_errors, sync_files, sync_folders
from lineal.lake.reading import BLOCK
from lineal.metadata.killpoints import kill_point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from lineal.lake.objects import ObjectStore

__all__ = ["Batch", "Stored"]

_READ_ONLY = 0o444

Block = bytes | memoryview


@dataclass(frozen=True)
class Stored:
    """What a content is called in the store, and its length in bytes."""

    sha256: str
    size: int


class Batch:
    """Contents on their way into an `ObjectStore`; made by `ObjectStore.batch`."""

    def __init__(self, store: ObjectStore, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._staged: dict[str, str] = {}
        self._seen: set[str] = set()
        self._count = 0

    def add_bytes(self, data: bytes) -> Stored:
        """Take `data` in."""
        return self._keep(*self._take(data, "bytes"))

    def add_stream(self, stream: BinaryIO) -> Stored:
        """Take in what `stream` gives from where it stands to its end."""
        what = str(getattr(stream, "name", None) or "the stream")
        return self._keep(*self._write(_blocks_of_stream(stream, what), what))

    def add_file(self, path: Path, *, likely_known: bool = False) -> Stored:
        """Take in the regular file at `path`; `InvalidInput` if it changes while being read.

        What is `likely_known` is hashed before it is copied, so that it needs no room if it is
        stored already.
        """
        for _attempt in range(2):
            with _open_regular(path) as source:
                before = os.fstat(source.fileno())
                written, stored = self._read(source, path, before.st_size, likely_known)
            if _unchanged(path, before, stored.size):
                return self._keep(written, stored)
            if written is not None:
                os.unlink(written)  # noqa: PTH108 - here and below: a Path costs as much as the act
        raise InvalidInput(
            f"{path} changes while being read; wait until its writer is done, "
            "or add a copy that nobody writes to"
        )

    def place(self) -> None:
        """Make all that was taken in durable, then give each its name in the store."""
        with disk_errors(f"store {len(self._staged)} objects in {self._store.folder}"):
            sync_files(self._staged.values())
            kill_point("lake.staged")
            for sha256, written in self._staged.items():
                self._name(written, sha256)
            # An object that was there already may have been named an instant ago by a writer
            # that has not come to its own sync yet.
            folders, named = self._folders([*self._staged, *self._seen])
            sync_folders(folders)
            self._store.durable |= named
            kill_point("lake.placed")

    def _read(
        self, source: io.FileIO, path: Path, size: int, likely_known: bool
    ) -> tuple[str | None, Stored]:
        """Take in what `source` holds; the small in one go, without a file if it is known."""
        if size <= BLOCK:
            data = b"".join(bytes(block) for block in _blocks_of_file(source, path, size, BLOCK))
            if len(data) <= BLOCK:
                return self._take(data, str(path))
            source.seek(0)
        elif likely_known:
            stored = _stored(_blocks_of_file(source, path, size))
            if self._has(stored):
                return None, stored
            source.seek(0)
        return self._write(_blocks_of_file(source, path, size), str(path))

    def _take(self, data: bytes, what: str) -> tuple[str | None, Stored]:
        stored = _stored((data,))
        return (None, stored) if self._has(stored) else self._write((data,), what)

    def _write(self, blocks: Iterable[Block], what: str) -> tuple[str, Stored]:
        """Write `blocks` to a file of our own, counted and hashed on the way.

        What is hashed is what is written, so that an object is right even if its source is not.
        """
        self._count += 1
        written = f"{self._folder}/{self._count}"
        digest, size = hashlib.sha256(), 0
        with (
            disk_errors(f"store {what} in {self._store.folder}"),
            open(written, "xb", opener=_open_read_only) as target,
        ):
            for block in blocks:
                digest.update(block)
                size += len(block)
                target.write(block)
        return written, Stored(digest.hexdigest(), size)

    def _keep(self, written: str | None, stored: Stored) -> Stored:
        """Stage the written file, if there is one, unless its content is here already."""
        if written is not None:
            if self._has(stored):
                os.unlink(written)  # noqa: PTH108
            else:
                self._staged[stored.sha256] = written
        return stored

    def _has(self, stored: Stored) -> bool:
        """Tell whether the content is staged, or soundly stored.

        An object that stands there is looked at before our bytes are dropped in its favour: so
        to add a file again mends a damaged object.
        """
        if stored.sha256 in self._staged or stored.sha256 in self._seen:
            return True
        if self._is_sound(stored):
            self._seen.add(stored.sha256)
        return stored.sha256 in self._seen

    def _is_sound(self, stored: Stored) -> bool:
        try:
            if self._store.path(stored.sha256).stat().st_size != stored.size:
                return False
            self._store.verify(stored.sha256)
        except (FileNotFoundError, Corrupt):
            return False
        return True

    def _name(self, written: str, sha256: str) -> None:
        path = self._store.path(sha256)
        try:
            os.replace(written, path)  # noqa: PTH105
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._store.durable -= {str(path.parent), str(path.parent.parent)}
            os.replace(written, path)  # noqa: PTH105

    def _folders(self, objects: Iterable[str]) -> tuple[set[str], set[str]]:
        """Return the folders that name these objects, and those that are durably named by that.

        A folder that named nothing new but folders known to be durable needs no sync.
        """
        root, durable = str(self._store.folder), self._store.durable
        wanted: set[str] = set()
        named: set[str] = set()
        for sha256 in objects:
            outer = f"{root}/{sha256[:2]}"
            inner = f"{outer}/{sha256[2:4]}"
            wanted.add(inner)
            named.update((outer, inner))
            if inner not in durable:
                wanted.add(outer)
            if outer not in durable:
                wanted.add(root)
        return wanted, named


def _open_read_only(path: str, flags: int) -> int:
    return os.open(path, flags, _READ_ONLY)


def _open_regular(path: Path) -> io.FileIO:
    """Open the regular file at `path`; never wait on a pipe or wake a device."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InvalidInput(
                f"{path} is no regular file; open it yourself and add the file object, with name="
            )
        return io.FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    except OSError as error:
        raise _unreadable(str(path), error) from error


def _blocks_of_file(
    source: io.FileIO, path: Path, size: int, limit: int | None = None
) -> Iterator[Block]:
    """Give what `source` holds; not much more than `limit` bytes, if that is given."""
    view, given = memoryview(bytearray(min(size + 1, BLOCK))), 0
    while limit is None or given <= limit:
        try:
            count = source.readinto(view)
        except OSError as error:
            raise _unreadable(str(path), error) from error
        if not count:
            return
        given += count
        yield view[:count]


def _blocks_of_stream(stream: BinaryIO, what: str) -> Iterator[Block]:
    while True:
        try:
            block = stream.read(BLOCK)
        except (OSError, ValueError) as error:  # ValueError: it is closed
            raise _unreadable(what, error) from error
        if not isinstance(block, bytes | bytearray | memoryview):
            raise InvalidInput(f"{what} gives no bytes; open it with mode 'rb', blocking")
        if not block:
            return
        yield bytes(block)


def _stored(blocks: Iterable[Block]) -> Stored:
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
    return Stored(digest.hexdigest(), size)


def _unreadable(what: str, error: OSError | ValueError) -> InvalidInput:
    return InvalidInput(f"{what} can't be read: {getattr(error, 'strerror', None) or error}")


def _unchanged(path: Path, before: os.stat_result, size: int) -> bool:
    """Tell whether the file at `path` is still the one, and as it was, when it was opened."""
    try:
        after = path.stat()
    except FileNotFoundError:
        return False
    same = _token(before) == _token(after)
    # Files that the kernel makes up as they are read (/proc) say that they are empty.
    return same and (size == before.st_size or before.st_size == 0)


def _token(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
