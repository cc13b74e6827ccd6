"""The Open Data Contract Standard: one schema object with its properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from open_data_contract_standard.model import (
    EnumValue,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)

from lineal.errors import InvalidInput
from lineal.validation.conversion.column import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["described", "read", "write"]

_TYPES = {
    "int": "integer",
    "float": "number",
    "text": "string",
    "bool": "boolean",
    "struct": "object",
    "date": "date",
    **dict.fromkeys(("s", "ms", "us", "ns"), "timestamp"),
}
_KINDS = {
    "integer": "int",
    "number": "float",
    "string": "text",
    "boolean": "bool",
    "object": "struct",
    "date": "date",
    "timestamp": "us",
}


def write(columns: Sequence[Column]) -> OpenDataContractStandard:
    """Return the columns as a contract with one schema object, a draft."""
    return OpenDataContractStandard(
        apiVersion="v3.1.0",
        kind="DataContract",
        id="schema",
        version="1.0.0",
        status="draft",
        schema=[
            SchemaObject(
                name="data",
                logicalType="object",
                properties=[_property(column) for column in columns],
            )
        ],
    )


def read(value: object) -> list[Column]:
    """Return what a contract's only schema object says of its properties."""
    return [_column(each, each.name or "") for each in _properties(value)]


def described(value: object) -> dict[str, str]:
    """Return each property as JSON."""
    return {
        each.name or "": each.model_dump_json(exclude_none=True, by_alias=True)
        for each in _properties(value)
    }


def _properties(value: object) -> list[SchemaProperty]:
    if not isinstance(value, OpenDataContractStandard):
        raise InvalidInput(f"{type(value).__name__} is no OpenDataContractStandard")
    objects = value.schema_ or []
    if len(objects) != 1:
        names = ", ".join(each.name or "?" for each in objects) or "none"
        raise InvalidInput(
            f"the contract has {len(objects)} schema objects ({names}); give one with a single one"
        )
    return objects[0].properties or []


def _property(column: Column) -> SchemaProperty:
    found = _value(column)
    for least, greatest in reversed(column.lists):
        options = {"minItems": least, "maxItems": greatest}
        kept = {key: length for key, length in options.items() if length is not None}
        found = SchemaProperty(logicalType="array", items=found, logicalTypeOptions=kept or None)
    found.name, found.required = column.name, column.required
    found.description = column.comment
    found.deprecated = True if column.retired else None
    return found


def _value(column: Column) -> SchemaProperty:
    options = {"minimum": column.least, "maximum": column.greatest}
    kept = {key: bound for key, bound in options.items() if bound is not None}
    return SchemaProperty(
        logicalType=_TYPES[column.kind],
        logicalTypeOptions=kept or None,
        enum=None if column.values is None else [EnumValue(value=value) for value in column.values],
        properties=[_property(field) for field in column.fields]
        if column.kind == "struct"
        else None,
    )


def _column(said: SchemaProperty, path: str) -> Column:
    inner, lists = said, []
    while inner.logicalType == "array":
        options = inner.logicalTypeOptions or {}
        lists.append((_whole(options, "minItems", path), _whole(options, "maxItems", path)))
        if inner.items is None:
            raise InvalidInput(f"{path}: an array says its items")
        inner = inner.items
    kind = _KINDS.get(inner.logicalType or "")
    if kind is None:
        raise InvalidInput(
            f"{path}: no feature can be of the logicalType {inner.logicalType!r}; choose one of "
            f"{', '.join([*_KINDS, 'array'])}"
        )
    options = inner.logicalTypeOptions or {}
    return Column(
        name=said.name or "",
        kind=kind,
        required=said.required is True,
        lists=tuple(lists),
        values=None
        if inner.enum is None or kind != "text"
        else tuple(str(each.value) for each in inner.enum),
        least=_bound(options, "minimum", kind, path),
        greatest=_bound(options, "maximum", kind, path),
        comment=said.description,
        retired=said.deprecated is True,
        fields=tuple(_column(each, f"{path}.{each.name}") for each in inner.properties or []),
    )


def _whole(options: dict[str, object], key: str, path: str) -> int | None:
    found = options.get(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int):
        raise InvalidInput(f"{path}: {key} is {found!r}, no whole number")
    return found


def _bound(options: dict[str, object], key: str, kind: str, path: str) -> int | float | None:
    found = options.get(key)
    if found is None or kind not in {"int", "float"}:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise InvalidInput(f"{path}: {key} is {found!r}, no number")
    return _whole(options, key, path) if kind == "int" else float(found)
