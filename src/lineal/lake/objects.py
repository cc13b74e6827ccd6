"""A store of bytes named by their SHA-256, laid out as Git-LFS lays out its own."""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from lineal.errors import Corrupt, InvalidInput
from lineal.lake.disk import (
    disk_errors,
    private_folder,
    shared_lock,
    sync_files,
    sync_folders,
)
from lineal.metadata.killpoints import kill_point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Batch", "ObjectStore", "Stored"]

_BLOCK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_READ_ONLY = 0o444

Block = bytes | memoryview


@dataclass(frozen=True)
class Stored:
    """What a content is called in the store, and its length in bytes."""

    sha256: str
    size: int


class ObjectStore:
    """Bytes under `root/objects/ab/cd/<sha256>`, each content once, written whole or not at all.

    Half-written files lie under `root/tmp`, in a folder of their writer. Any number of processes
    may put and read at once.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would follow links
        self.folder = self.root / "objects"
        self.temporary = self.root / "tmp"
        self.lock = self.root / "locks" / "objects"

    def put_bytes(self, data: bytes) -> Stored:
        """Store `data`."""
        with self.batch() as batch:
            return batch.add_bytes(data)

    def put_stream(self, stream: BinaryIO) -> Stored:
        """Store what `stream` gives from where it stands to its end."""
        with self.batch() as batch:
            return batch.add_stream(stream)

    def put_file(self, path: Path) -> Stored:
        """Store the bytes of the regular file at `path`.

        Raises `InvalidInput` if it can't be read, or keeps changing while it is.
        """
        with self.batch() as batch:
            return batch.add_file(path)

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """Gather contents that become objects together, at a bounded number of disk syncs.

        They are in place when the block ends; if it raises, none of them is.
        """
        with shared_lock(self.lock), private_folder(self.temporary) as folder:
            batch = Batch(self, folder)
            yield batch
            batch.place()

    def path(self, sha256: str) -> Path:
        """Return where the object is, or would be, kept."""
        if not _SHA256.fullmatch(sha256):
            raise InvalidInput(f"{sha256!r} is no SHA-256 (64 lower-case hexadecimal digits)")
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def has(self, sha256: str) -> bool:
        """Tell whether the object is there; its bytes are not looked at."""
        return self.path(sha256).is_file()

    def open(self, sha256: str) -> BinaryIO:
        """Open the object as a stream that raises `Corrupt` before its last bytes if it is damaged.

        The stream goes forward only: what is skipped can't be verified. Who must seek calls
        `verify` first and opens `path`.
        """
        reader = _VerifiedReader(self._existing(sha256), sha256)
        return cast("BinaryIO", io.BufferedReader(reader, _BLOCK))

    def read(self, sha256: str) -> bytes:
        """Return the object's bytes, verified."""
        with self.open(sha256) as stream:
            return stream.read()

    def verify(self, sha256: str) -> None:
        """Read the object through; raise `Corrupt` if it is missing or damaged."""
        buffer = bytearray(_BLOCK)
        with _VerifiedReader(self._existing(sha256), sha256) as reader:
            while reader.readinto(buffer):
                pass

    def names(self) -> Iterator[str]:
        """Give the names of all objects, in order."""
        if not self.folder.is_dir():
            return
        for outer in sorted(self.folder.iterdir()):
            for inner in sorted(outer.iterdir()):
                yield from sorted(p.name for p in inner.iterdir() if _SHA256.fullmatch(p.name))

    def _existing(self, sha256: str) -> Path:
        path = self.path(sha256)
        if not path.is_file():
            raise Corrupt(
                f"object {sha256} is missing from {self.folder}; "
                "add the file that it was made from once more, or put the object back from a copy"
            )
        return path


