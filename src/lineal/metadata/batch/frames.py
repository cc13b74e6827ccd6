"""Nodes as Arrow tables, a row each, made column by column from what the database gives.

Beside what every node has (`id`, `type`, `name`, …) a table has a column for each property, by
its own name and type; those that the nodes' types declare come first and are always there. Where
the name is taken, by one of those columns or by a declared and a custom property at once, it is
told as in filters: `properties.NAME`, `custom_properties.NAME`. If nodes hold different kinds of
values by one name, the column holds doubles for integers and doubles, else text. Structs are
JSON text, other messages bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lineal.metadata.batch.assembly import property_rows
from lineal.metadata.batch.cells import cell_of, decode, value_of
from lineal.metadata.batch.forms import ProtoCell, StructCell
from lineal.metadata.batch.selects import CHUNK
from lineal.metadata.batch.type_rows import declared
from lineal.metadata.model import ArtifactState, ExecutionState
from lineal.metadata.moments import to_microseconds
from lineal.metadata.structs import STRUCT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa
    import sqlalchemy as sa

    from lineal.metadata.batch.forms import EventForm, Kind
    from lineal.metadata.batch.selects import Row
    from lineal.metadata.model import Artifact, Context, Execution

__all__ = ["arrow", "events_arrow", "of_nodes", "table_of"]

_STATES: Mapping[Kind, Mapping[int | None, str]] = {
    "artifact": {int(state): state.name for state in ArtifactState},
    "execution": {int(state): state.name for state in ExecutionState},
}
_EXACT = 2**53  # doubles hold every integer up to here
_Key = tuple[int, str]  # whether custom, and the name


def arrow(connection: sa.Connection, kind: Kind, rows: Sequence[Row]) -> pa.Table:
    """Return the nodes whose rows of `node_columns` these are, with their properties."""
    held = (
        property_rows(connection, kind, [row[0] for row in rows[start : start + CHUNK]])
        for start in range(0, max(len(rows), 1), CHUNK)
    )
    names = declared(connection, sorted({row[1] for row in rows}))
    return table_of(kind, rows, held, names)


def table_of(
    kind: Kind,
    rows: Sequence[Row],
    properties: Iterable[Iterable[Row]],
    declared_names: Mapping[str, int],
) -> pa.Table:
    """Return a table of rows as `node_columns` and `property_rows` give them.

    The properties come in parts, for `CHUNK` nodes each.
    """
    parts: list[dict[_Key, pa.Array]] = []
    sizes: list[int] = []
    for number, held in enumerate(properties):
        ids = [row[0] for row in rows[number * CHUNK : (number + 1) * CHUNK]]
        parts.append(_property_arrays(ids, held))
        sizes.append(len(ids))
    return _joined(_own_columns(kind, rows), parts, sizes, declared_names)


def of_nodes(kind: Kind, nodes: Sequence[Artifact | Execution | Context]) -> pa.Table:
    """Return nodes that were read as objects as the same table."""
    rows: list[Row] = []
    held: list[list[Row]] = []
    for place, node in enumerate(nodes):
        if place % CHUNK == 0:
            held.append([])
        state = getattr(node, "state", None)
        times = (_milliseconds(node.created), _milliseconds(node.updated))
        own = (node.id, node.type_id, node.name, node.external_id, getattr(node, "uri", None))
        rows.append((*own, state, *times, node.type))
        for custom, values in enumerate((node.properties, node.custom_properties)):
            held[-1] += [
                (node.id, name, custom, cell_of(name, value)) for name, value in values.items()
            ]
    return table_of(kind, rows, held or [[]], {})


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else to_microseconds(time) // 1000


def events_arrow(events: Sequence[EventForm]) -> pa.Table:
    """Return events as a table; a path is told as JSON."""
    import pyarrow as pa

    from lineal.metadata.model import EventType

    names = {int(each): each.name for each in EventType}
    times = pa.array([event.milliseconds for event in events], pa.int64())
    return pa.table(
        {
            "id": pa.array([event.id for event in events], pa.int64()),
            "artifact_id": pa.array([event.artifact_id for event in events], pa.int64()),
            "execution_id": pa.array([event.execution_id for event in events], pa.int64()),
            "type": pa.array(
                [names.get(event.type, str(event.type)) for event in events], pa.string()
            ),
            "path": pa.array(
                [json.dumps(event.path) if event.path else None for event in events], pa.string()
            ),
            "time": times.cast(pa.timestamp("ms", tz="UTC")),
        }
    )


def _own_columns(kind: Kind, rows: Sequence[Row]) -> dict[str, pa.Array]:
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) if rows else [()] * 9
    ids, type_ids, names, external_ids, uris, states, created, updated, types = columns
    times = pa.timestamp("ms", tz="UTC")
    own = {
        "id": pa.array(ids, pa.int64()),
        "type": pa.array(types, pa.string()),
        "type_id": pa.array(type_ids, pa.int64()),
        "name": pa.array(names, pa.string()),
    }
    if kind == "artifact":
        own["uri"] = pa.array(uris, pa.string())
    if kind != "context":
        called = _STATES[kind]
        told = [None if n is None else called.get(n, str(n)) for n in states]
        own["state"] = pa.array(told, pa.string())
    return own | {
        "external_id": pa.array(external_ids, pa.string()),
        "created": pa.array(created, pa.int64()).cast(times),
        "updated": pa.array(updated, pa.int64()).cast(times),
    }


def _property_arrays(ids: Sequence[int], rows: Iterable[Row]) -> dict[_Key, pa.Array]:
    """Return a column for each property that these nodes have, in the nodes' order."""
    places = {node_id: place for place, node_id in enumerate(ids)}
    columns: dict[_Key, list[Any]] = {}
    by_marks: list[dict[str, list[Any]]] = [{}, {}]
    size = len(ids)
    owner_now, place = None, None
    for owner, name, marks, value in rows:
        if owner != owner_now:
            owner_now, place = owner, places.get(owner)
        if place is None:
            continue
        custom = marks & 1
        column = by_marks[custom].get(name)
        if column is None:
            column = by_marks[custom][name] = columns[custom, name] = [None] * size
        if marks > 1 or (type(value) is str and value.startswith(STRUCT_PREFIX)):
            column[place] = _special(marks, value)
        else:
            column[place] = value
    return {key: _array(values) for key, values in columns.items()}


