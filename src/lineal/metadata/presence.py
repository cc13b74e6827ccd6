"""Ask whether something is in the graph, without reading what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.batch.selects import Query, Slots, fetch
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.metadata.store import Store

__all__ = ["known_numbers"]


@served()
def known_numbers(store: Store, name: str, wanted: Iterable[int]) -> set[int]:
    """Return those of the whole numbers `wanted` that some artifact has as its property `name`."""
    asked = sorted(set(wanted))
    if not asked:
        return set()
    with store.reading() as (connection, _):
        rows = fetch(connection, ("known numbers",), _known, {"name": name, "numbers": asked})
        return {int(number) for (number,) in rows}


def _known(slots: Slots) -> Query:
    table = tables.artifact_property
    query = sa.select(table.c.int_value).where(
        table.c.name == slots.text("name"),
        # Both, so that the index by value, which begins so, serves.
        table.c.is_custom_property.in_([0, 1]),
        slots.among(table.c.int_value, "numbers"),
    )
    return query.distinct()
