"""A store of bytes named by their SHA-256, laid out as Git-LFS lays out its own."""

from __future__ import annotations

import io
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from lineal.errors import InvalidInput
from lineal.lake.batch import Batch, Stored
from lineal.lake.disk import private_folder, shared_lock
from lineal.lake.reading import BLOCK, VerifiedReader, verified_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ObjectStore"]

_SHA256 = re.compile(r"[0-9a-f]{64}")


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
        self.durable: set[str] = set()
        """Folders of objects whose own names are known to survive a loss of power."""

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

        They are in place when the block ends; if it raises, none of them is. Put objects inside
        an open run only: what no run and no artifact refers to may be cleaned away.
        """
        with shared_lock(self.lock), private_folder(self.temporary) as folder:
            batch = Batch(self, folder)
            yield batch
            batch.place()

    @contextmanager
    def trial(self) -> Iterator[Batch]:
        """Gather contents as in a batch, to learn what they are called; none is kept."""
        with shared_lock(self.lock), private_folder(self.temporary) as folder:
            yield Batch(self, folder)

    def path(self, sha256: str) -> Path:
        """Return where the object is, or would be, kept."""
        if not _SHA256.fullmatch(sha256):
            raise InvalidInput(f"{sha256!r} is no SHA-256 (64 lower-case hexadecimal digits)")
        return Path(f"{self.folder}/{sha256[:2]}/{sha256[2:4]}/{sha256}")

    def has(self, sha256: str) -> bool:
        """Tell whether the object is there; its bytes are not looked at."""
        return self.path(sha256).is_file()

    def open(self, sha256: str) -> BinaryIO:
        """Open the object as a stream that raises `Corrupt` before its last bytes if it is damaged.

        The stream goes forward only: what is skipped can't be verified. Who must seek calls
        `verify` first and opens `path`.
        """
        reader = VerifiedReader(self.path(sha256), sha256)
        return cast("BinaryIO", io.BufferedReader(reader, BLOCK))

    def blocks(self, sha256: str) -> Iterator[memoryview]:
        """Give the object's bytes block by block, verified as by `open`."""
        return verified_blocks(self.path(sha256), sha256)

    def read(self, sha256: str) -> bytes:
        """Return the object's bytes, verified."""
        return b"".join(bytes(block) for block in self.blocks(sha256))

    def verify(self, sha256: str) -> None:
        """Read the object through; raise `Corrupt` if it is missing or damaged."""
        for _block in self.blocks(sha256):
            pass

    def names(self) -> Iterator[str]:
        """Give the names of all objects, in order."""
        if not self.folder.is_dir():
            return
        for outer in sorted(self.folder.iterdir()):
            for inner in sorted(outer.iterdir()):
                yield from sorted(name for name in os.listdir(inner) if _SHA256.fullmatch(name))  # noqa: PTH208
