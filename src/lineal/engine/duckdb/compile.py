"""Turn an Ibis expression into DuckDB's SQL and the sources that it reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lineal.engine.duckdb.text import quoted
from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ibis.expr.operations as ops
    import ibis.expr.types as ir
    import pyarrow as pa

    from lineal.engine.protocol import Source

__all__ = ["Compiled", "compiled"]

_COMMON_TABLE = re.compile(r'^((?:WITH|\),) "\w+") AS \($', re.MULTILINE)


@dataclass(frozen=True)
class Compiled:
    """SQL, the sources under the names it uses for them, and the columns it promises."""

    text: str
    sources: Mapping[str, Source]
    read_once: frozenset[str]
    """The names of sources that the query scans once; the others it may scan more often."""
    types: Mapping[str, pa.DataType]


def compiled(expression: ir.Table, sources: Mapping[str, Source]) -> Compiled:
    """Compile `expression`; raise `NotFound` for an unbound table that `sources` lacks.

    Tables get plain names in the SQL, so that theirs may be any text.
    """
    import ibis.expr.operations as ops

    node = expression.op()
    names = sorted({table.name for table in node.find(ops.UnboundTable)})
    for name in names:
        if name not in sources:
            raise NotFound.among("the expression reads a table that was not given:", name, sources)
    plain = {name: f"source_{number}" for number, name in enumerate(names)}
    # A cache must not keep somebody's data alive.
    holds_data = bool(node.find(ops.InMemoryTable))
    text = (_text.__wrapped__ if holds_data else _text)(node, tuple(plain.items()))
    return Compiled(
        text=text,
        sources={plain[name]: sources[name] for name in names},
        read_once=frozenset(name for name in plain.values() if text.count(quoted(name)) == 1),
        types={column.name: column.type for column in expression.schema().to_pyarrow()},
    )


@lru_cache(maxsize=64)
def _text(expression: ops.Node, names: tuple[tuple[str, str], ...]) -> str:
    """Return the SQL. The same computation is often run on one month after another."""
    import ibis
    import ibis.expr.operations as ops
    from ibis.common.exceptions import IbisError

    plain = dict(names)

    def renamed(node: ops.Node, kwargs: Mapping[str, object] | None) -> ops.Node:
        new = node.__recreate__(kwargs) if kwargs else node
        return new.copy(name=plain[new.name]) if isinstance(new, ops.UnboundTable) else new

    try:
        text = str(ibis.to_sql(expression.replace(renamed).to_expr(), dialect="duckdb"))
    except (IbisError, NotImplementedError) as error:
        raise InvalidInput(f"the expression does not compile for DuckDB: {error}") from error
    return _reading_once(text, plain.values())


def _reading_once(text: str, sources: Iterable[str]) -> str:
    """Have DuckDB keep the common tables that read a source, not read them again for each use."""
    heads = list(_COMMON_TABLE.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)] * bool(heads)
    parts = [text[: heads[0].start()] if heads else text]
    for head, end in zip(heads, ends, strict=True):
        body = text[head.end() : end]
        reads = any(quoted(name) in body for name in sources)
        parts += [head.group(1), " AS MATERIALIZED (" if reads else " AS (", body]
    return "".join(parts)
