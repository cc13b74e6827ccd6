"""What can be chosen about a validation: severities, needed features, whose rules."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # a field's type, which dataclasses may resolve
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from lineal.errors import InvalidInput, NotFound

__all__ = ["Quirks", "Severity", "ValidationOptions", "anomaly_types"]


class Severity(Enum):
    """How bad an anomaly is; only an ERROR fails a validation."""

    WARNING = "WARNING"
    ERROR = "ERROR"


class Quirks(Enum):
    """Whose rules hold where TensorFlow Data Validation (TFDV) does what nobody expects.

    TFDV ignores `max_examples_count` unless `min_examples_count` is set, takes an unset greatest
    number of different texts for 0, and lets NaN and infinities differ from themselves in the
    Jensen-Shannon divergence.
    """

    NONE = "none"
    TFDV = "tfdv"


@dataclass(frozen=True, kw_only=True)
class ValidationOptions:
    """How statistics are held against a schema."""

    features_needed: Mapping[str, str] = field(default_factory=dict)
    """If given, only these new columns are reported: name to the reason why it is needed."""
    new_features_are_warnings: bool = False
    severity_overrides: Mapping[str, Severity] = field(default_factory=dict)
    """Severities by type of anomaly, such as FEATURE_TYPE_LOW_FRACTION_PRESENT."""
    quirks: Quirks = Quirks.NONE

    def __post_init__(self) -> None:
        """Refuse types of anomalies that do not exist."""
        known = anomaly_types()
        for name, severity in self.severity_overrides.items():
            if name not in known:
                raise NotFound.among(
                    "there is no type of anomaly",
                    name,
                    known,
                    remedy="a report names the type beside each reason, as in SCHEMA_NEW_COLUMN",
                )
            if not isinstance(severity, Severity):
                raise InvalidInput(
                    f"severity_overrides[{name!r}] is {severity!r}; choose Severity.WARNING or "
                    "Severity.ERROR"
                )

    @cached_property
    def compatible(self) -> bool:
        """Whether TFDV's quirks hold."""
        return self.quirks is Quirks.TFDV


def anomaly_types() -> tuple[str, ...]:
    """Return the name of every type of anomaly that the proto knows."""
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    return tuple(anomalies_pb2.AnomalyInfo.Type.keys())
