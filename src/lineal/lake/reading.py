"""Read an object's bytes, and notice if they are not those that its name promises."""

from __future__ import annotations

import hashlib
import io
import os
from typing import TYPE_CHECKING

from lineal.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["BLOCK", "VerifiedReader", "verified_blocks"]

BLOCK = 1 << 20


class VerifiedReader(io.RawIOBase):
    """A forward stream over the file of an object, which compares the hash at its end.

    Raises `Corrupt` before it gives the last bytes: who knows the length stops there.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        self._path = path
        self._sha256 = sha256
        self._digest = hashlib.sha256()
        try:
            self._file = io.FileIO(path, "rb")
        except FileNotFoundError as error:
            raise Corrupt(f"object {sha256} is missing ({path}); {_REMEDY}") from error
        except OSError as error:
            raise self._unreadable(error) from error
        self.size = os.fstat(self._file.fileno()).st_size
        self._left = self.size

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read the next bytes into `buffer`; return how many, 0 at the end."""
        view = memoryview(buffer).cast("B")
        try:
            count = self._file.readinto(view)
        except OSError as error:
            raise self._unreadable(error) from error
        self._digest.update(view[:count])
        self._left -= count
        if (self._left <= 0 or not count) and self._digest.hexdigest() != self._sha256:
            raise Corrupt(
                f"object {self._sha256} is damaged: its bytes have another hash "
                f"({self._path}); {_REMEDY}"
            )
        return count

    def close(self) -> None:
        """Close the file."""
        if hasattr(self, "_file"):
            self._file.close()
        super().close()

    def _unreadable(self, error: OSError) -> Corrupt:
        return Corrupt(
            f"object {self._sha256} can't be read: {error.strerror} ({self._path}); {_REMEDY}"
        )


_REMEDY = "add the file that it was made from once more, and it is mended"


def verified_blocks(path: Path, sha256: str) -> Iterator[memoryview]:
    """Give the object's bytes block by block; raise `Corrupt` instead of the last if damaged.

    A block's bytes hold until the next one is asked for.
    """
    with VerifiedReader(path, sha256) as reader:
        view = memoryview(bytearray(min(max(reader.size, 1), BLOCK)))
        while count := reader.readinto(view):
            yield view[:count]
