"""Turn a proto into an Arrow struct, so that SQL can ask for its fields."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    from google.protobuf.descriptor import Descriptor, FieldDescriptor
    from google.protobuf.message import Message

    Value = bool | int | float | str | bytes | dict[str, "Value"] | list["Value"] | None

__all__ = ["as_struct"]


def as_struct(message: Message) -> pa.Array:
    """Return an Arrow array of one struct.

    A message that is not set is null; a number or text that is not set has the proto's default.
    Enums are their names; `google.protobuf.Any` is left out.
    """
    import pyarrow as pa

    return pa.array([_values(message)], _struct(message.DESCRIPTOR))


def _fields(descriptor: Descriptor) -> list[FieldDescriptor]:
    return [
        field
        for field in descriptor.fields
        if field.message_type is None or field.message_type.file.package != "google.protobuf"
    ]


@cache
def _struct(descriptor: Descriptor) -> pa.DataType:
    import pyarrow as pa

    return pa.struct([pa.field(field.name, _type(field)) for field in _fields(descriptor)])


def _type(field: FieldDescriptor) -> pa.DataType:
    import pyarrow as pa

    scalars = {
        field.CPPTYPE_BOOL: pa.bool_(),
        field.CPPTYPE_DOUBLE: pa.float64(),
        field.CPPTYPE_FLOAT: pa.float32(),
        field.CPPTYPE_ENUM: pa.string(),
        field.CPPTYPE_INT32: pa.int32(),
        field.CPPTYPE_INT64: pa.int64(),
        field.CPPTYPE_UINT32: pa.uint32(),
        field.CPPTYPE_UINT64: pa.uint64(),
        field.CPPTYPE_STRING: pa.binary() if field.type == field.TYPE_BYTES else pa.string(),
    }
    if field.message_type is not None:
        kind = _struct(field.message_type)
    else:
        kind = scalars[field.cpp_type]
    return pa.list_(kind) if field.is_repeated else kind


def _values(message: Message) -> dict[str, Value]:
    fields = _fields(message.DESCRIPTOR)  # type: ignore[arg-type]  # upb's own class
    return {field.name: _value(message, field) for field in fields}


def _value(message: Message, field: FieldDescriptor) -> Value:
    value = getattr(message, field.name)
    if field.is_repeated:
        return [_one(each, field) for each in value]
    if field.message_type is not None and not message.HasField(field.name):
        return None
    return _one(value, field)


def _one(value: object, field: FieldDescriptor) -> Value:
    if field.message_type is not None:
        return _values(value)  # type: ignore[arg-type]  # a message, by its descriptor
    if field.enum_type is not None:
        found = field.enum_type.values_by_number.get(value)  # type: ignore[call-overload]  # a number
        return None if found is None else str(found.name)
    return value  # type: ignore[return-value]  # a scalar, by its descriptor
