"""Tell what happened: executions, newest first, with what they used and made."""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.model import EventType, Execution, ExecutionState
from lineal.metadata.names import format_name
from lineal.metadata.process import is_gone
from lineal.metadata.served import served

if TYPE_CHECKING:
    from lineal.metadata.model import Artifact
    from lineal.metadata.store import Store

__all__ = ["file_name", "log"]

_RUN_NAME = "lineal_run"


def log(
    store: Store, name: str | None = None, *, limit: int | None = None
) -> list[dict[str, object]]:
    """Return the newest `limit` executions in plain values; of `name`, what made or used it.

    An execution whose process is gone is told as ABANDONED, though nobody has closed it yet.
    `name` is what its run is called; `files` tells the file that an input or output without a
    name was read from.
    """
    executions = store.executions(ids=_ids(store, name, limit))[::-1]
    events = store.events(execution_ids=[execution.id or 0 for execution in executions])
    references, files = _references(store, {event.artifact_id for event in events})
    inputs: dict[int, list[str]] = {}
    outputs: dict[int, list[str]] = {}
    for event in events:
        # The environment, which all have; sources, logs.
        if event.type in (EventType.INTERNAL_INPUT, EventType.INTERNAL_OUTPUT):
            continue
        side = inputs if event.type.is_input else outputs
        side.setdefault(event.execution_id, []).append(references[event.artifact_id])
    return [_row(store, execution, inputs, outputs, files) for execution in executions]


def file_name(artifact: Artifact) -> str:
    """Return the name of the file that an artifact of the lake came from; else nothing."""
    source = artifact.get("source")
    return PurePath(source).name if isinstance(source, str) else ""


def _row(
    store: Store,
    execution: Execution,
    inputs: dict[int, list[str]],
    outputs: dict[int, list[str]],
    files: dict[str, str],
) -> dict[str, object]:
    number = execution.id or 0
    is_running = execution.state in (ExecutionState.NEW, ExecutionState.RUNNING)
    state = None if execution.state is None else execution.state.name
    if is_running and store.at is None and is_gone(execution):
        state = "ABANDONED"
    parent = execution.get("lineal_parent")
    run = _uuid(execution.name)
    used, made = inputs.get(number, []), outputs.get(number, [])
    return {
        "execution": f"execution/{number}",
        "id": number,
        "run": run,
        "name": execution.get(_RUN_NAME) or (execution.name if run is None else None),
        "verb": execution.type.removeprefix("lineal."),
        "state": state,
        "started": execution.created,
        "finished": None if is_running else execution.updated,
        "inputs": used,
        "outputs": made,
        "files": {ref: files[ref] for ref in (*used, *made) if ref in files},
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


def _references(store: Store, artifact_ids: set[int]) -> tuple[dict[int, str], dict[str, str]]:
    """Return what each artifact is called, and the files behind those without a name."""
    versions = store.versions_of(artifact_ids)
    references = {
        number: f"artifact/{number}"
        if (row := versions.get(number)) is None
        else format_name(row.name, row.number)
        for number in artifact_ids
    }
    nameless = store.artifacts(ids=artifact_ids - versions.keys())
    files = {f"artifact/{each.id}": name for each in nameless if (name := file_name(each))}
    return references, files


def _uuid(name: str | None) -> str | None:
    """Return the UUID that Lineal calls an execution by; other clients choose other names."""
    try:
        return str(uuid.UUID(name or ""))
    except ValueError:
        return None
