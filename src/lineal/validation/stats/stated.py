"""What a schema says of how features are counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lineal.validation.stats.plan import Kind, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.schema import Schema
    from lineal.validation.stats.plan import FeaturePlan

__all__ = ["as_stated"]


def as_stated(plans: Sequence[FeaturePlan], schema: Schema | None) -> list[FeaturePlan]:
    """Count numbers that are categories as texts, pictures by size, and what is none not at all."""
    if schema is None:
        return list(plans)
    known = dict(_features(schema.proto.feature))
    return [_stated(plan, known[plan.path]) if plan.path in known else plan for plan in plans]


def _features(
    features: Iterable[schema_pb2.Feature], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], schema_pb2.Feature]]:
    for feature in features:
        path = (*above, feature.name)
        yield path, feature
        yield from _features(feature.struct_domain.feature, path)


def _stated(plan: FeaturePlan, feature: schema_pb2.Feature) -> FeaturePlan:
    domain = feature.WhichOneof("domain_info")
    if plan.kind is Kind.STRING and plan.reading in {Reading.TEXT, Reading.BINARY}:
        if domain == "image_domain":
            return replace(plan, kind=Kind.BYTES)
        categorical = feature.string_domain.is_categorical if domain == "string_domain" else 0
        no = type(feature.string_domain).CATEGORICAL_NO
        return replace(plan, is_opaque=True) if categorical == no else plan
    is_category = (
        (domain == "int_domain" and feature.int_domain.is_categorical)
        or domain in {"bool_domain", "natural_language_domain"}
        if plan.kind is Kind.INT
        else domain == "float_domain" and feature.float_domain.is_categorical
    )
    if is_category and plan.reading is Reading.NUMBER:
        return replace(plan, reading=Reading.TEXT)
    return plan
