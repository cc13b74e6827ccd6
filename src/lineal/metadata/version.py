"""A handle on one version of a named thing, or on an artifact without a name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from lineal.metadata.gaps import note_of
from lineal.metadata.labels import labels_of, properties_of
from lineal.metadata.lineage import Direction, Lineage, walk
from lineal.metadata.names import format_name

if TYPE_CHECKING:
    from datetime import datetime

    from lineal.metadata.model import Artifact, Value
    from lineal.metadata.recorder import Recorder
    from lineal.metadata.store import Store, VersionRow

__all__ = ["Version"]


class Version:
    """One version of a thing: what it is, where it came from, which others there are.

    What a verb returns is a version, or a subclass that can also read the content.
    """

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        artifact: Artifact,
        row: VersionRow | None,
    ) -> None:
        self.store = store
        self.recorder = recorder
        self.artifact = artifact
        self.row = row

    def pin(self) -> Self:
        """Say that this version was asked for by its number, content or id; return it."""
        self.artifact = replace(self.artifact, pinned=True)
        return self

    @property
    def id(self) -> int:
        """The artifact's id in the graph."""
        return self.artifact.id or 0

    @property
    def name(self) -> str | None:
        """The name that the versions share; None for an artifact without one."""
        return None if self.row is None else self.row.name

    @property
    def number(self) -> int | None:
        """The version's number, from 1; None for an artifact without a name."""
        return None if self.row is None else self.row.number

    @property
    def ref(self) -> str:
        """What finds exactly this version again: `ops.flights@3`, or `artifact/12`."""
        if self.row is None:
            return f"artifact/{self.id}"
        return format_name(self.row.name, self.row.number)

    @property
    def content(self) -> str:
        """The SHA-256 of the content, in hex."""
        if self.row is not None:
            return self.row.content
        return str(self.artifact.get("sha256", ""))

    @property
    def committed(self) -> datetime | None:
        """When the version became visible."""
        return self.artifact.updated if self.row is None else self.row.committed

    @property
    def known_at(self) -> datetime | None:
        """Since when its source knew it: the commit's time, or earlier where a load claims so."""
        return self.artifact.updated if self.row is None else self.row.known_at

    @property
    def versions(self) -> list[VersionRow]:
        """All versions of the same name, oldest first."""
        return [] if self.row is None else self.store.versions(self.row.name)

    def describe(self) -> dict[str, object]:
        """Return what is known of this version, in plain values."""
        made = next(
            (
                event
                for event in self.store.events(artifact_ids=[self.id])
                if not event.type.is_input
            ),
            None,
        )
        row = self.row
        uncertain = note_of(self.store, "artifact", self.id)
        return {
            "ref": self.ref,
            "id": self.id,
            "type": self.artifact.type,
            "state": None if self.artifact.state is None else self.artifact.state.name,
            "content": self.content,
            "uri": self.artifact.uri,
            "committed": self.committed,
            "known_at": self.known_at,
            "claimed_by": None if row is None else row.claimed_by,
            "versions": len(self.versions),
            "aliases": []
            if row is None
            else [a for a, n in self.store.aliases(row.name).items() if n == row.number],
            "made_by": None if made is None else f"execution/{made.execution_id}",
            "properties": properties_of(self.artifact),
            "labels": labels_of(self.artifact),
            **({} if uncertain is None else {"uncertain": uncertain}),
        }

    def lineage(self, direction: Direction = "upstream") -> Lineage:
        """Return what led to this version, what came of it (`downstream`), or `both`."""
        return walk(self.store, ("artifact", self.id), direction=direction)

    def label(self, **labels: Value) -> None:
        """Set labels on this version; old values stay in the history."""
        self.recorder.label(self.id, labels)
        self.artifact = self.store.artifact(self.id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.ref}>"
