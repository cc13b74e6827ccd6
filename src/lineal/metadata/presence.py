"""Ask whether something is in the graph, without reading what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
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
    found: set[int] = set()
    with store.reading() as (connection, _):
        for number in asked:  # each stops at the first row of the index by value
            query = (
                sa.select(sa.literal(1))
                .where(
                    table.c.name == name,
                    table.c.is_custom_property.in_([0, 1]),
                    table.c.int_value == number,
                )
                .limit(1)
            )
            if connection.scalar(query) is not None:
                found.add(number)
    return found
