"""Column types of ML Metadata's tables, as it spells them for each database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.visitors import InternalTraversal

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler, TypeCompiler

__all__ = [
    "PREFIX",
    "BigInt",
    "Double",
    "Flag",
    "IndexedText",
    "Int",
    "LongText",
    "Proto",
    "TinyInt",
    "ValueText",
]


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


class Proto(sa.LargeBinary):
    """A message's base64 text, in bytes; `BLOB`, `BYTEA`, on MySQL `MEDIUMBLOB`."""


@compiles(Proto, "mysql")
def _mediumblob(_type: sa.types.TypeEngine[bytes], _compiler: TypeCompiler, **_options: Any) -> str:
    return "MEDIUMBLOB"


class _SameText(sa.ColumnElement[bool]):
    """A long text is a value: where only its beginning is indexed, that is compared first."""

    inherit_cache = True
    type = sa.Boolean()
    _is_implicitly_boolean = True
    _traverse_internals = [  # noqa: RUF012 -- SQLAlchemy's
        ("start", InternalTraversal.dp_clauseelement),
        ("whole", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, start: sa.ColumnElement[bool], whole: sa.ColumnElement[bool]) -> None:
        self.start = start
        self.whole = whole


@compiles(_SameText)
def _whole(element: _SameText, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.whole, **options)})"


@compiles(_SameText, "postgresql")
def _start_and_whole(element: _SameText, compiler: SQLCompiler, **options: Any) -> str:
    start = compiler.process(element.start, **options)
    return f"({start} AND {compiler.process(element.whole, **options)})"


class IndexedText(sa.Text):
    """A text of any length that has an index, on PostgreSQL of its beginning only.

    `column == value` means the same everywhere, and the index serves it.
    """

    class Comparator(sa.Text.Comparator[str]):
        """Says `==` so that the index serves."""

        def operate(self, op: Any, *other: Any, **options: Any) -> sa.ColumnElement[Any]:
            """Compare."""
            compared = super().operate(op, *other, **options)
            if op is not operators.eq or not isinstance(other[0], str | sa.BindParameter):
                return compared
            given = sa.literal(other[0], sa.Text) if isinstance(other[0], str) else other[0]
            column = sa.type_coerce(self.expr, sa.Text)
            length = sa.literal_column(str(PREFIX), sa.Integer)  # as in the index
            start = sa.func.left(column, length) == sa.func.left(given, length)
            return _SameText(start, column == given)

    comparator_factory = Comparator


PREFIX = 255
"""How many characters of a long text MySQL and PostgreSQL index."""


class ValueText(IndexedText):
    """A property's text; 16 MB on MySQL, where `TEXT` ends at 64 kB."""


class LongText(sa.Text):
    """Text of any length."""


@compiles(ValueText, "mysql")
def _mediumtext(_type: sa.types.TypeEngine[str], _compiler: TypeCompiler, **_options: Any) -> str:
    return "MEDIUMTEXT"


@compiles(LongText, "mysql")
def _longtext(_type: sa.types.TypeEngine[str], _compiler: TypeCompiler, **_options: Any) -> str:
    return "LONGTEXT"


def _pg(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"
