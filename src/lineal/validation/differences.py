"""Say in words what one schema changes in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.validation.domains import read_domain

if TYPE_CHECKING:
    from lineal.validation.feature import Feature
    from lineal.validation.schema import Schema

__all__ = ["SchemaChange", "schema_changes", "schema_rules"]

_LONG, _SHOWN = 400, 20
_TOLD_OTHERWISE = frozenset(
    {"feature", "string_domain", "default_environment", "dataset_constraints"}
)


@dataclass(frozen=True)
class SchemaChange:
    """One rule that differs. `feature` is empty for rules of the whole data set."""

    feature: str
    rule: str
    before: str
    after: str

    def __str__(self) -> str:
        """Tell the change in one line."""
        about = f"{self.feature}: " if self.feature else ""
        if self.before and self.after and max(len(self.before), len(self.after)) > _LONG:
            return f"{about}{self.rule} {_contrast(self.before, self.after)}"
        if not self.before:
            return f"{about}{self.rule} added: {self.after}"
        if not self.after:
            return f"{about}{self.rule} removed: was {self.before}"
        return f"{about}{self.rule} {self.before} → {self.after}"


def schema_changes(before: Schema, after: Schema) -> list[SchemaChange]:
    """Return every rule in which `after` differs from `before`."""
    changes = _differing("", _dataset_rules(before), _dataset_rules(after))
    old, new = before.features, after.features
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            changes.append(SchemaChange(name, "feature", old[name].type, ""))
        elif name not in old:
            changes.append(SchemaChange(name, "feature", "", new[name].type))
        else:
            changes += _differing(name, _rules(before, old[name]), _rules(after, new[name]))
    return changes


def schema_rules(schema: Schema) -> list[tuple[str, str, str]]:
    """Return every rule as feature, name and value in words; of the whole schema first."""
    found = [("", rule, value) for rule, value in _dataset_rules(schema).items()]
    for name, feature in schema.features.items():
        found += [(name, rule, value) for rule, value in _rules(schema, feature).items()]
    return found


def _differing(name: str, before: dict[str, str], after: dict[str, str]) -> list[SchemaChange]:
    return [
        SchemaChange(name, rule, before.get(rule, ""), after.get(rule, ""))
        for rule in [*before, *(rule for rule in after if rule not in before)]
        if before.get(rule, "") != after.get(rule, "")
    ]


def _dataset_rules(schema: Schema) -> dict[str, str]:
    rules = {
        "environments": ", ".join(schema.environments),
        "least examples": _text(schema.min_examples),
        "most examples": _text(schema.max_examples),
    }
    for field, value in schema.proto.dataset_constraints.ListFields():
        if field.name.endswith("_comparator"):
            rules[field.name.replace("_", " ")] = _message_text(value)
    for field, value in schema.proto.ListFields():
        if field.name not in _TOLD_OTHERWISE:
            rules[field.name.replace("_", " ")] = _message_text(value)
    return {rule: text for rule, text in rules.items() if text}


def _rules(schema: Schema, feature: Feature) -> dict[str, str]:
    """Return the rules of a feature in words; every other field under its own name."""
    proto = feature.proto
    rules = {"type": feature.type}
    for field, value in proto.ListFields():
        if field.containing_oneof is not None and field.containing_oneof.name == "domain_info":
            rules["domain"] = _domain_text(schema, feature)
            rules.update(_domain_details(feature))
        elif field.name == "presence":
            rules["presence"] = _presence_text(feature)
        elif field.name in {"in_environment", "not_in_environment"}:
            rules[field.name.replace("_", " ")] = ", ".join(value)
        elif field.name not in {"name", "type"}:
            rules[field.name.replace("_", " ")] = _message_text(value)
    return rules


def _presence_text(feature: Feature) -> str:
    presence = feature.proto.presence
    if presence.min_fraction == 1:
        return "required in every row"
    parts = []
    if presence.HasField("min_fraction"):
        parts.append(f"in at least {presence.min_fraction:.6g} of the rows")
    if presence.min_count:
        parts.append(f"in at least {presence.min_count} rows")
    return ", ".join(parts) or "optional"


def _domain_text(schema: Schema, feature: Feature) -> str:
    domain = read_domain(schema.proto, feature.proto)
    if isinstance(domain, list):
        return ", ".join(map(repr, domain))
    if isinstance(domain, tuple):
        least, greatest = domain
        return f"[{'-∞' if least is None else least}, {'∞' if greatest is None else greatest}]"
    if domain == "struct":
        return "struct"
    kind = feature.proto.WhichOneof("domain_info")
    inner = " ".join(str(getattr(feature.proto, kind)).split()) if kind else ""
    return f"{domain} {{{inner}}}" if inner else f"{domain}"


def _domain_details(feature: Feature) -> dict[str, str]:
    """Return what the plain form of a domain does not say: NaN disallowed, categories, names."""
    kind = feature.proto.WhichOneof("domain_info")
    if kind not in {"int_domain", "float_domain", "string_domain"}:
        return {}
    return {
        field.name.replace("_", " "): _message_text(value)
        for field, value in getattr(feature.proto, kind).ListFields()
        if field.name not in {"min", "max", "value", "name"}
    }


def _contrast(before: str, after: str) -> str:
    """Tell two long lists by what only one of them has."""
    old, new = before.split(", "), after.split(", ")
    gone, come = (
        [each for each in old if each not in new],
        [each for each in new if each not in old],
    )
    parts = [
        f"{word} {', '.join(each[:_SHOWN])}"
        + (f" and {len(each) - _SHOWN} more" if len(each) > _SHOWN else "")
        for word, each in (("without", gone), ("and also", come))
        if each
    ]
    return "; ".join(parts) or "in another order"


def _message_text(value: object) -> str:
    if isinstance(value, str | bool | int | float):
        return str(value)
    try:
        return " ".join(
            " ".join(str(each).split()) if not isinstance(each, str) else each
            for each in value  # type: ignore[attr-defined]
        )
    except TypeError:
        return " ".join(str(value).split()) or "{}"


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
