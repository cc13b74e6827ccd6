"""Announce outputs: PENDING artifacts and events, all of an execution's with a few statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.metadata import tables
from lineal.metadata.closing import check_types
from lineal.metadata.model import ArtifactState, EventType
from lineal.metadata.names import check_name
from lineal.metadata.properties import encode_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.metadata.outputs import Output
    from lineal.metadata.transaction import Transaction

__all__ = ["announce"]

_ARTIFACT = (
    *("id", "type_id", "uri", "state"),
    *("create_time_since_epoch", "last_update_time_since_epoch"),
)
_EVENT = ("id", "artifact_id", "execution_id", "type", "milliseconds_since_epoch")
_STEP = ("event_id", "is_index_step", "step_index", "step_key")


def announce(
    transaction: Transaction,
    execution_id: int,
    context_ids: Sequence[int],
    outputs: Sequence[Output],
) -> list[tuple[int, int]]:
    """Insert the PENDING artifact and event of each output; return their ids.

    Raises `AlreadyExists` for a name that belongs to things of another type.
    """
    if not outputs:
        return []
    for output in outputs:
        if output.name is not None:
            check_name(output.name)
    named = [(each.name, each.type.name) for each in outputs if each.name is not None]
    check_types(transaction.versions.newest_of(name for name, _ in named), named)
    commit, now = transaction.commit, transaction.commit.milliseconds
    types = {each.type.name: each.type for each in outputs}
    type_ids = {name: transaction.put_type(kind) for name, kind in types.items()}
    artifact_ids = commit.reserve(tables.artifact, len(outputs))
    commit.insert_rows(
        tables.artifact,
        _ARTIFACT,
        [
            (number, type_ids[output.type.name], "", int(ArtifactState.PENDING), now, now)
            for number, output in zip(artifact_ids, outputs, strict=True)
        ],
    )
    commit.insert(
        tables.artifact_property,
        [
            row
            for number, output in zip(artifact_ids, outputs, strict=True)
            if output.name is not None
            for row in encode_all("artifact", number, {"lineal_name": output.name}, custom=True)
        ],
    )
    for context_id in context_ids:
        rows = [(context_id, number) for number in artifact_ids]
        commit.insert_rows(tables.attribution, ("context_id", "artifact_id"), rows)
    event_ids = commit.reserve(tables.event, len(outputs))
    kind = int(EventType.PENDING_OUTPUT)
    commit.insert_rows(
        tables.event,
        _EVENT,
        [
            (event_id, number, execution_id, kind, now)
            for event_id, number in zip(event_ids, artifact_ids, strict=True)
        ],
    )
    steps = [
        row
        for event_id, output in zip(event_ids, outputs, strict=True)
        for row in ((event_id, 0, None, output.key), (event_id, 1, 0, None))
    ]
    commit.insert_rows(tables.event_path, _STEP, steps)
    return list(zip(artifact_ids, event_ids, strict=True))
