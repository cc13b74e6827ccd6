"""Compare two versions with all that led to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata.difference import Divergence, compare
from lineal.workspace.resolving import node_of

if TYPE_CHECKING:
    from lineal.environment import Environment
    from lineal.metadata import Artifact
    from lineal.workspace.workspace import Workspace

__all__ = ["difference"]


def difference(workspace: Workspace, first: object, second: object) -> Divergence:
    """Return what differs between two versions and between what led to them.

    Each is a version, what a verb returned, or a text that names one. Raises `InvalidInput` for
    an execution, `NotFound` for what nothing is called.
    """

    def inside(one: Artifact, other: Artifact) -> list[tuple[str, str | None, str | None]]:
        from lineal.environment import diff

        changes = diff(_environment(workspace, one), _environment(workspace, other))
        return [(change.what, change.before, change.after) for change in changes]

    ids = [_artifact_id(workspace, each) for each in (first, second)]
    return compare(workspace.store, ids[0], ids[1], environments=inside)


def _artifact_id(workspace: Workspace, of: object) -> int:
    kind, number = node_of(workspace, of)
    if kind != "artifact":
        raise InvalidInput(
            f"{kind}/{number} is no version; two versions, or artifact/NUMBER, are compared"
        )
    return number


def _environment(workspace: Workspace, artifact: Artifact) -> Environment:
    from lineal.environment import Environment

    return Environment.from_json(workspace.objects.read(str(artifact.get("sha256", ""))))
