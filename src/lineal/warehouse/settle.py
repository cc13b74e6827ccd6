"""Bring the graph up to what Iceberg's main holds, before anybody writes on.

Whoever takes a table's lock does this first. So a snapshot whose writer died after its commit
becomes that writer's version, and one that another program made becomes a version of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lineal.metadata import ExecutionState, Output
from lineal.warehouse.commit import VERSION, execution_of
from lineal.warehouse.foreign import plan_of_snapshot
from lineal.warehouse.graph import (
    FOREIGN_WRITE,
    OUTPUT,
    TABLE,
    WRITERS,
    Facts,
    Operation,
    digest,
    subject_context,
)
from lineal.warehouse.orphans import remove_orphans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyiceberg.table import Table as IcebergTable
    from pyiceberg.table.snapshots import Snapshot

    from lineal.metadata import Artifact, Execution, Made, Recorder, VersionRow
    from lineal.warehouse.catalog import Catalog
    from lineal.warehouse.names import TableName
    from lineal.warehouse.plan import Plan, Plans

__all__ = ["Settled", "TableState", "settle", "unsettled"]


@dataclass(frozen=True)
class TableState:
    """A table as graph and Iceberg agree that it is; None where it does not exist yet."""

    name: TableName
    iceberg: IcebergTable | None
    row: VersionRow | None
    artifact: Artifact | None
    plan: Plan | None

    @property
    def facts(self) -> Facts | None:
        """The facts of the newest version."""
        if self.artifact is None or self.row is None:
            return None
        return Facts.of(self.artifact, self.row.content)


@dataclass(frozen=True)
class Settled:
    """One thing that settling did, or would do, for doctor to tell."""

    execution_id: int | None
    did: str
    damaged: str = ""
    """The table that can't be settled, if so; `did` then says why."""


def settle(
    recorder: Recorder, catalog: Catalog, plans: Plans, name: TableName
) -> tuple[TableState, list[Settled]]:
    """Make every snapshot on main a version, and close what dead writers left open.

    Call it with the table's lock held: then every writer of this table that is still RUNNING in
    the graph is dead, since nobody writes without the lock.
    """
    table = catalog.load(name)
    open_writers = _open_writers(recorder, name)
    state = _known(recorder, plans, name, table)
    did: list[Settled] = []
    if table is not None:
        for snapshot in _unknown(recorder, table, state):
            writer = open_writers.pop(execution_of(snapshot) or "", None)
            made = _made(plans, table, snapshot, state, schema_id=_schema_id(table, snapshot))
            _record(recorder, state, made, snapshot, writer)
            did.append(_told(name, writer))
            state = _known(recorder, plans, name, table)
        if _differs(table, state):
            _record_present(recorder, plans, table, state)
            did.append(_told(name, None))
            state = _known(recorder, plans, name, table)
    for uuid, execution in open_writers.items():
        remove_orphans(catalog.folder, table, uuid)
        recorder.abandon(execution.id or 0, reason="its process is gone, and it committed nothing")
        did.append(_dropped(name, execution))
    return state, did


def unsettled(recorder: Recorder, catalog: Catalog, plans: Plans, name: TableName) -> list[Settled]:
    """Return what `settle` would do, and do nothing; call it with the table's lock held."""
    table = catalog.load(name)
    open_writers = _open_writers(recorder, name)
    state = _known(recorder, plans, name, table)
    snapshots = [] if table is None else _unknown(recorder, table, state)
    found = [
        _told(name, open_writers.pop(execution_of(snapshot) or "", None)) for snapshot in snapshots
    ]
    if table is not None and not snapshots and _differs(table, state):
        found.append(_told(name, None))
    return found + [_dropped(name, execution) for execution in open_writers.values()]


def _open_writers(recorder: Recorder, name: TableName) -> dict[str, Execution]:
    """Return by UUID the executions that began to write the table and did not end."""
    running = recorder.store.executions(
        state=ExecutionState.RUNNING, properties={"table": str(name)}
    )
    return {execution.name or "": execution for execution in running if execution.type in WRITERS}


def _told(name: TableName, writer: Execution | None) -> Settled:
    if writer is None:
        return Settled(None, f"a change of {name} that no version stood for is recorded")
    return Settled(writer.id, f"finished: what it brought was in {name} already")


def _dropped(name: TableName, writer: Execution) -> Settled:
    return Settled(writer.id, f"dropped: it had brought nothing into {name}")


def _known(
    recorder: Recorder, plans: Plans, name: TableName, table: IcebergTable | None
) -> TableState:
    row = recorder.store.newest(str(name))
    if row is None:
        return TableState(name, table, None, None, None)
    artifact = recorder.store.artifact(row.artifact_id)
    plan = plans.get(str(artifact.get("plan", "")))
    return TableState(name, table, row, artifact, plan)


