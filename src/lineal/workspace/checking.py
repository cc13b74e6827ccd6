"""The recorded verbs of validation: statistics, schema inference, validation."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from lineal import __version__, validation
from lineal.errors import InvalidInput
from lineal.metadata import (
    Artifact,
    ArtifactState,
    EventType,
    ExecutionState,
    ExecutionType,
    Made,
    Output,
    PropertyType,
    Version,
    kill_point,
    parse_target,
)
from lineal.validation import Report, Schema, Statistics
from lineal.workspace.inputs import look_at, stand_for
from lineal.workspace.recorded import (
    ANOMALIES,
    FILES,
    SCHEMA,
    STATISTICS,
    Recorded,
    RecordedReport,
    RecordedSchema,
    RecordedStatistics,
    encode,
    recorded,
)
from lineal.workspace.resolving import handle, load
from lineal.workspace.schema_versions import told_of_schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.metadata import ArtifactType, Running, Value
    from lineal.validation import CustomValidation, StatisticsOptions, ValidationOptions
    from lineal.workspace.workspace import Workspace

__all__ = ["as_statistics", "infer_schema", "keep", "put", "statistics", "stored", "validate"]

_STATISTICS_VERB = ExecutionType(
    "lineal.statistics", {"options": PropertyType.STRING}, base="mlmd.Process"
)
_STATISTICS_CODE = f"lineal {__version__} {_STATISTICS_VERB.name}"
_INFER_VERB = ExecutionType("lineal.infer_schema", base="mlmd.Process")
_VALIDATE_VERB = ExecutionType(
    "lineal.validate", {"environment": PropertyType.STRING}, base="mlmd.Evaluate"
)
_SAVE_VERB = ExecutionType("lineal.save")
_NO_SPLIT: Mapping[str, Value] = {}
_ONE_SPLIT: Mapping[str, Value] = {"span": 0, "split_names": '["all"]'}


def statistics(
    workspace: Workspace,
    data: object,
    *,
    name: str | None = None,
    options: StatisticsOptions | None = None,
) -> RecordedStatistics:
    """Compute statistics of `data` inside an execution that keeps them.

    What this release made of the same artifact with the same options is that already: the
    execution is CACHED and its output is the earlier one.
    """
    given, chosen = stand_for(workspace, data), options or validation.StatisticsOptions()
    wanted = _target(name) or _named("statistics", workspace, given.artifact)
    earlier = _earlier(workspace, given.artifact, wanted, chosen)
    record = partial(
        workspace.recorder.run,
        _STATISTICS_VERB,
        inputs={"examples": [given.artifact]},
        parameters={"options": repr(chosen)},
        outputs=[Output("statistics", STATISTICS, wanted)],
        code=_STATISTICS_CODE,
    )
    if earlier is not None:
        workspace.recorder.used(given.artifact)
        with record(state=ExecutionState.CACHED) as running:
            running.same("statistics", earlier)
        return _statistics(_result(workspace, running, "statistics"))
    with look_at(workspace, given, chosen) as looked, record() as running:
        with looked.errors():
            found = validation.statistics(looked.source, engine=workspace.engine, options=chosen)
        put(workspace, running, "statistics", STATISTICS, found)
    return _statistics(_result(workspace, running, "statistics"))


def _earlier(
    workspace: Workspace, artifact: Artifact, name: str | None, options: StatisticsOptions
) -> Artifact | None:
    """Return the statistics called `name` that were made so of this artifact, if there are any."""
    store = workspace.store
    uses = store.events(artifact_ids=[artifact.id or 0])
    executions = [
        execution.id
        for execution in store.executions(
            ids=[event.execution_id for event in uses if event.type == EventType.INPUT],
            type=_STATISTICS_VERB.name,
            state=ExecutionState.COMPLETE,
        )
        if execution.get("options") == repr(options)
        and execution.get("lineal_code") == _STATISTICS_CODE
    ]
    events = store.events(execution_ids=[number for number in executions if number is not None])
    made = [event.artifact_id for event in events if event.type == EventType.OUTPUT]
    for found in reversed(store.artifacts(ids=made, state=ArtifactState.LIVE)):
        row = store.version_of(found.id or 0)
        if (None if row is None else row.name) == name:
            return found
    return None


def infer_schema(
    workspace: Workspace,
    data: object,
    *,
    name: str | None = None,
    options: StatisticsOptions | None = None,
) -> RecordedSchema:
    """Infer a schema inside an execution that keeps it."""
    given = as_statistics(workspace, data, options=options)
    artifact = stored(workspace, given)
    default = _named("schema", workspace, artifact, instead_of="statistics")
    with workspace.recorder.run(
        _INFER_VERB,
        inputs={"statistics": [artifact]},
        outputs=[Output("schema", SCHEMA, _target(name) or default)],
    ) as running:
        found = validation.infer_schema(given)
        running.note(**told_of_schema(workspace, running, "schema", found, "inferred"))
        put(workspace, running, "schema", SCHEMA, found)
    return _schema(_result(workspace, running, "schema"))


def validate(
    workspace: Workspace,
    data: object,
    schema: Schema | str,
    *,
    environment: str | None = None,
    previous: Statistics | str | None = None,
    serving: Statistics | str | None = None,
    previous_version: Statistics | str | None = None,
    name: str | None = None,
    options: StatisticsOptions | None = None,
    checks: ValidationOptions | None = None,
    custom: Sequence[CustomValidation] | None = None,
) -> RecordedReport:
    """Compare statistics with a schema inside an execution that keeps the report."""
    # Mistakes of the caller show before anything is computed or recorded.
    expected = _schema(load(workspace, schema)) if isinstance(schema, str) else schema
    validation.check_environment(expected, environment)
    controls = {
        key: _statistics(load(workspace, control)) if isinstance(control, str) else control
        for key, control in (
            ("previous", previous),
            ("serving", serving),
            ("previous_version", previous_version),
        )
        if control is not None
    }
    given = as_statistics(workspace, data, options=options)
    inputs = {
        "statistics": [stored(workspace, given)],
        "schema": [stored(workspace, expected)],
        **{key: [stored(workspace, control)] for key, control in controls.items()},
    }
    default = _named("validation", workspace, inputs["statistics"][0], instead_of="statistics")
    with workspace.recorder.run(
        _VALIDATE_VERB,
        inputs=inputs,
        parameters={
            **({"environment": environment} if environment is not None else {}),
            **({"checks": repr(checks)} if checks is not None else {}),
            **({"custom": repr(list(custom))} if custom else {}),
        },
        outputs=[Output("anomalies", ANOMALIES, _target(name) or default)],
    ) as running:
        report = validation.validate(
            given,
            expected,
            environment=environment,
            previous=controls.get("previous"),
            serving=controls.get("serving"),
            previous_version=controls.get("previous_version"),
            options=checks,
            custom=custom,
        )
        put(workspace, running, "anomalies", ANOMALIES, report)
        running.note(anomalies=len(report.anomalies))
    found = _result(workspace, running, "anomalies")
    if not isinstance(found, RecordedReport):
        raise InvalidInput(f"{found.ref} is no report")
    return found


def keep(
    workspace: Workspace, value: Statistics | Schema | Report, name: str, *, reason: str = ""
) -> RecordedStatistics | RecordedSchema | RecordedReport:
    """Keep a value as the next version of `name`; what it was made from is its input.

    `reason` is why, of a schema: its log tells it.
    """
    kind, origin = _kind(value), _origin(workspace, value)
    with workspace.recorder.run(
        _SAVE_VERB, inputs=origin, outputs=[Output("value", kind, name)]
    ) as running:
        if isinstance(value, Schema):
            running.note(**told_of_schema(workspace, running, "value", value, reason))
        put(workspace, running, "value", kind, value)
    return _result(workspace, running, "value")


def stored(workspace: Workspace, value: Statistics | Schema | Report) -> Artifact:
    """Return the artifact of a value; one that is not in the graph as it is, is first kept."""
    kind = _kind(value)
    content = hashlib.sha256(encode(value)).hexdigest()
    if isinstance(value, Recorded):
        version = value.version
        if version.content == content and version.store.uuid != workspace.store.uuid:
            raise InvalidInput(
                f"{version.ref} belongs to another workspace; save its content in this one first"
            )
        if version.content == content:
            return version.artifact
    known = workspace.store.artifacts(
        type=kind.name, state=ArtifactState.LIVE, properties={"sha256": content}
    )
    if known:
        return known[-1]
    with workspace.recorder.run(
        _SAVE_VERB, inputs=_origin(workspace, value), outputs=[Output("value", kind)]
    ) as running:
        put(workspace, running, "value", kind, value)
    return running.artifacts["value"]


def put(
    workspace: Workspace,
    running: Running,
    key: str,
    kind: ArtifactType,
    value: Statistics | Schema | Report,
) -> None:
    """Put a value's bytes in place, under the names that TFX's readers look for.

    Content equal to the newest of that name is that version, and puts nothing in place.
    """
    from lineal.lake import publish, withdraw

    objects, name = workspace.objects, running.pending[key].output.name
    kept = objects.put_bytes(encode(value))
    newest = None if name is None else workspace.store.newest(name)
    if newest is not None and newest.content == kept.sha256:
        running.same(key, workspace.store.artifact(newest.artifact_id))
        return
    uri = publish(objects, running.uuid, key, files={FILES[kind.name]: kept.sha256})
    kill_point("workspace.stored")
    properties = _NO_SPLIT if kind is SCHEMA else _ONE_SPLIT
    blessing: dict[str, Value] = {}
    if isinstance(value, Report):
        blessing["blessed"] = '{"all": 1}' if value.ok else '{"all": 0}'
    running.made(
        key,
        Made(
            kept.sha256,
            uri,
            {**properties, **blessing, "sha256": kept.sha256},
            discard=partial(withdraw, objects, running.uuid, key),
        ),
    )


def _origin(workspace: Workspace, value: object) -> dict[str, list[Artifact]]:
    """Return as an input the version that a value was made from, if this workspace has it."""
    version = value.version if isinstance(value, Recorded) else None
    if version is None or version.store.uuid != workspace.store.uuid:
        return {}
    return {"origin": [version.artifact]}


def as_statistics(
    workspace: Workspace, data: object, *, options: StatisticsOptions | None = None
) -> Statistics:
    """Return statistics: `data` itself, what a name stands for, or made of the data."""
    if isinstance(data, Statistics):
        return data
    if isinstance(data, str):
        from lineal.workspace.resolving import name_or_path

        data = name_or_path(workspace, data)
        value = recorded(workspace, data) if isinstance(data, Version) else None
        if isinstance(value, RecordedStatistics):
            return value
    return statistics(workspace, data, options=options)


def _result(
    workspace: Workspace, running: Running, key: str
) -> RecordedStatistics | RecordedSchema | RecordedReport:
    artifact = running.artifacts[key]
    version = handle(workspace, artifact, running.versions.get(key))
    value = recorded(workspace, version)
    if value is None:
        raise InvalidInput(f"{version.ref} is a {artifact.type}, not what was made")
    return value


def _statistics(value: object) -> RecordedStatistics:
    if isinstance(value, RecordedStatistics):
        return value
    raise InvalidInput(
        f"{getattr(value, 'ref', value)} is not statistics; 'lineal stats' makes them"
    )


def _schema(value: object) -> RecordedSchema:
    if isinstance(value, RecordedSchema):
        return value
    raise InvalidInput(
        f"{getattr(value, 'ref', value)} is no schema; 'lineal schema infer' makes one"
    )


def _kind(value: Statistics | Schema | Report) -> ArtifactType:
    if isinstance(value, Statistics):
        return STATISTICS
    return SCHEMA if isinstance(value, Schema) else ANOMALIES


def _named(
    what: str, workspace: Workspace, artifact: Artifact, *, instead_of: str = ""
) -> str | None:
    """Return the name of what is made of an artifact: `statistics/ops.flights`."""
    row = workspace.store.version_of(artifact.id or 0)
    if row is None:
        return None
    return f"{what}/{row.name.removeprefix(instead_of + '/') if instead_of else row.name}"


def _target(name: str | None) -> str | None:
    return None if name is None else parse_target(name)
