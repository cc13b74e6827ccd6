"""Tell what happened to a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.metadata import EventType
from lineal.warehouse.graph import Facts
from lineal.warehouse.table import HistoryEntry

if TYPE_CHECKING:
    from lineal.metadata import Artifact, Event, Store

__all__ = ["history"]


def history(store: Store, name: str) -> list[HistoryEntry]:
    """Return an entry for each version of the table, oldest first; four queries in all."""
    rows = store.versions(name)
    ids = [row.artifact_id for row in rows]
    artifacts = {artifact.id: artifact for artifact in store.artifacts(ids=ids)}
    makers = _makers(store.events(artifact_ids=ids))
    sources = _sources(store, makers)
    entries = []
    for row in rows:
        artifact = artifacts[row.artifact_id]
        facts = Facts.of(artifact, row.content)
        maker = makers.get(row.artifact_id)
        entries.append(
            HistoryEntry(
                number=row.number,
                operation=str(facts.operation),
                rows=facts.rows,
                added_rows=facts.added_rows,
                loaded_at=row.committed,
                known_at=row.known_at,
                claimed_by=row.claimed_by,
                source=None if maker is None else sources.get(maker),
                execution_id=maker,
                snapshot_id=int(str(artifact.get("snapshot_id", 0))),
            )
        )
    return entries


def _makers(events: list[Event]) -> dict[int, int]:
    """Return by artifact the execution that made it: the first whose output it was."""
    makers: dict[int, int] = {}
    for event in events:
        if event.type is EventType.OUTPUT:
            makers.setdefault(event.artifact_id, event.execution_id)
    return makers


def _sources(store: Store, makers: dict[int, int]) -> dict[int, Artifact]:
    """Return by execution the artifact that it loaded."""
    events = [
        event
        for event in store.events(execution_ids=set(makers.values()))
        if event.path[:1] == ("source",)
    ]
    artifacts = {a.id: a for a in store.artifacts(ids={event.artifact_id for event in events})}
    return {event.execution_id: artifacts[event.artifact_id] for event in events}
