"""Plan the way from one version to another, from what is there and what should be.

Each step brings the tables as they are to the shape of the next version. What of that is there
already, because a client was stopped half way, is left alone: so every step can be begun again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.metadata.upgrade.report import Loss, Step
from lineal.metadata.upgrade.shapes import ENV, Kind, shapes
from lineal.metadata.upgrade.survey import Table, count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import sqlalchemy as sa

    from lineal.metadata.upgrade.shapes import Column, Shape
    from lineal.metadata.upgrade.spelling import Spelling

__all__ = ["plan"]

_SUMMARIES = {
    1: "the row that states the version",
    2: "types of a kind, where they were of artifacts or not",
    3: "contexts",
    4: "attributions and associations",
    5: "names, states and times of nodes",
    6: "versions, descriptions and bases of types; parents of contexts; indexes",
    7: "bytes as values",
    8: "indexes of values; one event of a kind between an artifact and an execution",
    9: "external ids",
    10: "protos and booleans as values",
}

_OLD_VALUES = ("int_value", "double_value", "string_value", "byte_value")
_VALUED = ("ArtifactProperty", "ExecutionProperty", "ContextProperty")


def plan(
    connection: sa.Connection, spelling: Spelling, tables: dict[str, Table], start: int, end: int
) -> tuple[Step, ...]:
    """Return the steps from version `start` to `end`, of a database that holds `tables`."""
    planner = _Planner(connection, spelling, dict(tables))
    if start == end:
        return tuple(filter(None, [planner.mended(end)]))
    direction = 1 if end > start else -1
    return tuple(
        planner.step(version, version + direction) for version in range(start, end, direction)
    )


class _Planner:
    """Knows the tables as the steps planned so far will leave them."""

    def __init__(
        self, connection: sa.Connection, spelling: Spelling, tables: dict[str, Table]
    ) -> None:
        self._connection = connection
        self._spelling = spelling
        self._tables = tables
        self._at_first = dict(tables)
        self._collation = _collation(connection, spelling)

    def mended(self, version: int) -> Step | None:
        """Return the step that completes a version's tables, or None if nothing is missing."""
        statements = self._shape_statements(version, version)[0]
        if ENV not in self._at_first or self._env_rows() == 0:
            statements += self._version_statements(version - 1, version)
        if not statements:
            return None
        return Step(version, version, "what was missing", tuple(statements))

    def step(self, start: int, end: int) -> Step:
        """Return the step from a version to its neighbour."""
        upwards = end if end > start else None
        lost = [*self._lost(start, end), *self._doubled(upwards), *self._valueless(upwards)]
        statements = [*self._row_statements(start, end)]
        more, copied = self._shape_statements(start, end)
        statements += more + self._version_statements(start, end)
        verb = "adds" if end > start else "takes away"
        summary = f"{verb} {_SUMMARIES[max(start, end)]}"
        return Step(start, end, summary, tuple(statements), copied, tuple(lost))

    # Rows

    def _row_statements(self, start: int, end: int) -> list[str]:
        """Return what happens to rows before their tables change."""
        q = self._spelling.quoted
        if (start, end) == (7, 8):
            newest = (
                f"SELECT MAX(id) AS kept_id FROM {q('Event')} "
                "GROUP BY artifact_id, execution_id, type"
            )
            return [
                # Through a table of its own, since MySQL can't read what it deletes from.
                (
                    f"DELETE FROM {q('Event')} "
                    f"WHERE id NOT IN (SELECT kept_id FROM ({newest}) AS newest)"
                ),
                f"DELETE FROM {q('EventPath')} WHERE event_id NOT IN (SELECT id FROM {q('Event')})",
            ]
        if {start, end} == {9, 10}:
            return [
                f"DELETE FROM {q(table)} WHERE {_valueless(q, shapes(9)[table].names)}"
                for table in _VALUED
                if table in self._tables
            ]
        if (start, end) == (2, 1) and "type_kind" in self._tables["Type"].columns:
            return [f"DELETE FROM {q('Type')} WHERE type_kind NOT IN (0, 1)"]
        return []

    def _valueless(self, end: int | None) -> list[Loss]:
        """Return how many properties have no value, as the wheel's own downgrade leaves them."""
        q = self._spelling.quoted
        if end != 10:
            return []
        rows = sum(
            count(
                self._connection,
                f"SELECT COUNT(*) FROM {q(table)} "
                f"WHERE {_valueless(q, self._columns_at_first(table))}",
            )
            for table in _VALUED
            if table in self._at_first
        )
        return [Loss("properties without any value", rows)] if rows else []

    def _doubled(self, end: int | None) -> list[Loss]:
        """Return how many events and steps of paths the step to version 8 leaves out."""
        q = self._spelling.quoted
        if end != 8 or "Event" not in self._at_first or "EventPath" not in self._at_first:
            return []
        newest = f"SELECT MAX(id) FROM {q('Event')} GROUP BY artifact_id, execution_id, type"
        events = f"SELECT COUNT(*) FROM {q('Event')} WHERE id NOT IN ({newest})"
        steps = f"SELECT COUNT(*) FROM {q('EventPath')} WHERE event_id NOT IN ({newest})"
        return [
            Loss(what, rows)
            for what, query in (
                ("events that are there twice (the newest stays)", events),
                ("steps of the paths of events that aren't there", steps),
            )
            if (rows := count(self._connection, query))
        ]

    def _lost(self, start: int, end: int) -> list[Loss]:
        """Return how much there is of what the step has no place for."""
        if end > start:
            return []
        q = self._spelling.quoted
        found: list[Loss] = []
        if (start, end) == (2, 1) and "type_kind" in self._columns_at_first("Type"):
            query = f"SELECT COUNT(*) FROM {q('Type')} WHERE type_kind NOT IN (0, 1)"
            found.append(Loss("types of contexts", count(self._connection, query)))
        for name, shape in shapes(start).items():
            if name not in self._at_first or name == ENV:
                continue
            there = f"SELECT COUNT(*) FROM {q(name)}"
            if name not in shapes(end):
                found.append(Loss(f"rows of {name}", count(self._connection, there)))
                continue
            for column in _without(shape, shapes(end)[name]):
                if column.name not in self._columns_at_first(name):
                    continue
                test = "<> 0" if column.kind is Kind.TIME else "IS NOT NULL"
                query = f"{there} WHERE {q(column.name)} {test}"
                found.append(Loss(f"{name}.{column.name}", count(self._connection, query)))
        return [loss for loss in found if loss.rows]

    def _columns_at_first(self, name: str) -> tuple[str, ...]:
        return self._at_first[name].columns if name in self._at_first else ()

    # Tables

    def _version_statements(self, start: int, end: int) -> list[str]:
        """Return what states the version `end`; the table itself is made and dropped as others."""
        env = self._spelling.quoted(ENV)
        if end == 0:
            return []
        if start == 0 or (ENV in self._at_first and self._env_rows() == 0):
            return [
                f"DELETE FROM {env}",
                f"INSERT INTO {env} (schema_version) VALUES ({end})",
            ]
        return [f"UPDATE {env} SET schema_version = {end}"]

    def _env_rows(self) -> int:
        return count(self._connection, f"SELECT COUNT(*) FROM {self._spelling.quoted(ENV)}")

    def _shape_statements(self, start: int, end: int) -> tuple[list[str], int]:
        """Return the statements that bring all tables to the version `end`, and rows copied."""
        statements: list[str] = []
        copied = 0
        before = shapes(start)
        for name, shape in shapes(end).items():
            table = self._tables.get(name)
            if table is None:
                statements.append(self._spelling.create_table(shape) + self._collation)
                table = Table(shape.names, {}, frozenset()).turned_into(shape, self._spelling)
                self._tables[name] = Table(table.columns, table.unique, frozenset())
            elif self._spelling.rebuilds and self._must_be_made_anew(shape, table):
                statements += self._made_anew(shape, table)
                copied += self._rows_at_first(name)
            else:
                statements += self._altered(shape, table, before.get(name))
            statements += self._indexed(shape)
            self._tables[name] = self._tables[name].turned_into(shape, self._spelling)
        for name in before:
            if name not in shapes(end) and self._tables.pop(name, None) is not None:
                statements.append(f"DROP TABLE {self._spelling.quoted(name)}")
        return statements, copied

    def _rows_at_first(self, name: str) -> int:
        if name not in self._at_first:
            return 0
        return count(self._connection, f"SELECT COUNT(*) FROM {self._spelling.quoted(name)}")

    def _indexed(self, shape: Shape) -> list[str]:
        """Return what makes and drops the indexes that the shape has and lacks."""
        there = self._tables[shape.name].indexes
        wanted = {index.name for index in shape.indexes}
        return [
            *(self._spelling.drop_index(shape.name, name) for name in sorted(there - wanted)),
            *(
                self._spelling.create_index(shape, index)
                for index in shape.indexes
                if index.name not in there
            ),
        ]

    def _must_be_made_anew(self, shape: Shape, table: Table) -> bool:
        """Return whether SQLite can't get from the table to the shape by columns at its end."""
        extra = {one.name for one in table.extra_columns}
        there = tuple(name for name in table.columns if name not in extra)
        return shape.names[: len(there)] != there or set(shape.unique) != set(table.unique)

    def _made_anew(self, shape: Shape, table: Table) -> list[str]:
        """Return what makes a table of SQLite anew, with its rows, its ids and what it has extra.

        An id that was given once must not be given again, so the count goes over.
        """
        q = self._spelling.quoted
        old, new = shape.name, f"lineal_new_{shape.name}"
        kept = [
            (column.name, _source(column, table))
            for column in shape.columns
            if _source(column, table)
        ]
        kept += [(extra.name, extra.name) for extra in table.extra_columns]
        create = self._spelling.create_table(shape, called=new)
        statements = [
            create,
            *(f"ALTER TABLE {q(new)} ADD COLUMN {extra.sql}" for extra in table.extra_columns),
            (
                f"INSERT INTO {q(new)} ({self._spelling.columns([to for to, _ in kept])}) "
                f"SELECT {self._spelling.columns([source for _, source in kept])} FROM {q(old)}"
            ),
        ]
        if shape.columns[0].kind is Kind.ID:
            statements += [
                f"DELETE FROM sqlite_sequence WHERE name = '{new}'",
                (
                    "INSERT INTO sqlite_sequence (name, seq) "
                    f"SELECT '{new}', seq FROM sqlite_sequence WHERE name = '{old}'"
                ),
            ]
        statements += [f"DROP TABLE {q(old)}", f"ALTER TABLE {q(new)} RENAME TO {q(old)}"]
        statements += [one.sql for one in table.extra_parts]
        self._tables[old] = Table(
            (*shape.names, *(one.name for one in table.extra_columns)),
            dict.fromkeys(shape.unique, ""),
            frozenset(),
            table.extra_columns,
            table.extra_parts,
        )
        return statements

    def _altered(self, shape: Shape, table: Table, before: Shape | None) -> list[str]:
        """Return the statements that change a table in place."""
        spelling, name = self._spelling, shape.name
        q, alter = spelling.quoted, f"ALTER TABLE {spelling.quoted(shape.name)}"
        statements: list[str] = []
        gone = table.indexes - {index.name for index in shape.indexes}
        columns = list(table.columns)
        for column in shape.columns:
            source = _source(column, table)
            if source and source != column.name:
                statements.append(spelling.rename_column(name, column, source))
                columns.remove(source)
            elif not source:
                statements.append(f"{alter} ADD COLUMN {spelling.word(column)}")
            elif spelling.widens_text and _is_wider(column, before):
                statements.append(f"{alter} MODIFY COLUMN {spelling.word(column)}")
        dropped = [] if before is None else _without(before, shape)
        extra = {one.name for one in table.extra_columns}
        # A new set of unique columns first: MySQL drops no index that serves a lone column yet.
        statements += [
            spelling.add_unique(name, unique)
            for unique in shape.unique
            if unique not in table.unique
        ]
        statements += [
            spelling.drop_unique(name, called)
            for unique, called in table.unique.items()
            if unique not in shape.unique and not extra & set(unique)
        ]
        statements += [spelling.drop_index(name, index) for index in sorted(gone)]
        statements += [
            f"{alter} DROP COLUMN {q(column.name)}" for column in dropped if column.name in columns
        ]
        self._tables[name] = Table(
            table.columns,
            table.unique,
            table.indexes - gone,
            table.extra_columns,
            table.extra_parts,
        )
        return statements


