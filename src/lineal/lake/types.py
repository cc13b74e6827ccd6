"""How the lake's contents stand in the graph."""

from __future__ import annotations

from lineal.metadata.model import ArtifactType, ExecutionType, PropertyType

__all__ = ["ADD", "FILE", "FOLDER"]

_SHARED = {
    "sha256": PropertyType.STRING,
    "size": PropertyType.INT,
    "media_type": PropertyType.STRING,
    "source": PropertyType.STRING,
    "modified": PropertyType.STRING,
}

FILE = ArtifactType(
    "lineal.File",
    _SHARED,
    description="Bytes as they came: one object, named by the SHA-256 of its content",
)
FOLDER = ArtifactType(
    "lineal.Folder",
    {**_SHARED, "files": PropertyType.INT},
    description="A folder as it came: an object that lists its files, links and empty folders",
)
ADD = ExecutionType("lineal.add", description="Bytes put into the lake")
