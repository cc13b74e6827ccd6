"""Say in an expression how each feature's values are read out of its column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa

from lineal.engine.functions import microseconds
from lineal.validation.stats.plan import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from lineal.validation.stats.plan import FeaturePlan

__all__ = ["EPOCH", "column_of", "counted", "unbound"]

EPOCH = (1970, 1, 1)


def unbound(schema: pa.Schema, plans: Sequence[FeaturePlan], *, name: str) -> ir.Table:
    """Return the table that the features are read from, without the columns nobody reads."""
    read = {plan.path[0] for plan in plans}
    return ibis.table(
        {field.name: _declared(field.type) for field in schema if field.name in read}, name=name
    )


def column_of(table: ir.Table, plan: FeaturePlan) -> ir.Value:
    """Return the feature's column, a field of a struct by its path."""
    column = table[plan.path[0]]
    for step in plan.path[1:]:
        column = column[step]
    return column


def counted(value: ir.Value, reading: Reading) -> ir.Value:
    """Return the number, text or bytes that `value` counts as; null stays null."""
    match reading:
        case Reading.NUMBER:
            return value.cast("float64")
        case Reading.DAYS:
            return value.delta(ibis.date(*EPOCH), unit="day").cast("float64")
        case Reading.MICROSECONDS:
            return microseconds(_to_microsecond(value)).cast("float64")
        case Reading.TEXT:
            return value.cast("string")
        case Reading.BINARY:
            return value
        case Reading.NOTHING:
            return ibis.null("float64")
        case Reading.PRESENCE:
            return ibis.ifelse(value.isnull(), ibis.null("float64"), ibis.literal(1.0))


def _to_microsecond(value: ir.Value) -> ir.Value:
    kind = value.type()
    if isinstance(kind, dt.Timestamp):
        return value.cast(dt.Timestamp(timezone=kind.timezone, scale=6))
    return value


def _declared(arrow: pa.DataType) -> dt.DataType:
    """Return the Ibis type of a column; the engine reads the column as what it is."""
    types = pa.types
    if isinstance(arrow, pa.BaseExtensionType):
        return dt.uuid if arrow.extension_name == "arrow.uuid" else _declared(arrow.storage_type)
    if types.is_dictionary(arrow) or types.is_run_end_encoded(arrow):
        return _declared(arrow.value_type)
    if types.is_struct(arrow):
        return dt.Struct({child.name: _declared(child.type) for child in arrow})
    if types.is_nested(arrow) and not types.is_map(arrow):
        return dt.Array(_declared(arrow.value_type))
    if types.is_timestamp(arrow):
        return dt.Timestamp(
            timezone=None if arrow.tz is None else "UTC", scale=9 if arrow.unit == "ns" else None
        )
    if types.is_fixed_size_binary(arrow) or types.is_binary_view(arrow):
        return dt.binary
    if types.is_string_view(arrow):
        return dt.string
    return dt.DataType.from_pyarrow(arrow)
