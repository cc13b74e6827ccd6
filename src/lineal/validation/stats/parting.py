"""Give each row the names of the slices that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.operations as ops
import ibis.expr.schema as sch

from lineal.engine.functions import distinct_of
from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

    from lineal.validation.slices import Slice

__all__ = ["features_read", "parted"]

_KEY = "lineal_key"
_VIEW = "lineal_rows"


def features_read(part: Slice | None) -> tuple[str, ...]:
    """Return the columns that say which slice a row is in; SQL may read any."""
    if part is None:
        return ()
    return part.features if part.keys is None else (part.keys,)


def parted(rows: ir.Table, selected: Mapping[str, ir.Value], part: Slice) -> ir.Table:
    """Return `selected` once for each slice that a row is in, the name in the column `slice`.

    Raises `NotFound` for a column that is not there, `InvalidInput` for one that can't name a
    slice, or for SQL that does not parse.
    """
    for name in features_read(part):
        if name not in rows.columns:
            raise NotFound.among(
                "slices: the data has no column",
                name,
                rows.columns,
                remedy="a slice is named by a column; a condition is written NAME: SQL",
            )
    if part.condition is not None:
        return _where(rows, selected, part.condition)
    names = features_read(part)
    chosen = dict(part.values)
    table = rows.select(
        **selected, **{f"{_KEY}{place}": _texts(rows, name) for place, name in enumerate(names)}
    )
    for place, name in enumerate(names):
        key = f"{_KEY}{place}"
        if table[key].type().is_array():
            # A row that has a value twice is in its slice once.
            table = table.mutate(**{key: distinct_of(table[key]).unnest()})
        table = table.filter(table[key].notnull())
        if name in chosen:
            table = table.filter(table[key].isin([_told(value) for value in chosen[name]]))
    pieces = []
    for place, name in enumerate(names):
        value = table[f"{_KEY}{place}"]
        pieces.append(value if part.keys else ibis.literal(f"{name}_") + value)
    key = pieces[0]
    for piece in pieces[1:]:
        key = key + "_" + piece
    return table.mutate(slice=key).drop(*(f"{_KEY}{place}" for place in range(len(names))))


def _texts(rows: ir.Table, name: str) -> ir.Value:
    column = rows[name]
    kind = column.type()
    inner = kind.value_type if kind.is_array() else kind
    if not (inner.is_integer() or inner.is_string() or inner.is_boolean() or inner.is_temporal()):
        raise InvalidInput(
            f"column {name!r} holds {kind}, whose values name no slices; slice by texts, whole "
            "numbers or times, or by a condition (Slice.where)"
        )
    if inner.is_boolean():
        column = column.cast("array<int8>" if kind.is_array() else "int8")
    return column.cast("array<string>" if kind.is_array() else "string")


def _told(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _where(
    rows: ir.Table, selected: Mapping[str, ir.Value], condition: tuple[str, str]
) -> ir.Table:
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    name, sql = condition
    try:
        parsed = parse_one(sql, dialect="duckdb", into=exp.Condition)
    except SqlglotError as error:
        raise InvalidInput(f"slice {name!r}: {sql!r} is no condition in SQL: {error}") from error
    if parsed.find(exp.Query) is not None:
        raise InvalidInput(f"slice {name!r}: {sql!r} reads other tables; say it of the columns")
    aliased = rows.alias(_VIEW)
    query = f'SELECT *, ({parsed.sql(dialect="duckdb")}) AS "{_KEY}" FROM "{_VIEW}"'
    schema = sch.Schema({**rows.schema(), _KEY: "boolean"})
    table = ops.SQLStringView(parent=aliased.op(), query=query, schema=schema).to_expr()
    replaced = {
        key: value.op().replace({rows.op(): table.op()}).to_expr()
        for key, value in selected.items()
    }
    return table.filter(table[_KEY]).select(**replaced, slice=ibis.literal(name))
