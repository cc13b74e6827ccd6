"""Schemas of pandera, for frames of pandas: types, nullability, bounds and values."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

with warnings.catch_warnings():
    # It also looks at PySpark where there is one, which warns of the pandas beside it.
    warnings.simplefilter("ignore", FutureWarning)
    import pandera.pandas as pandera

from lineal.errors import InvalidInput
from lineal.validation.conversion.column import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["described", "read", "write"]

_TYPES = {"int": "Int64", "float": "float64", "text": "str", "bool": "boolean"}
_CHECKS = {"isin", "greater_than_or_equal_to", "less_than_or_equal_to", "in_range"}


def write(columns: Sequence[Column]) -> pandera.DataFrameSchema:
    """Return the columns as a schema of pandera; lists and structs are objects there."""
    return pandera.DataFrameSchema({column.name: _column_of(column) for column in columns})


def read(value: object) -> list[Column]:
    """Return what a schema of pandera says of its columns."""
    return [_column(str(name), column) for name, column in _schema(value).columns.items()]


def described(value: object) -> dict[str, str]:
    """Return each column in words."""
    return {
        str(name): f"{column.dtype}{'' if column.nullable else ' not null'}, checks: "
        + ", ".join(str(check) for check in column.checks)
        + (", unique" if column.unique else "")
        for name, column in _schema(value).columns.items()
    }


def _schema(value: object) -> pandera.DataFrameSchema:
    if not isinstance(value, pandera.DataFrameSchema):
        raise InvalidInput(f"{type(value).__name__} is no pandera DataFrameSchema")
    return value


def _column_of(column: Column) -> pandera.Column:
    checks = []
    if column.values is not None:
        checks.append(pandera.Check.isin(list(column.values)))
    if column.least is not None:
        checks.append(pandera.Check.ge(column.least))
    if column.greatest is not None:
        checks.append(pandera.Check.le(column.greatest))
    kind = _TYPES.get(column.kind, "object")
    if column.kind in {"s", "ms", "us", "ns"}:
        kind = f"datetime64[{column.kind}, UTC]"
    return pandera.Column(
        "object" if column.lists else kind,
        checks if not column.lists else [],
        nullable=not column.required,
        required=column.required,
        description=column.comment,
    )


def _column(name: str, said: pandera.Column) -> Column:
    limits: dict[str, object] = {}
    for check in said.checks:
        if check.name in _CHECKS:
            limits.update(check.statistics or {})
    values = limits.get("allowed_values")
    kind, lists = _kind(name, str(said.dtype))
    return Column(
        name=name,
        kind=kind,
        required=bool(said.required and not said.nullable),
        lists=lists,
        values=tuple(map(str, values)) if isinstance(values, list | tuple | frozenset) else None,
        least=_number(limits.get("min_value"), kind),
        greatest=_number(limits.get("max_value"), kind),
        comment=said.description,
    )


def _kind(name: str, dtype: str) -> tuple[str, tuple[tuple[int | None, int | None], ...]]:
    lowered = dtype.lower()
    if lowered.startswith("datetime64["):
        return lowered.removeprefix("datetime64[").partition(",")[0].rstrip("]"), ()
    for prefixes, kind in (
        (("int", "uint"), "int"),
        (("float",), "float"),
        (("bool",), "bool"),
        (("str", "string", "category"), "text"),
    ):
        if lowered.startswith(prefixes):
            return kind, ()
    if lowered == "object":
        return "text", ((None, None),)
    raise InvalidInput(f"{name}: no feature can be of the type {dtype}; give the column another")


def _number(bound: object, kind: str) -> int | float | None:
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        return None
    return int(bound) if kind == "int" else float(bound)
