"""Read the versions of named things, each with its commit and its claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.moments import from_microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lineal.metadata.history import Horizon

__all__ = ["VersionRow", "version_rows"]


@dataclass(frozen=True)
class VersionRow:
    """One version of a named thing: which artifact it is, and since when it is known."""

    artifact_id: int
    name: str
    number: int
    content: str
    committed: datetime
    known_at: datetime
    claimed_by: str | None = None


def version_rows(
    connection: sa.Connection,
    conditions: Sequence[sa.ColumnElement[bool]],
    at: Horizon | None,
    *,
    newest_first: bool = False,
    limit: int | None = None,
) -> list[VersionRow]:
    """Return the versions that fulfil the conditions and were there by then, by name."""
    version, claim, commit = tables.version, tables.claim, tables.commit
    visible = [] if at is None else [at.version_visible()]
    order = version.c.number.desc() if newest_first else version.c.number.asc()
    query = (
        sa.select(version, commit.c.time_us, claim.c.known_at_us, claim.c.claimed_by)
        .join(commit, commit.c.number == version.c.commit)
        .outerjoin(
            claim,
            sa.and_(claim.c.kind == "artifact", claim.c.node_id == version.c.artifact_id),
        )
        .where(*conditions, *visible)
        .order_by(version.c.name, order)
        .limit(limit)
    )
    return [
        VersionRow(
            artifact_id=row.artifact_id,
            name=row.name,
            number=row.number,
            content=row.content,
            committed=from_microseconds(row.time_us),
            known_at=from_microseconds(row.time_us if row.known_at_us is None else row.known_at_us),
            claimed_by=row.claimed_by,
        )
        for row in connection.execute(query)
    ]
