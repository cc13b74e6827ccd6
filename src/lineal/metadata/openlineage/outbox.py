"""The outbox: transitions of executions, written in the same transaction, told afterwards.

A row says that an execution began or ended in a commit. So nothing that happened goes untold,
and nothing that was rolled back is told. Rows leave when the other side has them: an event may
arrive twice, after a crash in between, never not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from lineal.errors import Unavailable
from lineal.metadata import tables
from lineal.metadata.model import ExecutionState
from lineal.metadata.moments import from_microseconds
from lineal.metadata.openlineage.events import Namespaces, Transition, run_event
from lineal.metadata.queries import Query
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lineal.metadata.commit import Commit
    from lineal.metadata.model import Artifact
    from lineal.metadata.openlineage.transport import Transport
    from lineal.metadata.store import Store

__all__ = ["deliver", "disable", "enable", "is_enabled", "note", "waiting"]

_KEY = "openlineage"
_BATCH = 100

_TRANSITIONS: Mapping[ExecutionState, Transition] = {
    ExecutionState.RUNNING: "START",
    ExecutionState.COMPLETE: "COMPLETE",
    ExecutionState.CACHED: "COMPLETE",
    ExecutionState.FAILED: "FAIL",
    ExecutionState.CANCELED: "ABORT",
}

_IN_USE = Query(
    sa.select(tables.store.c.value).where(tables.store.c.key == sa.bindparam("wanted")), "wanted"
)


def note(commit: Commit, execution_id: int, state: ExecutionState) -> None:
    """Note within `commit` that the execution came into `state`, if the outbox is in use."""
    transition = _TRANSITIONS.get(state)
    if transition is None or _IN_USE.row(commit, _KEY) is None:
        return
    row = {"commit": commit.number, "execution_id": execution_id, "transition": transition}
    commit.insert(tables.outbox, [row])


@served(writes=True)
def enable(store: Store) -> None:
    """Have every execution of this store noted from now on, whichever process writes it."""
    if is_enabled(store):
        return
    with store.write() as transaction:
        connection = transaction.commit.connection
        if not _in_use(connection):
            connection.execute(tables.store.insert(), {"key": _KEY, "value": "on"})


@served(writes=True)
def disable(store: Store) -> None:
    """Note no more executions; what waits already stays until it is delivered."""
    with store.write() as transaction:
        connection = transaction.commit.connection
        connection.execute(tables.store.delete().where(tables.store.c.key == _KEY))


@served()
def is_enabled(store: Store) -> bool:
    """Return whether executions of this store are noted."""
    with store.reading() as (connection, _):
        return _in_use(connection)


@served()
def waiting(store: Store, limit: int | None = None) -> list[tuple[int, int, str, int]]:
    """Return what waits: row, execution, transition, and the commit's time in microseconds."""
    outbox, commit = tables.outbox, tables.commit
    with store.reading() as (connection, _):
        found = connection.execute(
            sa.select(outbox.c.id, outbox.c.execution_id, outbox.c.transition, commit.c.time_us)
            .join(commit, commit.c.number == outbox.c.commit)
            .order_by(outbox.c.id)
            .limit(limit)
        )
        return [(row[0], row[1], row[2], row[3]) for row in found]


@served(writes=True)
def remove(store: Store, rows: Sequence[int]) -> None:
    """Take delivered rows out."""
    with store.write() as transaction:
        connection = transaction.commit.connection
        connection.execute(tables.outbox.delete().where(tables.outbox.c.id.in_(rows)))


def deliver(
    store: Store,
    transport: Transport,
    *,
    namespaces: Namespaces | None = None,
    column_types: Callable[[Artifact], Mapping[str, str]] | None = None,
) -> int:
    """Send what waits, in order; return how many events were sent.

    Raises `Unavailable` when the other side can't take one: that one and those after it stay.
    """
    sent = 0
    while batch := waiting(store, _BATCH):
        done: list[int] = []
        try:
            for row, execution_id, transition, time_us in batch:
                event = run_event(
                    store,
                    execution_id,
                    cast("Transition", transition),
                    time=from_microseconds(time_us),
                    namespaces=namespaces,
                    column_types=column_types,
                )
                transport.send(event)
                done.append(row)
        except Unavailable as error:
            error.add_note(f"{sent + len(done)} events were sent before")
            raise
        finally:
            if done:
                remove(store, done)
        sent += len(done)
    return sent


def _in_use(connection: sa.Connection) -> bool:
    found = connection.scalar(sa.select(tables.store.c.value).where(tables.store.c.key == _KEY))
    return found is not None
