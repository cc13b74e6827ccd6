"""What the closing transaction does to each output: make it LIVE, reuse an equal one, drop it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import AlreadyExists, InvalidInput
from lineal.metadata.dropping import Dropped, drop_outputs
from lineal.metadata.model import Artifact, ArtifactState
from lineal.metadata.names import format_name
from lineal.metadata.outputs import Made, Pending
from lineal.metadata.updating import NodeChange
from lineal.metadata.versioning import Newest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from lineal.metadata.transaction import Transaction

__all__ = ["check_claim", "check_types", "claim_inputs", "close_outputs"]


def close_outputs(
    transaction: Transaction,
    outputs: Sequence[Pending],
    *,
    known_at: datetime | None,
    claimed_by: str,
) -> dict[str, int]:
    """Make outputs what they turned out to be, visible from this commit on.

    Returns by key the artifact that each of them is. An output whose content equals the newest
    version's becomes that version: its event points there, and the pending row, which nobody
    saw, is removed.
    """
    made = [each for each in outputs if isinstance(each.result, Made)]
    named = [(each.output.name, each.output.type.name) for each in made if each.output.name]
    newest = transaction.versions.newest_of(name for name, _ in named)
    check_types(newest, named)  # another writer may have been faster
    became: dict[str, int] = {}
    live: list[_Live] = []
    dropped: list[Dropped] = []
    for pending in outputs:
        result, name = pending.result, pending.output.name
        before = newest.get(name) if name is not None else None
        if isinstance(result, Made) and not _is_same(result, before):
            number = None if name is None else (before.number if before else 0) + 1
            if name is not None and number is not None:
                kind = pending.output.type.name
                newest[name] = Newest(pending.artifact_id, number, result.content, kind)
            live.append(_Live(pending, result, number))
            became[pending.output.key] = pending.artifact_id
            continue
        same = result.id if isinstance(result, Artifact) else None
        if isinstance(result, Made) and before is not None:
            same = before.artifact_id
        if same is not None:
            became[pending.output.key] = same
        dropped.append(Dropped(pending.event_id, pending.artifact_id, same))
    drop_outputs(transaction, dropped)
    _make_live(transaction, live, known_at, claimed_by)
    return became


def check_types(newest: Mapping[str, Newest], wanted: Iterable[tuple[str, str]]) -> None:
    """Raise `AlreadyExists` if a name belongs to things of another type than is wanted."""
    for name, kind in wanted:
        stored = newest.get(name)
        if stored is not None and stored.type != kind:
            raise AlreadyExists(
                f"{name!r} names a {stored.type}, it can't become a {kind}; choose another name"
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


@dataclass(frozen=True)
class _Live:
    """An output that becomes a new artifact, and the number of the version that it is."""

    pending: Pending
    made: Made
    number: int | None


def _is_same(made: Made, newest: Newest | None) -> bool:
    return (
        newest is not None
        and bool(made.content)
        and made.skip_equal
        and newest.content == made.content
    )


def _make_live(
    transaction: Transaction,
    live: Sequence[_Live],
    known_at: datetime | None,
    claimed_by: str,
) -> None:
    if known_at is not None:
        for each in live:
            if each.pending.output.name is not None:
                check_claim(transaction, each.pending.output.name, known_at)
            artifact_id = each.pending.artifact_id
            transaction.versions.put_claim("artifact", artifact_id, known_at, claimed_by)
    transaction.versions.put_versions(
        [
            (each.pending.artifact_id, each.pending.output.name, each.number, each.made.content)
            for each in live
            if each.pending.output.name is not None and each.number is not None
        ]
    )
    transaction.update_many("artifact", [_change(each) for each in live])
    transaction.confirm_events([each.pending.event_id for each in live])


def _change(live: _Live) -> NodeChange:
    name, number = live.pending.output.name, live.number
    columns: dict[str, object] = {"state": int(ArtifactState.LIVE), "uri": live.made.uri}
    if name is not None and number is not None:
        columns["name"] = format_name(name, number)
    return NodeChange(live.pending.artifact_id, columns, live.made.properties)
