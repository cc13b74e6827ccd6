"""Schemas of Arrow: types, nullability, lists of fixed and of any length, structs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.errors import InvalidInput
from lineal.validation.conversion.column import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["described", "read", "write"]

_COMMENT = b"comment"


def write(columns: Sequence[Column]) -> pa.Schema:
    """Return the columns as a schema of Arrow."""
    return pa.schema([_field(column) for column in columns])


def read(value: object) -> list[Column]:
    """Return what a schema of Arrow says of its columns."""
    if not isinstance(value, pa.Schema):
        raise InvalidInput(f"{type(value).__name__} is no pyarrow.Schema")
    return [_column(field, field.name) for field in value]


def described(value: object) -> dict[str, str]:
    """Return each field in words."""
    if not isinstance(value, pa.Schema):
        return {}
    told = {field.name: _text(field) for field in value}
    if value.metadata:
        told[""] = "metadata of the schema"
    return told


def _text(field: pa.Field) -> str:
    metadata = {key: item for key, item in (field.metadata or {}).items() if key != _COMMENT}
    return f"{field.type}{'' if field.nullable else ' not null'}" + (
        " with metadata" if metadata else ""
    )


def _field(column: Column) -> pa.Field:
    kind = {
        "int": pa.int64(),
        "float": pa.float64(),
        "text": pa.string(),
        "bool": pa.bool_(),
        "date": pa.date32(),
    }.get(column.kind)
    if column.kind == "struct":
        kind = pa.struct([_field(field) for field in column.fields])
    elif kind is None:
        kind = pa.timestamp(column.kind, tz="UTC")
    for least, greatest in reversed(column.lists):
        fixed = least is not None and least == greatest
        kind = pa.list_(kind, least) if fixed else pa.list_(kind)
    metadata = {} if column.comment is None else {_COMMENT: column.comment.encode()}
    return pa.field(column.name, kind, nullable=not column.required, metadata=metadata)


def _column(field: pa.Field, path: str) -> Column:
    kind, lists = field.type, []
    while pa.types.is_list(kind) or pa.types.is_large_list(kind) or _is_fixed(kind):
        size = kind.list_size if _is_fixed(kind) else None
        lists.append((size, size))
        kind = kind.value_type
    fields: Iterable[Column] = ()
    if pa.types.is_struct(kind):
        fields = [_column(each, f"{path}.{each.name}") for each in kind]
    comment = (field.metadata or {}).get(_COMMENT)
    return Column(
        name=field.name,
        kind=_kind(kind, path),
        required=not field.nullable,
        lists=tuple(lists),
        comment=None if comment is None else comment.decode(),
        fields=tuple(fields),
    )


def _is_fixed(kind: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_list(kind))


def _kind(kind: pa.DataType, path: str) -> str:
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_timestamp(kind):
        return str(kind.unit)
    for name, checks in (
        ("struct", (types.is_struct,)),
        ("bool", (types.is_boolean,)),
        ("int", (types.is_integer,)),
        ("float", (types.is_floating, types.is_decimal)),
        ("date", (types.is_date,)),
        ("text", (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)),
    ):
        if any(check(kind) for check in checks):
            return name
    raise InvalidInput(f"{path}: no feature can be of Arrow's type {kind}; cast or drop the column")