def _unknown(recorder: Recorder, table: IcebergTable, state: TableState) -> list[Snapshot]:
    """Return the snapshots on main that no version stands for, oldest first."""
    snapshot = table.current_snapshot()
    if snapshot is None or (state.plan and snapshot.snapshot_id == state.plan.snapshot_id):
        return []
    artifacts = recorder.store.artifacts(
        ids=[row.artifact_id for row in recorder.store.versions(str(state.name))]
    )
    known = {artifact.get("snapshot_id") for artifact in artifacts}
    found: list[Snapshot] = []
    while snapshot is not None and snapshot.snapshot_id not in known:
        found.append(snapshot)
        parent = snapshot.parent_snapshot_id
        snapshot = None if parent is None else table.snapshot_by_id(parent)
    return found[::-1]


def _schema_id(table: IcebergTable, snapshot: Snapshot) -> int:
    return table.metadata.current_schema_id if snapshot.schema_id is None else snapshot.schema_id


def _made(
    plans: Plans, table: IcebergTable, snapshot: Snapshot, state: TableState, *, schema_id: int
) -> Made:
    plan = plan_of_snapshot(
        plans,
        table,
        snapshot.snapshot_id,
        schema_id=schema_id,
        before=state.plan,
        name=str(state.name),
    )
    facts = _facts(snapshot, plan, plans, state)
    return facts.made(
        snapshot_id=snapshot.snapshot_id,
        schema_id=schema_id,
        plan=plans.put(plan),
        uri=table.metadata.location,
        read_by=plan.read_by,
    )


def _facts(snapshot: Snapshot, plan: Plan, plans: Plans, state: TableState) -> Facts:
    """Return what our writer put into the snapshot, or what can be told of another's."""
    summary = snapshot.summary
    properties = {} if summary is None else summary.additional_properties
    if VERSION in properties:
        return Facts.from_properties(json.loads(properties[VERSION]))
    # Merge-on-read deletes leave rows in their files; Iceberg counts only what was added.
    rows = int(properties.get("total-records", sum(file.rows for file in plans.files(plan))))
    rows -= int(properties.get("total-position-deletes", 0))
    before = state.facts
    content = digest("foreign", before and before.content, snapshot.snapshot_id, plan.schema.id)
    facts = before or Facts(Operation.FOREIGN, rows, rows, content)
    return replace(
        facts,
        operation=Operation.FOREIGN,
        rows=rows,
        added_rows=int(properties.get("added-records", 0)),
        content=content,
        load="",
    )


def _record(
    recorder: Recorder,
    state: TableState,
    made: Made,
    snapshot: Snapshot,
    writer: Execution | None,
) -> None:
    if writer is not None:
        recorder.settle(writer.id or 0, {OUTPUT: made})
        return
    earlier = _earlier(recorder, snapshot)
    inputs = {"source": _inputs(recorder, earlier)} if earlier else {}
    with recorder.run(
        FOREIGN_WRITE,
        inputs=inputs,
        parameters={"table": str(state.name), "snapshot_id": snapshot.snapshot_id},
        outputs=[Output(OUTPUT, TABLE, str(state.name))],
        contexts=[subject_context(state.name)],
    ) as running:
        running.made(OUTPUT, made)
        if earlier is not None:
            running.note(of=f"execution/{earlier.id}")


def _earlier(recorder: Recorder, snapshot: Snapshot) -> Execution | None:
    """Return our execution that made a snapshot, but was closed without its version."""
    uuid = execution_of(snapshot)
    found = recorder.store.executions(name=uuid) if uuid else []
    return found[0] if found else None


def _inputs(recorder: Recorder, execution: Execution) -> Sequence[Artifact]:
    events = recorder.store.events(execution_ids=[execution.id or 0])
    return recorder.store.artifacts(
        ids=[event.artifact_id for event in events if event.path[:1] == ("source",)]
    )


def _differs(table: IcebergTable, state: TableState) -> bool:
    """Whether main shows something else than the newest version, with every snapshot known.

    Another program rolled main back, or changed the schema without writing rows.
    """
    snapshot = table.current_snapshot()
    if snapshot is None or state.plan is None:
        return False
    return (snapshot.snapshot_id, table.metadata.current_schema_id) != (
        state.plan.snapshot_id,
        state.plan.schema.id,
    )


def _record_present(
    recorder: Recorder, plans: Plans, table: IcebergTable, state: TableState
) -> None:
    snapshot = table.current_snapshot()
    if snapshot is None:  # pragma: no cover -- `_differs` has looked
        raise LookupError(state.name)
    schema_id = table.metadata.current_schema_id
    made = _made(plans, table, snapshot, state, schema_id=schema_id)
    content = digest("present", state.row and state.row.content, snapshot.snapshot_id, schema_id)
    properties = {**made.properties, "operation": str(Operation.FOREIGN), "added_rows": 0}
    made = replace(made, content=content, properties=properties)
    _record(recorder, state, made, snapshot, None)
