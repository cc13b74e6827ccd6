"""How far a mirror came: up to which time of the source all is taken over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata import Store

__all__ = ["Mirrored", "keep_mark", "mark_of"]

_OVERLAP = 60_000
"""Milliseconds that are looked at again: a transaction that began earlier may end later."""


@dataclass(frozen=True)
class Mirrored:
    """What a pass took over: how many rows of each kind are new, and how many nodes changed."""

    source: str
    target: str
    new: Mapping[str, int]
    changed: int

    @property
    def total(self) -> int:
        """How much the pass did; 0 if both were alike."""
        return sum(self.new.values()) + self.changed


def mark_of(store: Store, key: str) -> int | None:
    """Return since when things are to be looked at; None for all of them."""
    with store.reading() as (connection, _):
        text = connection.scalar(sa.select(tables.store.c.value).where(tables.store.c.key == key))
    return None if text is None else max(0, int(text) - _OVERLAP)


def keep_mark(store: Store, key: str, time: int) -> None:
    """Keep that all that changed before `time` is taken over."""
    table = tables.store
    with store.write() as transaction:
        connection = transaction.commit.connection
        done = connection.execute(table.update().where(table.c.key == key).values(value=str(time)))
        if not done.rowcount and mark_in(connection, key) is None:
            connection.execute(table.insert(), {"key": key, "value": str(time)})


def mark_in(connection: sa.Connection, key: str) -> str | None:
    """Return the mark as it stands in a transaction."""
    found: str | None = connection.scalar(
        sa.select(tables.store.c.value).where(tables.store.c.key == key)
    )
    return found
