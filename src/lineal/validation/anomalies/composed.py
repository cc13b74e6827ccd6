"""Check features that the schema composes of others: sparse and weighted ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import schema_pb2

from lineal.validation.anomalies.finding import Finding, count_text
from lineal.validation.lifecycle import is_deprecated, is_retired

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lineal.validation.views import FeatureView

__all__ = ["check_collisions", "check_sparse", "check_weighted"]


def check_collisions(
    feature: schema_pb2.Feature | None,
    sparse: schema_pb2.SparseFeature | None,
    weighted: schema_pb2.WeightedFeature | None,
) -> list[Finding]:
    """Find two live features of one name; both are retired."""
    live = feature is not None and not is_deprecated(feature)
    sparse_live = sparse is not None and not is_retired(sparse)
    if weighted is not None and not is_retired(weighted) and (live or sparse_live):
        kind, short = "WEIGHTED_FEATURE_NAME_COLLISION", "Weighted feature name collision"
        named = [weighted, feature if live else None, sparse if sparse_live else None]
    elif live and sparse_live:
        kind, short = "SPARSE_FEATURE_NAME_COLLISION", "Sparse feature name collision"
        named = [sparse, feature]
    else:
        return []
    for each in named:
        if each is not None:
            each.lifecycle_stage = schema_pb2.DEPRECATED
    names = [each.name for each in named if each is not None]
    return [Finding(kind, short, f"{len(names)} live features of the schema are named {names[0]}.")]


def check_sparse(sparse: schema_pb2.SparseFeature, view: FeatureView) -> Iterator[Finding]:
    """Find rows that lack an index or the values, or have unequally many of them."""
    found = list(_sparse(view))
    if found:
        sparse.lifecycle_stage = schema_pb2.DEPRECATED
    yield from found


def _sparse(view: FeatureView) -> Iterable[Finding]:
    for number in _numbers(view, "missing_value"):
        yield Finding(
            "SPARSE_FEATURE_MISSING_VALUE",
            "Missing value feature",
            f"{count_text(number, 'row')} with an index but without the values.",
            count=number,
            rule="sparse_feature.value_feature",
        )
    for index, number in _labels(view, "missing_index"):
        yield Finding(
            "SPARSE_FEATURE_MISSING_INDEX",
            "Missing index feature",
            f"{count_text(number, 'row')} without the index {index!r}, though another part is "
            "there.",
            value=index,
            count=number,
            rule="sparse_feature.index_feature",
        )
    for name in ("max_length_diff", "min_length_diff"):
        for index, number in _labels(view, name):
            yield Finding(
                "SPARSE_FEATURE_LENGTH_MISMATCH",
                "Length mismatch between value and index feature",
                f"In some rows the index {index!r} is {abs(number):,.6g} "
                f"{'longer' if number > 0 else 'shorter'} than the values.",
                value=number,
                limit=0,
                rule="sparse_feature.index_feature",
            )


def check_weighted(weighted: schema_pb2.WeightedFeature, view: FeatureView) -> Iterator[Finding]:
    """Find rows that lack the values or their weights, or have unequally many of them."""
    found = list(_weighted(view))
    if found:
        weighted.lifecycle_stage = schema_pb2.DEPRECATED
    yield from found


def _weighted(view: FeatureView) -> Iterable[Finding]:
    for number in _numbers(view, "missing_value"):
        yield Finding(
            "WEIGHTED_FEATURE_MISSING_VALUE",
            "Missing value feature",
            f"{count_text(number, 'row')} with weights but without values.",
            count=number,
            rule="weighted_feature.feature",
        )
    for number in _numbers(view, "missing_weight"):
        yield Finding(
            "WEIGHTED_FEATURE_MISSING_WEIGHT",
            "Missing weight feature",
            f"{count_text(number, 'row')} with values but without weights.",
            count=number,
            rule="weighted_feature.weight_feature",
        )
    differences = [
        *_numbers(view, "min_weight_length_diff"),
        *_numbers(view, "max_weight_length_diff"),
    ]
    if differences:
        worst = max(differences, key=abs)
        yield Finding(
            "WEIGHTED_FEATURE_LENGTH_MISMATCH",
            "Length mismatch between value and weight feature",
            f"In some rows there are {abs(worst):,.6g} weights too "
            f"{'many' if worst > 0 else 'few'} for the values.",
            value=worst,
            limit=0,
            rule="weighted_feature.weight_feature",
        )


def _numbers(view: FeatureView, name: str) -> list[float]:
    return [each.num for each in view.custom(name) if each.num]


def _labels(view: FeatureView, name: str) -> list[tuple[str, float]]:
    return [
        (bucket.label, bucket.sample_count)
        for each in view.custom(name)
        for bucket in each.rank_histogram.buckets
        if bucket.sample_count
    ]
