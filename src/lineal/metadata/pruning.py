"""Keep of a lineage what is asked for, and the way to it."""

from __future__ import annotations

import fnmatch
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.metadata import tables
from lineal.metadata.backends import backend_of
from lineal.metadata.moments import as_moment
from lineal.metadata.version_rows import version_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from lineal.metadata.model import Artifact, Execution
    from lineal.metadata.moments import Moment
    from lineal.metadata.reach import Node
    from lineal.metadata.store import Store
    from lineal.metadata.version_rows import VersionRow

__all__ = ["Ties", "Wanted", "versions_among", "way_to"]

Ties = dict[tuple["Node", "Node"], int | None]
"""Edges along which data went, each with its event's id."""

_CHUNK = 10_000


@dataclass(frozen=True)
class Wanted:
    """What nodes of a lineage are looked for: types and names as patterns, and when."""

    type: str | None = None
    name: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of(
        cls,
        *,
        type: str | None,  # noqa: A002 -- the field's own name for it
        name: str | None,
        since: Moment | None,
        until: Moment | None,
    ) -> Wanted | None:
        """Return what is looked for; None if that is everything."""
        times = [
            None if moment is None else as_moment(moment, what=what)
            for moment, what in ((since, "since"), (until, "until"))
        ]
        wanted = cls(type, name, *times)
        return None if wanted == cls() else wanted

    def fits(self, node: Artifact | Execution, version: VersionRow | None) -> bool:
        """Return whether a node fits.

        A name is that of the thing, or of the version (`ops.flights@3`), or what another client
        called the node. The time is since when a version is known, else when the node was made.
        """
        if self.type is not None and not fnmatch.fnmatchcase(node.type, self.type):
            return False
        if self.name is not None:
            names = {node.name, version.name if version else None} - {None}
            if not any(fnmatch.fnmatchcase(str(each), self.name) for each in names):
                return False
        if self.since is None and self.until is None:
            return True
        time = version.known_at if version else node.created
        if time is None:
            return False
        return (self.since is None or self.since <= time) and (
            self.until is None or time < self.until
        )


def way_to(start: Node, tied: Ties, fitting: Collection[Node], *, upstream: bool) -> Ties:
    """Return the edges that lie between `start` and the nodes that fit."""
    towards: Mapping[Node, list[Node]] = defaultdict(list)
    for source, target in tied:
        if upstream:
            towards[source].append(target)
        else:
            towards[target].append(source)
    kept = {node for ends in tied for node in ends} & set(fitting)
    level = set(kept)
    while level:
        level = {nearer for node in level for nearer in towards.get(node, ())} - kept
        kept |= level
    kept.add(start)
    return {ends: event for ends, event in tied.items() if kept.issuperset(ends)}


def versions_among(store: Store, artifact_ids: Sequence[int]) -> dict[int, VersionRow]:
    """Return the versions that these artifacts are, by artifact id."""
    found: dict[int, VersionRow] = {}
    with store.reading() as (connection, at):
        for begin in range(0, len(artifact_ids), _CHUNK):
            chunk = artifact_ids[begin : begin + _CHUNK]
            among = backend_of(connection).among(tables.version.c.artifact_id, chunk)
            found |= {row.artifact_id: row for row in version_rows(connection, [among], at)}
    return found
