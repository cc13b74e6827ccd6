"""Read nested columns whose parts were renamed, added or dropped between files.

DuckDB finds a top-level column by its field id, but what is inside by name, and gives nulls for
names it does not find. So the files are read in groups of one layout, each with its own names
inside, and each value is rebuilt with the names wanted, by the ids of its parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.engine.duckdb.text import literal, literal_list, quoted, type_text
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.engine.duckdb.layouts import Column
    from lineal.engine.duckdb.session import Session
    from lineal.engine.protocol import FieldById

__all__ = ["Generation", "generations"]

_FIELD_ID = b"PARQUET:field_id"


@dataclass(frozen=True)
class Generation:
    """Neighbouring files that are read alike."""

    paths: tuple[str, ...]
    types: Mapping[int, str]
    """How DuckDB must read the column of each field id."""
    values: Mapping[int, str]
    """SQL for the value wanted, from the column `field_ID`."""


def generations(
    session: Session, fields: Sequence[FieldById], paths: Sequence[str], *, has_ids: bool
) -> list[Generation]:
    """Split the files, in order, by how their nested columns are laid out.

    Raises `InvalidInput` for a file without field ids, whose every value would be read as null.
    """
    nested = [field for field in fields if pa.types.is_nested(field.type)]
    if has_ids and not nested:
        return [_generation(session, fields, (), paths, ())]
    files = list(zip(paths, session.layouts.of(session, paths), strict=True))
    for path, columns in files:
        if columns and all(column.field_id is None for column in columns):
            raise InvalidInput(
                f"{path} has no field ids, so its columns can't be told after a rename; ingest it "
                "so that it is written with ids, or read it by name"
            )
    return [
        _generation(session, fields, nested, [path for path, _ in group], layout)
        for layout, group in groupby(files, key=lambda file: _nested_layout(nested, file[1]))
    ]


def _nested_layout(
    nested: Sequence[FieldById], columns: Sequence[Column]
) -> tuple[Column | None, ...]:
    by_id = {column.field_id: column for column in columns}
    return tuple(by_id.get(field.id) for field in nested)


def _generation(
    session: Session,
    fields: Sequence[FieldById],
    nested: Sequence[FieldById],
    paths: Sequence[str],
    layout: Sequence[Column | None],
) -> Generation:
    types = {field.id: type_text(field.type) for field in fields}
    values = {field.id: f"field_{field.id}" for field in fields}
    stored = _stored_types(session, paths[0]) if any(layout) else {}
    for field, column in zip(nested, layout, strict=True):
        if column is None or _canonical(session, types[field.id]) == stored[column.name]:
            continue
        values[field.id] = _rebuilt(
            values[field.id], column, field.type, f"{paths[0]}: {field.name}"
        )
        types[field.id] = stored[column.name]
    return Generation(tuple(paths), types, values)


def _stored_types(session: Session, path: str) -> dict[str, str]:
    relation = session.relation(
        f"SELECT * FROM read_parquet({literal_list([path])}, hive_partitioning = false) LIMIT 0"
    )
    return dict(zip(relation.columns, relation.types, strict=True))


def _canonical(session: Session, text: str) -> str:
    return session.relation(f"SELECT CAST(NULL AS {text})").types[0]


def _rebuilt(value: str, column: Column, wanted: pa.DataType, place: str, depth: int = 0) -> str:
    """Return SQL that gives `value`, stored as `column` says, the parts and names of `wanted`."""
    types = pa.types
    if types.is_struct(wanted):
        parts = ", ".join(
            f"{quoted(field.name)} := {_part(value, column, field, place, depth)}"
            for field in wanted
        )
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({parts}) END"
    each = f"each_{depth}"
    if types.is_map(wanted):
        key, item = column.parts[0].parts
        new_key = _rebuilt(f"{each}.key", key, wanted.key_type, place, depth + 1)
        new_item = _rebuilt(f"{each}.value", item, wanted.item_type, place, depth + 1)
        entries = (
            f"list_transform(map_entries({value}), lambda {each}: "
            f"struct_pack(k := {new_key}, v := {new_item}))"
        )
        return f"CASE WHEN {value} IS NOT NULL THEN map_from_entries({entries}) END"
    if types.is_nested(wanted):
        element = column.parts[0].parts[0]
        new = _rebuilt(each, element, wanted.value_type, place, depth + 1)
        return f"list_transform({value}, lambda {each}: {new})"
    return f"CAST({value} AS {type_text(wanted)})"


def _part(value: str, column: Column, field: pa.Field, place: str, depth: int) -> str:
    known = (field.metadata or {}).get(_FIELD_ID)
    if known is None:
        raise InvalidInput(
            f"{place} has other parts than the table, and the table's type gives no field ids for "
            f"them; give {field.name!r} its id in the Arrow field's metadata (PARQUET:field_id)"
        )
    part = column.part(int(known))
    if part is None:
        return f"CAST(NULL AS {type_text(field.type)})"
    return _rebuilt(
        f"struct_extract({value}, {literal(part.name)})", part, field.type, place, depth
    )
