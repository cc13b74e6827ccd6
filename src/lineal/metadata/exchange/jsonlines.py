"""An export as JSON lines, to be read without Lineal: an object a line, whole in itself.

Nodes come with their type's name and their properties, events with their paths. A number with a
point or an exponent is a double, one without is an integer. What JSON has no word for is an
object with one key: `{"struct": {...}}`, `{"proto": "<base64 of a google.protobuf.Any>"}`,
`{"struct_base64": "..."}` for one that JSON would change (its numbers are infinite, say),
`{"double": "inf"}`, `{"bytes": "<base64>"}`, and `{"none": true}` for a row without a value.
Lineal's own tables are plain rows.
"""

from __future__ import annotations

import base64
import json
import math
from collections import defaultdict
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from lineal.errors import Corrupt, InvalidInput
from lineal.metadata import tables
from lineal.metadata.exchange.contents import BATCH, Batch, Row, columns_of, stream
from lineal.metadata.structs import STRUCT_PREFIX, pack, pack_struct, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["read", "write"]

_KINDS = {0: "execution", 1: "artifact", 2: "context"}
_NODES = {
    "Artifact": tables.artifact_property,
    "Execution": tables.execution_property,
    "Context": tables.context_property,
}
_PARTS: Mapping[str, tuple[sa.Table, ...]] = {
    "Type": (tables.type_property, tables.parent_type),
    "Event": (tables.event_path,),
    **{name: (table,) for name, table in _NODES.items()},
}
_NESTED = {part.name for parts in _PARTS.values() for part in parts}

_COLUMN_OF: Mapping[type, str] = {
    str: "string_value",
    bool: "bool_value",
    int: "int_value",
    float: "double_value",
}
_PAGE = BATCH // 4  # each line has several rows
Line = dict[str, object]


