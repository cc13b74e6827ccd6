"""A file or folder in the lake, at one version."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from lineal.errors import InvalidInput
from lineal.lake.trees import Entry, Tree
from lineal.lake.types import FOLDER
from lineal.metadata.version import Version

if TYPE_CHECKING:
    from pathlib import Path

    from lineal.lake.objects import ObjectStore
    from lineal.metadata.model import Artifact
    from lineal.metadata.recorder import Recorder
    from lineal.metadata.store import Store, VersionRow

__all__ = ["LakeVersion"]


class LakeVersion(Version):
    """A file, or a folder of files, as it was when it was added; reading it verifies it.

    A read counts as an input of the run that is open, if one is.
    """

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        artifact: Artifact,
        row: VersionRow | None,
        *,
        objects: ObjectStore,
    ) -> None:
        super().__init__(store, recorder, artifact, row)
        self._objects = objects

    @property
    def is_folder(self) -> bool:
        """Whether this is a folder."""
        return self.artifact.type == FOLDER.name

    @property
    def size(self) -> int:
        """Its bytes; for a folder, those of all its files."""
        return int(str(self.artifact.get("size", 0)))

    @property
    def media_type(self) -> str:
        """Its media type, such as `text/csv`; `inode/directory` for a folder."""
        return str(self.artifact.get("media_type", ""))

    @property
    def path(self) -> Path:
        """The read-only file with its bytes, verified each time that it is asked for."""
        sha256 = self._object("")
        self._objects.verify(sha256)
        return self._objects.path(sha256)

    def open(self, file: str = "") -> BinaryIO:
        """Open it for reading, forward only; of a folder, the `file` at that path inside.

        The stream raises `Corrupt` before it gives the last bytes of a damaged object.
        """
        return self._objects.open(self._object(file))

    def read_bytes(self, file: str = "") -> bytes:
        """Return its bytes, verified; of a folder, those of the `file` at that path inside."""
        return self._objects.read(self._object(file))

    def tree(self) -> Tree:
        """Return the entries of a folder: files, links, empty folders."""
        if not self.is_folder:
            raise InvalidInput(f"{self.ref} is a file, not a folder")
        self.recorder.used(self.artifact)
        return Tree.decode(self._objects.read(self.content))

    @property
    def files(self) -> tuple[Entry, ...]:
        """The files of a folder, by their path inside it."""
        return self.tree().files

    def _object(self, file: str) -> str:
        """Return the name of the object with the bytes that are asked for."""
        if file:
            return self.tree().file(file).sha256
        if self.is_folder:
            raise InvalidInput(
                f"{self.ref} is a folder; name a file in it (`.files` lists them), "
                "or write all of it out with checkout"
            )
        self.recorder.used(self.artifact)
        return self.content
