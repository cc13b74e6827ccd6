"""How each database spells a table, a column, an index, and their coming and going.

SQLite gets the wheel's own words, so that its pragmas tell no difference. MySQL's and
PostgreSQL's are those that ML Metadata uses there: names without quotes, which PostgreSQL
folds to lower case, and prefixes of texts in MySQL's indexes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lineal.metadata.tables import PREFIX
from lineal.metadata.upgrade.shapes import Column, Index, Kind, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SPELLINGS", "Spelling"]

_TEXTS = (Kind.TEXT, Kind.SHORT_TEXT_VALUE, Kind.TEXT_VALUE)

_SQLITE_WORDS = {
    Kind.ID: "INTEGER PRIMARY KEY AUTOINCREMENT",
    Kind.VERSION: "INTEGER PRIMARY KEY",
    Kind.INT: "INT",
    Kind.INT_VALUE: "INT",
    Kind.TIME: "INT",
    Kind.SMALL: "TINYINT(1)",
    Kind.SWITCH: "TINYINT(1)",
    Kind.NAME: "VARCHAR(255)",
    Kind.TEXT: "TEXT",
    Kind.SHORT_TEXT_VALUE: "TEXT",
    Kind.TEXT_VALUE: "TEXT",
    Kind.DOUBLE: "DOUBLE",
    Kind.BYTES: "BLOB",
    Kind.BOOL: "BOOLEAN",
}
_MYSQL_WORDS = {
    **_SQLITE_WORDS,
    Kind.ID: "INT PRIMARY KEY AUTO_INCREMENT",
    Kind.VERSION: "INT PRIMARY KEY",
    Kind.INT_VALUE: "BIGINT",
    Kind.TIME: "BIGINT",
    Kind.TEXT_VALUE: "MEDIUMTEXT",
    Kind.BYTES: "MEDIUMBLOB",
}
_POSTGRES_WORDS = {
    **_SQLITE_WORDS,
    Kind.ID: "SERIAL PRIMARY KEY",
    Kind.VERSION: "INT PRIMARY KEY",
    Kind.INT_VALUE: "BIGINT",
    Kind.TIME: "BIGINT",
    Kind.SMALL: "SMALLINT",
    Kind.SWITCH: "BOOLEAN",
    Kind.DOUBLE: "DOUBLE PRECISION",
    Kind.BYTES: "BYTEA",
}


class Spelling(Protocol):
    """One database's words. Statements come as text, without parameters: all names are ours."""

    name: str
    widens_text: bool
    rebuilds: bool
    """Whether a table is made anew to change it, other than by a column at its end."""

    def quoted(self, name: str) -> str:
        """Return a table's or column's name as it stands in a statement."""
        ...

    def columns(self, names: Sequence[str]) -> str:
        """Return a list of columns."""
        return ", ".join(self.quoted(name) for name in names)

    def word(self, column: Column) -> str:
        """Return a column's definition."""
        ...

    def unique_name(self, table: str, columns: Sequence[str]) -> str:
        """Return what a constraint is called that nobody named."""
        ...

    def create_table(self, shape: Shape, *, called: str = "") -> str: ...

    def create_index(self, shape: Shape, index: Index) -> str: ...

    def drop_index(self, table: str, index: str) -> str: ...

    def add_unique(self, table: str, columns: Sequence[str]) -> str: ...

    def drop_unique(self, table: str, constraint: str) -> str: ...

    def rename_column(self, table: str, column: Column, before: str) -> str: ...