class Batch:
    """Contents on their way into an `ObjectStore`; made by `ObjectStore.batch`."""

    def __init__(self, store: ObjectStore, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._staged: dict[str, Path] = {}
        self._seen: set[Path] = set()

    def add_bytes(self, data: bytes) -> Stored:
        """Take `data` in."""
        return self._keep(*self._write((data,), "bytes"))

    def add_stream(self, stream: BinaryIO) -> Stored:
        """Take in what `stream` gives from where it stands to its end."""
        what = str(getattr(stream, "name", None) or "the stream")
        return self._keep(*self._write(_blocks_of_stream(stream, what), what))

    def add_file(self, path: Path) -> Stored:
        """Take in the regular file at `path`; `InvalidInput` if it changes while being read."""
        for _attempt in range(2):
            with _open_regular(path) as source:
                before = os.fstat(source.fileno())
                temporary, stored = self._write(_blocks_of_file(source, path), str(path))
            if _unchanged(path, before, stored.size):
                return self._keep(temporary, stored)
            temporary.unlink()
        raise InvalidInput(
            f"{path} changes while being read; wait until its writer is done, "
            "or add a copy that nobody writes to"
        )

    def place(self) -> None:
        """Make all that was taken in durable, then give each its name in the store."""
        with disk_errors(f"store {len(self._staged)} objects in {self._store.folder}"):
            sync_files(self._staged.values())
            kill_point("lake.staged")
            folders = {self._store.folder} if self._seen or self._staged else set()
            for sha256, temporary in self._staged.items():
                path = self._store.path(sha256)
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary.replace(path)
                self._seen.add(path)
            # An object that was there already may have been named an instant ago by a writer
            # that has not come to its own sync yet.
            for path in self._seen:
                folders |= {path.parent, path.parent.parent}
            sync_folders(folders)
            kill_point("lake.placed")

    def _write(self, blocks: Iterable[Block], what: str) -> tuple[Path, Stored]:
        """Write `blocks` to a file of our own, counted and hashed on the way.

        What is hashed is what is written, so that an object is right even if its source is not.
        """
        temporary = self._folder / f"{len(self._staged)}-{os.urandom(8).hex()}"
        digest, size = hashlib.sha256(), 0
        with (
            disk_errors(f"store {what} in {self._store.folder}"),
            open(temporary, "xb", opener=_open_read_only) as target,
        ):
            for block in blocks:
                digest.update(block)
                size += len(block)
                target.write(block)
        return temporary, Stored(digest.hexdigest(), size)

    def _keep(self, temporary: Path, stored: Stored) -> Stored:
        """Stage the written file, unless its content is staged or soundly stored already.

        An object that stands there is looked at before our bytes are dropped in its favour: so
        to add a file again heals a damaged object.
        """
        path = self._store.path(stored.sha256)
        if stored.sha256 in self._staged:
            temporary.unlink()
        elif self._is_sound(path, stored):
            temporary.unlink()
            self._seen.add(path)
        else:
            self._staged[stored.sha256] = temporary
        return stored

    def _is_sound(self, path: Path, stored: Stored) -> bool:
        try:
            if path.stat().st_size != stored.size:
                return False
            self._store.verify(stored.sha256)
        except (FileNotFoundError, Corrupt):
            return False
        return True


class _VerifiedReader(io.RawIOBase):
    """A forward stream over an object's file that compares the hash when it gets to the end."""

    def __init__(self, path: Path, sha256: str) -> None:
        self._file = path.open("rb", buffering=0)
        self._path = path
        self._sha256 = sha256
        self._digest = hashlib.sha256()
        self._left = os.fstat(self._file.fileno()).st_size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer).cast("B")
        try:
            count = self._file.readinto(view)
        except OSError as error:
            raise Corrupt(
                f"object {self._sha256} can't be read ({error.strerror}): {self._path}; "
                "add the file that it was made from once more"
            ) from error
        self._digest.update(view[:count])
        self._left -= count
        # Checked with the last bytes, not after: a reader who knows the length stops there.
        if (self._left <= 0 or not count) and self._digest.hexdigest() != self._sha256:
            raise Corrupt(
                f"object {self._sha256} is damaged: its bytes have another hash ({self._path}); "
                "add the file that it was made from once more, and it is mended"
            )
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


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


def _blocks_of_file(source: io.FileIO, path: Path) -> Iterator[Block]:
    view = memoryview(bytearray(_BLOCK))
    while True:
        try:
            count = source.readinto(view)
        except OSError as error:
            raise _unreadable(str(path), error) from error
        if not count:
            return
        yield view[:count]


def _blocks_of_stream(stream: BinaryIO, what: str) -> Iterator[Block]:
    while True:
        try:
            block = stream.read(_BLOCK)
        except OSError as error:
            raise _unreadable(what, error) from error
        if not isinstance(block, bytes | bytearray | memoryview):
            raise InvalidInput(f"{what} gives no bytes; open it with mode 'rb', blocking")
        if not block:
            return
        yield bytes(block)


def _unreadable(what: str, error: OSError) -> InvalidInput:
    return InvalidInput(f"{what} can't be read: {error.strerror or error}")


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
