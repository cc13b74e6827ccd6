"""Keep a run event of another tool as an execution, with the datasets that it read and wrote.

A run may tell its story in several events, in any order and more than once: what one adds is
added, nothing is taken back, and a run that has ended stays ended. A dataset that is a version of
this store is that version. Any other is an artifact of type `openlineage.Dataset`, named
`namespace/name`; each run that completes makes its next version.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.columns import COLUMNS, Column, encode_columns
from lineal.metadata.model import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Context,
    ContextType,
    Event,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    PropertyType,
    Value,
    read_as,
)
from lineal.metadata.names import check_name, format_name
from lineal.metadata.openlineage.told import STATES, ToldDataset, ToldRun, read_event
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.metadata.store import Store
    from lineal.metadata.transaction import Transaction

__all__ = ["DATASET", "JOB", "RUN", "receive"]

RUN = ExecutionType("openlineage.Run", {"openlineage_job": PropertyType.STRING})
JOB = ContextType("openlineage.Job")
DATASET = ArtifactType(
    "openlineage.Dataset",
    {
        "openlineage_namespace": PropertyType.STRING,
        "openlineage_name": PropertyType.STRING,
        "openlineage_version": PropertyType.STRING,
    },
)

_ENDED = (ExecutionState.COMPLETE, ExecutionState.FAILED, ExecutionState.CANCELED)


def receive(store: Store, event: Mapping[str, object]) -> int | None:
    """Keep a run event; return the execution's id, or None for an event that is of no run.

    Events of jobs and datasets alone tell of no run and are passed over, as the specification
    allows. Raises `InvalidInput` for what is no OpenLineage event, naming the field.
    """
    if "run" not in event and ("job" in event or "dataset" in event):
        return None
    return _keep(store, json.dumps(event))


@served(writes=True)
def _keep(store: Store, event: str) -> int:
    told = read_event(json.loads(event))
    with store.write() as transaction:
        return _Receiving(store, transaction).keep(told)


class _Receiving:
    def __init__(self, store: Store, transaction: Transaction) -> None:
        self._store = store
        self._transaction = transaction
        self._connection = transaction.commit.connection

    def keep(self, told: ToldRun) -> int:
        execution_id, before = self._execution(told.run, told)
        after = STATES[told.kind]
        if before in _ENDED or after is None:
            after = before
        notes = dict(told.notes)
        if told.parent is not None:
            notes["lineal_parent"] = self._execution(told.parent, None)[0]
        for index, dataset in enumerate(told.inputs):
            self._tie(execution_id, dataset, EventType.INPUT, index)
        columns: dict[str, dict[str, list[Column]]] = {}
        for index, dataset in enumerate(told.outputs):
            artifact_id = self._output(execution_id, dataset, index)
            if dataset.columns:
                columns[f"{dataset.label}"] = self._columns(dataset)
            self._attribute(told, artifact_id)
        if columns:
            notes[COLUMNS] = encode_columns(columns)
        if after in _ENDED:
            self._end(execution_id, complete=after == ExecutionState.COMPLETE)
        self._transaction.update(
            "execution",
            execution_id,
            columns={"last_known_state": None if after is None else int(after)},
            properties=notes,
        )
        return execution_id

    def _execution(self, run: str, told: ToldRun | None) -> tuple[int, ExecutionState | None]:
        """Return id and state of the execution that stands for a run; make it if need be."""
        table, types = tables.execution, tables.type_
        row = self._connection.execute(
            sa.select(table.c.id, table.c.last_known_state)
            .join(types, types.c.id == table.c.type_id)
            .where(table.c.name == run)
            .order_by(table.c.id)
            .limit(1)
        ).one_or_none()
        if row is not None:
            found, state = int(row[0]), row[1]
            if told is not None:
                self._job(found, told)
            return found, None if state is None else read_as(ExecutionState, state)
        # A parent that has told nothing yet has no state: it may be running or long gone.
        made = self._transaction.insert_execution(RUN, Execution(RUN.name, name=run))
        if told is not None:
            self._job(made, told)
        return made, None

    def _job(self, execution_id: int, told: ToldRun) -> None:
        self._transaction.associate(self._context(told), execution_id)

    def _attribute(self, told: ToldRun, artifact_id: int) -> None:
        self._transaction.attribute(self._context(told), artifact_id)

    def _context(self, told: ToldRun) -> int:
        name = f"{told.job_namespace}/{told.job}"
        return self._transaction.put_context(JOB, Context(JOB.name, name))

    def _tie(self, execution_id: int, dataset: ToldDataset, kind: EventType, index: int) -> int:
        """Make the dataset's present version an input, once; return its artifact."""
        if kind == EventType.INPUT:
            tied = self._tied(execution_id, (EventType.INPUT,), dataset)
            if tied is not None:
                return tied
        artifact_id = self._known(dataset) or self._make(dataset, ArtifactState.LIVE)
        self._transaction.put_event(Event(artifact_id, execution_id, kind, (dataset.label, index)))
        return artifact_id

    def _output(self, execution_id: int, dataset: ToldDataset, index: int) -> int:
        """Announce what the run writes; it becomes a version when the run completes."""
        kinds = (EventType.OUTPUT, EventType.PENDING_OUTPUT)
        tied = self._tied(execution_id, kinds, dataset)
        if tied is not None:
            self._add_facts(tied, dataset)
            return tied
        exact = self._exact(dataset)
        if exact is not None:
            self._transaction.put_event(
                Event(exact, execution_id, EventType.OUTPUT, (dataset.label, index))
            )
            return exact
        artifact_id = self._make(dataset, ArtifactState.PENDING)
        self._transaction.put_event(
            Event(artifact_id, execution_id, EventType.PENDING_OUTPUT, (dataset.label, index))
        )
        return artifact_id

    def _end(self, execution_id: int, *, complete: bool) -> None:
        """Make what the run announced versions, or abandon it."""
        event = tables.event
        pending = self._connection.execute(
            sa.select(event.c.id, event.c.artifact_id).where(
                event.c.execution_id == execution_id,
                event.c.type == int(EventType.PENDING_OUTPUT),
            )
        ).all()
        for event_id, artifact_id in pending:
            if not complete:
                columns: dict[str, object] = {"state": int(ArtifactState.ABANDONED)}
                self._transaction.update("artifact", artifact_id, columns=columns)
                continue
            artifact = self._transaction.artifact_of(artifact_id)
            self._number(artifact)
            self._transaction.turn_event(event_id, EventType.OUTPUT, artifact_id=artifact_id)

    def _number(self, artifact: Artifact) -> None:
        namespace, theirs = (
            str(artifact.get(f"openlineage_{part}")) for part in ("namespace", "name")
        )
        name = check_name(ToldDataset(namespace, theirs).label)
        number = self._transaction.versions.number_version(artifact.id or 0, name, "")
        self._transaction.update(
            "artifact",
            artifact.id or 0,
            columns={"state": int(ArtifactState.LIVE), "name": format_name(name, number)},
        )

    def _tied(
        self, execution_id: int, kinds: Sequence[EventType], dataset: ToldDataset
    ) -> int | None:
        """Return the artifact that an earlier event of the run told of as this dataset."""
        event, path = tables.event, tables.event_path
        found: int | None = self._connection.scalar(
            sa.select(event.c.artifact_id)
            .join(path, path.c.event_id == event.c.id)
            .where(
                event.c.execution_id == execution_id,
                event.c.type.in_([int(kind) for kind in kinds]),
                path.c.step_key == dataset.label,
            )
            .limit(1)
        )
        return found

    def _known(self, dataset: ToldDataset) -> int | None:
        """Return the artifact that is this dataset: as told, else its newest version."""
        exact = self._exact(dataset)
        if exact is not None or dataset.version:
            return exact
        newest = self._transaction.versions.newest(dataset.label)
        if newest is None and not dataset.own_store:
            newest = self._transaction.versions.newest(dataset.name)
        return None if newest is None else newest[0]

    def _exact(self, dataset: ToldDataset) -> int | None:
        """Return the artifact of this very version: ours, or one that was told of before."""
        if dataset.own_store == self._store.uuid and dataset.own_artifact is not None:
            if self._transaction.holds_artifact(dataset.own_artifact):
                return dataset.own_artifact
            return None
        if not dataset.version:
            return None
        table, held = tables.artifact, tables.artifact_property
        conditions = [
            table.c.id.in_(
                sa.select(held.c.artifact_id).where(
                    held.c.name == name,
                    held.c.is_custom_property.in_([False, True]),
                    held.c.string_value == value,
                )
            )
            for name, value in (
                ("openlineage_name", dataset.name),
                ("openlineage_namespace", dataset.namespace),
                ("openlineage_version", dataset.version),
            )
        ]
        found: int | None = self._connection.scalar(
            sa.select(sa.func.max(table.c.id)).where(*conditions)
        )
        return found

    def _make(self, dataset: ToldDataset, state: ArtifactState) -> int:
        properties: dict[str, Value] = {
            **dataset.facts,
            "openlineage_namespace": dataset.namespace,
            "openlineage_name": dataset.name,
        }
        if dataset.version:
            properties["openlineage_version"] = dataset.version
        artifact = Artifact(
            DATASET.name, uri=dataset.label, state=state, custom_properties=properties
        )
        artifact_id = self._transaction.insert_artifact(DATASET, artifact)
        if state == ArtifactState.LIVE:
            self._number(self._transaction.artifact_of(artifact_id))
        return artifact_id

    def _add_facts(self, artifact_id: int, dataset: ToldDataset) -> None:
        known = self._transaction.artifact_of(artifact_id)
        facts = dict(dataset.facts)
        if dataset.version:
            facts["openlineage_version"] = dataset.version
        new = {name: value for name, value in facts.items() if known.get(name) != value}
        if new and known.type == DATASET.name:
            self._transaction.update("artifact", artifact_id, properties=new)

    def _columns(self, dataset: ToldDataset) -> dict[str, list[Column]]:
        found: dict[str, list[Column]] = {}
        for name, sources in dataset.columns.items():
            for namespace, source, column in sources:
                artifact_id = self._known(ToldDataset(namespace, source))
                if artifact_id is not None:
                    found.setdefault(name, []).append(Column(artifact_id, column))
        return found
