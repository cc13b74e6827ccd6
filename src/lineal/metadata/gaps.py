"""What the past can't tell: changes that another client made and of which no old value is kept.

We keep the old values of what we change. ML Metadata's own client overwrites them; what is left
of that is the time of the last update. A node that was there at a moment, but whose values as
far as they are known date from after it, may have looked otherwise then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.backends import backend_of
from lineal.metadata.batch.selects import CHUNK
from lineal.metadata.integers import ids_of
from lineal.metadata.model import from_milliseconds
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from lineal.metadata.batch.forms import Kind
    from lineal.metadata.history import Horizon
    from lineal.metadata.store import Store

__all__ = ["Gap", "history_gaps", "note_of"]

_KINDS: tuple[Kind, ...] = ("artifact", "execution", "context")


@dataclass(frozen=True)
class Gap:
    """A node whose values at a moment aren't known: another client changed it afterwards.

    `changed` is the time of the oldest change that is known to have overwritten something.
    """

    kind: Kind
    id: int
    name: str | None
    changed: datetime


@served()
def history_gaps(
    store: Store, /, *, kind: Kind | None = None, ids: Iterable[int] | None = None
) -> list[Gap]:
    """Return of a store as it was at a moment the nodes that may have looked otherwise.

    Of the present everything is known. New nodes and links of other clients are no gaps: their
    own times date them.
    """
    wanted = None if ids is None else ids_of(ids)
    found: list[Gap] = []
    with store.reading() as (connection, at):
        if at is None:
            return []
        for each in _KINDS if kind is None else (kind,):
            found += _gaps(connection, at, each, wanted)
    return found


def note_of(store: Store, kind: Kind, node_id: int) -> str | None:
    """Return what to tell of a node of the past whose values of then aren't known, else None."""
    if store.at is None:
        return None
    found = history_gaps(store, kind=kind, ids=[node_id])
    if not found:
        return None
    return (
        f"changed at {found[0].changed.isoformat()} by another client, which keeps no old values: "
        f"what is shown may be younger than {store.at.moment.isoformat()}"
    )


def _gaps(connection: sa.Connection, at: Horizon, kind: Kind, ids: list[int] | None) -> list[Gap]:
    table: sa.Table = getattr(tables, kind)
    updated, created = table.c.last_update_time_since_epoch, table.c.create_time_since_epoch
    milliseconds = at.as_of.microseconds // 1000
    query = sa.select(table.c.id, table.c.name, updated).where(
        updated > milliseconds,
        created <= milliseconds,  # a later one is here by a claim, which says what it knew
        at.visible(kind),
    )
    if ids is not None:
        query = query.where(backend_of(connection).among(table.c.id, ids))
    rows = connection.execute(query.order_by(table.c.id)).all()
    ours = _changes(connection, at, kind, [row[0] for row in rows])
    gaps = []
    for node_id, name, last in rows:
        times = _times_of_others(ours.get(node_id, []), last)
        changed = next((time for time in times if time > milliseconds), None)
        if changed is not None:
            gaps.append(Gap(kind, node_id, name, from_milliseconds(changed)))
    return gaps


def _times_of_others(changes: Iterable[tuple[int, int]], last: int) -> Iterator[int]:
    """Yield, oldest first, the times of updates that are known and not of our `changes`.

    Those are told by their own time and by the one that stood before.
    """
    ours: tuple[int, ...] = ()
    for time, before in changes:
        if before not in ours:
            yield before
        # An update that expects a time is pushed on from it, if they fall into one millisecond.
        ours = (time, max(time, before + 1))
    if last not in ours:
        yield last


def _changes(
    connection: sa.Connection, at: Horizon, kind: Kind, ids: Sequence[int]
) -> dict[int, list[tuple[int, int]]]:
    """Return of our changes of these nodes since the horizon, oldest first, both times."""
    change, commit = tables.change, tables.commit
    found: dict[int, list[tuple[int, int]]] = {}
    for start in range(0, len(ids), CHUNK):
        query = (
            sa.select(change.c.node_id, commit.c.time_us, change.c.old)
            .join(commit, commit.c.number == change.c.commit)
            .where(
                change.c.kind == kind,
                change.c.commit > at.commit,
                backend_of(connection).among(change.c.node_id, ids[start : start + CHUNK]),
            )
            .order_by(change.c.id)
        )
        for node_id, microseconds, old in connection.execute(query):
            before = json.loads(old).get("last_update_time_since_epoch")
            if before is not None:
                found.setdefault(node_id, []).append((microseconds // 1000, before))
    return found
