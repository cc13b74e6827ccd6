"""What the closing transaction does to each output: make it LIVE, reuse an equal one, drop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import AlreadyExists, InvalidInput
from lineal.metadata.model import Artifact, ArtifactState, EventType
from lineal.metadata.names import format_name
from lineal.metadata.outputs import Made, Pending

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from lineal.metadata.transaction import Transaction

__all__ = ["check_claim", "check_type", "claim_inputs", "close_output"]


def close_output(
    transaction: Transaction, pending: Pending, *, known_at: datetime | None, claimed_by: str
) -> None:
    """Make one output what it turned out to be, visible from this commit on.

    An output whose content equals the newest version's becomes that version: its event points
    there, and the pending row, which nobody saw, is removed.
    """
    result, name = pending.result, pending.output.name
    if isinstance(result, Made) and name is not None:
        check_type(transaction, name, pending.output.type.name)  # another may have been faster
    if isinstance(result, Made) and result.content and result.skip_equal and name is not None:
        newest = transaction.versions.newest(name)
        if newest is not None and newest[2] == result.content:
            result = transaction.artifact_of(newest[0])
    if isinstance(result, Made):
        _make_live(transaction, pending, result, known_at, claimed_by)
    elif isinstance(result, Artifact):
        transaction.turn_event(pending.event_id, EventType.OUTPUT, artifact_id=result.id or 0)
        transaction.remove_pending(pending.artifact_id, became=result.id)
    else:
        transaction.remove_event(pending.event_id)
        transaction.remove_pending(pending.artifact_id)


def check_type(transaction: Transaction, name: str, type_name: str) -> None:
    """Raise `AlreadyExists` if `name` belongs to things of another type."""
    newest = transaction.versions.newest(name)
    if newest is None:
        return
    stored = transaction.type_of(newest[0])
    if stored != type_name:
        raise AlreadyExists(
            f"{name!r} names a {stored}, it can't become a {type_name}; choose another name"
        )


def check_claim(transaction: Transaction, name: str, known_at: datetime) -> None:
    """Raise `InvalidInput` if a claim would date a version before the one that it follows."""
    newest = transaction.versions.newest(name)
    if newest is None:
        return
    before = transaction.versions.known_at(newest[0])
    if known_at < before:
        raise InvalidInput(
            f"known_at={known_at.isoformat()} lies before {before.isoformat()}, since when "
            f"{format_name(name, newest[1])} is known; load older knowledge first, "
            "or leave the claim out"
        )


def claim_inputs(
    transaction: Transaction, artifact_ids: Iterable[int], *, known_at: datetime, claimed_by: str
) -> None:
    """Date the inputs that no claim dates yet, never before the version that each follows.

    Only what the store already dates later than the claim gains by it.
    """
    for artifact_id in artifact_ids:
        floor = transaction.versions.known_before(artifact_id)
        claim = known_at if floor is None else max(known_at, floor)
        if claim < transaction.versions.known_at(artifact_id):
            transaction.versions.put_claim("artifact", artifact_id, claim, claimed_by)
            maker = transaction.maker_of(artifact_id)
            if maker is not None:
                transaction.versions.put_claim("execution", maker, claim, claimed_by)


def _make_live(
    transaction: Transaction,
    pending: Pending,
    made: Made,
    known_at: datetime | None,
    claimed_by: str,
) -> None:
    name, artifact_id = pending.output.name, pending.artifact_id
    columns: dict[str, object] = {"state": int(ArtifactState.LIVE), "uri": made.uri}
    if name is not None:
        if known_at is not None:
            check_claim(transaction, name, known_at)
        number = transaction.versions.number_version(artifact_id, name, made.content)
        columns["name"] = format_name(name, number)
    if known_at is not None:
        transaction.versions.put_claim("artifact", artifact_id, known_at, claimed_by)
    transaction.update("artifact", artifact_id, columns=columns, properties=made.properties)
    transaction.turn_event(pending.event_id, EventType.OUTPUT, artifact_id=artifact_id)
