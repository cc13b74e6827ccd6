"""Say in an expression how each feature's values are read out of its column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir_types
import pyarrow as pa

from lineal.engine.functions import microseconds
from lineal.validation.stats.plan import Reading, Way

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from lineal.validation.stats.plan import FeaturePlan

__all__ = ["EPOCH", "base_of", "counted", "unbound", "weight_of", "within"]

EPOCH = (1970, 1, 1)


def unbound(
    schema: pa.Schema, plans: Sequence[FeaturePlan], *, name: str, more: Sequence[str | None] = ()
) -> ir.Table:
    """Return the table that the features are read from, without the columns nobody reads."""
    read = {plan.path[0] for plan in plans} | set(more)
    return ibis.table(
        {field.name: _declared(field.type) for field in schema if field.name in read}, name=name
    )


def base_of(table: ir.Table, plan: FeaturePlan) -> ir.Value:
    """Return the value of the row that the feature's values lie in: up to the first list."""
    value = table
    for step in plan.steps[: _flat(plan)]:
        value = value[step.name]
    return value


def within(table: ir.Table, plan: FeaturePlan) -> ir.Table:
    """Go from the rows of a table to the feature's parent values, in the column `value`."""
    others = [name for name in table.columns if name != "value"]
    for step in plan.steps[_flat(plan) :]:
        value = table["value"]
        match step.way:
            case Way.FIELD:
                value = value[step.name]
            case Way.ELEMENTS:
                value = value.unnest()
            case Way.KEYS:
                value = value.keys().unnest()
            case Way.VALUES:
                value = value.values().unnest()
        table = table.select(*others, value=value)
    return table


def weight_of(column: ir.Value) -> ir.FloatingValue:
    """Return a row's weight; of a list, its only element."""
    if isinstance(column, ir_types.ArrayValue):
        return ibis.ifelse(column.length() == 1, column[0].cast("float64"), ibis.null("float64"))
    return column.cast("float64")


def _flat(plan: FeaturePlan) -> int:
    """Return how many of the steps stay in the row."""
    for place, step in enumerate(plan.steps):
        if step.way is not Way.FIELD:
            return place
    return len(plan.steps)


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
            return _plain_text(value)
        case Reading.BINARY:
            return value
        case Reading.NOTHING:
            return ibis.null("float64")
        case Reading.PRESENCE:
            return ibis.ifelse(value.isnull(), ibis.null("float64"), ibis.literal(1.0))


def _plain_text(value: ir.Value) -> ir.StringValue:
    """Return a text, or the decimal digits of a number that is a category."""
    if value.type().is_floating():
        return value.cast("string").re_replace(r"\.0$", "")
    if value.type().is_boolean():
        return value.cast("int8").cast("string")
    return value.cast("string")


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
    if types.is_map(arrow):
        return dt.Map(_declared(arrow.key_type), _declared(arrow.item_type))
    if types.is_nested(arrow):
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
