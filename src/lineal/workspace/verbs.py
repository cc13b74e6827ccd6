"""The verbs as plain functions: `lineal.statistics(x)`, `lineal.read("ops.flights@3")`.

On plain data they compute and record nothing; given something that belongs to a workspace, they
do the same inside a recorded execution of that workspace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal import validation
from lineal.validation import Report, Schema, Statistics
from lineal.workspace.opening import current_workspace
from lineal.workspace.recorded import Recorded
from lineal.workspace.workspace import workspace_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.metadata import Version
    from lineal.validation import CustomValidation, StatisticsOptions, ValidationOptions
    from lineal.workspace.recorded import RecordedReport, RecordedSchema, RecordedStatistics
    from lineal.workspace.workspace import Workspace

__all__ = ["infer_schema", "read", "save", "statistics", "validate"]


def statistics(
    data: object, *, name: str | None = None, options: StatisticsOptions | None = None
) -> Statistics:
    """Compute the statistics of a table, a file or a frame.

    A version of a workspace gives recorded statistics (called `name`); a path or a frame gives
    plain ones.
    """
    workspace = _owner(data)
    if workspace is None:
        return validation.statistics(data, options=options)
    return workspace.statistics(data, name=name, options=options)


def infer_schema(data: object, *, name: str | None = None) -> Schema:
    """Infer a schema from statistics, or from data whose statistics are made first."""
    workspace = _owner(data)
    if workspace is None:
        found = data if isinstance(data, Statistics) else validation.statistics(data)
        return validation.infer_schema(found)
    return workspace.infer_schema(data, name=name)


def validate(
    data: object,
    schema: Schema,
    *,
    environment: str | None = None,
    previous: Statistics | None = None,
    serving: Statistics | None = None,
    previous_version: Statistics | None = None,
    name: str | None = None,
    checks: ValidationOptions | None = None,
    custom: Sequence[CustomValidation] | None = None,
) -> Report:
    """Compare statistics, or data whose statistics are made first, with a schema.

    `environment` is one of the schema's; `previous` are statistics that drift is measured against,
    `serving` those of skew, `previous_version` those that the number of examples is compared with.
    `checks` say how severe an anomaly is; `custom` are conditions in SQL.
    """
    workspace = _owner(data) or _owner(schema)
    if workspace is None:
        found = data if isinstance(data, Statistics) else validation.statistics(data)
        return validation.validate(
            found,
            schema,
            environment=environment,
            previous=previous,
            serving=serving,
            previous_version=previous_version,
            options=checks,
            custom=custom,
        )
    return workspace.validate(
        data,
        schema,
        environment=environment,
        previous=previous,
        serving=serving,
        previous_version=previous_version,
        name=name,
        checks=checks,
        custom=custom,
    )


def read(
    reference: str,
) -> Version | RecordedStatistics | RecordedSchema | RecordedReport:
    """Return what `reference` names in the workspace found upwards from the current folder."""
    return current_workspace().read(reference)


def save(
    value: object, name: str, *, append: bool = False
) -> Version | RecordedStatistics | RecordedSchema | RecordedReport:
    """Keep `value` as the next version of `name`, in the workspace found upwards from here."""
    workspace = _owner(value) or current_workspace()
    return workspace.save(value, name, append=append)


def _owner(value: object) -> Workspace | None:
    """Return the workspace that a version, a table or a recorded value belongs to.

    What was found in a view of the past belongs to the present one, where verbs can record.
    """
    from lineal.metadata import Version
    from lineal.warehouse import Table

    if isinstance(value, Table):
        value = value.newest
    if isinstance(value, Recorded):
        value = value.version
    return workspace_of(value).present if isinstance(value, Version) else None
