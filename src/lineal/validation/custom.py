"""Check conditions in SQL on the statistics of a feature, or of the same or another one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.engine import ArrowData, embedded
from lineal.errors import InvalidInput, LinealError, NotFound
from lineal.validation.anomalies.finding import Finding
from lineal.validation.structs import as_struct
from lineal.validation.validating import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.validation.anomalies.check import Findings
    from lineal.validation.anomalies.finding import Context
    from lineal.validation.views import DatasetView, FeatureView

__all__ = ["CustomValidation", "check_custom"]


@dataclass(frozen=True, kw_only=True)
class CustomValidation:
    """A condition in SQL that the statistics of a feature must satisfy.

    `sql` is a boolean expression over `feature`, the `FeatureNameStatistics` proto as a struct:
    `feature.num_stats.max < 5`. With `base_feature`, it compares `feature_test` with
    `feature_base`, that feature of the previous statistics. False, and null too, is an anomaly.
    """

    feature: str
    sql: str
    description: str = ""
    severity: Severity = Severity.ERROR
    base_feature: str | None = None
    environments: tuple[str, ...] = ()
    """If given, the condition is checked in these environments only."""

    @classmethod
    def parse(cls, text: str) -> CustomValidation:
        """Read `FEATURE: SQL`, where `feature_base` is the feature in the statistics before.

        >>> CustomValidation.parse("fare: feature.num_stats.max < 5").sql
        'feature.num_stats.max < 5'
        """
        name, colon, sql = text.partition(":")
        if not colon or not name.strip() or not sql.strip():
            raise InvalidInput(
                f"{text!r} is no condition; write FEATURE: SQL, as in "
                "'fare: feature.num_stats.max < 5'"
            )
        paired = name.strip() if "feature_base" in sql else None
        return cls(feature=name.strip(), sql=sql.strip(), base_feature=paired)


def check_custom(
    context: Context, findings: Findings, validations: Sequence[CustomValidation]
) -> None:
    """Evaluate each condition of the environment; raise for one that can't be evaluated."""
    for each in validations:
        if each.environments and context.environment not in each.environments:
            continue
        view = _feature(context.dataset, each.feature, "the statistics have")
        if each.base_feature is None:
            holds = _holds(each, {"feature": view})
        else:
            if context.previous is None:
                raise InvalidInput(
                    f"{each.sql!r} compares {each.feature} with statistics before; give `previous`"
                )
            base = _feature(context.previous, each.base_feature, "the previous statistics have")
            holds = _holds(each, {"feature_test": view, "feature_base": base})
        if not holds:
            findings.add(
                view.path,
                [
                    Finding(
                        "CUSTOM_VALIDATION",
                        each.description or "Custom validation failed",
                        f"Custom validation triggered: it does not hold that {each.sql}."
                        + (f" {each.description}" if each.description else ""),
                        rule=each.sql,
                        severity=each.severity.value,
                    )
                ],
            )


def _feature(dataset: DatasetView, name: str, where: str) -> FeatureView:
    features = {".".join(path): view for path, view in dataset.features.items()}
    if name not in features:
        raise NotFound.among(f"{where} no feature", name, features)
    return features[name]


def _holds(validation: CustomValidation, features: dict[str, FeatureView]) -> bool:
    import pyarrow as pa

    row = pa.table({name: as_struct(view.proto) for name, view in features.items()})
    query = f"SELECT CAST(({validation.sql}\n) AS BOOLEAN) AS holds FROM statistics"
    try:
        with embedded().sql(query, {"statistics": ArrowData(row)}) as reader:
            rows = reader.read_all()
    except LinealError as error:
        # What follows the first line shows our own query around the condition.
        told = str(error).splitlines()[0]
        raise InvalidInput(
            f"the condition {validation.sql!r} on {validation.feature} can't be evaluated: {told}; "
            f"it must be a boolean expression in SQL over {' and '.join(features)}"
        ) from error
    return bool(rows.column("holds")[0].as_py())
