"""Read the versions of named things, each with its commit and its claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import rows, tables
from lineal.metadata.moments import from_microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lineal.metadata.history import Horizon

__all__ = ["VersionRow", "aliases_of", "is_newest", "version_rows"]


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


def is_newest(at: Horizon | None) -> sa.ColumnElement[bool]:
    """Return the condition that a version is the newest of its name, as of then."""
    version = tables.version
    visible = [] if at is None else [at.version_visible()]
    newest = (
        sa.select(version.c.name, sa.func.max(version.c.number).label("number"))
        .where(*visible)
        .group_by(version.c.name)
        .subquery()
    )
    return sa.tuple_(version.c.name, version.c.number).in_(
        sa.select(newest.c.name, newest.c.number)
    )


def aliases_of(connection: sa.Connection, at: Horizon | None, name: str) -> dict[str, int]:
    """Return the aliases of `name`, sorted, and the number that each stood for then."""
    alias = tables.alias
    visible = [] if at is None else [alias.c.commit <= at.commit]
    found = connection.execute(
        sa.select(alias.c.id, alias.c.alias, alias.c.number).where(alias.c.name == name, *visible)
    ).all()
    numbers = {row.alias: row.number for row in found}
    if at is not None:
        old = rows.old_values(connection, at, "alias", [row.id for row in found])
        numbers |= {row.alias: int(str(old[row.id]["number"])) for row in found if row.id in old}
    return dict(sorted(numbers.items()))
