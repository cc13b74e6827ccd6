"""What all forms can say of a column, between a feature and the form's own type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import schema_pb2

from lineal.validation.domains import find_string_domain

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["TIMES", "Column", "columns_of", "features_of"]

TIMES = {
    "UNIX_DAYS": "date",
    "UNIX_SECONDS": "s",
    "UNIX_MILLISECONDS": "ms",
    "UNIX_MICROSECONDS": "us",
    "UNIX_NANOSECONDS": "ns",
}

Length = tuple[int | None, int | None]


@dataclass(frozen=True)
class Column:
    """A column as other forms know it."""

    name: str
    kind: str
    """int, float, text, bool, struct, or a time: date, s, ms, us, ns."""
    required: bool
    lists: tuple[Length, ...] = ()
    """For each level of nesting the least and greatest length; none for a plain value."""
    values: tuple[str, ...] | None = None
    least: int | float | None = None
    greatest: int | float | None = None
    comment: str | None = None
    retired: bool = False
    fields: tuple[Column, ...] = ()


def columns_of(
    schema: schema_pb2.Schema, features: Iterable[schema_pb2.Feature] | None = None
) -> tuple[Column, ...]:
    """Return what other forms can know of these features, else of all of the schema."""
    chosen = schema.feature if features is None else features
    return tuple(_column(schema, feature) for feature in chosen)


def features_of(columns: Iterable[Column]) -> list[schema_pb2.Feature]:
    """Return the features that say what the columns do, and no more."""
    return [_feature(column) for column in columns]


def _column(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> Column:
    kind, least, greatest = _kind(feature), None, None
    if kind in {"int", "float"}:
        bounds = feature.int_domain if kind == "int" else feature.float_domain
        least = bounds.min if bounds.HasField("min") else None
        greatest = bounds.max if bounds.HasField("max") else None
    texts = find_string_domain(schema, feature) if kind == "text" else None
    comments = feature.annotation.comment
    return Column(
        name=feature.name,
        kind=kind,
        required=feature.presence.min_fraction >= 1,
        lists=_lists(feature),
        values=None if texts is None else tuple(texts.value),
        least=least,
        greatest=greatest,
        comment=comments[0] if len(comments) == 1 and comments[0] else None,
        retired=feature.lifecycle_stage == schema_pb2.DEPRECATED or feature.deprecated,
        fields=columns_of(schema, feature.struct_domain.feature),
    )


def _kind(feature: schema_pb2.Feature) -> str:
    if feature.type == schema_pb2.STRUCT:
        return "struct"
    if feature.type == schema_pb2.INT and feature.HasField("bool_domain"):
        return "bool"
    if feature.type == schema_pb2.INT and feature.HasField("time_domain"):
        format_name = schema_pb2.TimeDomain.IntegerTimeFormat.Name(
            feature.time_domain.integer_format
        )
        return TIMES.get(format_name, "int")
    return {schema_pb2.INT: "int", schema_pb2.FLOAT: "float"}.get(feature.type, "text")


def _lists(feature: schema_pb2.Feature) -> tuple[Length, ...]:
    """Return the lengths of the lists. What is not counted is a list of any length."""
    kind = feature.WhichOneof("shape_type")
    if kind == "shape":
        sizes = [dimension.size for dimension in feature.shape.dim]
        return () if sizes in ([], [1]) else tuple((size, size) for size in sizes)
    if kind is None:
        return ((None, None),)
    counts = [feature.value_count] if kind == "value_count" else feature.value_counts.value_count
    lengths = tuple(
        (
            count.min if count.HasField("min") else None,
            count.max if count.HasField("max") else None,
        )
        for count in counts
    )
    return () if kind == "value_count" and lengths == ((1, 1),) else lengths


def _feature(column: Column) -> schema_pb2.Feature:
    feature = schema_pb2.Feature(name=column.name)
    if column.required:
        feature.presence.min_count, feature.presence.min_fraction = 1, 1.0
    _fill_lists(feature, column)
    _fill_kind(feature, column)
    if column.comment is not None:
        feature.annotation.comment.append(column.comment)
    if column.retired:
        feature.lifecycle_stage = schema_pb2.DEPRECATED
    return feature


def _fill_lists(feature: schema_pb2.Feature, column: Column) -> None:
    lists = column.lists
    fixed = all(least is not None and least == greatest for least, greatest in lists)
    if column.required and fixed and column.kind != "struct":
        for least, _ in lists or ((1, 1),):
            feature.shape.dim.add(size=least)
    elif not lists:
        feature.value_count.min = feature.value_count.max = 1
    elif len(lists) == 1:
        if lists[0] != (None, None):
            _fill_count(feature.value_count, lists[0])
    else:
        for length in lists:
            _fill_count(feature.value_counts.value_count.add(), length)


def _fill_count(count: schema_pb2.ValueCount, length: Length) -> None:
    least, greatest = length
    if least is not None:
        count.min = least
    if greatest is not None:
        count.max = greatest


def _fill_kind(feature: schema_pb2.Feature, column: Column) -> None:
    kind = column.kind
    if kind == "struct":
        feature.type = schema_pb2.STRUCT
        feature.struct_domain.feature.extend(features_of(column.fields))
    elif kind == "text":
        feature.type = schema_pb2.BYTES
        if column.values is not None:
            feature.string_domain.value.extend(column.values)
            feature.string_domain.name = column.name
    elif kind == "float":
        feature.type = schema_pb2.FLOAT
        _fill_bounds(feature.float_domain, column)
    else:
        feature.type = schema_pb2.INT
        if kind == "bool":
            feature.bool_domain.SetInParent()
        elif kind == "int":
            _fill_bounds(feature.int_domain, column)
        else:
            name = next(each for each, short in TIMES.items() if short == kind)
            feature.time_domain.integer_format = schema_pb2.TimeDomain.IntegerTimeFormat.Value(name)


def _fill_bounds(domain: schema_pb2.IntDomain | schema_pb2.FloatDomain, column: Column) -> None:
    if column.least is not None:
        domain.min = column.least
    if column.greatest is not None:
        domain.max = column.greatest
