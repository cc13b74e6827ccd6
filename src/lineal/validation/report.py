"""What validation found, as a proto that TensorFlow's tools read and as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lineal.validation.details import Details, read_details, without_details
from lineal.validation.files import read_proto, write_proto

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tensorflow_metadata.proto.v0 import anomalies_pb2

__all__ = ["Anomaly", "Caution", "Drift", "Reason", "Report", "Scalar"]

Scalar = float | int | str | None


@dataclass(frozen=True)
class Reason:
    """One rule that is broken."""

    type: str
    """The name of an `AnomalyInfo.Type`, for instance ENUM_TYPE_UNEXPECTED_STRING_VALUES."""
    short: str
    description: str
    value: Scalar = None
    """What was found; None where it is no single value, or the report comes from TFDV."""
    limit: Scalar = None
    """What the schema allows."""
    count: float | None = None
    """How many values or rows break the rule, where the statistics tell."""
    rule: str = ""
    """The field of the schema, such as presence.min_fraction."""


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
    examples: tuple[Mapping[str, object], ...] = ()
    """Rows that break a rule, where somebody looked for them."""

    @property
    def value(self) -> Scalar:
        """What the first reason found."""
        return self.reasons[0].value

    @property
    def limit(self) -> Scalar:
        """What the first reason's rule allows."""
        return self.reasons[0].limit

    @property
    def count(self) -> float | None:
        """How many values or rows break the first reason's rule."""
        return self.reasons[0].count

    @property
    def rule(self) -> str:
        """The field of the schema that the first reason is about."""
        return self.reasons[0].rule

    @property
    def types(self) -> tuple[str, ...]:
        """The type of each reason."""
        return tuple(reason.type for reason in self.reasons)


@dataclass(frozen=True)
class Drift:
    """A measured distance from other statistics, whether it exceeds the threshold or not."""

    path: str
    measure: str
    """L_INFTY, NORMALIZED_ABSOLUTE_DIFFERENCE or JENSEN_SHANNON_DIVERGENCE."""
    value: float
    threshold: float
    against: str = "previous"
    """previous (drift) or serving (skew)."""

    @property
    def exceeded(self) -> bool:
        """Whether it is an anomaly."""
        return self.value > self.threshold


@dataclass(frozen=True)
class Caution:
    """Why a rule of the schema can't tell what it seems to; the data may be fine."""

    path: str
    message: str


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
        details = self._details.anomalies
        found = [
            _anomaly(".".join(info.path.step) or key, info, details.get(key, ()))
            for key, info in sorted(self.proto.anomaly_info.items())
        ]
        return (*found, *((self.dataset,) if self.dataset else ()))

    @cached_property
    def dataset(self) -> Anomaly | None:
        """The anomaly of the data set as a whole, if there is one."""
        if not self.proto.HasField("dataset_anomaly_info"):
            return None
        return _anomaly("", self.proto.dataset_anomaly_info, self._details.dataset)

    @property
    def warnings(self) -> tuple[Caution, ...]:
        """Rules that can't tell what they seem to: comparators that can't work, small samples."""
        return tuple(Caution(path, message) for path, message in self._details.warnings)

    @cached_property
    def _details(self) -> Details:
        return read_details(self.proto)

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
                against,
            )
            for info in self.proto.drift_skew_info
            for against, measurements in (
                ("previous", info.drift_measurements),
                ("serving", info.skew_measurements),
            )
            for measured in measurements
        )

    def __bool__(self) -> bool:
        """Return `ok`."""
        return self.ok

    def __eq__(self, other: object) -> bool:
        """Compare by everything the proto says; not by what text files can't keep."""
        if not isinstance(other, Report):
            return False
        return bool(without_details(self.proto) == without_details(other.proto))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Say how much was found."""
        if self.data_missing:
            return "<Report: no examples>"
        return f"<Report: {len(self.anomalies) or 'no'} anomalies>"

    def to_html(self, *, title: str = "Validation") -> str:
        """Return one HTML page that shows it and needs no network."""
        from lineal.validation.page import statistics_page

        return statistics_page(report=self, title=title)

    def _repr_html_(self) -> str:
        from lineal.validation.page import framed

        return framed(self.to_html())

    def to_rows(self) -> list[dict[str, Scalar]]:
        """Return one row for each reason, for tables."""
        return [
            {
                "feature": anomaly.path or "(data set)",
                "severity": anomaly.severity,
                "type": reason.type,
                "short": reason.short,
                "description": reason.description,
                "value": reason.value,
                "limit": reason.limit,
                "count": reason.count,
                "rule": reason.rule,
            }
            for anomaly in self.anomalies
            for reason in anomaly.reasons
        ]


def _anomaly(
    path: str, info: anomalies_pb2.AnomalyInfo, details: Sequence[Mapping[str, Scalar]]
) -> Anomaly:
    types = type(info).Type
    known = [*details, *([{}] * (len(info.reason) - len(details)))]
    return Anomaly(
        path=path,
        severity=str(type(info).Severity.Name(info.severity)),
        short=info.short_description,
        description=info.description,
        reasons=tuple(
            Reason(
                str(types.Name(each.type)),
                each.short_description,
                each.description,
                value=detail.get("value"),
                limit=detail.get("limit"),
                count=_count(detail.get("count")),
                rule=str(detail.get("rule") or ""),
            )
            for each, detail in zip(info.reason, known, strict=False)
        ),
    )


def _count(count: Scalar) -> float | None:
    return count if isinstance(count, int | float) else None
