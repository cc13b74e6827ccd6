"""Text that is kept beside a run: its source or cells, what differed from the commit, its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.metadata import Version

if TYPE_CHECKING:
    from lineal.lake import ObjectStore
    from lineal.metadata import Artifact, Recorder, Store, VersionRow

__all__ = ["KeptText"]


class KeptText(Version):
    """A kept text, as it was when the run had it; secrets in it are masked."""

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

    def read_bytes(self) -> bytes:
        """Return its bytes, verified."""
        return self._objects.read(str(self.artifact.get("sha256", "")))

    def read_text(self) -> str:
        """Return it as text."""
        return self.read_bytes().decode("utf-8", "replace")