def write(connection: sa.Connection, table: sa.Table, folder: Path) -> dict[str, int]:
    """Write the table's file, with what belongs to its rows; return how many rows of each table."""
    counts: dict[str, int] = defaultdict(int)
    if table.name in _NESTED:
        return counts
    names = _type_names(connection) if table.name in _NODES else {}
    with (folder / f"{table.name}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for rows in _pages(connection, table):
            lines = [dict(zip(columns_of(table), row, strict=True)) for row in rows]
            for part in _PARTS.get(table.name, ()):
                found = _belonging(connection, part, lines)
                counts[part.name] += sum(
                    len(found.get(cast("int", line["id"]), ())) for line in lines
                )
                _nest(table, part, lines, found)
            for line in lines:
                if table.name in _NODES:
                    line["type"] = names.get(cast("int", line["type_id"]))
                elif table is tables.type_:
                    line["kind"] = _KINDS.get(cast("int", line["type_kind"]))
                file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
            counts[table.name] += len(rows)
    return counts


def read(table: sa.Table, folder: Path) -> Iterator[Batch]:
    """Yield the rows of the table's file, if there is one, and those that belong to them."""
    path = folder / f"{table.name}.jsonl"
    if table.name in _NESTED or not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        rows: dict[str, list[Row]] = defaultdict(list)
        for number, text in enumerate(file, start=1):
            try:
                _take_apart(table, json.loads(text), rows)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise Corrupt(
                    f"{path}, line {number}, is not as an export has it "
                    f"({type(error).__name__}: {error}); export again"
                ) from error
            if len(rows[table.name]) >= _PAGE:
                yield from _batches(table, rows)
                rows.clear()
        yield from _batches(table, rows)


def _batches(table: sa.Table, rows: Mapping[str, list[Row]]) -> Iterator[Batch]:
    for part in (table, *_PARTS.get(table.name, ())):
        if rows.get(part.name):
            yield Batch(part, rows[part.name])


# Out


def _pages(connection: sa.Connection, table: sa.Table) -> Iterator[list[Row]]:
    """Yield the table's rows in batches.

    Where more is asked for between two batches, no result may be open: MySQL has one at a time.
    """
    if table.name not in _PARTS:
        yield from stream(connection, table)
        return
    last = 0
    while rows := _collected(stream(connection, table, table.c.id > last, limit=_PAGE)):
        yield rows
        last = cast("int", rows[-1][0])


def _collected(parts: Iterable[list[Row]]) -> list[Row]:
    return [row for part in parts for row in part]


def _type_names(connection: sa.Connection) -> dict[int, str]:
    return {
        row.id: row.name
        for row in connection.execute(sa.select(tables.type_.c.id, tables.type_.c.name))
    }


def _belonging(
    connection: sa.Connection, part: sa.Table, lines: list[Line]
) -> dict[int, list[Row]]:
    """Return the rows of `part` that belong to these lines, by their owners' ids."""
    owner = next(iter(part.columns))
    first, last = lines[0]["id"], lines[-1]["id"]
    found: dict[int, list[Row]] = defaultdict(list)
    for rows in stream(connection, part, owner.between(first, last)):
        for row in rows:
            found[cast("int", row[0])].append(row)
    return found


def _nest(
    table: sa.Table, part: sa.Table, lines: Iterable[Line], found: Mapping[int, list[Row]]
) -> None:
    for line in lines:
        rows = found.get(cast("int", line["id"]), [])
        if part is tables.event_path:
            line["path"] = [step[2] if step[1] else step[3] for step in rows]
        elif part is tables.type_property:
            line["properties"] = {str(row[1]): row[2] for row in rows}
        elif part is tables.parent_type:
            line["parent_type_ids"] = [row[1] for row in rows]
        else:
            names = columns_of(_NODES[table.name])
            for key, custom in (("properties", False), ("custom_properties", True)):
                line[key] = {
                    str(row[1]): _shown(dict(zip(names, row, strict=True)))
                    for row in rows
                    if row[2] is custom
                }


def _shown(row: Mapping[str, object]) -> object:
    """Return a property's value as its line has it."""
    text = row["string_value"]
    if isinstance(text, str):
        return _shown_struct(text) if text.startswith(STRUCT_PREFIX) else text
    number = row["double_value"]
    if row["int_value"] is None and isinstance(number, float):
        return number if math.isfinite(number) else {"double": repr(number)}
    for name in ("int_value", "bool_value"):
        if row[name] is not None:
            return row[name]
    for name, key in (("proto_value", "proto"), ("byte_value", "bytes")):
        value = row[name]
        if isinstance(value, bytes):
            return {key: base64.b64encode(value).decode("ascii")}
    return {"none": True}


def _shown_struct(text: str) -> object:
    """Return a Struct as JSON, or in base64 where JSON, read again, would not be the same."""
    from google.protobuf import struct_pb2

    try:
        shown = unpack(text)
        data = base64.b64decode(text[len(STRUCT_PREFIX) :])
        same = struct_pb2.Struct.FromString(data).SerializeToString(deterministic=True)
        if pack_struct("a Struct", shown) == same:
            json.dumps(shown, allow_nan=False)
            return {"struct": shown}
    except (InvalidInput, ValueError):
        pass
    return {"struct_base64": text[len(STRUCT_PREFIX) :]}


# In


def _take_apart(table: sa.Table, line: Line, rows: dict[str, list[Row]]) -> None:
    """Add the rows that a line stands for."""
    rows[table.name].append(tuple(line[name] for name in columns_of(table)))
    owner = line.get("id")
    if table is tables.event:
        for step in cast("list[object]", line["path"]):
            is_index = isinstance(step, int)
            row = (owner, is_index, step if is_index else None, None if is_index else step)
            rows["EventPath"].append(row)
    elif table is tables.type_:
        for name, kind in cast("Line", line["properties"]).items():
            rows["TypeProperty"].append((owner, name, kind))
        for parent in cast("list[object]", line["parent_type_ids"]):
            rows["ParentType"].append((owner, parent))
    elif table.name in _NODES:
        part = _NODES[table.name]
        for key, custom in (("properties", False), ("custom_properties", True)):
            for name, shown in cast("Line", line[key]).items():
                rows[part.name].append(_property_row(part, owner, name, custom, shown))


def _property_row(part: sa.Table, owner: object, name: str, custom: object, shown: object) -> Row:
    column, value = _held(name, shown)
    held = {
        str(next(iter(part.columns)).name): owner,
        "name": name,
        "is_custom_property": custom,
        column: value,
    }
    return tuple(held.get(one) for one in columns_of(part))


def _held(name: str, shown: object) -> tuple[str, object]:
    """Return the column that holds a value of a line, and what stands in it."""
    column = _COLUMN_OF.get(type(shown))
    if column is not None:
        return column, shown
    if not isinstance(shown, dict) or len(shown) != 1:
        raise ValueError(f"no property is {shown!r}")
    ((key, value),) = shown.items()
    match key:
        case "struct":
            return "string_value", pack(name, value)
        case "struct_base64":
            return "string_value", STRUCT_PREFIX + value
        case "double":
            return "double_value", float(value)
        case "proto":
            return "proto_value", base64.b64decode(value, validate=True)
        case "bytes":
            return "byte_value", base64.b64decode(value, validate=True)
        case "none":
            return "string_value", None
        case _:
            raise ValueError(f"no property is {shown!r}")
