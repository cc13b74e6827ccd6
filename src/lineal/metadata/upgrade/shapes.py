"""What ML Metadata's tables looked like at each version of its schema, 0 to 10.

Version 0 is written out; every later one is the one before with its changes. How a database is
brought from one version to the next, or back, follows from the difference of the two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ENV", "NEWEST", "Column", "Index", "Kind", "Shape", "shapes"]

NEWEST = 10
ENV = "MLMDEnv"


class Kind(Enum):
    """What a column holds; each database has its own word for it."""

    ID = auto()  # counted up by the database, never used again
    VERSION = auto()  # the one number of MLMDEnv
    INT = auto()
    INT_VALUE = auto()
    TIME = auto()  # milliseconds
    SMALL = auto()
    SWITCH = auto()  # 0 or 1
    NAME = auto()
    TEXT = auto()
    SHORT_TEXT_VALUE = auto()  # MySQL's before version 7
    TEXT_VALUE = auto()
    DOUBLE = auto()
    BYTES = auto()
    BOOL = auto()


@dataclass(frozen=True)
class Column:
    """One column; `formerly` is what the neighbouring version calls it."""

    name: str
    kind: Kind
    required: bool = False
    default: int | None = None
    formerly: str = ""


@dataclass(frozen=True)
class Index:
    """One index that speeds questions up; `where_set` leaves the rows without a value out."""

    name: str
    columns: tuple[str, ...]
    where_set: str = ""


@dataclass(frozen=True)
class Shape:
    """One table: its columns in order, its primary key unless that is `id`, what is unique."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[Index, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)


Shapes = dict[str, Shape]

_ID = Column("id", Kind.ID)
_NODES = ("Artifact", "Execution", "Context")


def _int(name: str) -> Column:
    return Column(name, Kind.INT, required=True)


def _properties(node: str) -> Shape:
    owner = f"{node.lower()}_id"
    return Shape(
        f"{node}Property",
        (
            _int(owner),
            Column("name", Kind.NAME, required=True),
            Column("is_custom_property", Kind.SWITCH, required=True),
            Column("int_value", Kind.INT_VALUE),
            Column("double_value", Kind.DOUBLE),
            Column("string_value", Kind.SHORT_TEXT_VALUE),
        ),
        key=(owner, "name", "is_custom_property"),
    )


def _pair(name: str, first: str, second: str, *, with_id: bool) -> Shape:
    both = (first, second)
    columns = (_int(first), _int(second))
    if with_id:
        return Shape(name, (_ID, *columns), unique=(both,))
    return Shape(name, columns, key=both)


_OLDEST = (
    Shape(
        "Type",
        (
            _ID,
            Column("name", Kind.NAME, required=True),
            Column("is_artifact_type", Kind.SMALL, required=True, formerly="type_kind"),
            Column("input_type", Kind.TEXT),
            Column("output_type", Kind.TEXT),
        ),
    ),
    Shape(
        "TypeProperty",
        (
            _int("type_id"),
            Column("name", Kind.NAME, required=True),
            Column("data_type", Kind.INT),
        ),
        key=("type_id", "name"),
    ),
    Shape("Artifact", (_ID, _int("type_id"), Column("uri", Kind.TEXT))),
    _properties("Artifact"),
    Shape("Execution", (_ID, _int("type_id"))),
    _properties("Execution"),
    Shape(
        "Event",
        (
            _ID,
            _int("artifact_id"),
            _int("execution_id"),
            _int("type"),
            Column("milliseconds_since_epoch", Kind.TIME),
        ),
    ),
    Shape(
        "EventPath",
        (
            _int("event_id"),
            Column("is_index_step", Kind.SWITCH, required=True),
            Column("step_index", Kind.INT),
            Column("step_key", Kind.TEXT),
        ),
    ),
)


def _add(found: Shapes, table: str, *columns: Column, after: str = "") -> None:
    """Add columns to a table, at its end or behind the column called `after`."""
    shape = found[table]
    place = shape.names.index(after) + 1 if after else len(shape.columns)
    there = shape.columns
    found[table] = replace(shape, columns=(*there[:place], *columns, *there[place:]))


def _unique(found: Shapes, table: str, *columns: str) -> None:
    found[table] = replace(found[table], unique=(*found[table].unique, columns))


def _index(found: Shapes, table: str, name: str, *columns: str, where_set: str = "") -> None:
    index = Index(f"idx_{name}", columns, where_set)
    found[table] = replace(found[table], indexes=(*found[table].indexes, index))


