"""Set any field of a message by its dotted name, from a value or from text."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

__all__ = ["set_field"]

Plain = str | bool | int | float
_NONE = "none"


def set_field(message: Message, name: str, value: Plain | Sequence[Plain] | None) -> None:
    """Set the field that `name` leads to: `float_domain.disallow_nan`; None clears it.

    Text is read as the field's type needs it: numbers, `true`, names of enum values, several
    values parted by commas, and whole messages in the text form, in braces:
    `value_counts={value_count {min: 1}}`. Raises `NotFound` with the name that was likely meant.
    """
    *above, last = name.split(".")
    for step in above:
        field = _field(message, step, name)
        if field.message_type is None or field.is_repeated:
            raise InvalidInput(f"{name}: {step} has no fields that can be named")
        if value is None and not message.HasField(step):
            return
        message = getattr(message, step)
    field = _field(message, last, name)
    # A field that is set to nothing is not there; one that was wrong leaves the message as it was.
    before = type(message)()
    before.CopyFrom(message)
    try:
        message.ClearField(last)
        if value is not None and value != _NONE:
            _fill(message, field, value, name)
    except (ValueError, TypeError) as error:
        message.CopyFrom(before)
        raise InvalidInput(f"{name}={value}: {error}") from error
    except InvalidInput:
        message.CopyFrom(before)
        raise


def _field(message: Message, step: str, name: str) -> FieldDescriptor:
    fields = message.DESCRIPTOR.fields_by_name
    if step not in fields:
        raise NotFound.among(
            f"{name}: a {message.DESCRIPTOR.name} has no field", step, fields,
            remedy=f"it has {', '.join(fields)}",
        )  # fmt: skip
    return cast("FieldDescriptor", fields[step])


def _fill(
    message: Message, field: FieldDescriptor, value: Plain | Sequence[Plain], name: str
) -> None:
    if field.message_type is not None:
        from google.protobuf import text_format

        text = str(value).strip()
        if not (text.startswith("{") and text.endswith("}")):
            inner = ", ".join(field.message_type.fields_by_name) or "no fields"
            raise InvalidInput(
                f"{name} is a {field.message_type.name}: name one of its fields ({inner}), or "
                f"write it in braces"
            )
        try:
            text_format.Merge(f"{field.name} {text}", message)
        except text_format.ParseError as error:
            raise InvalidInput(f"{name}={value}: {error}") from error
        return
    if not field.is_repeated:
        setattr(message, field.name, _plain(field, value if _is_plain(value) else str(value)))
        return
    parts = value.split(",") if isinstance(value, str) else [value] if _is_plain(value) else value
    listed = parts if isinstance(parts, list | tuple) else list(parts)  # type: ignore[arg-type]
    getattr(message, field.name).extend(_plain(field, each) for each in listed)


def _is_plain(value: object) -> bool:
    return isinstance(value, str | bool | int | float)


def _plain(field: FieldDescriptor, value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if field.enum_type is not None:
        known = field.enum_type.values_by_name
        if text.upper() not in known:
            raise InvalidInput(f"{field.name}={text}: choose one of {', '.join(known)}")
        return known[text.upper()].number
    if field.cpp_type == field.CPPTYPE_BOOL:
        if text not in {"true", "false"}:
            raise InvalidInput(f"{field.name}={text}: write true or false")
        return text == "true"
    if field.cpp_type in {field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT}:
        return float(text)
    if field.cpp_type == field.CPPTYPE_STRING:
        return text.encode() if field.type == field.TYPE_BYTES else text
    return int(text)
