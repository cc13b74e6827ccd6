"""How PyIceberg reads and writes metadata files here: whole, synced, or not at all.

PyIceberg's own writer leaves new files to the operating system. The catalog's database syncs,
so after a loss of power it could point to metadata that was never written.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from pyiceberg.io import FileIO, InputFile, OutputFile

from lineal.warehouse.locations import local_path, present_path, sync_folder

if TYPE_CHECKING:
    from pyiceberg.io import InputStream, OutputStream

__all__ = ["WAREHOUSE", "LocalFileIO"]

WAREHOUSE = "lineal.warehouse"
"""The property with the folder that the tables lie in now."""


class _LocalFile(InputFile, OutputFile):
    """A file of this machine, to be read, or to be written once."""

    def __init__(self, location: str, path: Path) -> None:
        super().__init__(location)
        self._path = path

    def __len__(self) -> int:
        return self._path.stat().st_size

    def exists(self) -> bool:
        return self._path.exists()

    def open(self, seekable: bool = True) -> InputStream:  # noqa: ARG002 -- PyIceberg's signature
        return self._path.open("rb")

    def to_input_file(self) -> InputFile:
        return self

    def create(self, overwrite: bool = False) -> OutputStream:
        path = self._path
        if path.exists() and not overwrite:
            raise FileExistsError(f"{path} exists already")
        path.parent.mkdir(parents=True, exist_ok=True)
        return _SyncedFile(path)


class LocalFileIO(FileIO):
    """Files of this machine; those of a workspace that was copied or moved, in their new place."""

    def new_input(self, location: str) -> InputFile:
        """Return the file at `location`, to be read."""
        return _LocalFile(location, self._located(location))

    def new_output(self, location: str) -> OutputFile:
        """Return the file at `location`, to be written."""
        return _LocalFile(location, self._located(location))

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Remove the file."""
        text = location if isinstance(location, str) else location.location
        self._located(text).unlink()

    def _located(self, location: str) -> Path:
        warehouse = self.properties.get(WAREHOUSE)
        return present_path(location, Path(warehouse)) if warehouse else local_path(location)


class _SyncedFile:
    """A stream under a temporary name; closing it syncs the bytes and gives the file its name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self._file: BinaryIO = self._temporary.open("wb")
        self._failed = False

    def write(self, data: bytes) -> int:
        """Append `data`."""
        try:
            return self._file.write(data)
        except OSError:
            self._failed = True
            raise

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._file.tell()

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
        return self._file.closed

    def close(self) -> None:
        """Put the file in place, or remove it if writing failed."""
        if self._file.closed:
            return
        try:
            if not self._failed:
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError:
            self._failed = True
            raise
        finally:
            self._file.close()
            if self._failed:
                self._temporary.unlink(missing_ok=True)
        if not self._failed:
            self._temporary.replace(self._path)
            if self._path.suffix == ".json":  # the last of a commit, beside all that it names
                sync_folder(self._path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._failed = self._failed or error is not None
        self.close()