def _to_1(found: Shapes) -> None:
    found[ENV] = Shape(ENV, (Column("schema_version", Kind.VERSION),), key=("schema_version",))


def _to_2(found: Shapes) -> None:
    kind = Column("type_kind", Kind.SMALL, required=True, formerly="is_artifact_type")
    shape = found["Type"]
    found["Type"] = replace(
        shape, columns=tuple(kind if c.name == kind.formerly else c for c in shape.columns)
    )


def _to_3(found: Shapes) -> None:
    found["Context"] = Shape(
        "Context",
        (_ID, _int("type_id"), Column("name", Kind.NAME, required=True)),
        unique=(("type_id", "name"),),
    )
    found["ContextProperty"] = _properties("Context")


def _to_4(found: Shapes) -> None:
    found["Association"] = _pair("Association", "context_id", "execution_id", with_id=True)
    found["Attribution"] = _pair("Attribution", "context_id", "artifact_id", with_id=True)


def _to_5(found: Shapes) -> None:
    _add(found, "Artifact", Column("state", Kind.INT), Column("name", Kind.NAME))
    _add(found, "Execution", Column("last_known_state", Kind.INT), Column("name", Kind.NAME))
    for node in _NODES:
        for time in ("create_time_since_epoch", "last_update_time_since_epoch"):
            _add(found, node, Column(time, Kind.TIME, required=True, default=0))
    for node in ("Artifact", "Execution"):
        _unique(found, node, "type_id", "name")


def _to_6(found: Shapes) -> None:
    found["ParentType"] = _pair("ParentType", "type_id", "parent_type_id", with_id=False)
    parents = _pair("ParentContext", "context_id", "parent_context_id", with_id=False)
    found["ParentContext"] = parents
    _add(found, "Type", Column("version", Kind.NAME), after="name")
    _add(found, "Type", Column("description", Kind.TEXT), after="type_kind")
    _index(found, "Artifact", "artifact_uri", "uri")
    for node in _NODES:
        for time in ("create_time_since_epoch", "last_update_time_since_epoch"):
            _index(found, node, f"{node.lower()}_{time}", time)
    for end in ("artifact_id", "execution_id"):
        _index(found, "Event", f"event_{end}", end)
    _index(found, "ParentContext", "parentcontext_parent_context_id", "parent_context_id")
    _index(found, "Type", "type_name", "name")


def _to_7(found: Shapes) -> None:
    for node in _NODES:
        _add(found, f"{node}Property", Column("byte_value", Kind.BYTES))
        shape = found[f"{node}Property"]
        wider = tuple(
            replace(c, kind=Kind.TEXT_VALUE) if c.kind is Kind.SHORT_TEXT_VALUE else c
            for c in shape.columns
        )
        found[shape.name] = replace(shape, columns=wider)
    _index(found, "EventPath", "eventpath_event_id", "event_id")


def _to_8(found: Shapes) -> None:
    for node in _NODES:
        for kind in ("int", "double", "string"):
            value = f"{kind}_value"
            name = f"{node.lower()}_property_{kind}"
            columns = ("name", "is_custom_property", value)
            _index(found, f"{node}Property", name, *columns, where_set=value)
    _unique(found, "Event", "artifact_id", "execution_id", "type")
    # The unique index begins with the artifact, so it serves that one's questions too.
    event = found["Event"]
    kept = tuple(index for index in event.indexes if index.name != "idx_event_artifact_id")
    found["Event"] = replace(event, indexes=kept)


def _to_9(found: Shapes) -> None:
    before = {"Type": "output_type", "Artifact": "name", "Execution": "name", "Context": "name"}
    for table, after in before.items():
        _add(found, table, Column("external_id", Kind.NAME), after=after)
        _unique(found, table, "external_id")
        _index(found, table, f"{table.lower()}_external_id", "external_id")


def _to_10(found: Shapes) -> None:
    added = (Column("proto_value", Kind.BYTES), Column("bool_value", Kind.BOOL))
    for node in _NODES:
        _add(found, f"{node}Property", *added)


_CHANGES: tuple[Callable[[Shapes], None], ...] = (
    _to_1,
    _to_2,
    _to_3,
    _to_4,
    _to_5,
    _to_6,
    _to_7,
    _to_8,
    _to_9,
    _to_10,
)


@cache
def shapes(version: int) -> Mapping[str, Shape]:
    """Return the tables of a version, by name."""
    if version == 0:
        return {shape.name: shape for shape in _OLDEST}
    found = dict(shapes(version - 1))
    _CHANGES[version - 1](found)
    return found
