"""Keep text that tells of a run, such as its source, as an object beside its environment."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lineal.metadata import ArtifactType, EnvironmentRecord, PropertyType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata import Value
    from lineal.workspace.workspace import Workspace

__all__ = ["LOG", "PATCH", "SOURCE", "keep_text"]

SOURCE = ArtifactType(
    "lineal.Source",
    {"sha256": PropertyType.STRING, "path": PropertyType.STRING, "masked": PropertyType.BOOLEAN},
    description="The source of a script or notebook as it ran; the whole of it is the object",
)
PATCH = ArtifactType(
    "lineal.Patch",
    {"sha256": PropertyType.STRING, "commit": PropertyType.STRING},
    description="What differed from the commit when a run began, as git tells it",
)
LOG = ArtifactType(
    "lineal.Log",
    {"sha256": PropertyType.STRING, "bytes": PropertyType.INT, "cut": PropertyType.BOOLEAN},
    description="What a command wrote to its output and error streams",
)


def keep_text(
    workspace: Workspace,
    kind: ArtifactType,
    text: bytes,
    *,
    key: str,
    properties: Mapping[str, Value],
    is_output: bool = False,
) -> EnvironmentRecord:
    """Put a text in place, once for each content, and return the record that ties it to a run."""
    content = hashlib.sha256(text).hexdigest()
    if not workspace.objects.has(content):
        workspace.objects.put_bytes(text)
    uri = str(workspace.objects.path(content))
    return EnvironmentRecord(kind, content, uri, properties, key=key, is_output=is_output)
