"""Turn rows of the tables into the graph's values, with what a horizon says they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import sqlalchemy as sa

from lineal.metadata import tables
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
    Value,
    from_milliseconds,
)
from lineal.metadata.properties import decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "KINDS",
    "LOADERS",
    "Loader",
    "artifact",
    "column_of",
    "context",
    "events",
    "execution",
    "old_values",
]

KINDS = {
    "artifact": NodeKind.ARTIFACT,
    "execution": NodeKind.EXECUTION,
    "context": NodeKind.CONTEXT,
}

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
            state=None if row["state"] is None else ArtifactState(_number(row["state"])),
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
            else ExecutionState(_number(row["last_known_state"])),
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


def events(connection: sa.Connection, conditions: _Conditions) -> list[Event]:
    """Return the events that fit `conditions`, with their paths."""
    table, path = tables.event, tables.event_path
    found = connection.execute(sa.select(table).where(*conditions)).all()
    steps: dict[int, list[str | int]] = {}
    ids = sa.select(table.c.id).where(*conditions)
    # The order of a path's steps is that of their insertion.
    for row in connection.execute(
        sa.select(path).where(path.c.event_id.in_(ids)).order_by(sa.text("rowid"))
    ):
        step = row.step_index if row.is_index_step else row.step_key
        steps.setdefault(row.event_id, []).append(step)
    return [
        Event(
            artifact_id=row.artifact_id,
            execution_id=row.execution_id,
            type=EventType(row.type),
            path=tuple(steps.get(row.id, ())),
            time=None
            if row.milliseconds_since_epoch is None
            else from_milliseconds(row.milliseconds_since_epoch),
            id=row.id,
        )
        for row in found
    ]


def column_of(value: Value) -> str:
    """Return the property column that holds values such as `value`."""
    if isinstance(value, bool):
        return "bool_value"
    if isinstance(value, int):
        return "int_value"
    return "double_value" if isinstance(value, float) else "string_value"


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
        value = decode({str(key): cell for key, cell in row.items()})
        if value is not None:
            target = custom if row["is_custom_property"] else properties
            target.setdefault(row[f"{kind}_id"], {})[row["name"]] = value
    for node in found:
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
