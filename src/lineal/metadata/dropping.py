"""Take away pending outputs that turned out to be something known, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.batch import reading
from lineal.metadata.batch.statements import Change, Lookup
from lineal.metadata.model import Event, EventType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.metadata.transaction import Transaction

__all__ = ["Dropped", "drop_outputs"]

_event, _attribution = tables.event, tables.attribution

_EXECUTION_OF = Lookup(_event.c.id, sa.select(_event.c.id, _event.c.execution_id).where)
_CONTEXTS_OF = Lookup(
    _attribution.c.artifact_id,
    sa.select(_attribution.c.artifact_id, _attribution.c.context_id).where,
)


class Dropped(NamedTuple):
    """A pending output, by its event and its artifact, and which artifact it became, if any."""

    event_id: int
    artifact_id: int
    became: int | None


def drop_outputs(transaction: Transaction, dropped: Sequence[Dropped]) -> None:
    """Remove artifacts that never became visible, and their events.

    What one became takes its place in the execution and in contexts, by an event of now: the
    first one of an artifact stays that of the execution that made it.
    """
    if not dropped:
        return
    commit = transaction.commit
    executions: dict[int, int] = dict(_EXECUTION_OF.rows(commit, [d.event_id for d in dropped]))
    paths = reading.paths(commit.connection, executions)
    contexts = _CONTEXTS_OF.rows(commit, [d.artifact_id for d in dropped])
    for remove, ids in (
        (_REMOVE_PATHS, list(executions)),
        (_REMOVE_EVENTS, list(executions)),
        (_REMOVE_LINKS, sorted({artifact_id for artifact_id, _ in contexts})),
        (_REMOVE_PROPERTIES, [d.artifact_id for d in dropped]),
        (_REMOVE_ARTIFACTS, [d.artifact_id for d in dropped]),
    ):
        remove.run(commit, [(number,) for number in ids])
    became = {d.artifact_id: d.became for d in dropped}
    for event_id, _, known in dropped:
        if known is not None:
            path = paths.get(event_id, ())
            transaction.put_event(Event(known, executions[event_id], EventType.OUTPUT, path))
    for artifact_id, context_id in contexts:
        known = became[artifact_id]
        if known is not None:
            transaction.attribute(context_id, known)


def _removal(column: sa.Column[int]) -> Change:
    return Change(column.table.delete().where(column == sa.bindparam("number")), ["number"])


_REMOVE_PATHS = _removal(tables.event_path.c.event_id)
_REMOVE_EVENTS = _removal(_event.c.id)
_REMOVE_LINKS = _removal(_attribution.c.artifact_id)
_REMOVE_PROPERTIES = _removal(tables.artifact_property.c.artifact_id)
_REMOVE_ARTIFACTS = _removal(tables.artifact.c.id)
