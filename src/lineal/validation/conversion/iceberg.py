"""Schemas of Iceberg: types, required fields, lists, structs and docs."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    StructType,
    TimestampNanoType,
    TimestampType,
    TimestamptzNanoType,
    TimestamptzType,
    UUIDType,
)

from lineal.errors import InvalidInput
from lineal.validation.conversion.column import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["described", "read", "write"]

_TYPES: dict[str, type[IcebergType]] = {
    "int": LongType,
    "float": DoubleType,
    "text": StringType,
    "bool": BooleanType,
    "date": DateType,
    "s": TimestamptzType,
    "ms": TimestamptzType,
    "us": TimestamptzType,
    "ns": TimestamptzNanoType,
}
_KINDS: tuple[tuple[tuple[type[IcebergType], ...], str], ...] = (
    ((IntegerType, LongType), "int"),
    ((FloatType, DoubleType, DecimalType), "float"),
    ((StringType, BinaryType, FixedType, UUIDType), "text"),
    ((BooleanType,), "bool"),
    ((DateType,), "date"),
    ((TimestampType, TimestamptzType), "us"),
    ((TimestampNanoType, TimestamptzNanoType), "ns"),
    ((StructType,), "struct"),
)


def write(columns: Sequence[Column]) -> Schema:
    """Return the columns as a schema of Iceberg, with field ids from 1 on."""
    ids = iter(count(1))
    return Schema(*[_field(column, ids) for column in columns])


def read(value: object) -> list[Column]:
    """Return what a schema of Iceberg says of its columns."""
    if not isinstance(value, Schema):
        raise InvalidInput(f"{type(value).__name__} is no pyiceberg Schema")
    return [_column(field, field.name) for field in value.fields]


def described(value: object) -> dict[str, str]:
    """Return each field in words, ids included."""
    if not isinstance(value, Schema):
        return {}
    told = {field.name: str(field) for field in value.fields}
    if value.identifier_field_ids:
        told[""] = f"identifier fields {value.identifier_field_ids}"
    return told


def _field(column: Column, ids: Iterator[int]) -> NestedField:
    number = next(ids)
    return NestedField(
        field_id=number,
        name=column.name,
        field_type=_type(column, len(column.lists), ids),
        required=column.required,
        doc=column.comment,
    )


def _type(column: Column, levels: int, ids: Iterator[int]) -> IcebergType:
    if levels:
        number = next(ids)
        element = _type(column, levels - 1, ids)
        return ListType(element_id=number, element=element, element_required=False)
    if column.kind == "struct":
        return StructType(*[_field(field, ids) for field in column.fields])
    return _TYPES[column.kind]()


def _column(field: NestedField, path: str) -> Column:
    kind, lists = field.field_type, []
    while isinstance(kind, ListType):
        lists.append((None, None))
        kind = kind.element_type
    name = next((name for types, name in _KINDS if isinstance(kind, types)), None)
    if name is None:
        raise InvalidInput(f"{path}: no feature can be of Iceberg's type {kind}; drop the column")
    fields = kind.fields if isinstance(kind, StructType) else ()
    return Column(
        name=field.name,
        kind=name,
        required=field.required,
        lists=tuple(lists),
        comment=field.doc,
        fields=tuple(_column(each, f"{path}.{each.name}") for each in fields),
    )
