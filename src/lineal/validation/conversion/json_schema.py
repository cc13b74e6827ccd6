"""JSON Schema, 2020-12: the object that a row is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.validation.conversion.column import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["described", "read", "write"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {"int": "integer", "float": "number", "text": "string", "bool": "boolean"}
_KINDS = {name: kind for kind, name in _TYPES.items()} | {"object": "struct"}
_UNITS = ("s", "ms", "us", "ns")


def write(columns: Sequence[Column]) -> dict[str, object]:
    """Return the JSON Schema of a row with these columns."""
    return {"$schema": _DIALECT, **_object(columns)}


def read(value: object) -> list[Column]:
    """Return what a JSON Schema says of the fields of its object."""
    return _fields(_mapping(value, "the schema"), "")


def described(value: object) -> dict[str, str]:
    """Return the schema of each field as text."""
    whole = _mapping(value, "the schema")
    properties = _mapping(whole.get("properties", {}), "properties")
    required = whole.get("required", [])
    told = {
        name: json.dumps(field, sort_keys=True)
        + (" required" if isinstance(required, list) and name in required else "")
        for name, field in properties.items()
    }
    rest = {key for key in whole if key not in {"$schema", "properties", "required", "type"}}
    if whole.get("additionalProperties") is False:
        rest.discard("additionalProperties")
    return told | {f"${key}": f"{key} {json.dumps(whole[key])}" for key in sorted(rest)}


def _object(columns: Sequence[Column]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {column.name: _property(column) for column in columns},
        "required": [column.name for column in columns if column.required],
        "additionalProperties": False,
    }


def _property(column: Column) -> dict[str, object]:
    found = _value(column)
    for least, greatest in reversed(column.lists):
        found = {"type": "array", "items": found}
        if least is not None:
            found["minItems"] = least
        if greatest is not None:
            found["maxItems"] = greatest
    if not column.required:  # a row may also say null
        found["type"] = [found["type"], "null"]
        if "enum" in found:
            found["enum"] = [*column.values, None] if column.values is not None else [None]
    if column.comment is not None:
        found["description"] = column.comment
    if column.retired:
        found["deprecated"] = True
    return found


def _value(column: Column) -> dict[str, object]:
    if column.kind == "struct":
        return _object(column.fields)
    if column.kind == "date":
        return {"type": "string", "format": "date"}
    if column.kind in _UNITS:
        return {"type": "string", "format": "date-time"}
    found: dict[str, object] = {"type": _TYPES[column.kind]}
    if column.values is not None:
        found["enum"] = list(column.values)
    if column.least is not None:
        found["minimum"] = column.least
    if column.greatest is not None:
        found["maximum"] = column.greatest
    return found


def _fields(whole: Mapping[str, object], above: str) -> list[Column]:
    if _type(whole, above or "the schema")[0] != "object":
        raise InvalidInput(f"{above or 'the schema'}: only an object has columns")
    required = whole.get("required", [])
    names = set(required) if isinstance(required, list) else set()
    properties = _mapping(whole.get("properties", {}), f"{above} properties".strip())
    return [
        _column(name, _mapping(field, f"{above}{name}"), f"{above}{name}", needed=name in names)
        for name, field in properties.items()
    ]


def _column(name: str, said: Mapping[str, object], path: str, *, needed: bool) -> Column:
    inner, lists = said, []
    type_name, nullable = _type(inner, path)
    while type_name == "array":
        lists.append((_count(inner, "minItems", path), _count(inner, "maxItems", path)))
        inner = _mapping(inner.get("items", {}), f"{path} items")
        type_name, _ = _type(inner, f"{path} items")
    kind = _KINDS[type_name]
    if kind == "text":
        kind = {"date": "date", "date-time": "us"}.get(str(inner.get("format")), "text")
    values = inner.get("enum")
    texts = isinstance(values, list) and kind == "text"
    comment = said.get("description")
    return Column(
        name=name,
        kind=kind,
        required=needed and not nullable,
        lists=tuple(lists),
        values=tuple(str(each) for each in values if each is not None)
        if texts and isinstance(values, list)
        else None,
        least=_bound(inner, "minimum", kind, path),
        greatest=_bound(inner, "maximum", kind, path),
        comment=comment if isinstance(comment, str) else None,
        retired=said.get("deprecated") is True,
        fields=tuple(_fields(inner, f"{path}.")) if kind == "struct" else (),
    )


def _type(said: Mapping[str, object], path: str) -> tuple[str, bool]:
    """Return the type, and whether null is allowed beside it."""
    types = said.get("type")
    listed = types if isinstance(types, list) else [types]
    named = [each for each in listed if each != "null"]
    if len(named) != 1 or named[0] not in {*_KINDS, "array"}:
        raise InvalidInput(
            f"{path}: a column has one type of {', '.join([*_KINDS, 'array'])}, not {types!r}"
        )
    return str(named[0]), "null" in listed


def _count(said: Mapping[str, object], key: str, path: str) -> int | None:
    count = said.get(key)
    if count is None:
        return None
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count < 2**63:
        raise InvalidInput(f"{path}: {key} is {count!r}, no whole number from 0 on")
    return count


def _bound(said: Mapping[str, object], key: str, kind: str, path: str) -> int | float | None:
    bound = said.get(key)
    if bound is None or kind not in {"int", "float"}:
        return None
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        raise InvalidInput(f"{path}: {key} is {bound!r}, no number")
    if kind == "float":
        return float(bound)
    if not -(2**63) <= bound < 2**63 or int(bound) != bound:
        raise InvalidInput(f"{path}: {key} is {bound!r}, no whole number of 64 bits")
    return int(bound)


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InvalidInput(f"{what} is {type(value).__name__}, not an object of JSON")
    return value
