"""Read types of nodes, with the properties that they declare."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.batch.choosing import NUMBERS, known_external_ids
from lineal.metadata.batch.forms import Kind, TypeForm
from lineal.metadata.batch.selects import Query, Row, Slots, fetch
from lineal.metadata.integers import ids_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["declared", "types"]

_SIMPLE = frozenset(name for name, _ in tables.SIMPLE_TYPES)


def types(
    connection: sa.Connection,
    kind: Kind,
    *,
    ids: Iterable[int] | None = None,
    name: str | None = None,
    version: str | None = None,
    every_version: bool = False,
    external_ids: Iterable[str] | None = None,
) -> list[TypeForm]:
    """Return the types that fit everything given, in the order of their ids.

    ML Metadata's simple types are left out when nothing is asked for.
    """
    given: dict[str, object] = {
        "ids": None if ids is None else ids_of(ids),
        "external_ids": None if external_ids is None else known_external_ids(external_ids),
        "name": name,
        "version": None if name is None or every_version else version or "",
    }
    values = {key: value for key, value in given.items() if value is not None}
    found = [
        TypeForm(
            name=called,
            version=versioned,
            description=description,
            properties={},
            external_id=external_id,
            input_type=input_type,
            output_type=output_type,
            id=type_id,
        )
        for type_id, called, versioned, description, external_id, input_type, output_type in (
            cast(
                "list[tuple[int, str, str, str, str, str, str]]",
                _type_rows(connection, kind, values),
            )
        )
        if values or called not in _SIMPLE
    ]
    _complete(connection, found)
    return found


def _type_rows(connection: sa.Connection, kind: Kind, values: Mapping[str, object]) -> list[Row]:
    table = tables.type_
    names = frozenset(values)

    def build(slots: Slots) -> Query:
        columns = ("id", "name", "version", "description", "external_id")
        query = (
            sa.select(*(table.c[name] for name in columns), table.c.input_type, table.c.output_type)
            .where(table.c.type_kind == NUMBERS[kind])
            .order_by(table.c.id)
        )
        for key, column in (("ids", "id"), ("external_ids", "external_id")):
            if key in names:
                query = query.where(slots.among(table.c[column], key))
        if "name" in names:
            query = query.where(table.c.name == slots.text("name"))
        if "version" in names:
            query = query.where(sa.func.coalesce(table.c.version, "") == slots.text("version"))
        return query

    return fetch(connection, ("types", kind, names), build, values)


def declared(connection: sa.Connection, type_ids: Sequence[int]) -> dict[str, int]:
    """Return the properties that these types declare, by name; 0 where they differ in type."""
    found: dict[str, int] = {}
    for _, name, number in _declared_rows(connection, type_ids):
        found[name] = number if found.get(name, number) == number else 0
    return found


def _declared_rows(connection: sa.Connection, type_ids: Sequence[int]) -> list[Row]:
    held = tables.type_property

    def build(slots: Slots) -> Query:
        return (
            sa.select(held.c.type_id, held.c.name, held.c.data_type)
            .where(slots.among(held.c.type_id, "ids"))
            .order_by(held.c.type_id, held.c.name)
        )

    return fetch(connection, ("type properties",), build, {"ids": type_ids})


def _complete(connection: sa.Connection, found: Sequence[TypeForm]) -> None:
    """Fill in the types' properties and bases."""
    if not found:
        return
    by_id = {cast("int", each.id): each for each in found}
    above, base = tables.parent_type, tables.type_.alias("base")

    def build_bases(slots: Slots) -> Query:
        return (
            sa.select(above.c.type_id, base.c.name)
            .join(base, base.c.id == above.c.parent_type_id)
            .where(slots.among(above.c.type_id, "ids"))
        )

    for type_id, name, number in _declared_rows(connection, list(by_id)):
        cast("dict[str, int]", by_id[type_id].properties)[name] = number
    for type_id, name in fetch(connection, ("type bases",), build_bases, {"ids": list(by_id)}):
        by_id[type_id].base = name
