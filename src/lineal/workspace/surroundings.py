"""Record the environment that an execution runs in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lineal.environment import ENVIRONMENT, capture, program_folder, properties_of
from lineal.metadata import EnvironmentRecord

if TYPE_CHECKING:
    from lineal.environment import Environment
    from lineal.workspace.workspace import Workspace

__all__ = ["environment", "record"]


def record(workspace: Workspace) -> EnvironmentRecord | None:
    """Return the present environment as a record, its description kept as an object."""
    present = environment(workspace)
    described = present.to_json()
    content = hashlib.sha256(described).hexdigest()
    if not workspace.objects.has(content):
        workspace.objects.put_bytes(described)
    return EnvironmentRecord(
        type=ENVIRONMENT,
        content=content,
        uri=str(workspace.objects.path(content)),
        properties=properties_of(present),
    )


def environment(workspace: Workspace) -> Environment:
    """Return the environment that code runs in now.

    The git state is that of the folder in which the running script or notebook lies.
    """
    return capture(program_folder(), cache=workspace.locations.cache)
