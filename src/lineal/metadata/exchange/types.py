"""Merge types: those of one kind, name and version are one type, with the properties of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from lineal.errors import Conflict
from lineal.metadata import tables
from lineal.metadata.exchange.contents import columns_of
from lineal.metadata.model import PropertyType

if TYPE_CHECKING:
    from lineal.metadata.exchange.contents import Row
    from lineal.metadata.exchange.merging import Merge

__all__ = ["TypeMerge"]

_COLUMNS = columns_of(tables.type_)


class TypeMerge:
    """The types of a source, on their way into a store."""

    def __init__(self, merge: Merge) -> None:
        self._merge = merge
        self._names: dict[int, str] = {}

    def take_types(self, rows: list[Row]) -> None:
        """Merge rows of Type."""
        table, merge = tables.type_, self._merge
        there = {
            _identity(row): cast("int", row["id"])
            for row in merge.commit.connection.execute(sa.select(table)).mappings()
        }
        new: list[Row] = []
        for values in rows:
            row = dict(zip(_COLUMNS, values, strict=True))
            number, local = cast("int", row["id"]), there.get(_identity(row))
            self._names[number] = str(row["name"])
            known = merge.local("type", number)
            if known is not None:
                continue
            if local is not None:
                merge.is_here("type", number, local)
                continue
            local = merge.commit.reserve(table, 1)[0]
            there[_identity(row)] = local
            merge.is_new("type", number, local)
            new.append((local, *values[1:]))
        merge.insert(table, new)

    def take_properties(self, rows: list[Row]) -> None:
        """Merge rows of TypeProperty; raise `Conflict` where both sides differ on one."""
        table, merge = tables.type_property, self._merge
        there = {
            (row.type_id, row.name): row.data_type
            for row in merge.commit.connection.execute(sa.select(table))
        }
        new: list[Row] = []
        for number, name, kind in rows:
            local = merge.local("type", number)
            if local is None:
                continue
            held = there.get((local, name), kind)
            if held != kind:
                raise Conflict(
                    f"the type {self._names.get(cast('int', number), '')!r} has the property "
                    f"{name!r} as {_kind(held)} here and as {_kind(kind)} in the export; give the "
                    "type another version in one of them"
                )
            if (local, name) not in there:
                new.append((local, name, kind))
        merge.insert(table, new)

    def take_parents(self, rows: list[Row]) -> None:
        """Merge rows of ParentType: the simple types that types are based on."""
        table, merge = tables.parent_type, self._merge
        there = {tuple(row) for row in merge.commit.connection.execute(sa.select(table))}
        both = {
            (child, parent)
            for child, parent in (
                (merge.local("type", row[0]), merge.local("type", row[1])) for row in rows
            )
            if child is not None and parent is not None
        }
        merge.insert(table, sorted(both - there))


def _identity(row: object) -> tuple[object, ...]:
    """Return what makes two types one; no version and an empty one are the same."""
    held = cast("dict[str, object]", row)
    return (held["type_kind"], held["name"], held["version"] or "")


def _kind(number: object) -> str:
    try:
        return PropertyType(cast("int", number)).name
    except ValueError:
        return str(number)
