"""Check the rules of the schema as a whole, and names."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lineal.validation.lint.domains import repeated
from lineal.validation.lint.problem import error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.lint.problem import Problem

__all__ = ["check_names", "check_whole"]


def check_whole(schema: schema_pb2.Schema) -> Iterator[Problem]:
    """Check limits on examples, shared domains, environments, sparse and weighted features."""
    yield from _examples(schema)
    yield from _domains(schema)
    for name, times in Counter(schema.default_environment).items():
        if times > 1:
            yield warning("", "default_environment", f"{name!r} is there {times} times", "keep one")
    yield from _composed(schema)


def check_names(
    above: tuple[str, ...], features: Sequence[schema_pb2.Feature]
) -> Iterator[Problem]:
    """Find features without a name, and names that are taken twice."""
    for name, times in Counter(feature.name for feature in features).items():
        path = ".".join((*above, name))
        if not name:
            yield error(path, "name", "a feature has no name, so validation retires it", "name it")
        elif times > 1:
            yield error(
                path, "name", f"{times} features have it; the last one counts", "keep one of them"
            )


def _examples(schema: schema_pb2.Schema) -> Iterator[Problem]:
    limits = schema.dataset_constraints
    most = limits.HasField("max_examples_count")
    if most and not limits.HasField("min_examples_count"):
        yield warning(
            "",
            "dataset_constraints.max_examples_count",
            "TensorFlow Data Validation looks at it only where min_examples_count is set too",
            "set min_examples_count, to 0 if need be",
        )
    if most and limits.min_examples_count > limits.max_examples_count:
        yield error(
            "",
            "dataset_constraints",
            f"at least {limits.min_examples_count} examples, and at most "
            f"{limits.max_examples_count}",
            "swap or correct the limits",
        )
    for rule in ("num_examples_drift_comparator", "num_examples_version_comparator"):
        if not limits.HasField(rule):
            continue
        compared = getattr(limits, rule)
        least, greatest = "min_fraction_threshold", "max_fraction_threshold"
        if not compared.HasField(least) and not compared.HasField(greatest):
            yield warning(
                "",
                f"dataset_constraints.{rule}",
                "without a threshold it never fires",
                f"set {least} or {greatest}",
            )
        elif compared.HasField(greatest) and getattr(compared, least) > getattr(compared, greatest):
            yield error(
                "",
                f"dataset_constraints.{rule}",
                "the least ratio is above the greatest",
                "swap or correct the thresholds",
            )


def _domains(schema: schema_pb2.Schema) -> Iterator[Problem]:
    used = set(_named(schema.feature))
    for name, times in Counter(domain.name for domain in schema.string_domain).items():
        rule = f"string_domain {name!r}"
        if times > 1:
            yield error("", rule, f"the name is there {times} times", "give each its own name")
        if name not in used:
            yield warning("", rule, "no feature names it", "remove it, or name it in a feature")
    for domain in schema.string_domain:
        yield from repeated("", f"string_domain {domain.name!r}", domain)
    for rule in ("int_domain", "float_domain"):
        if getattr(schema, rule):
            yield warning(
                "",
                rule,
                "domains of numbers are never looked up in the schema",
                "put them in the features",
            )


def _named(features: Sequence[schema_pb2.Feature]) -> Iterator[str]:
    for feature in features:
        if feature.HasField("domain"):
            yield feature.domain
        yield from _named(feature.struct_domain.feature)


def _composed(schema: schema_pb2.Schema) -> Iterator[Problem]:
    plain = {feature.name for feature in schema.feature}
    for sparse in schema.sparse_feature:
        parts = [sparse.value_feature.name, *(each.name for each in sparse.index_feature)]
        yield from _parts(sparse.name, "sparse_feature", parts, plain)
        if not sparse.index_feature:
            yield error(sparse.name, "sparse_feature", "it has no index_feature", "name one")
    for weighted in schema.weighted_feature:
        parts = [
            each.step[0] if each.step else ""
            for each in (weighted.feature, weighted.weight_feature)
        ]
        yield from _parts(weighted.name, "weighted_feature", parts, plain)


def _parts(name: str, rule: str, parts: Sequence[str], plain: set[str]) -> Iterator[Problem]:
    if name in plain:
        yield error(
            name, rule, "a plain feature has the same name, and both are retired", "rename one"
        )
    for part in parts:
        if part not in plain:
            yield error(
                name,
                rule,
                f"it is made of {part!r}, and there is no such feature",
                "name one there is",
            )
