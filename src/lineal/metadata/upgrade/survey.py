"""Look at a database: which of ML Metadata's tables it holds, and of which version they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import Corrupt, IncompatibleVersion, NotFound
from lineal.metadata.upgrade.shapes import ENV, NEWEST, Shape, shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata.upgrade.spelling import Spelling

__all__ = ["Extra", "Survey", "Table", "count", "holds_rows", "look", "version_of"]


@dataclass(frozen=True)
class Extra:
    """Something in a table that ML Metadata doesn't know, and the SQL that makes it."""

    name: str
    sql: str


@dataclass(frozen=True)
class Table:
    """One table as it is now: its columns, its unique sets of columns by name, its indexes."""

    columns: tuple[str, ...]
    unique: Mapping[tuple[str, ...], str]
    indexes: frozenset[str]
    extra_columns: tuple[Extra, ...] = ()
    extra_parts: tuple[Extra, ...] = ()

    def turned_into(self, shape: Shape, spelling: Spelling) -> Table:
        """Return what this table is once it has the `shape`; what it holds beyond that stays."""
        extra = tuple(one.name for one in self.extra_columns)
        return replace(
            self,
            columns=(*shape.names, *extra),
            unique={
                columns: self.unique.get(columns) or spelling.unique_name(shape.name, columns)
                for columns in shape.unique
            },
            indexes=frozenset(index.name for index in shape.indexes),
        )


Tables = dict[str, Table]


@dataclass(frozen=True)
class Survey:
    """ML Metadata's tables in a database, by their names; the version rows; other tables."""

    where: str
    tables: Tables
    versions: tuple[int, ...]
    others: frozenset[str]

    @property
    def missing(self) -> list[str]:
        """The tables of the stated version that aren't there."""
        if len(self.versions) != 1 or not 0 <= self.versions[0] <= NEWEST:
            return []
        return sorted(set(shapes(self.versions[0])) - set(self.tables))


def look(connection: sa.Connection, spelling: Spelling, where: str) -> Survey:
    """Return what the database holds."""
    inspector = sa.inspect(connection)
    present = {name.lower(): name for name in inspector.get_table_names()}
    known = {name.lower(): name for version in range(NEWEST + 1) for name in shapes(version)}
    tables = {
        ours: _table(connection, inspector, ours, present[lower], spelling)
        for lower, ours in known.items()
        if lower in present
    }
    versions: tuple[int, ...] = ()
    if ENV in tables:
        rows = connection.exec_driver_sql(
            f"SELECT schema_version FROM {spelling.quoted(ENV)} ORDER BY schema_version"
        )
        versions = tuple(int(row[0]) for row in rows)
    others = frozenset(name for lower, name in present.items() if lower not in known)
    return Survey(where, tables, versions, others)


def count(connection: sa.Connection, query: str) -> int:
    """Return the one number that `query` answers."""
    return int(connection.exec_driver_sql(query).scalar_one())


def version_of(survey: Survey, connection: sa.Connection, spelling: Spelling) -> int:
    """Return the version that the tables have; raise, with the remedy, where that isn't clear.

    Without a version row, the tables themselves tell: those of release 0.13.2 (version 0), or
    those of a client that was stopped before it wrote the row.
    """
    where = survey.where
    if not survey.tables:
        raise NotFound(
            f"{where} holds no ML Metadata tables; opening it with Lineal makes them, "
            "in the newest version"
        )
    if len(survey.versions) > 1:
        stated = ", ".join(map(str, survey.versions))
        fits = [v for v in survey.versions if 0 <= v <= NEWEST and _has_shape(survey, v)]
        remedy = (
            f"its tables are those of version {fits[-1]}: keep that row, delete the others from "
            f"{ENV}, and try again"
            if fits
            else "restore it from a copy"
        )
        raise Corrupt(
            f"{where} states {len(survey.versions)} ML Metadata schema versions ({stated}), "
            f"as after two upgrades at once; {remedy}"
        )
    if survey.versions:
        (stated_version,) = survey.versions
        if stated_version > NEWEST:
            raise IncompatibleVersion(
                f"{where} has ML Metadata schema {stated_version}, this Lineal knows 0 to "
                f"{NEWEST}; use a newer Lineal, or downgrade it with the client that made it"
            )
        return stated_version
    return _version_by_tables(survey, connection, spelling)