def _valueless(quoted: Callable[[str], str], columns: Sequence[str]) -> str:
    """Return the condition that a property holds nothing that version 9 has a place for.

    The wheel can't read a node that has such a row, and leaves them when it downgrades.
    """
    values = [name for name in columns if name in _OLD_VALUES]
    return " AND ".join(f"{quoted(name)} IS NULL" for name in values)


def _source(column: Column, table: Table) -> str:
    """Return the column of the table that holds the values; nothing if none does."""
    if column.name in table.columns:
        return column.name
    return column.formerly if column.formerly in table.columns else ""


def _without(shape: Shape, end: Shape) -> list[Column]:
    """Return the columns that `end` has no place for."""
    kept = {*end.names, *(column.formerly for column in end.columns)}
    return [column for column in shape.columns if column.name not in kept]


def _is_wider(column: Column, before: Shape | None) -> bool:
    """Return whether the column holds longer texts than before; going back, it stays wide."""
    return column.kind is Kind.TEXT_VALUE and any(
        one.name == column.name and one.kind is Kind.SHORT_TEXT_VALUE
        for one in (before.columns if before else ())
    )


def _collation(connection: sa.Connection, spelling: Spelling) -> str:
    """Return how MySQL's new tables are to compare texts: as those that are there do."""
    if spelling.name != "mysql":
        return ""
    found = connection.exec_driver_sql(
        "SELECT table_collation FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND lower(table_name) = 'type'"
    ).scalar()
    return f" COLLATE={found}" if found else ""
