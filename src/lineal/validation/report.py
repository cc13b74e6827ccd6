"""What validation found, as a proto that TensorFlow's tools read and as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lineal.validation.files import read_proto, write_proto

if TYPE_CHECKING:
    from pathlib import Path

    from tensorflow_metadata.proto.v0 import anomalies_pb2

__all__ = ["Anomaly", "Drift", "Reason", "Report"]


@dataclass(frozen=True)
class Reason:
    """One rule that is broken."""

    type: str
    """The name of an `AnomalyInfo.Type`, for instance ENUM_TYPE_UNEXPECTED_STRING_VALUES."""
    short: str
    description: str


@dataclass(frozen=True)
class Anomaly:
    """A feature, or the data set as a whole, that breaks rules of the schema."""

    path: str
    """The name of the feature; empty for the data set as a whole."""
    severity: str
    """ERROR or WARNING."""
    short: str
    description: str
    reasons: tuple[Reason, ...]

    @property
    def types(self) -> tuple[str, ...]:
        """The type of each reason."""
        return tuple(reason.type for reason in self.reasons)


@dataclass(frozen=True)
class Drift:
    """A measured distance from earlier statistics, whether it exceeds the threshold or not."""

    path: str
    measure: str
    value: float
    threshold: float

    @property
    def exceeded(self) -> bool:
        """Whether it is an anomaly."""
        return self.value > self.threshold


class Report:
    """What was found. It is true if nothing was: `if validate(...): ...`.

    `proto` is a `tensorflow_metadata` `Anomalies`; its baseline is the schema that was used.
    """

    def __init__(self, proto: anomalies_pb2.Anomalies) -> None:
        """Wrap `proto`."""
        self.proto = proto

    @classmethod
    def load(cls, path: str | Path) -> Report:
        """Read what `save` or TFX wrote (`SchemaDiff.pb`); text if the name ends in .pbtxt."""
        from tensorflow_metadata.proto.v0 import anomalies_pb2

        return cls(read_proto(path, anomalies_pb2.Anomalies(), "anomalies"))

    def save(self, path: str | Path) -> Path:
        """Write the proto as TFX does (`SchemaDiff.pb`), as text if the name ends in .pbtxt."""
        return write_proto(self.proto, path)

    @cached_property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """The anomalies of features, by name, then those of the whole data set."""
        found = [
            _anomaly(".".join(info.path.step) or key, info)
            for key, info in sorted(self.proto.anomaly_info.items())
        ]
        if self.proto.HasField("dataset_anomaly_info"):
            found.append(_anomaly("", self.proto.dataset_anomaly_info))
        return tuple(found)

    @property
    def data_missing(self) -> bool:
        """Whether there was no example, so that nothing could be checked."""
        return bool(self.proto.data_missing)

    @property
    def ok(self) -> bool:
        """Whether the data satisfies the schema; warnings do not count."""
        return not self.data_missing and all(each.severity != "ERROR" for each in self.anomalies)

    @property
    def drift(self) -> tuple[Drift, ...]:
        """Every distance that was measured, also below its threshold."""
        return tuple(
            Drift(
                ".".join(info.path.step),
                type(measured).Type.Name(measured.type),
                measured.value,
                measured.threshold,
            )
            for info in self.proto.drift_skew_info
            for measured in info.drift_measurements
        )

    def __bool__(self) -> bool:
        """Return `ok`."""
        return self.ok

    def __eq__(self, other: object) -> bool:
        """Compare by everything the proto says."""
        return isinstance(other, Report) and bool(self.proto == other.proto)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Say how much was found."""
        if self.data_missing:
            return "<Report: no examples>"
        return f"<Report: {len(self.anomalies) or 'no'} anomalies>"

    def to_rows(self) -> list[dict[str, str]]:
        """Return one row for each reason, for tables."""
        return [
            {
                "feature": anomaly.path or "(data set)",
                "severity": anomaly.severity,
                "type": reason.type,
                "short": reason.short,
                "description": reason.description,
            }
            for anomaly in self.anomalies
            for reason in anomaly.reasons
        ]


def _anomaly(path: str, info: anomalies_pb2.AnomalyInfo) -> Anomaly:
    types = type(info).Type
    return Anomaly(
        path=path,
        severity=str(type(info).Severity.Name(info.severity)),
        short=info.short_description,
        description=info.description,
        reasons=tuple(
            Reason(str(types.Name(each.type)), each.short_description, each.description)
            for each in info.reason
        ),
    )