def _special(marks: int, value: Any) -> object:
    if marks & 2:
        return bool(value)
    return (
        decode(None, None, None, value, None)
        if marks & 4
        else decode(None, None, value, None, None)
    )


def _array(values: list[Any]) -> pa.Array:
    """Return values of any kinds as an array of the one type that holds them all."""
    import pyarrow as pa

    kinds = set(map(type, values)) - {type(None)}
    if StructCell in kinds:
        values = [_told(v) if isinstance(v, StructCell) else v for v in values]
        kinds = kinds - {StructCell} | {str}
    if not kinds:
        return pa.nulls(len(values))
    known = {
        int: pa.int64(),
        float: pa.float64(),
        str: pa.string(),
        bool: pa.bool_(),
        ProtoCell: pa.binary(),
    }
    if len(kinds) == 1:
        return pa.array(values, known[kinds.pop()])
    if kinds == {int, float} and all(abs(v) <= _EXACT for v in values if type(v) is int):
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    return pa.array([None if v is None else _told(v) for v in values], pa.string())


def _told(value: Any) -> str:
    """Return a value as text: JSON, but for text itself, which stays as it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, ProtoCell):
        return bytes(value).hex()
    return json.dumps(value_of(value), ensure_ascii=False)


def _joined(
    own: dict[str, pa.Array],
    parts: Sequence[Mapping[_Key, pa.Array]],
    sizes: Sequence[int],
    declared_names: Mapping[str, int],
) -> pa.Table:
    """Return the columns side by side, each part's below the one before, under their names."""
    import pyarrow as pa

    kinds = {
        1: pa.int64(),
        2: pa.float64(),
        3: pa.string(),
        4: pa.string(),
        5: pa.binary(),
        6: pa.bool_(),
    }
    held = {key for part in parts for key in part}
    keys: list[_Key] = [(0, name) for name in declared_names]
    keys += sorted(held - set(keys))
    columns: dict[str, pa.ChunkedArray | pa.Array] = dict(own)
    for custom, name in keys:
        taken = (
            name in own or (1 - custom, name) in held or (custom == 1 and name in declared_names)
        )
        called = f"{'custom_' if custom else ''}properties.{name}" if taken else name
        chunks = [
            part[custom, name] if (custom, name) in part else pa.nulls(size)
            for part, size in zip(parts, sizes, strict=True)
        ]
        empty = kinds.get(declared_names.get(name, 0), pa.string()) if not custom else pa.string()
        columns[called] = _chunked(chunks, empty)
    return pa.table(columns)


def _chunked(chunks: Sequence[pa.Array], empty: pa.DataType) -> pa.ChunkedArray:
    """Return the chunks as one column; of `empty` if none holds a value."""
    import pyarrow as pa

    types = {chunk.type for chunk in chunks} - {pa.null()}
    if not types:
        wanted = empty
    elif len(types) == 1:
        (wanted,) = types
    elif types == {pa.int64(), pa.float64()} and all(map(_is_exact, chunks)):
        wanted = pa.float64()
    else:
        wanted = pa.string()
    return pa.chunked_array([_as(chunk, wanted) for chunk in chunks], wanted)


def _is_exact(chunk: pa.Array) -> bool:
    """Return whether doubles hold what the chunk holds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if chunk.type != pa.int64():
        return True
    bounds = pc.min_max(chunk).as_py()
    return bool(max(-bounds["min"], bounds["max"]) <= _EXACT)


def _as(chunk: pa.Array, wanted: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if chunk.type == wanted:
        return chunk
    if pa.types.is_string(wanted) and not pa.types.is_null(chunk.type):
        values = [v if v is None or isinstance(v, str) else _text(v) for v in chunk.to_pylist()]
        return pa.array(values, pa.string())
    return chunk.cast(wanted, safe=False)


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else json.dumps(value)
