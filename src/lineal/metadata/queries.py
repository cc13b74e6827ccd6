"""The recorder's selects: built once by SQLAlchemy for each database, then kept as text.

A recorded verb asks some twenty small questions; as constructs each would cost ten times what
the database needs for the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.batch.statements import Change, Lookup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.metadata.commit import Commit

__all__ = [
    "ARTIFACT_TYPE",
    "BY_CONTENT",
    "CONFIRM",
    "EVENT_OF",
    "EXECUTION_STATE",
    "NEWEST",
    "NEWEST_OF",
    "PRESENT",
    "Query",
]


_Prepared = tuple[str, "Sequence[str] | None", "Mapping[str, object]"]
"""The text, the order of its parameters where they go by position, and those that are fixed."""


class Query:
    """A select with parameters, which are given in the order of `names`."""

    def __init__(self, statement: sa.Select[Any], *names: str) -> None:
        self._statement = statement
        self._names = names
        self._texts: dict[str, _Prepared] = {}

    def rows(self, commit: Commit, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows, as the driver gives them."""
        text, order, fixed = self._texts.get(commit.backend.name) or self._prepare(commit)
        given = {**fixed, **dict(zip(self._names, values, strict=True))}
        cursor = commit.connection.connection.cursor()
        cursor.execute(text, given if order is None else tuple(given[name] for name in order))
        return cast("list[tuple[Any, ...]]", cursor.fetchall())

    def row(self, commit: Commit, *values: object) -> tuple[Any, ...] | None:
        """Return the first row, if there is one."""
        found = self.rows(commit, *values)
        return found[0] if found else None

    def _prepare(self, commit: Commit) -> _Prepared:
        compiled = self._statement.compile(dialect=commit.connection.dialect)
        order = list(compiled.positiontup or ()) if compiled.positional else None
        self._texts[commit.backend.name] = prepared = (compiled.string, order, compiled.params)
        return prepared


def _given(name: str, kind: type[sa.types.TypeEngine[Any]]) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=kind)


_version, _artifact, _type = tables.version, tables.artifact, tables.type_
_event, _execution, _held = tables.event, tables.execution, tables.artifact_property

CONFIRM = Change(
    _event.update()
    .where(_event.c.id == _given("event", sa.Integer))
    .values(type=_given("kind", sa.Integer)),
    ["kind", "event"],
)
"""Give an event another type."""

NEWEST = Query(
    sa.select(_version.c.artifact_id, _version.c.number, _version.c.content)
    .where(_version.c.name == _given("wanted", sa.Text))
    .order_by(_version.c.number.desc())
    .limit(sa.literal_column("1")),
    "wanted",
)
"""Artifact, number and content of the newest version of a name."""

_later = tables.version.alias("later")
NEWEST_OF = Lookup(
    _version.c.name,
    lambda wanted: (
        sa.select(
            _version.c.name,
            _version.c.artifact_id,
            _version.c.number,
            _version.c.content,
            _type.c.name,
        )
        .join(_artifact, _artifact.c.id == _version.c.artifact_id)
        .join(_type, _type.c.id == _artifact.c.type_id)
        .where(
            wanted,
            _version.c.number
            == sa.select(sa.func.max(_later.c.number))
            .where(_later.c.name == _version.c.name)
            .scalar_subquery(),
        )
    ),
)
"""Name, artifact, number, content and type of the newest version of each of several names."""

EVENT_OF = Query(
    sa.select(_event.c.id).where(
        _event.c.artifact_id == _given("artifact", sa.Integer),
        _event.c.execution_id == _given("execution", sa.Integer),
        _event.c.type == _given("kind", sa.Integer),
    ),
    "artifact",
    "execution",
    "kind",
)

PRESENT = Query(
    sa.select(_artifact.c.id).where(_artifact.c.id == _given("wanted", sa.Integer)), "wanted"
)

ARTIFACT_TYPE = Query(
    sa.select(_type.c.name)
    .join(_artifact, _artifact.c.type_id == _type.c.id)
    .where(_artifact.c.id == _given("wanted", sa.Integer)),
    "wanted",
)

EXECUTION_STATE = Query(
    sa.select(_execution.c.last_known_state).where(_execution.c.id == _given("wanted", sa.Integer)),
    "wanted",
)

BY_CONTENT = Query(
    sa.select(sa.func.max(_artifact.c.id))
    .join(_held, _held.c.artifact_id == _artifact.c.id)
    .where(
        _artifact.c.type_id == _given("kind", sa.Integer),
        _held.c.name == _given("property", sa.Text),
        # Both, so that the index by value, which begins so, serves.
        sa.or_(
            _held.c.is_custom_property == sa.false(),
            _held.c.is_custom_property == sa.true(),
        ),
        _held.c.string_value == _given("content", sa.Text),
    ),
    "kind",
    "property",
    "content",
)
"""The newest artifact of a type that has a property of this value."""
