"""Suggest bounds for numbers: those seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import schema_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.validation.views import DatasetView, Path

__all__ = ["add_ranges"]


def add_ranges(schema: schema_pb2.Schema, dataset: DatasetView) -> None:
    """Give each number of `schema` without a domain the least and greatest value seen."""
    _add(schema.feature, dataset, ())


def _add(features: Iterable[schema_pb2.Feature], dataset: DatasetView, above: Path) -> None:
    for feature in features:
        path = (*above, feature.name)
        if feature.type == schema_pb2.STRUCT:
            _add(feature.struct_domain.feature, dataset, path)
            continue
        view = dataset.features.get(path)
        if view is None or feature.WhichOneof("domain_info") is not None:
            continue
        numbers = view.numbers
        if numbers is None or not any(each.buckets for each in numbers.histograms):
            continue
        if feature.type == schema_pb2.INT and _fits(numbers.min) and _fits(numbers.max):
            feature.int_domain.min, feature.int_domain.max = int(numbers.min), int(numbers.max)
        elif feature.type == schema_pb2.FLOAT:
            _float_range(feature.float_domain, numbers.min, numbers.max)


def _float_range(domain: schema_pb2.FloatDomain, least: float, greatest: float) -> None:
    domain.SetInParent()
    if math.isfinite(least):
        domain.min = least
    if math.isfinite(greatest):
        domain.max = greatest


def _fits(number: float) -> bool:
    return -(2.0**63) <= number < 2.0**63
