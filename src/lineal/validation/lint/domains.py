"""Check that the domain of a feature fits its type and can be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import schema_pb2

from lineal.validation.domains import find_string_domain
from lineal.validation.lint.problem import error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.validation.lint.problem import Problem

__all__ = ["check_domain", "repeated"]

_TEXTS = frozenset({"domain", "string_domain"})
_FITTING = {
    "domain": ("BYTES",),
    "string_domain": ("BYTES",),
    "image_domain": ("BYTES",),
    "mid_domain": ("BYTES",),
    "url_domain": ("BYTES",),
    "bool_domain": ("INT", "BYTES", "FLOAT"),
    "int_domain": ("INT", "BYTES"),
    "float_domain": ("FLOAT", "BYTES"),
    "struct_domain": ("STRUCT",),
    "natural_language_domain": ("BYTES", "INT"),
    "time_domain": ("BYTES", "INT"),
}
_UNCHECKED = frozenset({"mid_domain", "url_domain", "time_domain"})


def check_domain(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature, name: str
) -> Iterator[Problem]:
    """Check the domain of one feature, and the share of values that must lie in it."""
    kind = feature.WhichOneof("domain_info")
    yield from _mass(feature, name, kind)
    if kind is None:
        return
    type_name = schema_pb2.FeatureType.Name(feature.type)
    if kind not in _FITTING:
        yield error(
            name,
            kind,
            "data is not checked against a domain of this kind, and validation reports it",
            f"remove {kind}",
        )
        return
    if type_name not in _FITTING[kind] and type_name != "TYPE_UNKNOWN":
        yield error(
            name,
            kind,
            f"a feature of type {type_name} can't have it",
            f"remove it, or make the type {' or '.join(_FITTING[kind])}",
        )
    if kind in _TEXTS:
        yield from _texts(schema, feature, name, kind)
    elif kind in {"int_domain", "float_domain"}:
        yield from _range(feature, name, kind)
    elif kind == "bool_domain":
        yield from _truth(feature, name)
    elif kind == "natural_language_domain":
        yield from _tokens(feature, name)
    elif kind in _UNCHECKED:
        yield warning(
            name,
            kind,
            "it describes the values, which are not checked against it",
            "keep it as a note",
        )


def _mass(feature: schema_pb2.Feature, name: str, kind: str | None) -> Iterator[Problem]:
    if not feature.HasField("distribution_constraints"):
        return
    rule = "distribution_constraints.min_domain_mass"
    mass = feature.distribution_constraints.min_domain_mass
    if kind not in _TEXTS:
        yield error(
            name,
            rule,
            "it is the share of values in a domain of texts, and the feature has none",
            "remove it, or give the feature a string_domain",
        )
    elif not 0 <= mass <= 1:
        yield error(name, rule, f"a share of {mass:g} can't be", "choose one between 0 and 1")
    elif mass == 0:
        yield warning(
            name, rule, "a share of 0 lets every value pass", "raise it, or remove the domain"
        )


def _texts(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature, name: str, kind: str
) -> Iterator[Problem]:
    domain = find_string_domain(schema, feature)
    if domain is None:
        yield error(
            name,
            "domain",
            f"the schema has no string_domain named {feature.domain!r}",
            "add it, or name one of: "
            + (", ".join(repr(each.name) for each in schema.string_domain) or "none there is"),
        )
        return
    if not domain.value:
        yield error(name, kind, "no value is allowed by it", "list the values, or remove it")
    if kind == "string_domain":
        yield from repeated(name, kind, domain)


def repeated(name: str, rule: str, domain: schema_pb2.StringDomain) -> Iterator[Problem]:
    """Find values that a domain of texts lists more than once."""
    seen, twice = set(), []
    for value in domain.value:
        if value in seen and value not in twice:
            twice.append(value)
        seen.add(value)
    if twice:
        yield error(
            name,
            rule,
            f"it lists {', '.join(map(repr, twice[:5]))} more than once",
            "list each value once",
        )


def _range(feature: schema_pb2.Feature, name: str, kind: str) -> Iterator[Problem]:
    domain = getattr(feature, kind)
    if domain.HasField("min") and domain.HasField("max") and domain.min > domain.max:
        yield error(
            name,
            kind,
            f"the least value {domain.min:g} is above the greatest {domain.max:g}: none is allowed",
            "swap or correct the bounds",
        )
    bounds = [getattr(domain, each) for each in ("min", "max") if domain.HasField(each)]
    if any(bound != bound for bound in bounds):
        yield error(name, kind, "a bound is NaN, which nothing compares with", "give a number")


def _truth(feature: schema_pb2.Feature, name: str) -> Iterator[Problem]:
    domain = feature.bool_domain
    said = [each for each in ("true_value", "false_value") if domain.HasField(each)]
    if len(said) == 2 and domain.true_value == domain.false_value:
        yield error(
            name,
            "bool_domain",
            f"true and false are both written {domain.true_value!r}",
            "give them different texts",
        )
    if said and feature.type != schema_pb2.BYTES:
        yield warning(
            name,
            "bool_domain",
            f"{' and '.join(said)} count for texts only; numbers are 0 and 1",
            "remove them",
        )
    if not said and feature.type == schema_pb2.BYTES:
        yield error(
            name,
            "bool_domain",
            "neither true_value nor false_value is said, so no text is allowed",
            "say how true and false are written",
        )


def _tokens(feature: schema_pb2.Feature, name: str) -> Iterator[Problem]:
    for constraint in feature.natural_language_domain.token_constraints:
        for least, greatest in (
            ("min_per_sequence", "max_per_sequence"),
            ("min_fraction_of_sequences", "max_fraction_of_sequences"),
        ):
            both = constraint.HasField(least) and constraint.HasField(greatest)
            if both and getattr(constraint, least) > getattr(constraint, greatest):
                yield error(
                    name,
                    f"natural_language_domain.token_constraints.{least}",
                    f"it is above {greatest}",
                    "swap or correct the bounds",
                )
