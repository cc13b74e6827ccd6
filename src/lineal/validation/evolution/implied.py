"""Decide, rule by rule, whether data that keeps one feature's rule keeps the other's too.

Each function takes the feature (or schema) that data is known to satisfy, then the one that it
is to satisfy, and is True only if it always does: where that can't be told, it says False.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import schema_pb2

from lineal.validation.domains import find_string_domain
from lineal.validation.lifecycle import in_environment, is_required

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from google.protobuf.message import Message

    Known = tuple[schema_pb2.Schema, schema_pb2.Feature]
    """A feature, and the schema that it is part of."""

__all__ = ["DATASET_RULES", "FEATURE_RULES"]

_MEASURES = ("infinity_norm", "jensen_shannon_divergence", "normalized_abs_difference")
_NEVER_CHECKED = frozenset({"mid_domain", "url_domain", "time_domain"})
_COMPARED = ("num_examples_drift_comparator", "num_examples_version_comparator")


def _type(known: Known, wanted: Known) -> bool:
    return bool(known[1].type == wanted[1].type)


def _presence(known: Known, wanted: Known) -> bool:
    old, new = known[1].presence, wanted[1].presence
    if not is_required(wanted[1]):
        return True
    least = max(old.min_count, 1 if is_required(known[1]) else 0)
    return bool(
        is_required(known[1]) and new.min_count <= least and new.min_fraction <= old.min_fraction
    )


def _environments(known: Known, wanted: Known) -> bool:
    """Compare in every environment that both schemas know."""
    shared = [
        name for name in known[0].default_environment if name in wanted[0].default_environment
    ]
    for name in shared:
        expected, expects = (in_environment(*each, name) for each in (known, wanted))
        if expected and not expects:
            return False
        if expects and not expected and is_required(wanted[1]):
            return False
    return True


def _values(known: Known, wanted: Known) -> bool:
    old, new = known[1], wanted[1]
    if new.WhichOneof("shape_type") is None:
        return True
    if new.HasField("shape"):
        size = math.prod(dimension.size for dimension in new.shape.dim)
        if old.HasField("shape"):
            return bool(size == math.prod(dimension.size for dimension in old.shape.dim))
        counts = _counts(old)
        # A shape is for every row: none may be missing.
        every_row = old.presence.min_fraction >= 1
        return every_row and len(counts) == 1 and counts[0] == (size, size)
    allowed, given = _counts(new), _counts(old)
    return len(allowed) == len(given) and all(
        _within(inner, outer) for inner, outer in zip(given, allowed, strict=True)
    )


def _counts(feature: schema_pb2.Feature) -> list[tuple[float, float]]:
    """Return the bounds of the number of values at each level; none if they are not counted."""
    if feature.HasField("value_count"):
        counts = [feature.value_count]
    else:
        counts = list(feature.value_counts.value_count)
    return [(count.min, count.max if count.HasField("max") else math.inf) for count in counts]


def _within(inner: tuple[float, float], outer: tuple[float, float]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _domain(known: Known, wanted: Known) -> bool:
    old, new = known[1], wanted[1]
    kinds = _kind(old), _kind(new)
    if kinds[1] is None:
        return not new.HasField("distribution_constraints") or kinds[0] is None
    if kinds == ("bool_domain", "int_domain") and old.type == schema_pb2.INT:
        return _within((0, 1), _range(new.int_domain))
    if kinds == ("int_domain", "bool_domain") and old.type == schema_pb2.INT:
        return _within(_range(old.int_domain), (0, 1))
    if kinds[0] != kinds[1]:
        return False
    compare = _DOMAINS.get(kinds[1])
    if compare is not None:
        return compare(known, wanted)
    if kinds[1] in _NEVER_CHECKED or kinds[1] == "struct_domain":
        return True
    return bool(getattr(old, kinds[1]) == getattr(new, kinds[1]))


def _kind(feature: schema_pb2.Feature) -> str | None:
    kind = feature.WhichOneof("domain_info")
    return "string_domain" if kind == "domain" else kind


def _texts(known: Known, wanted: Known) -> bool:
    old, new = (find_string_domain(*each) for each in (known, wanted))
    if old is None or new is None:
        return False
    masses = [each[1].distribution_constraints.min_domain_mass for each in (known, wanted)]
    return set(old.value) <= set(new.value) and masses[1] <= masses[0]


def _ints(known: Known, wanted: Known) -> bool:
    return _within(_range(known[1].int_domain), _range(wanted[1].int_domain))


def _floats(known: Known, wanted: Known) -> bool:
    old, new = known[1].float_domain, wanted[1].float_domain
    return bool(
        _within(_range(old), _range(new))
        and old.disallow_nan >= new.disallow_nan
        and old.disallow_inf >= new.disallow_inf
    )


def _range(domain: schema_pb2.IntDomain | schema_pb2.FloatDomain) -> tuple[float, float]:
    least = domain.min if domain.HasField("min") else -math.inf
    return least, domain.max if domain.HasField("max") else math.inf


def _truths(known: Known, wanted: Known) -> bool:
    if wanted[1].type != schema_pb2.BYTES:
        return True
    old, new = known[1].bool_domain, wanted[1].bool_domain
    fields = [
        {each.true_value if each.HasField("true_value") else None,
         each.false_value if each.HasField("false_value") else None} - {None}
        for each in (old, new)
    ]  # fmt: skip
    return old == new or (bool(fields[0]) and fields[0] <= fields[1])


def _images(known: Known, wanted: Known) -> bool:
    old, new = known[1].image_domain, wanted[1].image_domain
    field = "max_image_byte_size"
    return bool(
        new.minimum_supported_image_fraction <= old.minimum_supported_image_fraction
        and (
            not new.HasField(field)
            or (old.HasField(field) and old.max_image_byte_size <= new.max_image_byte_size)
        )
    )


_DOMAINS: dict[str, Callable[[Known, Known], bool]] = {
    "string_domain": _texts,
    "int_domain": _ints,
    "float_domain": _floats,
    "bool_domain": _truths,
    "image_domain": _images,
}


def _unique(known: Known, wanted: Known) -> bool:
    if not wanted[1].HasField("unique_constraints"):
        return True
    old, new = known[1].unique_constraints, wanted[1].unique_constraints
    # An unset greatest number counts as 0, as it does where data is checked.
    return known[1].HasField("unique_constraints") and _within(
        (old.min, old.max), (new.min, new.max)
    )


def _drift(known: Known, wanted: Known) -> bool:
    return _compared(known[1].drift_comparator, wanted[1].drift_comparator)


def _skew(known: Known, wanted: Known) -> bool:
    return _compared(known[1].skew_comparator, wanted[1].skew_comparator)


def _compared(old: schema_pb2.FeatureComparator, new: schema_pb2.FeatureComparator) -> bool:
    if old == new or not new.ListFields():
        return True
    if not old.ListFields():
        return False
    for measure in _MEASURES:
        mine, theirs = getattr(new, measure), getattr(old, measure)
        if mine == theirs or not new.HasField(measure) or not mine.HasField("threshold"):
            continue
        if not theirs.HasField("threshold") or theirs.threshold > mine.threshold:
            return False
        if measure == "jensen_shannon_divergence" and mine.source != theirs.source:
            return False
    return True


def _derived(known: Known, wanted: Known) -> bool:
    old, new = known[1], wanted[1]
    same = bool(old.validation_derived_source == new.validation_derived_source)
    derived = old.HasField("validation_derived_source") or new.HasField("validation_derived_source")
    return not derived or (same and bool(old.lifecycle_stage == new.lifecycle_stage))


FEATURE_RULES: dict[str, tuple[Callable[[Known, Known], bool], frozenset[str]]] = {
    "type": (_type, frozenset({"type"})),
    "presence": (_presence, frozenset({"presence"})),
    "environments": (_environments, frozenset({"in environment", "not in environment"})),
    "values": (_values, frozenset({"shape", "value count", "value counts"})),
    "domain": (
        _domain,
        frozenset({"domain", "distribution constraints", "disallow nan", "disallow inf"}),
    ),
    "unique": (_unique, frozenset({"unique constraints"})),
    "drift": (_drift, frozenset({"drift comparator"})),
    "skew": (_skew, frozenset({"skew comparator"})),
    "derived": (_derived, frozenset({"validation derived source"})),
}
"""Each group of rules with the names that its rules have among the changes."""


def _least_examples(known: schema_pb2.Schema, wanted: schema_pb2.Schema) -> bool:
    old, new = known.dataset_constraints, wanted.dataset_constraints
    return bool(new.min_examples_count <= old.min_examples_count)


def _most_examples(known: schema_pb2.Schema, wanted: schema_pb2.Schema) -> bool:
    return _at_most(known.dataset_constraints, wanted.dataset_constraints, "max_examples_count")


def _examples_compared(known: schema_pb2.Schema, wanted: schema_pb2.Schema) -> bool:
    for field in _COMPARED:
        old, new = (getattr(each.dataset_constraints, field) for each in (known, wanted))
        if new.min_fraction_threshold > old.min_fraction_threshold:
            return False
        if not _at_most(old, new, "max_fraction_threshold"):
            return False
    return True


def _at_most(old: Message, new: Message, field: str) -> bool:
    if not new.HasField(field):
        return True
    return old.HasField(field) and bool(getattr(old, field) <= getattr(new, field))


def _extra_features(known: schema_pb2.Schema, wanted: schema_pb2.Schema) -> bool:
    """Find no sparse or weighted feature that is new or other; fewer check less."""
    pairs: Sequence[tuple[Sequence[Message], Sequence[Message]]] = (
        (known.sparse_feature, wanted.sparse_feature),
        (known.weighted_feature, wanted.weighted_feature),
    )
    return all(each in old for old, new in pairs for each in new)


DATASET_RULES: dict[str, tuple[Callable[[Known, Known], bool], frozenset[str]]] = {
    "least examples": (_least_examples, frozenset({"least examples"})),
    "most examples": (_most_examples, frozenset({"most examples"})),
    "examples compared": (
        _examples_compared,
        frozenset(name.replace("_", " ") for name in _COMPARED),
    ),
    "extra features": (_extra_features, frozenset({"sparse feature", "weighted feature"})),
}
