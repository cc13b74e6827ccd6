"""The rules of a schema as a command line has them: `required=false`, `domain=0..100`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from google.protobuf.message import Message

    from lineal.validation import Feature, Schema

__all__ = ["apply_rules", "domain_text"]

_Rule = TypeVar("_Rule")
_NONE = "none"


def apply_rules(schema: Schema, feature: str | None, rules: Mapping[str, str]) -> None:
    """Change `rules` of one feature of the schema, or else of the schema as a whole."""
    if not rules:
        raise InvalidInput("no rule is given; write RULE=VALUE, as in required=false")
    for rule, value in rules.items():
        if not value.strip():
            raise InvalidInput(f"{rule}= has no value; write {rule}={_NONE} to lift the rule")
    if feature is None:
        for rule, value in rules.items():
            if _is_field(rule, _OF_SCHEMA, schema.proto):
                schema.set(rule, None if value == _NONE else value)
            else:
                _known(rule, _OF_SCHEMA)(schema, value)
        return
    found = schema[feature]
    for rule, value in rules.items():
        if _is_field(rule, _OF_FEATURE, found.proto):
            found.set(rule, None if value == _NONE else value)
        else:
            _known(rule, _OF_FEATURE)(found, value)


def domain_text(domain: object) -> str:
    """Return a domain as it is written in a rule."""
    if isinstance(domain, tuple):
        return "..".join("" if bound is None else f"{bound:g}" for bound in domain)
    if isinstance(domain, list):
        return ",".join(domain)
    return "" if domain is None else str(domain)


def _is_field(rule: str, rules: Mapping[str, _Rule], message: Message) -> bool:
    """Say whether a rule is named by its field of the proto: float_domain.disallow_nan=true."""
    return rule not in rules and rule.partition(".")[0] in message.DESCRIPTOR.fields_by_name


def _known(rule: str, rules: Mapping[str, _Rule]) -> _Rule:
    if rule not in rules:
        raise NotFound.among(
            "there is no rule", rule, rules, remedy=f"there are {', '.join(rules)}"
        )
    return rules[rule]


def _set_type(feature: Feature, value: str) -> None:
    feature.type = value.upper()


def _set_required(feature: Feature, value: str) -> None:
    feature.required = _boolean("required", value)


def _set_presence(feature: Feature, value: str) -> None:
    feature.presence = None if value == _NONE else _number("presence", value)


def _set_domain(feature: Feature, value: str) -> None:
    if value == _NONE:
        feature.domain = None
        return
    least, dots, greatest = value.partition("..")
    if not dots:
        feature.domain = [text.strip() for text in value.split(",")]
        return
    feature.domain = (_bound(feature, least), _bound(feature, greatest))


def _set_mass(feature: Feature, value: str) -> None:
    feature.min_domain_mass = _number("mass", value)


def _add_constraint(feature: Feature, value: str) -> None:
    from lineal.validation.constraints import Constraint, add_to, clear

    if value == _NONE:
        clear(feature)
    else:
        add_to(feature, Constraint.parse(value))


def _set_drift(feature: Feature, value: str) -> None:
    feature.drift_threshold(None if value == _NONE else _number("drift", value))


def _set_not_in(feature: Feature, value: str) -> None:
    feature.not_in(*_names(value))


def _set_only_in(feature: Feature, value: str) -> None:
    feature.only_in(*_names(value))


def _set_environments(schema: Schema, value: str) -> None:
    schema.environments = tuple(_names(value))


def _set_min_examples(schema: Schema, value: str) -> None:
    schema.min_examples = None if value == _NONE else _count("min_examples", value)


def _set_max_examples(schema: Schema, value: str) -> None:
    schema.max_examples = None if value == _NONE else _count("max_examples", value)


_OF_FEATURE: Mapping[str, Callable[[Feature, str], None]] = {
    "type": _set_type,
    "required": _set_required,
    "presence": _set_presence,
    "domain": _set_domain,
    "mass": _set_mass,
    "constraint": _add_constraint,
    "drift": _set_drift,
    "not_in": _set_not_in,
    "only_in": _set_only_in,
}
_OF_SCHEMA: Mapping[str, Callable[[Schema, str], None]] = {
    "environments": _set_environments,
    "min_examples": _set_min_examples,
    "max_examples": _set_max_examples,
}


def _names(value: str) -> list[str]:
    return [] if value == _NONE else [name.strip() for name in value.split(",") if name.strip()]


def _boolean(rule: str, value: str) -> bool:
    if value not in {"true", "false"}:
        raise InvalidInput(f"{rule}={value}: write {rule}=true or {rule}=false")
    return value == "true"


def _number(rule: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise InvalidInput(f"{rule}={value}: {value!r} is no number") from error


def _count(rule: str, value: str) -> int:
    if not value.isdecimal():
        raise InvalidInput(f"{rule}={value}: {value!r} is no whole number")
    return int(value)


def _bound(feature: Feature, value: str) -> float | int | None:
    """Return an end of a range as the feature's type has it; nothing is an open end."""
    if not value:
        return None
    number = _number("domain", value)
    return int(number) if feature.type == "INT" and number.is_integer() else number