class _Common(Spelling):
    """What the three have in common."""

    words: Mapping[Kind, str]
    widens_text = False
    rebuilds = False

    def word(self, column: Column) -> str:
        parts = [self.quoted(column.name), self.words[column.kind]]
        if column.required:
            parts.append("NOT NULL")
        if column.default is not None:
            parts.append(f"DEFAULT {column.default}")
        return " ".join(parts)

    def create_table(self, shape: Shape, *, called: str = "") -> str:
        parts = [self.word(column) for column in shape.columns]
        if shape.key and shape.columns[0].kind is not Kind.VERSION:
            parts.append(f"PRIMARY KEY ({self.columns(shape.key)})")
        parts += [self._unique_part(shape.name, columns) for columns in shape.unique]
        return f"CREATE TABLE {self.quoted(called or shape.name)} ({', '.join(parts)})"

    def create_index(self, shape: Shape, index: Index) -> str:
        kinds = {column.name: column.kind for column in shape.columns}
        parts = ", ".join(self._index_part(name, kinds[name]) for name in index.columns)
        table = self.quoted(shape.name)
        return f"CREATE INDEX {self.quoted(index.name)} ON {table} ({parts})"

    def drop_index(self, table: str, index: str) -> str:
        del table
        return f"DROP INDEX {self.quoted(index)}"

    def add_unique(self, table: str, columns: Sequence[str]) -> str:
        return f"ALTER TABLE {self.quoted(table)} ADD {self._unique_part(table, columns)}"

    def drop_unique(self, table: str, constraint: str) -> str:
        return f"ALTER TABLE {self.quoted(table)} DROP CONSTRAINT {self.quoted(constraint)}"

    def rename_column(self, table: str, column: Column, before: str) -> str:
        names = f"{self.quoted(before)} TO {self.quoted(column.name)}"
        return f"ALTER TABLE {self.quoted(table)} RENAME COLUMN {names}"

    def _unique_part(self, table: str, columns: Sequence[str]) -> str:
        del table
        return f"UNIQUE ({self.columns(columns)})"

    def _index_part(self, name: str, kind: Kind) -> str:
        del kind
        return self.quoted(name)


class _Sqlite(_Common):
    name = "sqlite"
    words = _SQLITE_WORDS
    rebuilds = True

    def quoted(self, name: str) -> str:
        return f"`{name}`"

    def unique_name(self, table: str, columns: Sequence[str]) -> str:
        return f"unique of {table} by {columns}"  # never said: the table is made anew instead

    def create_index(self, shape: Shape, index: Index) -> str:
        where = f" WHERE {self.quoted(index.where_set)} IS NOT NULL" if index.where_set else ""
        return super().create_index(shape, index) + where


class _MySql(_Common):
    name = "mysql"
    words = _MYSQL_WORDS
    widens_text = True

    def quoted(self, name: str) -> str:
        return f"`{name}`"

    def unique_name(self, table: str, columns: Sequence[str]) -> str:
        what = {
            ("type_id", "name"): "TypeName",
            ("artifact_id", "execution_id", "type"): "",
            ("external_id",): "ExternalId",
        }
        known = what.get(tuple(columns), "".join(name.title() for name in columns))
        return f"Unique{table}{known}".replace("_", "")

    def drop_index(self, table: str, index: str) -> str:
        return f"DROP INDEX {self.quoted(index)} ON {self.quoted(table)}"

    def drop_unique(self, table: str, constraint: str) -> str:
        return self.drop_index(table, constraint)

    def rename_column(self, table: str, column: Column, before: str) -> str:
        # RENAME COLUMN came with MySQL 8 and MariaDB 10.5; this is older than both.
        change = f"CHANGE COLUMN {self.quoted(before)} {self.word(column)}"
        return f"ALTER TABLE {self.quoted(table)} {change}"

    def _unique_part(self, table: str, columns: Sequence[str]) -> str:
        name = self.quoted(self.unique_name(table, columns))
        return f"CONSTRAINT {name} UNIQUE ({self.columns(columns)})"

    def _index_part(self, name: str, kind: Kind) -> str:
        return f"{self.quoted(name)}({PREFIX})" if kind in _TEXTS else self.quoted(name)


class _Postgres(_Common):
    name = "postgresql"
    words = _POSTGRES_WORDS

    def quoted(self, name: str) -> str:
        return name.lower()

    def unique_name(self, table: str, columns: Sequence[str]) -> str:
        return "_".join([table.lower(), *columns, "key"])

    def _index_part(self, name: str, kind: Kind) -> str:
        # A whole text would not fit an index once it is longer than about 2,700 bytes.
        return f"left({name}, {PREFIX})" if kind in _TEXTS else name


SPELLINGS: Mapping[str, Spelling] = {
    "sqlite": _Sqlite(),
    "mysql": _MySql(),
    "mariadb": _MySql(),
    "postgresql": _Postgres(),
}
