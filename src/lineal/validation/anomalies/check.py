"""Hold statistics against a schema, feature by feature, in a fixed order of checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import schema_pb2

from lineal.validation.anomalies.booleans import check_bool_domain
from lineal.validation.anomalies.composed import check_collisions, check_sparse, check_weighted
from lineal.validation.anomalies.consistency import check_consistency
from lineal.validation.anomalies.derived import check_derived
from lineal.validation.anomalies.drift import check_drift
from lineal.validation.anomalies.finding import Finding
from lineal.validation.anomalies.media import check_image_domain, check_language_domain
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
from lineal.validation.lifecycle import deprecate, is_deprecated, is_retired

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tensorflow_metadata.proto.v0 import anomalies_pb2

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
    "image_domain": check_image_domain,
    "natural_language_domain": check_language_domain,
}


@dataclass
class Findings:
    """What was found: by feature in the order found, for the whole data set, and measured."""

    features: dict[Path, list[Finding]] = field(default_factory=dict)
    dataset: list[Finding] = field(default_factory=list)
    drift: dict[Path, list[anomalies_pb2.DriftSkewInfo.Measurement]] = field(default_factory=dict)
    skew: dict[Path, list[anomalies_pb2.DriftSkewInfo.Measurement]] = field(default_factory=dict)
    warnings: list[tuple[Path, str]] = field(default_factory=list)

    def add(self, path: Path, findings: Iterable[Finding]) -> None:
        """Keep what was found for a feature, if anything was."""
        found = list(findings)
        if found:
            self.features.setdefault(path, []).extend(found)


def find_in_features(context: Context) -> Findings:
    """Check every feature. `context.schema` becomes the schema that the data would satisfy."""
    findings = Findings()
    schema = context.schema
    siblings = _Siblings(schema.feature, schema.sparse_feature, schema.weighted_feature)
    for view in context.dataset.roots():
        _check_column(context, findings, siblings, view)
    _find_dropped(context, findings, (), context.baseline.feature)
    return findings


class _Siblings:
    """The features of a schema, or of a struct, by name; the first of a name counts."""

    def __init__(
        self,
        features: _Features,
        sparse: Iterable[schema_pb2.SparseFeature],
        weighted: Iterable[schema_pb2.WeightedFeature] = (),
    ) -> None:
        self.all = features
        self.features = {each.name: each for each in reversed(features)}
        self.sparse = {each.name: each for each in reversed(list(sparse))}
        self.weighted = {each.name: each for each in reversed(list(weighted))}


def _check_column(
    context: Context, findings: Findings, siblings: _Siblings, view: FeatureView
) -> None:
    """Check one path of the statistics by whatever the schema calls so."""
    name = view.path[-1]
    feature = siblings.features.get(name)
    sparse, weighted = siblings.sparse.get(name), siblings.weighted.get(name)
    collisions = check_collisions(feature, sparse, weighted)
    if collisions:
        findings.add(view.path, collisions)
    elif weighted is not None and not is_retired(weighted):
        findings.add(view.path, check_weighted(weighted, view))
    elif feature is not None and (sparse is None or not is_deprecated(feature)):
        _check_feature(context, findings, feature, view)
    elif sparse is not None:
        if not is_retired(sparse):
            findings.add(view.path, check_sparse(sparse, view))
    elif weighted is None and view.has_values:
        _add_column(context, findings, siblings.all, view)


def _add_column(
    context: Context, findings: Findings, features: _Features, view: FeatureView
) -> None:
    """Report a new column, unless only others are needed."""
    needed = context.options.features_needed
    path = ".".join(view.path)
    if needed and path not in needed:
        return
    reason = f" It is needed: {needed[path]}." if needed else ""
    findings.add(view.path, [_new_column(context, features, view, reason)])


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
    if not is_deprecated(feature) and feature.type == schema_pb2.STRUCT:
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
    if feature.HasField("drift_comparator") or feature.HasField("skew_comparator"):
        measured = check_drift(context, feature, view)
        findings.add(view.path, measured.findings)
        findings.warnings += [(view.path, message) for message in measured.warnings]
        if measured.drift:
            findings.drift[view.path] = measured.drift
        if measured.skew:
            findings.skew[view.path] = measured.skew
    findings.add(view.path, check_derived(feature, view))


def _check_fields(
    context: Context, findings: Findings, feature: schema_pb2.Feature, view: FeatureView
) -> None:
    """Check the fields of a struct; each new one is an anomaly of its own."""
    domain = feature.struct_domain
    siblings = _Siblings(domain.feature, domain.sparse_feature)
    for child in view.dataset.children(view.path):
        _check_column(context, findings, siblings, child)


def _new_column(context: Context, features: _Features, view: FeatureView, reason: str) -> Finding:
    features.append(
        inferred_feature(
            context.schema,
            view,
            infer_feature_shape=False,
            max_string_domain_size=context.max_string_domain_size,
        )
    )
    return Finding(
        "SCHEMA_NEW_COLUMN",
        "New column",
        f"The data has a column that the schema does not know, with {int(view.total_values):,} "
        f"values; add it to the schema if it is meant to be there.{reason}",
        count=view.total_values,
        rule="feature",
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
