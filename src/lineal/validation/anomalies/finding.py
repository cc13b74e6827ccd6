"""What a check finds, and what it may look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineal.validation.lifecycle import in_environment, is_required
from lineal.validation.validating import ValidationOptions

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.views import DatasetView

__all__ = ["Context", "Finding", "amount_text", "count_text", "number_text", "share_text"]


@dataclass(frozen=True)
class Finding:
    """One broken rule: the name of its `AnomalyInfo.Type`, a title, and what was found."""

    type: str
    short: str
    description: str
    value: float | str | None = None
    limit: float | str | None = None
    count: float | None = None
    rule: str = ""
    severity: str | None = None
    """WARNING or ERROR where the rule itself says so; else the options decide."""


@dataclass(frozen=True)
class Context:
    """What is checked against what.

    `schema` is a copy of `baseline` that the checks may edit: each check that finds something also
    changes the rule so that the data would keep it. The edited copy is the proposed schema.
    """

    baseline: schema_pb2.Schema
    schema: schema_pb2.Schema
    dataset: DatasetView
    environment: str | None = None
    previous: DatasetView | None = None
    serving: DatasetView | None = None
    previous_version: DatasetView | None = None
    max_string_domain_size: int = 100
    options: ValidationOptions = field(default_factory=ValidationOptions)
    _domains: dict[str, schema_pb2.StringDomain] = field(default_factory=dict)
    """Those of `schema` by name: looking through all of them for each feature takes long."""

    def __post_init__(self) -> None:
        """Note the domains of texts."""
        self.note_domains()

    def note_domains(self) -> None:
        """Note the domains of texts anew, after some were added or taken away."""
        self._domains.clear()
        for domain in reversed(self.schema.string_domain):
            self._domains[domain.name] = domain

    def string_domain(self, feature: schema_pb2.Feature) -> schema_pb2.StringDomain | None:
        """Return the texts allowed: the feature's own, or those of the schema that it names."""
        if feature.HasField("string_domain"):
            return feature.string_domain
        return self._domains.get(feature.domain) if feature.HasField("domain") else None

    def expects(self, feature: schema_pb2.Feature) -> bool:
        """Say whether the environment has the feature."""
        return in_environment(self.schema, feature, self.environment)

    def requires(self, feature: schema_pb2.Feature) -> bool:
        """Say whether data of the environment must have the feature."""
        return is_required(feature) and self.expects(feature)


def number_text(number: float) -> str:
    """Write a number so that it can be read back: whole ones without a point."""
    if isinstance(number, int) or (number == number and abs(number) < 2**53 and number % 1 == 0):
        return str(int(number))
    return repr(float(number))


def count_text(count: float, noun: str) -> str:
    """Write a count with its noun: 1 value, 1,200 values."""
    amount = amount_text(count)
    return f"{amount} {noun}" if count == 1 else f"{amount} {noun}s"


def amount_text(count: float) -> str:
    """Write a count alone: 1,200; weights may make it a fraction."""
    return f"{int(count):,}" if float(count).is_integer() else f"{count:,.6g}"


def share_text(part: float, whole: float) -> str:
    """Write a share in percent, with as many digits as keep it apart from 0 % and from 100 %."""
    if whole == 0:
        return "0%"
    percent = 100 * part / whole
    for digits in range(1, 12):
        text = f"{percent:.{digits}f}"
        is_end = float(text) in {0.0, 100.0}
        if not is_end or part in {0, whole}:
            return text.rstrip("0").rstrip(".") + "%"
    return f"{percent!r}%"
