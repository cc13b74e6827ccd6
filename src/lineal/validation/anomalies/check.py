"""Hold statistics against a schema, feature by feature, in a fixed order of checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineal.validation.anomalies.booleans import check_bool_domain
from lineal.validation.anomalies.consistency import check_consistency
from lineal.validation.anomalies.drift import check_drift
from lineal.validation.anomalies.finding import Finding
from lineal.validation.anomalies.numbers import check_float_domain, check_int_domain
from lineal.validation.anomalies.presence import (
    check_environment,
    check_not_present,
    check_presence,
    dropped_column,
)
from lineal.validation.anomalies.stated import check_stated_domain
from lineal.validation.anomalies.texts import check_string_domain, check_unique
from lineal.validation.anomalies.types import check_bytes_domain, check_type
from lineal.validation.anomalies.values import check_shape, check_value_counts
from lineal.validation.infer import inferred_feature
from lineal.validation.lifecycle import deprecate, is_deprecated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import FeatureView, Path

__all__ = ["Findings", "find_in_features"]

_CHECKS = (
    check_environment,
    check_value_counts,
    check_shape,
    check_presence,
    check_type,
    check_bytes_domain,
)

_DOMAIN_CHECKS = {
    None: check_stated_domain,
    "int_domain": check_int_domain,
    "float_domain": check_float_domain,
    "bool_domain": check_bool_domain,
    "string_domain": check_string_domain,
    "domain": check_string_domain,
}


@dataclass
class Findings:
    """What was found: by feature in the order found, for the whole data set, and measured."""

    features: dict[Path, list[Finding]] = field(default_factory=dict)
    dataset: list[Finding] = field(default_factory=list)
    drift: dict[Path, list[anomalies_pb2.DriftSkewInfo.Measurement]] = field(default_factory=dict)

    def add(self, path: Path, findings: Iterable[Finding]) -> None:
        """Keep what was found for a feature, if anything was."""
        found = list(findings)
        if found:
            self.features.setdefault(path, []).extend(found)


def find_in_features(context: Context) -> Findings:
    """Check every feature. `context.schema` becomes the schema that the data would satisfy."""
    findings = Findings()
    known = {
        (each.name,) for each in [*context.schema.sparse_feature, *context.schema.weighted_feature]
    }
    features = {(each.name,): each for each in context.schema.feature}
    for view in context.dataset.roots():
        if view.path in features:
            _check_feature(context, findings, features[view.path], view)
        elif view.path not in known and view.has_values:
            findings.add(view.path, [_new_column(context, context.schema.feature, view)])
    _find_dropped(context, findings, (), context.baseline.feature)
    return findings


def _check_feature(
    context: Context, findings: Findings, feature: schema_pb2.Feature, view: FeatureView
) -> None:
    if is_deprecated(feature):
        return
    findings.add(view.path, check_consistency(context, feature))
    if is_deprecated(feature):
        return
    if view.common.num_non_missing == 0:
        findings.add(view.path, check_not_present(context, feature, view))
    else:
        _check_values(context, findings, feature, view)
    if not is_deprecated(feature):
        _check_fields(context, findings, feature, view)


def _check_values(
    context: Context, findings: Findings, feature: schema_pb2.Feature, view: FeatureView
) -> None:
    for check in _CHECKS:
        findings.add(view.path, check(context, feature, view))
    domain_check = _DOMAIN_CHECKS.get(feature.WhichOneof("domain_info"))
    if domain_check is not None:
        findings.add(view.path, domain_check(context, feature, view))
    findings.add(view.path, check_unique(context, feature, view))
    drifted, measured = check_drift(context, feature, view)
    findings.add(view.path, drifted)
    if measured:
        findings.drift[view.path] = measured


def _check_fields(
    context: Context, findings: Findings, feature: schema_pb2.Feature, view: FeatureView
) -> None:
    """Check the fields of a struct; each new one is an anomaly of its own."""
    children = {each.name: each for each in feature.struct_domain.feature}
    for child in view.dataset.children(view.path):
        if child.path[-1] in children:
            _check_feature(context, findings, children[child.path[-1]], child)
        elif child.has_values:
            new = _new_column(context, feature.struct_domain.feature, child)
            findings.add(child.path, [new])


def _new_column(context: Context, features: _Features, view: FeatureView) -> Finding:
    features.append(
        inferred_feature(
            context.schema, view, infer_feature_shape=False, max_string_domain_size=100
        )
    )
    return Finding(
        "SCHEMA_NEW_COLUMN",
        "New column",
        f"The data has a column that the schema does not know, with {int(view.total_values):,} "
        "values; add it to the schema if it is meant to be there.",
    )


def _find_dropped(
    context: Context, findings: Findings, above: Path, features: Iterable[schema_pb2.Feature]
) -> None:
    """Find features without statistics that the schema as given requires, in structs too."""
    for feature in features:
        if is_deprecated(feature):
            continue
        path = (*above, feature.name)
        # The fields first: in a struct that is retired already none needs to be.
        _find_dropped(context, findings, path, feature.struct_domain.feature)
        if path not in context.dataset.features and context.requires(feature):
            findings.add(path, [dropped_column(feature)])
            _deprecate(context.schema.feature, path)


def _deprecate(features: Iterable[schema_pb2.Feature], path: Path) -> None:
    """Retire a feature, unless it is part of a struct that is retired already."""
    for feature in features:
        if feature.name != path[0] or is_deprecated(feature):
            continue
        if len(path) == 1:
            deprecate(feature)
        else:
            _deprecate(feature.struct_domain.feature, path[1:])


if TYPE_CHECKING:
    from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

    _Features = RepeatedCompositeFieldContainer[schema_pb2.Feature]
