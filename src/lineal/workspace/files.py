"""Files of other kinds than the lake's: models, reports of metrics, what components made."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import Corrupt, InvalidInput, NotFound
from lineal.metadata import Version
from lineal.pipeline import content_of_files

if TYPE_CHECKING:
    from lineal.lake import ObjectStore
    from lineal.metadata import Artifact

__all__ = ["FileVersion", "is_published"]

_DEPTH = 2  # of an artifact's folder below `artifacts`: its execution, its key


class FileVersion(Version):
    """A file or folder that was saved under a type of its own, or that a component made.

    Reading verifies it, and counts as an input of the run that is open, if one is.
    """

    @property
    def path(self) -> Path:
        """The read-only file, or folder, with its content, verified each time it is asked for."""
        self.recorder.used(self.artifact)
        self._verify()
        return Path(self.artifact.uri) / str(self.artifact.get("entry", ""))

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the files inside, sorted; the only file's own name."""
        return tuple(sorted(self._paths()))

    def read_bytes(self, file: str = "") -> bytes:
        """Return the file's bytes; of a folder, those of the `file` at that path inside."""
        path = self.path
        if file and file not in self.files:
            raise NotFound.among(f"{self.ref} holds no file", file, self.files)
        if not file and path.is_dir():
            held = ", ".join(self.files[:5])
            raise InvalidInput(f"{self.ref} is a folder; name one of its files: {held}")
        return (self._folder / file if file else path).read_bytes()

    def describe(self) -> dict[str, object]:
        """Return what is known of this version, in plain values."""
        return {**super().describe(), "files": list(self.files)}

    @property
    def _folder(self) -> Path:
        path = Path(self.artifact.uri)
        return path.parent if path.is_file() else path

    def _paths(self) -> dict[str, Path]:
        found = (path for path in self._folder.rglob("*") if path.is_file())
        return {path.relative_to(self._folder).as_posix(): path for path in found}

    def _hashes(self) -> dict[str, str]:
        hashes = {}
        for name, path in self._paths().items():
            with path.open("rb") as file:
                hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
        return hashes

    def _verify(self) -> None:
        if content_of_files(self._hashes()) != self.content:
            raise Corrupt(
                f"{self.ref} is not what was kept: files in {self._folder} changed or are gone; "
                "bring them back from a backup, or make it again"
            )


def is_published(artifact: Artifact, objects: ObjectStore) -> bool:
    """Return whether an artifact's URI is a folder of files that this workspace keeps."""
    path, top = Path(artifact.uri), objects.root / "artifacts"
    return path.is_relative_to(top) and len(path.relative_to(top).parts) >= _DEPTH
