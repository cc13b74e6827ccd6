"""Limit any statistic of a feature: its mean, the share of a value, a quantile, a correlation.

A constraint is a text such as `0 <= mean <= 60`, `share('UA') >= 0.1` or `quantile(0.9) < 100`. It
is kept as a tag of the feature's annotation, so a schema file that TFDV reads too keeps it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.validation.anomalies.finding import Finding, number_text
from lineal.validation.lifecycle import is_deprecated
from lineal.validation.validating import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.anomalies.check import Findings
    from lineal.validation.anomalies.finding import Context
    from lineal.validation.feature import Feature
    from lineal.validation.schema import Schema
    from lineal.validation.views import Path

__all__ = [
    "Constraint",
    "add_constraint",
    "check_constraints",
    "constraints_of",
    "remove_constraint",
]

_TAG = "lineal.constraint "
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_STATISTIC = r"(?P<name>[a-z_]+)(?:\((?P<argument>.*)\))?"
_BETWEEN = re.compile(
    rf"\s*(?:(?P<least>{_NUMBER})\s*<=\s*)?{_STATISTIC}\s*(?:<=\s*(?P<greatest>{_NUMBER}))?\s*"
)
_ONE = re.compile(rf"\s*{_STATISTIC}\s*(?P<sign><=|>=)\s*(?P<limit>{_NUMBER})\s*")


@dataclass(frozen=True)
class Constraint:
    """A statistic that must lie between two limits, both included; None is an open end."""

    statistic: str
    """mean, std_dev, min, median, max, zeros, nan, unique, avg_length, count, missing,
    missing_share, num_values; share with a text, quantile with a number from 0 to 1, or
    correlation with a feature as its argument."""
    argument: str | float | None = None
    least: float | None = None
    greatest: float | None = None
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        """Refuse what can't be measured, and limits that nothing satisfies."""
        from lineal.validation.measures import MEASURES, WITH_ARGUMENT

        known = [*MEASURES, *WITH_ARGUMENT]
        if self.statistic not in known:
            raise NotFound.among("there is no statistic", self.statistic, known)
        if (self.statistic in WITH_ARGUMENT) != (self.argument is not None):
            raise InvalidInput(
                f"{self.statistic} takes "
                f"{'an argument' if self.statistic in WITH_ARGUMENT else 'no argument'}, as in "
                "share('UA'), quantile(0.9), correlation(dep_delay) or mean"
            )
        if self.least is None and self.greatest is None:
            raise InvalidInput(f"{self}: a constraint needs a least or a greatest value")
        if self.least is not None and self.greatest is not None and self.least > self.greatest:
            raise InvalidInput(f"{self}: no value lies between these limits")

    @classmethod
    def parse(cls, text: str) -> Constraint:
        """Read a constraint from its text, `; warning` at the end making it a warning.

        >>> Constraint.parse("0 <= mean <= 60"), str(Constraint.parse("share('UA') >= 0.1"))
        (Constraint('mean', least=0.0, greatest=60.0), "share('UA') >= 0.1")
        """
        body, severity = text, Severity.ERROR
        if text.rstrip().lower().endswith("; warning"):
            body, severity = text.rstrip()[: -len("; warning")], Severity.WARNING
        one, between = _ONE.fullmatch(body), _BETWEEN.fullmatch(body)
        if one:
            limit, above = float(one["limit"]), one["sign"] == ">="
            least, greatest = (limit, None) if above else (None, limit)
            return cls(one["name"], _argument(one), least, greatest, severity)
        if between and (between["least"] or between["greatest"]):
            least, greatest = (
                None if between[end] is None else float(between[end])
                for end in ("least", "greatest")
            )
            return cls(between["name"], _argument(between), least, greatest, severity)
        raise InvalidInput(
            f"{text!r} is no constraint; write 0 <= mean <= 60, share('UA') >= 0.1, "
            "quantile(0.9) <= 100 or correlation(dep_delay) >= 0.5"
        )

    @property
    def measured(self) -> str:
        """What is measured: `mean`, `share('UA')`."""
        if self.argument is None:
            return self.statistic
        shown = repr(self.argument) if self.statistic == "share" else str(self.argument)
        return f"{self.statistic}({shown})"

    def __str__(self) -> str:
        """Write it as `parse` reads it."""
        tail = "; warning" if self.severity is Severity.WARNING else ""
        if self.greatest is None and self.least is not None:
            return f"{self.measured} >= {number_text(self.least)}{tail}"
        least = "" if self.least is None else f"{number_text(self.least)} <= "
        greatest = "" if self.greatest is None else f" <= {number_text(self.greatest)}"
        return f"{least}{self.measured}{greatest}{tail}"

    def __repr__(self) -> str:
        """Write only what is set."""
        parts = [repr(self.statistic)]
        parts += [
            f"{name}={getattr(self, name)!r}"
            for name in ("argument", "least", "greatest")
            if getattr(self, name) is not None
        ]
        parts += ["severity=WARNING"] if self.severity is Severity.WARNING else []
        return f"Constraint({', '.join(parts)})"


