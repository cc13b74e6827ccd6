"""Decide from a table's Arrow schema which features it has and what each one needs counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.engine.text_types import TEXT_TYPES
from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["FeaturePlan", "Kind", "Reading", "Step", "Way", "chosen", "plan_features", "plan_text"]


class Kind(Enum):
    """The type of a feature's values in its statistics."""

    INT = "INT"
    FLOAT = "FLOAT"
    STRING = "STRING"
    BYTES = "BYTES"
    STRUCT = "STRUCT"


class Reading(Enum):
    """How a value becomes the number or the text that is counted."""

    NUMBER = "number"
    TEXT = "text"
    BINARY = "binary"
    DAYS = "days"
    """Dates, as days since 1970-01-01."""
    MICROSECONDS = "microseconds"
    """Instants as microseconds since 1970-01-01 UTC; times of day and durations likewise."""
    NOTHING = "nothing"
    """A column of Arrow's null type: every value is missing."""
    PRESENCE = "presence"
    """A struct: only whether it is there."""


class Way(Enum):
    """How one gets from a value to those within it."""

    FIELD = "field"
    """Of a struct, by name."""
    ELEMENTS = "elements"
    """Of a list, each."""
    KEYS = "keys"
    """Of a map, each."""
    VALUES = "values"
    """Of a map, each."""


@dataclass(frozen=True)
class Step:
    """One step from a column towards a feature's values."""

    way: Way
    name: str = ""


@dataclass(frozen=True)
class FeaturePlan:
    """A feature: where it is, what it holds, and how it is counted.

    Times are INT features, so that they have bounds, quantiles and histograms. What their
    numbers mean is said in `domain_info`, the text of a domain that schema inference takes over
    (TensorFlow Data Validation drops such columns).
    """

    path: tuple[str, ...]
    kind: Kind
    reading: Reading
    steps: tuple[Step, ...] = ()
    """The way from the row to each value of the parent's own field (without the lists below)."""
    depth: int = 0
    """How many lists the values lie in: 0 for plain values, 2 for lists of lists."""
    is_opaque: bool = False
    """The schema says that its texts are no categories: they are neither counted nor listed."""
    is_map: bool = False
    """The outermost list is a map, whose entries are structs of key and value."""
    domain_info: str | None = None

    @property
    def label(self) -> str:
        """The path as messages show it."""
        return ".".join(self.path)


def plan_features(schema: pa.Schema, *, columns: Sequence[str] | None) -> list[FeaturePlan]:
    """Return the features of a table, those in a struct after it.

    Raises `InvalidInput` for double names and for a column whose type has no statistics yet,
    `NotFound` for a name in `columns` that the table lacks.
    """
    names = chosen(schema.names, columns)
    return [
        plan
        for field in schema
        if field.name in names
        for plan in _plans((field.name,), field.type, (Step(Way.FIELD, field.name),))
    ]


def chosen(names: Sequence[str], columns: Sequence[str] | None) -> list[str]:
    """Return the names that are in `columns`, all of them without it; refuse double ones."""
    double = [name for name, count in Counter(names).items() if count > 1]
    if double:
        raise InvalidInput(f"the data has more than one column named {double[0]!r}; rename one")
    for name in columns or ():
        if name not in names:
            raise NotFound.among("the data has no column", name, names)
    return [name for name in names if columns is None or name in columns]


def plan_text(name: str, type_: int | None, *, is_empty: bool = False) -> FeaturePlan:
    """Return the feature of a column of text whose values all have the type of this number."""
    if is_empty:
        return FeaturePlan((name,), Kind.STRING, Reading.NOTHING, (Step(Way.FIELD, name),))
    if type_ is None:
        return FeaturePlan((name,), Kind.STRING, Reading.TEXT, (Step(Way.FIELD, name),))
    return replace(_leaf((name,), TEXT_TYPES[type_]), steps=(Step(Way.FIELD, name),))


def _plans(
    path: tuple[str, ...], arrow: pa.DataType, steps: tuple[Step, ...]
) -> Iterator[FeaturePlan]:
    """Plan a field that `steps` lead to, and what lies in it."""
    depth, is_map, within = 0, False, steps
    arrow = _plain(arrow)
    while _is_list(arrow):
        depth, within = depth + 1, (*within, Step(Way.ELEMENTS))
        arrow = _plain(arrow.value_type)
    if pa.types.is_map(arrow):
        depth, is_map = depth + 1, True
    if not (is_map or pa.types.is_struct(arrow)):
        leaf = _leaf(path, arrow, inside="lists of " if depth else "")
        yield replace(leaf, steps=steps, depth=depth)
        return
    yield FeaturePlan(path, Kind.STRUCT, Reading.PRESENCE, steps, depth, is_map=is_map)
    if is_map:
        yield from _plans((*path, "key"), arrow.key_type, (*within, Step(Way.KEYS)))
        yield from _plans((*path, "value"), arrow.item_type, (*within, Step(Way.VALUES)))
        return
    for child in arrow:
        yield from _plans((*path, child.name), child.type, (*within, Step(Way.FIELD, child.name)))


def _plain(arrow: pa.DataType) -> pa.DataType:
    """Look through dictionaries, runs and extension types to the values themselves."""
    if isinstance(arrow, pa.BaseExtensionType):
        return pa.string() if arrow.extension_name == "arrow.uuid" else _plain(arrow.storage_type)
    if pa.types.is_dictionary(arrow) or pa.types.is_run_end_encoded(arrow):
        return _plain(arrow.value_type)
    return arrow


def _is_list(arrow: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_list(arrow)
        or types.is_large_list(arrow)
        or types.is_fixed_size_list(arrow)
        or types.is_list_view(arrow)
        or types.is_large_list_view(arrow)
    )


def _leaf(path: tuple[str, ...], arrow: pa.DataType, *, inside: str = "") -> FeaturePlan:
    types = pa.types
    if types.is_integer(arrow) or types.is_boolean(arrow):
        return FeaturePlan(path, Kind.INT, Reading.NUMBER)
    if types.is_floating(arrow) or types.is_decimal(arrow):
        return FeaturePlan(path, Kind.FLOAT, Reading.NUMBER)
    if types.is_string(arrow) or types.is_large_string(arrow) or types.is_string_view(arrow):
        return FeaturePlan(path, Kind.STRING, Reading.TEXT)
    if (
        types.is_binary(arrow)
        or types.is_large_binary(arrow)
        or types.is_fixed_size_binary(arrow)
        or types.is_binary_view(arrow)
    ):
        return FeaturePlan(path, Kind.STRING, Reading.BINARY)
    if types.is_date(arrow):
        return FeaturePlan(path, Kind.INT, Reading.DAYS, domain_info=_time("UNIX_DAYS"))
    if types.is_timestamp(arrow):
        return FeaturePlan(
            path, Kind.INT, Reading.MICROSECONDS, domain_info=_time("UNIX_MICROSECONDS")
        )
    if types.is_time(arrow) or types.is_duration(arrow):
        return FeaturePlan(path, Kind.INT, Reading.MICROSECONDS)
    if types.is_null(arrow):
        return FeaturePlan(path, Kind.STRING, Reading.NOTHING)
    raise InvalidInput(
        f"column {path[0]!r} holds {inside}{arrow}, which statistics do not read yet; "
        f"leave it out (StatisticsOptions(columns=...)) or turn it into plain values or lists"
    )


def _time(integer_format: str) -> str:
    return f"time_domain {{ integer_format: {integer_format} }}"