def _version_by_tables(survey: Survey, connection: sa.Connection, spelling: Spelling) -> int:
    fits = [version for version in range(NEWEST + 1) if _has_shape(survey, version)]
    if ENV not in survey.tables and 0 in fits:
        return 0
    if ENV in survey.tables and fits and fits[-1] > 0:
        return fits[-1]
    if not holds_rows(survey, connection, spelling) and all(
        _is_part_of(survey, name, NEWEST) for name in survey.tables
    ):
        return NEWEST  # a client was stopped while it made the newest version's tables
    there = ", ".join(sorted(survey.tables))
    raise Corrupt(
        f"{survey.where} holds some of ML Metadata's tables ({there}), which are those of no "
        "version, and no row says which; restore it from a copy, or start a new database and "
        "import what can be read"
    )


def holds_rows(survey: Survey, connection: sa.Connection, spelling: Spelling) -> bool:
    """Return whether there is anything beyond what every fresh store holds."""
    fresh = {ENV, "Type", "TypeProperty", "ParentType"}
    return any(
        count(connection, f"SELECT COUNT(*) FROM {spelling.quoted(name)}")
        for name in set(survey.tables) - fresh
    )


def _has_shape(survey: Survey, version: int) -> bool:
    """Return whether the tables are the version's, but for its MLMDEnv."""
    wanted = set(shapes(version)) - {ENV}
    return set(survey.tables) - {ENV} == wanted and all(
        _is_part_of(survey, name, version) for name in wanted
    )


def _is_part_of(survey: Survey, name: str, version: int) -> bool:
    """Return whether the table has the version's columns and constraints."""
    shape, table = shapes(version).get(name), survey.tables[name]
    if shape is None:
        return False
    extra = {one.name for one in table.extra_columns}
    return set(table.columns) - extra == set(shape.names) and set(shape.unique) == set(table.unique)


def _known_columns(table: str) -> frozenset[str]:
    return frozenset(
        name
        for version in range(NEWEST + 1)
        if table in shapes(version)
        for name in shapes(version)[table].names
    )


def _known_indexes(table: str) -> frozenset[str]:
    return frozenset(
        index.name
        for version in range(NEWEST + 1)
        if table in shapes(version)
        for index in shapes(version)[table].indexes
    )


def _table(
    connection: sa.Connection,
    inspector: sa.Inspector,
    name: str,
    called: str,
    spelling: Spelling,
) -> Table:
    if spelling.name == "sqlite":
        return _sqlite_table(connection, name)
    known = _known_columns(name)
    names = tuple(column["name"] for column in inspector.get_columns(called))
    unique = {
        tuple(str(column) for column in one["column_names"]): str(one["name"])
        for one in inspector.get_unique_constraints(called)
    }
    found = inspector.get_indexes(called)
    indexes = frozenset(str(one["name"]) for one in found if not one["unique"])
    return Table(
        columns=names,
        unique=unique,
        indexes=indexes & _known_indexes(name),
        extra_columns=tuple(Extra(one, "") for one in names if one not in known),
    )


def _sqlite_table(connection: sa.Connection, name: str) -> Table:
    """Return a table of SQLite, with what it takes to make it anew and lose nothing."""
    known = _known_columns(name)
    columns = connection.exec_driver_sql(f"PRAGMA table_info(`{name}`)").all()
    unique: dict[tuple[str, ...], str] = {}
    for row in connection.exec_driver_sql(f"PRAGMA index_list(`{name}`)").all():
        if row.origin == "u":
            parts = connection.exec_driver_sql(f"PRAGMA index_info(`{row.name}`)").all()
            unique[tuple(part.name for part in parts)] = row.name
    made = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') "
        "AND sql IS NOT NULL AND lower(tbl_name) = lower(?)",
        (name,),
    ).all()
    extra = tuple(
        Extra(row.name, " ".join(filter(None, (f"`{row.name}`", row.type, _default(row)))))
        for row in columns
        if row.name not in known
    )
    ours = _known_indexes(name)
    return Table(
        columns=tuple(row.name for row in columns),
        unique=unique,
        indexes=frozenset(row.name for row in made) & ours,
        extra_columns=extra,
        extra_parts=tuple(Extra(row.name, row.sql) for row in made if row.name not in ours),
    )


def _default(row: sa.Row[tuple[object, ...]]) -> str:
    return "" if row.dflt_value is None else f"DEFAULT {row.dflt_value}"
