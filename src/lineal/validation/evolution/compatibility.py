"""The class of a change: whether old data stays valid, and new data would have been."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from lineal.validation.evolution.implied import DATASET_RULES, FEATURE_RULES
from lineal.validation.lifecycle import is_deprecated, is_required
from lineal.validation.lint.domains import check_domain
from lineal.validation.lint.features import check_feature

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.differences import SchemaChange
    from lineal.validation.schema import Schema

__all__ = ["Compatibility", "compatibility", "judged_changes"]


class Compatibility(Enum):
    """What a new schema is to the one before it.

    Valid means without anomalies, checked without an environment and in each that both schemas
    have, against the same earlier statistics.
    """

    FULL = "full"
    """Backward and forward: both schemas accept the same data."""
    BACKWARD = "backward"
    """Data that is valid under the old schema is valid under the new one."""
    FORWARD = "forward"
    """Data that is valid under the new schema is valid under the old one."""
    BREAKING = "breaking"
    """Neither can be told."""

    @classmethod
    def of(cls, *, backward: bool, forward: bool) -> Compatibility:
        """Return the class for what holds."""
        if backward:
            return cls.FULL if forward else cls.BACKWARD
        return cls.FORWARD if forward else cls.BREAKING


_Broken = set[tuple[str, str]]
"""Feature and group of rules that data may break; group "feature" stands for all of it."""


def compatibility(old: Schema, new: Schema) -> Compatibility:
    """Return what `new` is to `old`; sound: what it says holds for all data.

    It is computed rule by rule. Rules that only hold together are not seen through, so BREAKING
    also stands for what would take more than one rule to prove.
    """
    return Compatibility.of(
        backward=not _broken(old.proto, new.proto), forward=not _broken(new.proto, old.proto)
    )


def judged_changes(old: Schema, new: Schema) -> list[tuple[SchemaChange, Compatibility]]:
    """Return every change with the class that it alone would have."""
    backward, forward = _broken(old.proto, new.proto), _broken(new.proto, old.proto)
    return [
        (
            change,
            Compatibility.of(
                backward=not _breaks(change, backward), forward=not _breaks(change, forward)
            ),
        )
        for change in old.diff(new)
    ]


def _breaks(change: SchemaChange, broken: _Broken) -> bool:
    if (change.feature, "feature") in broken:
        return True
    if change.rule == "feature":
        return any(name.startswith(f"{change.feature}.") for name, _ in broken)
    rules = FEATURE_RULES if change.feature else DATASET_RULES
    named = [group for group, (_, names) in rules.items() if change.rule in names]
    if change.rule == "environments":
        return any(group == "environments" for _, group in broken)
    return any((change.feature, group) in broken for group in named)


def _broken(known: schema_pb2.Schema, wanted: schema_pb2.Schema) -> _Broken:
    """Return what data that keeps `known` may break in `wanted`."""
    found: _Broken = {
        ("", group)
        for group, (implied, _) in DATASET_RULES.items()
        if known.dataset_constraints != wanted.dataset_constraints or group == "extra features"
        if not implied(known, wanted)
    }
    found |= set(_in_features(known, wanted, (), known.feature, wanted.feature))
    return found


def _in_features(
    known_schema: schema_pb2.Schema,
    wanted_schema: schema_pb2.Schema,
    above: tuple[str, ...],
    known: Sequence[schema_pb2.Feature],
    wanted: Sequence[schema_pb2.Feature],
) -> Iterator[tuple[str, str]]:
    if list(known) == list(wanted) and _same_surroundings(known_schema, wanted_schema):
        return
    old = {feature.name: feature for feature in known}
    new = {feature.name: feature for feature in wanted}
    for name in [*old, *(name for name in new if name not in old)]:
        path = (*above, name)
        text = ".".join(path)
        if name not in new:
            yield text, "feature"  # the data may have it, and it would be a new column
        elif name not in old:
            if _is_required_anywhere(new[name]):
                yield text, "feature"
        elif is_deprecated(new[name]):
            continue  # nothing is checked any more, fields included
        elif is_deprecated(old[name]) or _contradicts(wanted_schema, new[name], text):
            yield text, "feature"
        else:
            for group, (implied, _) in FEATURE_RULES.items():
                if not implied((known_schema, old[name]), (wanted_schema, new[name])):
                    yield text, group
            yield from _in_features(
                known_schema,
                wanted_schema,
                path,
                old[name].struct_domain.feature,
                new[name].struct_domain.feature,
            )


def _same_surroundings(known: schema_pb2.Schema, wanted: schema_pb2.Schema) -> bool:
    return bool(
        known.string_domain == wanted.string_domain
        and known.default_environment == wanted.default_environment
    )


def _contradicts(schema: schema_pb2.Schema, feature: schema_pb2.Feature, name: str) -> bool:
    """Say whether the feature's rules contradict each other, so that any data may break them."""
    problems = (*check_feature(schema, feature, name), *check_domain(schema, feature, name))
    return any(problem.severity == "ERROR" for problem in problems)


def _is_required_anywhere(feature: schema_pb2.Feature) -> bool:
    if is_deprecated(feature):
        return False
    return is_required(feature) or any(
        _is_required_anywhere(field) for field in feature.struct_domain.feature
    )
