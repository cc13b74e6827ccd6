"""Column types of ML Metadata's tables, as it spells them for each database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler, TypeCompiler

__all__ = ["BigInt", "Double", "Flag", "Int", "LongText", "Proto", "TinyInt", "ValueText"]


class Int(sa.Integer):
    """Spelled `INT` by the wheel on SQLite, where a rowid alias alone is an `INTEGER`."""


class BigInt(sa.BigInteger):
    """Spelled `INT` on SQLite; 64 bits wide everywhere."""


class TinyInt(sa.SmallInteger):
    """Spelled `TINYINT(1)`, on PostgreSQL `SMALLINT`."""


class Double(sa.Double[float]):
    """Spelled `DOUBLE`, on PostgreSQL `DOUBLE PRECISION`."""


@compiles(Int, "sqlite")
@compiles(BigInt, "sqlite")
def _int(_type: sa.types.TypeEngine[int], _compiler: TypeCompiler, **_options: object) -> str:
    return "INT"


@compiles(TinyInt, "sqlite")
@compiles(TinyInt, "mysql")
def _tinyint(_type: sa.types.TypeEngine[int], _compiler: TypeCompiler, **_options: object) -> str:
    return "TINYINT(1)"


@compiles(Double, "sqlite")
@compiles(Double, "mysql")
def _double(_type: sa.types.TypeEngine[float], _compiler: TypeCompiler, **_options: object) -> str:
    return "DOUBLE"


class _AsFlag(sa.ColumnElement[int]):
    """A parameter of 0 or 1 where a flag is expected."""

    inherit_cache = True

    def __init__(self, given: sa.BindParameter[int]) -> None:
        self.given = given
        self.type = given.type

    _traverse_internals = [("given", InternalTraversal.dp_clauseelement)]  # noqa: RUF012 -- SQLAlchemy's


@compiles(_AsFlag)
def _plain(element: _AsFlag, compiler: SQLCompiler, **options: object) -> str:
    return compiler.process(element.given, **{**options, "skip_bind_expression": True})


@compiles(_AsFlag, "postgresql")
def _as_boolean(element: _AsFlag, compiler: SQLCompiler, **options: object) -> str:
    return f"CAST(CAST({_plain(element, compiler, **options)} AS INTEGER) AS BOOLEAN)"


class Flag(sa.types.TypeDecorator[int]):
    """0 or 1 in Python; `TINYINT(1)` on disk, on PostgreSQL `BOOLEAN`."""

    impl = TinyInt
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Return the type on disk."""
        return dialect.type_descriptor(sa.Boolean() if dialect.name == "postgresql" else TinyInt())

    def bind_expression(self, bindvalue: sa.BindParameter[int]) -> sa.ColumnElement[int]:
        """Return what stands for a value in statements, whichever way it reaches the driver."""
        return _AsFlag(bindvalue)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002 -- SQLAlchemy's
        """Return what turns the driver's value into ours; None where there is nothing to do."""
        return (lambda value: None if value is None else int(value)) if _pg(dialect) else None


class Proto(sa.types.TypeDecorator[bytes]):
    """A message as the text of its base64, whatever the column: so ML Metadata keeps it."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Return the type on disk."""
        is_mysql = dialect.name == "mysql"
        return dialect.type_descriptor(mysql.MEDIUMBLOB() if is_mysql else sa.LargeBinary())


ValueText = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
"""A property's text; 16 MB on MySQL."""

LongText = sa.Text().with_variant(mysql.LONGTEXT(), "mysql")
"""Text of any length."""


def _pg(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"
