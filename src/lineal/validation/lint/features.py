"""Check the rules of one feature but its domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import schema_pb2

from lineal.validation.lifecycle import is_deprecated
from lineal.validation.lint.problem import error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.validation.lint.problem import Problem

__all__ = ["check_feature"]

_MEASURES = {
    "infinity_norm": 1.0,
    "jensen_shannon_divergence": 1.0,
    "normalized_abs_difference": None,
}
"""Each measure with the greatest value that it can have."""


def check_feature(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature, name: str
) -> Iterator[Problem]:
    """Check type, presence, number of values, environments, comparators and lifecycle."""
    yield from _type(feature, name)
    yield from _presence(feature, name)
    yield from _values(feature, name)
    yield from _unique(feature, name)
    yield from _environments(schema, feature, name)
    for rule in ("drift_comparator", "skew_comparator"):
        if feature.HasField(rule):
            yield from _comparator(feature, name, rule)
    yield from _retired(feature, name)


def _type(feature: schema_pb2.Feature, name: str) -> Iterator[Problem]:
    if feature.type == schema_pb2.TYPE_UNKNOWN:
        yield error(
            name,
            "type",
            "the feature has no type, so validation retires it",
            "name one of INT, FLOAT, BYTES, STRUCT",
        )
    if feature.type == schema_pb2.STRUCT and not feature.struct_domain.feature:
        yield warning(
            name,
            "struct_domain",
            "a struct without fields: every field of the data is a new column",
            "add its fields",
        )


def _presence(feature: schema_pb2.Feature, name: str) -> Iterator[Problem]:
    presence = feature.presence
    if not 0 <= presence.min_fraction <= 1:
        yield error(
            name,
            "presence.min_fraction",
            f"a share of {presence.min_fraction:g} of the rows can't be",
            "choose one between 0 and 1",
        )
    if presence.min_count < 0:
        yield error(
            name, "presence.min_count", f"{presence.min_count} is below 0", "give 0 or more"
        )
    if feature.HasField("group_presence"):
        yield warning(
            name, "group_presence", "it is never checked", "say presence.min_fraction instead"
        )


def _values(feature: schema_pb2.Feature, name: str) -> Iterator[Problem]:
    kind = feature.WhichOneof("shape_type")
    nested = kind == "value_counts"
    counts = list(feature.value_counts.value_count) if nested else [feature.value_count]
    if nested and not counts:
        yield error(
            name, "value_counts", "it has no level, which fits no data", "add a level for each list"
        )
    for count in counts if kind != "shape" else []:
        if count.min < 0:
            yield error(name, f"{kind}.min", f"{count.min} is below 0", "give 0 or more")
        if count.HasField("max") and count.max < count.min:
            yield error(
                name,
                f"{kind}.max",
                f"at most {count.max} values, and at least {count.min}",
                "swap or correct the bounds",
            )
    sizes = [dimension.size for dimension in feature.shape.dim]
    if any(size <= 0 for size in sizes):
        yield error(
            name, "shape", f"{sizes} has a dimension that is not above 0", "give sizes from 1 on"
        )


def _unique(feature: schema_pb2.Feature, name: str) -> Iterator[Problem]:
    if not feature.HasField("unique_constraints"):
        return
    limits = feature.unique_constraints
    if not limits.HasField("max"):
        yield error(
            name,
            "unique_constraints.max",
            "unset, it counts as 0, so every value is too many",
            "set it",
        )
    elif limits.min > limits.max:
        yield error(
            name,
            "unique_constraints",
            f"at least {limits.min} different values, and at most {limits.max}",
            "swap or correct the bounds",
        )
    numeric = feature.type in {schema_pb2.FLOAT, schema_pb2.STRUCT}
    if numeric or (feature.type == schema_pb2.INT and not feature.int_domain.is_categorical):
        yield error(
            name,
            "unique_constraints",
            "only texts and categories have their different values counted",
            "remove it, or make the numbers categories (int_domain.is_categorical)",
        )


def _environments(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature, name: str
) -> Iterator[Problem]:
    known = set(schema.default_environment)
    for rule in ("in_environment", "not_in_environment"):
        for environment in getattr(feature, rule):
            if environment not in known:
                yield error(
                    name,
                    rule,
                    f"{environment!r} is no default_environment, so data is never checked in it",
                    f"add it to default_environment, or remove it from {rule}",
                )
    for environment in set(feature.in_environment) & set(feature.not_in_environment):
        yield error(
            name,
            "in_environment",
            f"{environment!r} is in not_in_environment too; in_environment is what counts",
            "keep one of them",
        )
    if feature.in_environment and known - {*feature.in_environment, *feature.not_in_environment}:
        yield warning(
            name,
            "in_environment",
            "it does not restrict: the feature is expected in every default environment that is "
            "not in not_in_environment",
            f"say only_in={','.join(feature.in_environment)} instead",
        )
    if known and not known - set(feature.not_in_environment):
        yield warning(
            name,
            "not_in_environment",
            "the feature is expected in no environment at all",
            "leave one out, or retire the feature (lifecycle_stage: DISABLED)",
        )


def _comparator(feature: schema_pb2.Feature, name: str, rule: str) -> Iterator[Problem]:
    comparator = getattr(feature, rule)
    measures = [measure for measure in _MEASURES if comparator.HasField(measure)]
    if not measures:
        yield warning(name, rule, "it names no measure, so it never fires", "add one, or remove it")
    for measure in measures:
        said, greatest = getattr(comparator, measure), _MEASURES[measure]
        where = f"{rule}.{measure}"
        if not said.HasField("threshold"):
            yield warning(
                name, where, "without a threshold it never fires", f"set {where}.threshold"
            )
        elif said.threshold < 0:
            yield error(
                name, where, f"a distance is never below {said.threshold:g}", "give 0 or more"
            )
        elif greatest is not None and said.threshold >= greatest:
            yield warning(
                name,
                where,
                f"the measure is at most {greatest:g}, so a threshold of {said.threshold:g} "
                "never fires",
                f"lower it below {greatest:g}",
            )
        yield from _measurable(feature, name, rule, measure)


def _measurable(
    feature: schema_pb2.Feature, name: str, rule: str, measure: str
) -> Iterator[Problem]:
    categorical = feature.int_domain.is_categorical or feature.float_domain.is_categorical
    numbers = feature.type in {schema_pb2.INT, schema_pb2.FLOAT} and not categorical
    if measure == "infinity_norm" and numbers:
        yield error(
            name,
            f"{rule}.{measure}",
            "of numbers the L-infinity distance is always 0, so it never fires",
            "use jensen_shannon_divergence",
        )
    if feature.type == schema_pb2.STRUCT:
        yield error(
            name, f"{rule}.{measure}", "a struct has no values to compare", "compare its fields"
        )


def _retired(feature: schema_pb2.Feature, name: str) -> Iterator[Problem]:
    if not is_deprecated(feature):
        return
    stage = schema_pb2.LifecycleStage.Name(feature.lifecycle_stage)
    said = "deprecated" if feature.deprecated else f"lifecycle_stage {stage}"
    presence = feature.presence
    if presence.min_count > 0 or presence.min_fraction > 0:
        yield warning(
            name,
            "presence",
            f"the feature is not checked ({said}), so it is never required",
            "remove presence, or bring the feature back to life (lifecycle_stage: PRODUCTION)",
        )
    for rule in ("drift_comparator", "skew_comparator", "unique_constraints"):
        if feature.HasField(rule):
            yield warning(
                name,
                rule,
                f"the feature is not checked ({said}), so it never fires",
                f"remove {rule}",
            )
