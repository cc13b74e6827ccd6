"""Tell whether a source is in a table already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.warehouse.graph import SAVE, TABLE, Facts, Operation, digest

if TYPE_CHECKING:
    from lineal.metadata import Artifact, ExecutionType, Store
    from lineal.warehouse.settle import TableState

__all__ = ["already_loaded", "replaced_content"]


def already_loaded(
    store: Store, state: TableState, operation: Operation, verb: ExecutionType, load: str
) -> Artifact | None:
    """Return the version that brought this load, if a further one would bring nothing new.

    An ingest counts since the content was last replaced. A save compares with the newest alone:
    what it puts there may have been there before and gone since.
    """
    facts = state.facts
    if facts is None:
        return None
    if operation is Operation.REPLACE:
        return state.artifact if facts.content == replaced_content(load) else None
    if verb == SAVE:
        return state.artifact if facts.load == load else None
    found = store.artifacts(type=TABLE.name, properties={"load": load})
    rows = store.versions_of([artifact.id or 0 for artifact in found])
    for artifact in reversed(found):
        row = rows.get(artifact.id or 0)
        if row is None or row.name != str(state.name) or row.number < facts.since:
            continue
        brought = Facts.of(artifact, row.content).operation is Operation.APPEND
        if brought and not _was_rolled_back(state, artifact):
            return artifact
    return None


def replaced_content(load: str) -> str:
    """Return the identity of content that one load alone made."""
    return digest("replace", load)


def _was_rolled_back(state: TableState, artifact: Artifact) -> bool:
    """Whether another program took main back to before that version."""
    table = state.iceberg
    snapshot_id = artifact.get("snapshot_id")
    if table is None or not isinstance(snapshot_id, int):
        return False
    if table.snapshot_by_id(snapshot_id) is None:
        return False  # left Iceberg's list by policy, with what follows it still there
    snapshot = table.current_snapshot()
    while snapshot is not None and snapshot.snapshot_id != snapshot_id:
        parent = snapshot.parent_snapshot_id
        snapshot = None if parent is None else table.snapshot_by_id(parent)
    return snapshot is None
