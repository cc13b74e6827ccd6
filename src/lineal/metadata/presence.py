"""Ask whether something is in the graph, without reading what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.backends import backend_of
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.metadata.store import Store

__all__ = ["known_numbers"]


@served()
def known_numbers(store: Store, name: str, wanted: Iterable[int]) -> set[int]:
    """Return those of the whole numbers `wanted` that some artifact has as its property `name`."""
    table = tables.artifact_property
    asked = sorted(set(wanted))
    if not asked:
        return set()
    with store.reading() as (connection, _):
        query = (
            sa.select(table.c.int_value)
            .distinct()
            .where(
                table.c.name == name,
                # Both, so that the index by value, which begins so, serves.
                table.c.is_custom_property.in_([0, 1]),
                backend_of(connection).among(table.c.int_value, asked),
            )
        )
        return {int(number) for number in connection.scalars(query)}
