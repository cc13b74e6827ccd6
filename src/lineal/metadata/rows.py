"""Turn rows of the tables into the graph's values, with what a horizon says they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import sqlalchemy as sa

from lineal.errors import Corrupt
from lineal.metadata import tables
from lineal.metadata.backends import backend_of
from lineal.metadata.history import Horizon, old_values
from lineal.metadata.model import (
    Artifact,
    ArtifactState,
    Context,
    Event,
    EventType,
    Execution,
    ExecutionState,
    NodeKind,
    Path,
    Value,
    from_milliseconds,
    read_as,
)
from lineal.metadata.properties import decode
from lineal.metadata.structs import damaged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "KINDS",
    "LOADERS",
    "EventRow",
    "Loader",
    "artifact",
    "context",
    "event_rows",
    "events",
    "execution",
    "is_of_type",
    "old_values",
    "paths",
]

KINDS = {
    "artifact": NodeKind.ARTIFACT,
    "execution": NodeKind.EXECUTION,
    "context": NodeKind.CONTEXT,
}

_CHUNK = 10_000  # ids in one statement; SQLite allows 32,766 bound values
_Node_co = TypeVar("_Node_co", covariant=True)
_Row = dict[str, object]
_Conditions = list[sa.ColumnElement[bool]]


class Loader(Protocol[_Node_co]):
    """Loads the nodes of one kind that fit the conditions."""

    def __call__(
        self, connection: sa.Connection, conditions: _Conditions, at: Horizon | None
    ) -> Sequence[_Node_co]:
        """Return the nodes."""
        ...


def artifact(
    connection: sa.Connection, conditions: _Conditions, at: Horizon | None = None
) -> list[Artifact]:
    """Return the artifacts that fit `conditions`."""
    return [
        Artifact(
            type=_text(row["type"]),
            uri=_text(row["uri"] or ""),
            state=None if row["state"] is None else read_as(ArtifactState, _number(row["state"])),
            name=_optional(row["name"]),
            **_shared(row),
        )
        for row in _load(connection, "artifact", conditions, at)
    ]


def execution(
    connection: sa.Connection, conditions: _Conditions, at: Horizon | None = None
) -> list[Execution]:
    """Return the executions that fit `conditions`."""
    return [
        Execution(
            type=_text(row["type"]),
            state=None
            if row["last_known_state"] is None
            else read_as(ExecutionState, _number(row["last_known_state"])),
            name=_optional(row["name"]),
            **_shared(row),
        )
        for row in _load(connection, "execution", conditions, at)
    ]


def context(
    connection: sa.Connection, conditions: _Conditions, at: Horizon | None = None
) -> list[Context]:
    """Return the contexts that fit `conditions`."""
    return [
        Context(type=_text(row["type"]), name=_text(row["name"]), **_shared(row))
        for row in _load(connection, "context", conditions, at)
    ]


LOADERS: Mapping[str, Loader[Artifact | Execution | Context]] = {
    "artifact": artifact,
    "execution": execution,
    "context": context,
}


class EventRow(NamedTuple):
    """An event without its path, which few questions need."""

    id: int
    artifact_id: int
    execution_id: int
    type: EventType
    milliseconds: int | None


def event_rows(
    connection: sa.Connection, conditions: _Conditions, at: Horizon | None = None
) -> list[EventRow]:
    """Return the events that fit `conditions`, in the order of their ids, without their paths."""
    table = tables.event
    visible = [] if at is None else [at.visible("event")]
    found = [
        EventRow(row[0], row[1], row[2], read_as(EventType, row[3]), row[4])
        for row in connection.execute(
            sa.select(
                table.c.id,
                table.c.artifact_id,
                table.c.execution_id,
                table.c.type,
                table.c.milliseconds_since_epoch,
            )
            .where(*conditions, *visible)
            .order_by(table.c.id)
        )
    ]
    if at is None or not found:
        return found
    owners = {row.id: row.execution_id for row in found}
    old = old_values(connection, at, "event", owners, owners=owners)
    return [
        row._replace(type=read_as(EventType, _number(old[row.id]["type"])))
        if row.id in old
        else row
        for row in found
    ]


def paths(connection: sa.Connection, event_ids: Sequence[int]) -> dict[int, Path]:
    """Return the paths of these events, which the order of insertion gives."""
    path = tables.event_path
    steps: dict[int, list[str | int]] = {}
    backend = backend_of(connection)
    query = sa.select(
        path.c.event_id, path.c.is_index_step, path.c.step_index, path.c.step_key
    ).where(backend.among(path.c.event_id, event_ids))
    for event_id, is_index, index, key in connection.execute(backend.steps_in_order(query)):
        steps.setdefault(event_id, []).append(index if is_index else key)
    return {event_id: tuple(found) for event_id, found in steps.items()}


def events(
    connection: sa.Connection, conditions: _Conditions, at: Horizon | None = None
) -> list[Event]:
    """Return the events that fit `conditions`, with their paths."""
    found = event_rows(connection, conditions, at)
    steps: dict[int, Path] = {}
    for start in range(0, len(found), _CHUNK):
        steps |= paths(connection, [row.id for row in found[start : start + _CHUNK]])
    return [
        Event(
            artifact_id=row.artifact_id,
            execution_id=row.execution_id,
            type=row.type,
            path=steps.get(row.id, ()),
            time=None if row.milliseconds is None else from_milliseconds(row.milliseconds),
            id=row.id,
        )
        for row in found
    ]


def is_of_type(table: sa.Table, kind: str, name: str) -> sa.ColumnElement[bool]:
    """Return the condition that a node's type is called so, whatever the type's version."""
    types = tables.type_
    return table.c.type_id.in_(
        sa.select(types.c.id).where(types.c.name == name, types.c.type_kind == KINDS[kind])
    )


def _load(
    connection: sa.Connection, kind: str, conditions: _Conditions, at: Horizon | None
) -> list[_Row]:
    table: sa.Table = getattr(tables, kind)
    found: list[_Row] = [
        dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name for it
        for row in connection.execute(
            sa.select(table, tables.type_.c.name.label("type"))
            .join(tables.type_, tables.type_.c.id == table.c.type_id)
            .where(*conditions)
        )
    ]
    _add_properties(connection, kind, found, sa.select(table.c.id).where(*conditions))
    if at is not None and found:
        old = old_values(connection, at, kind, [_number(row["id"]) for row in found])
        for row in found:
            row.update(old.get(_number(row["id"]), {}))
    return found


def _add_properties(
    connection: sa.Connection, kind: str, found: list[_Row], ids: sa.Select[tuple[int]]
) -> None:
    table: sa.Table = getattr(tables, f"{kind}_property")
    owner = table.c[f"{kind}_id"]
    properties: dict[int, dict[str, Value]] = {}
    custom: dict[int, dict[str, Value]] = {}
    for row in connection.execute(sa.select(table).where(owner.in_(ids))).mappings():
        try:
            value = decode({str(key): cell for key, cell in row.items()})
        except Corrupt as error:
            field = f"the property {row['name']!r}"
            raise damaged(f"{kind}/{row[f'{kind}_id']}", field, error) from error
        if value is not None:
            target = custom if row["is_custom_property"] else properties
            target.setdefault(row[f"{kind}_id"], {})[row["name"]] = value
    for node in found:
        for column in ("name", "uri"):
            if isinstance(node.get(column), bytes):  # SQLite keeps what it is given
                raise damaged(f"{kind}/{node['id']}", f"the {column}", "it is no text")
        node["properties"] = properties.get(_number(node["id"]), {})
        node["custom_properties"] = custom.get(_number(node["id"]), {})


def _shared(row: Mapping[str, object]) -> dict[str, Any]:
    return {
        "properties": row["properties"],
        "custom_properties": row["custom_properties"],
        "external_id": row["external_id"],
        "id": row["id"],
        "type_id": row["type_id"],
        "created": from_milliseconds(_number(row["create_time_since_epoch"])),
        "updated": from_milliseconds(_number(row["last_update_time_since_epoch"])),
    }


def _number(value: object) -> int:
    return int(value)  # type: ignore[call-overload, no-any-return]


def _text(value: object) -> str:
    return str(value)


def _optional(value: object) -> str | None:
    return None if value is None else str(value)
