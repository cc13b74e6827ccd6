"""What every online store does, alike: keep the newest row of each entity, and look rows up.

A store knows keys, two times and a blob. What a feature's status is, whether a row has expired,
and what the blob says are decided above it, once for all stores.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    import pyarrow as pa

    from lineal.features.online.keys import Key, KeyLayout
    from lineal.features.online.packing import Layout

__all__ = ["OnlineStore", "Progress", "Snapshot", "Status", "StoredRow", "StoredView"]


class Status(StrEnum):
    """What is known of one feature of one entity."""

    PRESENT = "PRESENT"
    NULL = "NULL"
    """The newest row is there, and the feature is null in it."""
    MISSING = "MISSING"
    """No row of that entity is known."""
    EXPIRED = "EXPIRED"
    """The newest row is older than the view's maximum age."""


@dataclass(frozen=True)
class Progress:
    """Up to where a table has been materialised."""

    table: str
    version: int
    moment: datetime
    """Rows that were known by then are in the store."""
    due: datetime | None = None
    """When the first of the rows becomes known that were not by then."""

    def is_ahead_of(self, other: Progress) -> bool:
        """Say whether this knows more than `other` does."""
        return (self.version, self.moment) > (other.version, other.moment)


@dataclass(frozen=True)
class StoredView:
    """One view's rows in a store: what they are called, found by and made of."""

    id: str
    keys: KeyLayout
    layout: Layout

    def has_shape_of(self, other: StoredView) -> bool:
        """Say whether keys and features of both are of equal types."""
        same = self.layout.schema.equals(other.layout.schema)
        return self.keys == other.keys and bool(same)


@dataclass(frozen=True)
class StoredRow:
    """The newest row of one entity; times in microseconds since 1970."""

    event: int
    known: int
    blob: bytes


class Snapshot(Protocol):
    """A store at one moment."""

    def view(self, view_id: str) -> StoredView | None:
        """Return how a view is stored, or None if it never was."""
        ...

    def rows(
        self, requests: Sequence[tuple[StoredView, Sequence[Key]]]
    ) -> list[Mapping[Key, StoredRow]]:
        """Return, for each view and its keys, the rows that there are; one round trip for all."""
        ...


class OnlineStore(Protocol):
    """Keeps the newest row of each entity of each view."""

    def progress(self, view_id: str) -> Progress | None:
        """Return up to where a view has been written."""
        ...

    def write(
        self,
        view: StoredView,
        batches: Iterable[pa.RecordBatch],
        progress: Progress,
        *,
        after: Progress | None = None,
    ) -> int | None:
        """Write rows of `key`, `event`, `known`, `blob`, all or none, and return their number.

        Without `after` they replace all that there was. With it, they come on top of what the
        store had by then: the row with the greatest (event, known) wins, whatever order rows
        come in, and an equal one replaces an equal one. Returns None, with nothing written, if
        the store is ahead of `progress`. Raises `Conflict` if it is behind `after`, or has the
        view in another shape.
        """
        ...

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Open the store for reading, as it is at this moment."""
        ...

    def close(self) -> None:
        """Release connections; the store can't be used afterwards."""
        ...
