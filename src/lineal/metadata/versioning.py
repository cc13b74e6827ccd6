"""Write versions, aliases and claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.moments import from_microseconds, to_microseconds
from lineal.metadata.queries import NEWEST, NEWEST_OF

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from lineal.metadata.commit import Commit

__all__ = ["Newest", "VersionWrites"]

_VERSION = ("artifact_id", "name", "number", "content", "commit")


class Newest(NamedTuple):
    """The newest version of a name, as a transaction sees it."""

    artifact_id: int
    number: int
    content: str
    type: str


class VersionWrites:
    """Versions as one transaction sees and makes them."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit

    def newest(self, name: str) -> tuple[int, int, str] | None:
        """Return artifact id, number and content of the newest version of `name`, if any."""
        row = NEWEST.row(self._commit, name)
        return None if row is None else (row[0], row[1], row[2])

    def newest_of(self, names: Iterable[str]) -> dict[str, Newest]:
        """Return the newest version of each of these names that has any."""
        found = NEWEST_OF.rows(self._commit, sorted(set(names)))
        return {name: Newest(*row) for name, *row in found}

    def number_version(self, artifact_id: int, name: str, content: str) -> int:
        """Make the artifact the next version of `name`; return the version's number."""
        newest = self.newest(name)
        number = newest[1] + 1 if newest else 1
        self.put_versions([(artifact_id, name, number, content)])
        return number

    def put_versions(self, versions: Sequence[tuple[int, str, int, str]]) -> None:
        """Insert versions: artifact, name, number, content of each.

        Numbers follow the order of commits, without gaps.
        """
        rows = [(*version, self._commit.number) for version in versions]
        self._commit.insert_rows(tables.version, _VERSION, rows)

    def known_at(self, artifact_id: int) -> datetime:
        """Return since when the version that is this artifact counts as known."""
        claimed = self.claimed("artifact", artifact_id)
        if claimed is not None:
            return claimed
        version, commit = tables.version, tables.commit
        stamp = self._commit.connection.scalar(
            sa.select(commit.c.time_us)
            .join(version, version.c.commit == commit.c.number)
            .where(version.c.artifact_id == artifact_id)
        )
        return self._commit.time if stamp is None else from_microseconds(stamp)

    def known_before(self, artifact_id: int) -> datetime | None:
        """Return since when the version that precedes this artifact's is known, if there is one."""
        version = tables.version
        row = self._commit.connection.execute(
            sa.select(version.c.name, version.c.number).where(version.c.artifact_id == artifact_id)
        ).one_or_none()
        if row is None:
            return None
        before = self._commit.connection.scalar(
            sa.select(version.c.artifact_id).where(
                version.c.name == row.name, version.c.number == row.number - 1
            )
        )
        return None if before is None else self.known_at(before)

    def claimed(self, kind: str, node_id: int) -> datetime | None:
        """Return the time at which a claim says that the node was known, if there is a claim."""
        claim = tables.claim
        stamp = self._commit.connection.scalar(
            sa.select(claim.c.known_at_us).where(claim.c.kind == kind, claim.c.node_id == node_id)
        )
        return None if stamp is None else from_microseconds(stamp)

    def put_claim(self, kind: str, node_id: int, known_at: datetime, claimed_by: str) -> None:
        """Keep that `claimed_by` says the node was known at `known_at`; the first claim stands."""
        if self.claimed(kind, node_id) is None:
            self._commit.insert(
                tables.claim,
                [
                    {
                        "kind": kind,
                        "node_id": node_id,
                        "known_at_us": to_microseconds(known_at),
                        "claimed_by": claimed_by[:255],
                        "commit": self._commit.number,
                    }
                ],
            )

    def set_alias(self, name: str, alias: str, number: int) -> int | None:
        """Make `alias` stand for version `number` of `name`; return the number it stood for."""
        table = tables.alias
        row = self._commit.connection.execute(
            sa.select(table.c.id, table.c.number).where(
                table.c.name == name, table.c.alias == alias
            )
        ).one_or_none()
        if row is None:
            values = {"name": name, "alias": alias, "number": number}
            self._commit.insert_one(table, {**values, "commit": self._commit.number})
            return None
        self._commit.keep("alias", row.id, {"number": row.number})
        self._commit.connection.execute(
            table.update().where(table.c.id == row.id), {"number": number}
        )
        return int(row.number)
