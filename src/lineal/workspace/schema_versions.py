"""What is kept beside a version of a schema: its author, the reason, and what it is to the last."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

from lineal.metadata import ArtifactState

if TYPE_CHECKING:
    from lineal.metadata import Running, Value
    from lineal.validation import Schema
    from lineal.workspace.workspace import Workspace

__all__ = ["author", "told_of_schema"]


def author() -> str:
    """Return who works here: LINEAL_AUTHOR if it is set, else the user of the system."""
    named = os.environ.get("LINEAL_AUTHOR", "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return "unknown"


def told_of_schema(
    workspace: Workspace, running: Running, key: str, schema: Schema, reason: str
) -> dict[str, Value]:
    """Return the facts to keep with the execution that makes the next version of a schema."""
    told: dict[str, Value] = {"author": author()}
    if reason:
        told["reason"] = reason
    name = running.pending[key].output.name
    newest = None if name is None else workspace.store.newest(name)
    if newest is None or workspace.store.artifact(newest.artifact_id).state != ArtifactState.LIVE:
        return told
    from lineal.workspace.recorded import RecordedSchema, recorded
    from lineal.workspace.resolving import resolve

    before = recorded(workspace, resolve(workspace, f"artifact/{newest.artifact_id}"))
    if isinstance(before, RecordedSchema):
        from lineal.validation.evolution import compatibility

        told["compatibility"] = compatibility(before, schema).value
    return told
