"""Find the file of the lake that a file on disk is, by its content."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.metadata import ArtifactState

if TYPE_CHECKING:
    from lineal.metadata import Artifact, Store

__all__ = ["hash_of", "known_file"]


def known_file(store: Store, path: str | Path, content: str) -> Artifact | None:
    """Return the file of the lake with this content: of several, the version that fits best.

    That is one of the same name, then one that came from this path, then one with any name, then
    the newest.
    """
    artifacts = store.artifacts(
        type="lineal.File", state=ArtifactState.LIVE, properties={"sha256": content}
    )
    if not artifacts:
        return None
    versions = store.versions_of([each.id or 0 for each in artifacts])

    def fits(artifact: Artifact) -> tuple[bool, bool, bool, int]:
        row = versions.get(artifact.id or 0)
        return (
            row is not None and Path(row.name).name == Path(path).name,
            artifact.get("source") == str(path),
            row is not None,
            artifact.id or 0,
        )

    return max(artifacts, key=fits)


def hash_of(path: str | Path) -> str:
    """Return the SHA-256 of a file; empty if it can't be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