def _argument(found: re.Match[str]) -> str | float | None:
    text = found["argument"]
    if text is None:
        return None
    if found["name"] == "quantile":
        try:
            share = float(text)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            raise InvalidInput(f"quantile({text}): a quantile is a number from 0 to 1")
        return share
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def add_constraint(schema: Schema, feature: str, constraint: Constraint | str) -> Constraint:
    """Put a constraint on a feature of `schema` and return it; the same twice is one."""
    made = Constraint.parse(constraint) if isinstance(constraint, str) else constraint
    add_to(schema[feature], made)
    return made


def add_to(feature: Feature, constraint: Constraint) -> None:
    """Put a constraint on `feature`; the same twice is one."""
    tag = f"{_TAG}{constraint}"
    if tag not in feature.proto.annotation.tag:
        feature.proto.annotation.tag.append(tag)


def clear(feature: Feature) -> None:
    """Take every constraint of `feature` away; its other tags stay."""
    tags = feature.proto.annotation.tag
    tags[:] = [tag for tag in tags if not tag.startswith(_TAG)]


def remove_constraint(schema: Schema, feature: str, constraint: Constraint | str) -> None:
    """Take a constraint away; raise `NotFound` if the feature does not have it."""
    made = Constraint.parse(constraint) if isinstance(constraint, str) else constraint
    annotation = schema[feature].proto.annotation
    tag = f"{_TAG}{made}"
    if tag not in annotation.tag:
        having = [str(each) for each in _read(schema[feature].proto)]
        raise NotFound.among(f"{feature} has no constraint", str(made), having)
    annotation.tag.remove(tag)


def constraints_of(schema: Schema) -> Mapping[str, tuple[Constraint, ...]]:
    """Return the constraints of each feature that has any."""
    found = {name: tuple(_read(each.proto)) for name, each in schema.features.items()}
    return {name: each for name, each in found.items() if each}


def _read(feature: schema_pb2.Feature) -> Iterator[Constraint]:
    for tag in feature.annotation.tag:
        if tag.startswith(_TAG):
            yield Constraint.parse(tag.removeprefix(_TAG))


def check_constraints(context: Context, findings: Findings) -> None:
    """Hold each constrained statistic against its limits."""
    _check(context, findings, context.baseline.feature, ())


def _check(
    context: Context, findings: Findings, features: Iterable[schema_pb2.Feature], above: Path
) -> None:
    from lineal.validation.measures import measure

    for feature in features:
        if is_deprecated(feature) or not context.expects(feature):
            continue
        path = (*above, feature.name)
        _check(context, findings, feature.struct_domain.feature, path)
        if not feature.HasField("annotation") or path not in context.dataset.features:
            continue
        for constraint in _read(feature):
            value = measure(context.dataset, path, constraint.statistic, constraint.argument)
            findings.add(path, _broken(constraint, value))


def _broken(constraint: Constraint, value: float | None) -> Iterator[Finding]:
    rule = f"constraint {constraint}"
    severity = constraint.severity.value
    if value is None:
        yield Finding(
            "STATS_NOT_AVAILABLE",
            "Statistic not available",
            f"The statistics have no {constraint.measured}, so {rule} can't be checked.",
            rule=rule,
            severity=severity,
        )
        return
    for limit, word, broken in (
        (constraint.least, "below", constraint.least is not None and value < constraint.least),
        (
            constraint.greatest,
            "above",
            constraint.greatest is not None and value > constraint.greatest,
        ),
    ):
        if broken and limit is not None:
            yield Finding(
                "CUSTOM_VALIDATION",
                f"{constraint.measured} out of limits",
                f"{constraint.measured} is {number_text(value)}, {word} {number_text(limit)} "
                f"({rule}).",
                value=value,
                limit=limit,
                rule=rule,
                severity=severity,
            )
