"""Compare a source's columns with a table's, and say what differs and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

from lineal.errors import InvalidInput
from lineal.warehouse.convert import compatible
from lineal.warehouse.types import describe, storage

if TYPE_CHECKING:
    import pyarrow as pa

    from lineal.warehouse.schema import Column, TableSchema

__all__ = ["Difference", "Evolve", "compare", "refuse_unless_allowed"]

Evolve = Literal["add", "omit", "union"]
"""Which changes a load may bring: new columns, columns left out, or both."""

_SIMILAR = 0.6


@dataclass(frozen=True)
class Difference:
    """What a source has otherwise than the table."""

    missing: tuple[Column, ...] = ()
    new: tuple[pa.Field, ...] = ()
    changed: tuple[tuple[Column, pa.DataType], ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.missing or self.new or self.changed)

    def renamed(self) -> dict[str, str]:
        """Return for missing columns the new ones that they were likely renamed to."""
        pairs: dict[str, str] = {}
        for column in self.missing:
            fitting = [
                field.name
                for field in self.new
                if field.name not in pairs.values() and compatible(field.type, column.type)
            ]
            only = len(self.missing) == len(self.new) == 1
            likely = [name for name in fitting if only or _alike(name, column.name)]
            if likely:
                pairs[column.name] = max(likely, key=lambda name: _ratio(name, column.name))
        return pairs


def compare(
    schema: TableSchema, given: pa.Schema, *, has_header: bool = True, lossy: bool = False
) -> Difference:
    """Return what the columns `given` have otherwise than the table; values are not looked at.

    A source without a header does not say that a column is missing.
    """
    columns = {column.name: column for column in schema.user_columns}
    fields = {field.name: field for field in given}
    return Difference(
        missing=tuple(c for name, c in columns.items() if name not in fields and has_header),
        new=tuple(field for name, field in fields.items() if name not in columns),
        changed=tuple(
            (columns[name], field.type)
            for name, field in fields.items()
            if name in columns and not compatible(field.type, columns[name].type, lossy=lossy)
        ),
    )


def refuse_unless_allowed(
    difference: Difference, *, table: str, label: str, evolve: Evolve | None
) -> None:
    """Raise `InvalidInput` with the difference, unless `evolve` allows all of it."""
    new = () if evolve in ("add", "union") else difference.new
    missing = () if evolve in ("omit", "union") else difference.missing
    refused = Difference(missing, new, difference.changed)
    if not refused:
        return
    renamed = refused.renamed()
    lines = [f"{label} does not fit the schema of {table}:"]
    for column in missing:
        guess = (
            f"; did you rename it to {renamed[column.name]!r}?" if column.name in renamed else ""
        )
        lines.append(f"  - {column.name}: {describe(column.type)}   missing{guess}")
    for field in new:
        stored = storage(field.type, column=field.name).type
        lines.append(f"  + {field.name}: {describe(stored)}   new")
    for column, given in difference.changed:
        stored = storage(given, column=column.name).type
        lines.append(
            f"  ~ {column.name}: {describe(column.type)}   is {describe(stored)} in the source"
        )
    raise InvalidInput("\n".join([*lines, *_remedies(refused, renamed, table)]))


def _remedies(difference: Difference, renamed: dict[str, str], table: str) -> list[str]:
    told = [
        f"a column was renamed: lineal schema rename {table} {old} {new}"
        for old, new in renamed.items()
    ]
    unexplained = [f for f in difference.new if f.name not in renamed.values()]
    if unexplained:
        told.append("new columns are wanted: load again with evolve='add' (--evolve add)")
    if [c for c in difference.missing if c.name not in renamed]:
        told.append("columns may be left out: load again with evolve='omit' (--evolve omit)")
    if difference.changed:
        name = difference.changed[0][0].name
        told.append(f"another type is wanted: lineal schema type {table} {name} TYPE")
    return ["nothing was loaded. If", *(f"  {line}" for line in told)]


def _alike(one: str, other: str) -> bool:
    return _ratio(one, other) >= _SIMILAR


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()
