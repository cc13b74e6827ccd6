"""Tell what happened: executions, newest first, with what they used and made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.model import EventType, Execution, ExecutionState
from lineal.metadata.names import format_name
from lineal.metadata.process import is_gone
from lineal.metadata.served import served

if TYPE_CHECKING:
    from lineal.metadata.store import Store

__all__ = ["log"]


def log(
    store: Store, name: str | None = None, *, limit: int | None = None
) -> list[dict[str, object]]:
    """Return the newest `limit` executions in plain values; of `name`, what made or used it.

    An execution whose process is gone is told as ABANDONED, though nobody has closed it yet.
    """
    executions = store.executions(ids=_ids(store, name, limit))[::-1]
    events = store.events(execution_ids=[execution.id or 0 for execution in executions])
    references = _references(store, {event.artifact_id for event in events})
    inputs: dict[int, list[str]] = {}
    outputs: dict[int, list[str]] = {}
    for event in events:
        # The environment, which all have; sources, logs.
        if event.type in (EventType.INTERNAL_INPUT, EventType.INTERNAL_OUTPUT):
            continue
        side = inputs if event.type.is_input else outputs
        side.setdefault(event.execution_id, []).append(references[event.artifact_id])
    return [_row(store, execution, inputs, outputs) for execution in executions]


def _row(
    store: Store,
    execution: Execution,
    inputs: dict[int, list[str]],
    outputs: dict[int, list[str]],
) -> dict[str, object]:
    number = execution.id or 0
    is_running = execution.state in (ExecutionState.NEW, ExecutionState.RUNNING)
    state = None if execution.state is None else execution.state.name
    if is_running and store.at is None and is_gone(execution):
        state = "ABANDONED"
    parent = execution.get("lineal_parent")
    return {
        "execution": f"execution/{number}",
        "id": number,
        "verb": execution.type.removeprefix("lineal."),
        "state": state,
        "started": execution.created,
        "finished": None if is_running else execution.updated,
        "inputs": inputs.get(number, []),
        "outputs": outputs.get(number, []),
        "error": execution.get("lineal_error"),
        "parent": None if parent is None else f"execution/{parent}",
    }


@served()
def _ids(store: Store, name: str | None, limit: int | None) -> list[int]:
    execution, event = tables.execution, tables.event
    with store.reading() as (connection, at):
        conditions = [] if at is None else [at.visible("execution")]
        if name is not None:
            there = [] if at is None else [at.visible("event")]
            tied = sa.select(event.c.execution_id).where(event.c.artifact_id.in_(_called(name)))
            conditions.append(execution.c.id.in_(tied.where(*there)))
        return list(
            connection.scalars(
                sa.select(execution.c.id)
                .where(*conditions)
                .order_by(execution.c.id.desc())
                .limit(limit)
            )
        )


def _called(name: str) -> sa.CompoundSelect[tuple[int]]:
    """Return the ids of the versions of `name`, and of those that failed to become one."""
    version, held = tables.version, tables.artifact_property
    return sa.union(
        sa.select(version.c.artifact_id).where(version.c.name == name),
        sa.select(held.c.artifact_id).where(
            held.c.name == "lineal_name",
            held.c.is_custom_property == 1,
            held.c.string_value == name,
        ),
    )


def _references(store: Store, artifact_ids: set[int]) -> dict[int, str]:
    """Return what each artifact is called."""
    versions = store.versions_of(artifact_ids)
    return {
        number: f"artifact/{number}"
        if (row := versions.get(number)) is None
        else format_name(row.name, row.number)
        for number in artifact_ids
    }
