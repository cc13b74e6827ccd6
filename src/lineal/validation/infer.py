"""Infer a schema from statistics: types, presence, shapes and the domains of texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from lineal.validation.paths import serialized
from lineal.validation.views import DatasetView, the_dataset

if TYPE_CHECKING:
    from collections.abc import Collection

    from lineal.validation.views import FeatureView

__all__ = [
    "DOMAIN_INFO",
    "feature_type",
    "fill_value_counts",
    "inferred_feature",
    "inferred_schema",
    "is_int64",
    "mark_derived",
    "stated_domain",
]

DOMAIN_INFO = "domain_info"

_Type = statistics_pb2.FeatureNameStatistics
_TYPES = {
    _Type.INT: schema_pb2.INT,
    _Type.FLOAT: schema_pb2.FLOAT,
    _Type.STRING: schema_pb2.BYTES,
    _Type.BYTES: schema_pb2.BYTES,
    _Type.STRUCT: schema_pb2.STRUCT,
}
_TRUE = frozenset({"TRUE", "true", "SET", "set", "1", ""})
_FALSE = frozenset({"FALSE", "false", "CLEAR", "clear", "0"})
_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)


def inferred_schema(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
    *,
    infer_feature_shape: bool,
    max_string_domain_size: int,
) -> schema_pb2.Schema:
    """Return the schema that these statistics satisfy, features in their order."""
    dataset = DatasetView(the_dataset(statistics))
    schema = schema_pb2.Schema()
    for view in dataset.roots():
        if view.has_values:
            schema.feature.append(
                inferred_feature(
                    schema,
                    view,
                    infer_feature_shape=infer_feature_shape,
                    max_string_domain_size=max_string_domain_size,
                )
            )
    return schema


def inferred_feature(
    schema: schema_pb2.Schema,
    view: FeatureView,
    *,
    infer_feature_shape: bool,
    max_string_domain_size: int,
) -> schema_pb2.Feature:
    """Return the feature for `view`, a struct with its fields; its domains are put in `schema`."""
    feature = schema_pb2.Feature(name=view.path[-1], type=feature_type(view))
    feature.presence.min_count = 1 if view.num_present >= 1 else 0
    if view.num_present > 0:
        if view.num_missing == 0:
            feature.presence.min_fraction = 1.0
        _fill_shape(feature, view, infer_feature_shape)
    if feature.type == schema_pb2.STRUCT:
        feature.struct_domain.SetInParent()
        for child in view.dataset.children(view.path):
            feature.struct_domain.feature.append(
                inferred_feature(
                    schema,
                    child,
                    infer_feature_shape=infer_feature_shape,
                    max_string_domain_size=max_string_domain_size,
                )
            )
    else:
        _fill_domain(schema, feature, view, max_string_domain_size)
    if view.proto.HasField("validation_derived_source"):
        mark_derived(feature, view)
    return feature


def mark_derived(feature: schema_pb2.Feature, view: FeatureView) -> None:
    """Say from what validation itself derives the feature."""
    feature.validation_derived_source.CopyFrom(view.proto.validation_derived_source)
    feature.lifecycle_stage = schema_pb2.VALIDATION_DERIVED


def feature_type(view: FeatureView) -> int:
    """Return the schema's type for the type of the statistics."""
    return int(_TYPES[view.type])


def _fill_shape(feature: schema_pb2.Feature, view: FeatureView, infer_feature_shape: bool) -> None:
    lengths = [level.fixed_length for level in view.levels]
    if infer_feature_shape and feature.type != schema_pb2.STRUCT and None not in lengths:
        feature.shape.SetInParent()
        for length in lengths:
            feature.shape.dim.add(size=length)
        return
    fill_value_counts(feature, view)


def fill_value_counts(feature: schema_pb2.Feature, view: FeatureView) -> None:
    """Say how many values there must be: a fixed number, or at least one, at each level."""
    counts = []
    for level in view.levels:
        count = schema_pb2.ValueCount()
        if level.min_num_values > 0:
            fixed = level.min_num_values == level.max_num_values
            count.min = level.min_num_values if fixed else 1
            if fixed:
                count.max = level.max_num_values
        counts.append(count)
    if len(counts) > 1:
        feature.value_counts.value_count.extend(counts)
    elif counts[0].ByteSize():
        feature.value_count.CopyFrom(counts[0])


def _fill_domain(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature, view: FeatureView, largest: int
) -> None:
    if stated_domain(feature, view):
        return
    texts = view.texts
    if view.type == _Type.BYTES or (texts is not None and texts.invalid_utf8_count):
        return
    numbers = view.numbers
    labels = view.labels
    if view.type == _Type.INT:
        if numbers is not None and numbers.min >= 0 and numbers.max == 1:
            feature.bool_domain.SetInParent()
        elif numbers is None and labels and all(is_int64(label) for label in labels):
            # TFDV infers a domain of texts, which its own validation then rejects.
            feature.int_domain.is_categorical = True
    elif view.type == _Type.STRING and labels:
        if _fill_bool(feature, labels):
            return
        if all(is_int64(label) for label in labels):
            feature.int_domain.SetInParent()
        elif len(labels) <= largest:
            name = _free_name(schema, serialized(view.path))
            values = sorted(labels, key=str.encode)
            schema.string_domain.add(name=name, value=values)
            feature.domain = name


def stated_domain(feature: schema_pb2.Feature, view: FeatureView) -> bool:
    """Take the domain that the statistics themselves state, if it is exactly one."""
    stated = view.custom(DOMAIN_INFO)
    if len(stated) != 1:
        return False
    parsed = schema_pb2.Feature()
    try:
        text_format.Parse(stated[0].str, parsed)
    except text_format.ParseError:
        # TFDV's rule: what is no domain is not taken, and inference goes on.
        return False
    domain = parsed.WhichOneof("domain_info")
    if domain is None or [field.name for field, _ in parsed.ListFields()] != [domain]:
        return False
    feature.MergeFrom(parsed)
    return True


def _fill_bool(feature: schema_pb2.Feature, labels: Collection[str]) -> bool:
    true = [label for label in labels if label in _TRUE]
    false = [label for label in labels if label in _FALSE]
    if len(labels) != len(true) + len(false) or len(true) > 1 or len(false) > 1:
        return False
    feature.bool_domain.SetInParent()
    if true:
        feature.bool_domain.true_value = true[0]
    if false:
        feature.bool_domain.false_value = false[0]
    return True


def is_int64(label: str) -> bool:
    """Say whether a text is a whole number of 64 bits, blanks and a sign allowed around it."""
    return _INTEGER.fullmatch(label) is not None and -(2**63) <= int(label) < 2**63


def _free_name(schema: schema_pb2.Schema, wanted: str) -> str:
    taken = {domain.name for domain in schema.string_domain}
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}{number}", number + 1
    return name
