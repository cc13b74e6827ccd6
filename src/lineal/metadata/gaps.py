"""What the past can't tell: changes that another client made and of which no old value is kept.

We keep the old values of what we change. ML Metadata's own client overwrites them; what is left
of that is the time of the last update. A node that was there at a moment, but whose values as
far as they are known date from after it, may have looked otherwise then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.backends import backend_of
from lineal.metadata.history import old_values
from lineal.metadata.model import from_milliseconds
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Iterable
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
    wanted = None if ids is None else sorted(set(ids))
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
    kept = old_values(connection, at, kind, [row[0] for row in rows])
    gaps = []
    for node_id, name, last in rows:
        before = kept.get(node_id, {}).get("last_update_time_since_epoch", last)
        changed = int(str(before))
        if changed > milliseconds:
            gaps.append(Gap(kind, node_id, name, from_milliseconds(changed)))
    return gaps
