"""Change a table's columns; each change is an execution that makes a version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.metadata import Output, kill_point
from lineal.warehouse.columns import add_columns, drop_column, rename_column, widen_column
from lineal.warehouse.commit import commit, current_schema, open_transaction
from lineal.warehouse.graph import (
    OUTPUT,
    SCHEMA_EDIT,
    TABLE,
    Facts,
    Operation,
    digest,
    subject_context,
)
from lineal.warehouse.names import check_columns
from lineal.warehouse.parts import Parts, in_turn
from lineal.warehouse.types import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from pyiceberg.table import Transaction

    from lineal.metadata import Value, VersionRow
    from lineal.warehouse.names import TableName
    from lineal.warehouse.plan import Plan
    from lineal.warehouse.schema import TableSchema
    from lineal.warehouse.settle import TableState

__all__ = ["AddColumn", "DropColumn", "Edit", "RenameColumn", "SetType", "edit"]


@dataclass(frozen=True)
class Draft:
    """A table about to be changed."""

    name: TableName
    transaction: Transaction
    row: VersionRow
    facts: Facts
    schema: TableSchema


@dataclass(frozen=True)
class AddColumn:
    """A new column, null in all rows that are there."""

    column: str
    type: pa.DataType

    def apply(self, draft: Draft) -> Facts:
        """Change the schema; return the facts of the version that comes of it."""
        add_columns(draft.transaction, {self.column: self.type})
        return draft.facts

    def parameters(self) -> dict[str, Value]:
        """Return what the execution keeps of it."""
        return {"edit": "add", "column": self.column, "type": describe(self.type)}


@dataclass(frozen=True)
class RenameColumn:
    """Another name for a column."""

    column: str
    to: str

    def apply(self, draft: Draft) -> Facts:
        """Change the schema; return the facts of the version that comes of it."""
        rename_column(draft.transaction, self.column, self.to)
        is_event_time = draft.facts.event_time == self.column
        return replace(draft.facts, event_time=self.to) if is_event_time else draft.facts

    def parameters(self) -> dict[str, Value]:
        """Return what the execution keeps of it."""
        return {"edit": "rename", "column": self.column, "to": self.to}


@dataclass(frozen=True)
class DropColumn:
    """A column that later versions do without."""

    column: str

    def apply(self, draft: Draft) -> Facts:
        """Change the schema; return the facts of the version that comes of it."""
        if draft.facts.event_time == self.column:
            raise InvalidInput(
                f"column {self.column!r} is the event time of {draft.name}; it can't be dropped"
            )
        if len(draft.schema.user_columns) == 1:
            raise InvalidInput(f"column {self.column!r} is the last one of {draft.name}")
        drop_column(draft.transaction, self.column)
        return draft.facts

    def parameters(self) -> dict[str, Value]:
        """Return what the execution keeps of it."""
        return {"edit": "drop", "column": self.column}


@dataclass(frozen=True)
class SetType:
    """Another type for a column: a wider one, or any for a column that has no values yet."""

    column: str
    type: pa.DataType
    is_empty: Callable[[VersionRow], bool]
    """Tells whether the column has no values at a version."""

    def apply(self, draft: Draft) -> Facts:
        """Change the schema; return the facts of the version that comes of it."""
        if self.is_empty(draft.row):
            drop_column(draft.transaction, self.column)
            add_columns(draft.transaction, {self.column: self.type})
            return draft.facts
        try:
            widen_column(draft.transaction, self.column, self.type)
        except InvalidInput as error:
            raise InvalidInput(
                f"column {self.column!r} of {draft.name} has values, which {describe(self.type)} "
                "may not hold: only int becomes long, float double, a decimal one of more digits. "
                "Load the column under a new name, or save the whole table anew"
            ) from error
        return draft.facts

    def parameters(self) -> dict[str, Value]:
        """Return what the execution keeps of it."""
        return {"edit": "type", "column": self.column, "type": describe(self.type)}


Edit = AddColumn | RenameColumn | DropColumn | SetType


def edit(parts: Parts, name: TableName, change: Edit) -> VersionRow:
    """Apply one change as a version of its own; return the version."""
    return in_turn(parts, name, lambda state: _edit(parts, state, change))


def _edit(parts: Parts, state: TableState, change: Edit) -> VersionRow:
    facts, plan, row = state.facts, state.plan, state.row
    if not (state.iceberg and facts and plan and row and state.artifact):
        raise NotFound(f"there is no table {state.name}; load something into it first")
    _check(state, plan, change)
    parameters = {"table": str(state.name), **change.parameters()}
    with parts.recorder.run(
        SCHEMA_EDIT,
        inputs={"table": [state.artifact]},
        parameters=parameters,
        outputs=[Output(OUTPUT, TABLE, str(state.name))],
        contexts=[subject_context(state.name)],
    ) as running:
        transaction = open_transaction(state.iceberg)
        changed = change.apply(Draft(state.name, transaction, row, facts, plan.schema))
        schema = current_schema(transaction)
        content = digest("schema", facts.content, change.parameters(), schema.id)
        changed = changed.without_rows(Operation.SCHEMA, content)
        done = commit(
            parts.catalog,
            state.name,
            transaction,
            files=(),
            operation=Operation.SCHEMA,
            execution=running.uuid,
            version={**changed.to_properties(), "content": content},
        )
        next_plan = plan.extended(done.snapshot_id, done.schema, ())
        stored = parts.plans.put(next_plan)
        kill_point("warehouse.planned")
        running.made(
            OUTPUT,
            changed.made(
                snapshot_id=done.snapshot_id,
                schema_id=done.schema.id,
                plan=stored,
                uri=state.artifact.uri,
                read_by=plan.read_by,
            ),
        )
    return running.versions[OUTPUT]


def _check(state: TableState, plan: Plan, change: Edit) -> None:
    """Refuse what names a column that is not there, or takes a name that is."""
    names = [column.name for column in plan.schema.user_columns]
    new = change.column if isinstance(change, AddColumn) else ""
    if isinstance(change, RenameColumn):
        new = change.to
    if not isinstance(change, AddColumn):
        plan.schema.column(change.column, table=str(state.name))
        names.remove(change.column)
    if not new:
        return
    if new in names:
        raise AlreadyExists(f"table {state.name} has a column {new!r} already")
    check_columns([*names, new], where=f"table {state.name}")
