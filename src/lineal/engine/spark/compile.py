"""Turn an Ibis expression into Spark's SQL and the sources that it reads."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import ibis.expr.operations as ops
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import NULL, SQLGlotCompiler
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.common.exceptions import IbisError

from lineal.engine.spark.functions import defined
from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.datatypes as dt
    import ibis.expr.types as ir
    import pyarrow as pa

    from lineal.engine.protocol import Source

__all__ = ["Compiled", "compiled"]

_MARK = f"lineal_{uuid.uuid4().hex}"
"""Begins the tables' names in a text that is kept; no other name and no text begins so."""


@dataclass(frozen=True)
class Compiled:
    """SQL with placeholders for the tables, the sources they stand for, and the result's types."""

    text: str
    sources: Mapping[str, Source]
    types: Mapping[str, pa.DataType]

    def reading(self, views: Mapping[str, str]) -> str:
        """Return the SQL that reads these views in the place of the placeholders."""
        text = self.text
        for name, view in views.items():
            text = text.replace(name, view)
        return text


class _Compiler(PySparkCompiler):  # type: ignore[misc]
    """Ibis's own compiler, and the functions that every engine defines."""

    __slots__ = ()

    # What Ibis asks its options of a running backend for, and where it takes NaN for null.

    def visit_NonNullLiteral(  # noqa: N802 - Ibis finds it by the name of the operation
        self, op: ops.Literal, *, value: object, dtype: dt.DataType
    ) -> sge.Expression | None:
        if dtype.is_floating():
            return None  # as any dialect writes it
        found: sge.Expression | None = super().visit_NonNullLiteral(op, value=value, dtype=dtype)
        return found

    def visit_Field(  # noqa: N802
        self, op: ops.Field, *, rel: sge.Expression, name: str
    ) -> sge.Expression:
        found: sge.Expression = SQLGlotCompiler.visit_Field(self, op, rel=rel, name=name)
        return found

    def visit_IsNull(self, op: ops.IsNull, *, arg: sge.Expression) -> sge.Expression:  # noqa: N802, ARG002
        return sge.Is(this=arg, expression=NULL)

    def visit_NotNull(self, op: ops.NotNull, *, arg: sge.Expression) -> sge.Expression:  # noqa: N802, ARG002
        return sge.Not(this=sge.Is(this=arg, expression=NULL))

    def visit_IsInf(self, op: ops.IsInf, *, arg: sge.Expression) -> sge.Expression:  # noqa: N802
        if not op.arg.dtype.is_floating():
            return sge.false()
        # Ibis compares the two expressions in Python, which is never true.
        return sge.EQ(this=sge.Abs(this=arg), expression=self.POS_INF)

    def visit_ScalarUDF(  # noqa: N802 - Ibis finds it by the name of the operation
        self, op: ops.ScalarUDF, **arguments: sge.Expression
    ) -> sge.Expression:
        values = list(arguments.values())
        if len(values) == 1:
            known = defined(op.__func_name__, values[0], op.args[0].dtype)
            if known is not None:
                return known
        found: sge.Expression = super().visit_ScalarUDF(op, **arguments)
        return found


def compiled(expression: ir.Table, sources: Mapping[str, Source]) -> Compiled:
    """Compile `expression`; raise `NotFound` for an unbound table that `sources` lacks."""
    node = expression.op()
    names = sorted({table.name for table in node.find(ops.UnboundTable)})
    for name in names:
        if name not in sources:
            raise NotFound.among("the expression reads a table that was not given:", name, sources)
    marks = {name: f"{_MARK}_{number}_" for number, name in enumerate(names)}
    # A cache must not keep somebody's data alive.
    holds_data = bool(node.find(ops.InMemoryTable))
    text = (_text.__wrapped__ if holds_data else _text)(node, tuple(marks.items()))
    return Compiled(
        text=text,
        sources={marks[name]: sources[name] for name in names},
        types={column.name: column.type for column in expression.schema().to_pyarrow()},
    )


@lru_cache(maxsize=64)
def _text(expression: ops.Node, marks: tuple[tuple[str, str], ...]) -> str:
    plain = dict(marks)

    def renamed(node: ops.Node, kwargs: Mapping[str, object] | None) -> ops.Node:
        new = node.__recreate__(kwargs) if kwargs else node
        return new.copy(name=plain[new.name]) if isinstance(new, ops.UnboundTable) else new

    compiler = _Compiler()
    try:
        query = compiler.to_sqlglot(expression.replace(renamed).to_expr())
        return str(query.sql(dialect=compiler.dialect))
    except (IbisError, NotImplementedError) as error:
        raise InvalidInput(f"the expression does not compile for Spark: {error}") from error
