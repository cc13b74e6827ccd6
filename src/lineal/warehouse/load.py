"""Load a source into a table, as one version: the act behind `ingest` and `save`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import Output, kill_point
from lineal.metadata.columns import COLUMNS, encode_columns
from lineal.metadata.moments import now
from lineal.warehouse.columns import add_columns, replace_columns
from lineal.warehouse.commit import (
    commit,
    current_schema,
    open_transaction,
)
from lineal.warehouse.enforce import compare, refuse_unless_allowed
from lineal.warehouse.files import write_files
from lineal.warehouse.graph import INGEST, OUTPUT, TABLE, Facts, Operation, digest, subject_context
from lineal.warehouse.loaded import already_loaded, replaced_content
from lineal.warehouse.locations import present_path
from lineal.warehouse.parts import Parts, in_turn
from lineal.warehouse.plan import Plan, PlanFile
from lineal.warehouse.prefetch import reading_ahead
from lineal.warehouse.retention import shorten_list
from lineal.warehouse.rows import Origin, RowStream
from lineal.warehouse.schema import to_iceberg_json
from lineal.warehouse.sources import ParseOptions, SourceFile, open_source
from lineal.warehouse.types import storage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyiceberg.table import Transaction

    from lineal.metadata import Artifact, ExecutionType, Moment, Running, Value, VersionRow
    from lineal.metadata.columns import Column
    from lineal.warehouse.enforce import Evolve
    from lineal.warehouse.files import WrittenFile
    from lineal.warehouse.names import TableName
    from lineal.warehouse.settle import TableState
    from lineal.warehouse.sources import SourceReader

__all__ = ["Load", "load"]


@dataclass(frozen=True)
class Load:
    """What to load, and how."""

    artifact: Artifact
    file: SourceFile
    operation: Operation = Operation.APPEND
    options: ParseOptions = field(default_factory=ParseOptions)
    event_time: str | None = None
    known_at: Moment | None = None
    again: bool = False
    lossy: bool = False
    evolve: Evolve | None = None
    verb: ExecutionType = INGEST
    also_from: Sequence[Artifact] = ()
    """What the source was made from, where that is known."""
    made_of: Mapping[str, Sequence[Column]] = field(default_factory=dict)
    """Which columns of other versions each column was made of, where that is told."""

    @property
    def digest(self) -> str:
        """What tells this load from others: the content, and how it is read."""
        options = {
            "format": self.options.format,
            "delimiter": self.options.delimiter,
            "na_values": self.options.na_values,
            "member": self.options.member,
        }
        given = {name: value for name, value in options.items() if value is not None}
        return digest("load", self.artifact.get("sha256"), given)

    def parameters(self, name: TableName) -> dict[str, Value]:
        """Return what the execution keeps of the call."""
        given: dict[str, Value | None] = {
            "table": str(name),
            "event_time": self.event_time,
            "format": self.options.format,
            "delimiter": self.options.delimiter,
            "member": self.options.member,
            "na_values": None
            if self.options.na_values is None
            else json.dumps(self.options.na_values),
            "again": self.again or None,
            "lossy": self.lossy or None,
            "evolve": self.evolve,
            COLUMNS: encode_columns({OUTPUT: self.made_of}) if self.made_of else None,
        }
        return {key: value for key, value in given.items() if value is not None}


def load(parts: Parts, name: TableName, what: Load) -> VersionRow:
    """Make `what` the next version of the table, unless it is loaded already; return the version.

    Raises `InvalidInput` for what does not fit, with file, place, value and remedy.
    """
    return in_turn(parts, name, lambda state: _load(parts, state, what))


def _load(parts: Parts, state: TableState, what: Load) -> VersionRow:
    loaded = already_loaded(parts.recorder.store, state, what.operation, what.verb, what.digest)
    if loaded is not None and not what.again:
        return _skip(parts, state, what, loaded)
    inputs = {"source": [what.artifact]}
    if what.also_from:
        inputs["of"] = list(what.also_from)
    if what.operation is Operation.APPEND and state.artifact is not None:
        inputs["previous"] = [state.artifact]
    with parts.recorder.run(
        what.verb,
        inputs=inputs,
        parameters=what.parameters(state.name),
        outputs=[Output(OUTPUT, TABLE, str(state.name))],
        contexts=[subject_context(state.name)],
        known_at=what.known_at,
    ) as running:
        _write(parts, state, what, running)
    return running.versions[OUTPUT]


def _skip(parts: Parts, state: TableState, what: Load, loaded: Artifact) -> VersionRow:
    """Record that there was nothing to do.

    The claim is left out: it was made when the source was loaded, and later loads came since.
    """
    with parts.recorder.run(
        what.verb,
        inputs={"source": [what.artifact]},
        parameters=what.parameters(state.name),
        outputs=[Output(OUTPUT, TABLE, str(state.name))],
        contexts=[subject_context(state.name)],
    ) as running:
        running.note(skipped="this content is loaded already")
        running.same(OUTPUT, loaded)
    return running.versions[OUTPUT]


def _write(parts: Parts, state: TableState, what: Load, running: Running) -> None:
    before = state.facts
    options = what.options
    if options.na_values is None and before is not None:
        options = replace(options, na_values=before.na_values)
    with open_source(
        what.file,
        options,
        engine=parts.engine,
        temporary=parts.temporary,
        lossy=what.lossy,
    ) as reader:
        transaction, given = _prepare(parts, state, what, reader)
        stream = RowStream(
            reader,
            given,
            current_schema(transaction),
            Origin(what.artifact.id or 0, now()),
            table=str(state.name),
            lossy=what.lossy,
        )
        event_time = _event_time(what, stream, before)
        _check_made_of(what, stream)
        folder = present_path(transaction.table_metadata.location, parts.catalog.folder) / "data"
        with reading_ahead(stream.batches()) as batches:
            files = write_files(folder, stream.file_schema, batches, writer=running.uuid)
        _refuse_untyped(state, reader, files)
        options = reader.options
    _note(running, stream, options)
    kill_point("warehouse.written")
    facts = _facts(state, what, stream, files, event_time, options)
    _commit(parts, state, transaction, files, facts, running)


def _prepare(
    parts: Parts, state: TableState, what: Load, reader: SourceReader
) -> tuple[Transaction, pa.Schema]:
    """Begin the table's change, with the columns it will have; return the source's too."""
    if state.iceberg is None or state.plan is None:
        given = reader.columns({})
        columns = {f.name: storage(f.type, column=f.name).type for f in given}
        return parts.catalog.create(state.name, to_iceberg_json(columns.items())), given
    transaction = open_transaction(state.iceberg)
    if what.operation is Operation.REPLACE:
        given = reader.columns({})
        columns = {f.name: storage(f.type, column=f.name).type for f in given}
        replace_columns(transaction, state.plan.schema, columns)
        return transaction, given
    schema = state.plan.schema
    given = reader.columns({column.name: column.type for column in schema.user_columns})
    difference = compare(schema, given, has_header=reader.has_header, lossy=what.lossy)
    refuse_unless_allowed(difference, table=str(state.name), label=reader.label, evolve=what.evolve)
    if difference.new:
        new = {f.name: storage(f.type, column=f.name).type for f in difference.new}
        add_columns(transaction, new)
    return transaction, given


def _event_time(what: Load, stream: RowStream, before: Facts | None) -> str:
    """Return the column that says when a row happened, checked."""
    kept = "" if before is None else before.event_time
    names = {column.name for column in stream.schema.user_columns}
    if what.event_time is None:
        return kept if kept in names else ""
    if kept and kept != what.event_time and what.operation is not Operation.REPLACE:
        raise InvalidInput(
            f"the event time of {stream.table} is {kept!r}, this load says {what.event_time!r}; "
            "leave event_time out, or load into another table"
        )
    column = stream.schema.column(what.event_time, table=stream.table)
    if not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
        raise InvalidInput(
            f"the event time must be a time or a date, column {column.name!r} of {stream.table} "
            f"is {column.type}; name another with event_time="
        )
    return what.event_time


def _check_made_of(what: Load, stream: RowStream) -> None:
    """Refuse to say of a column that isn't there what it was made of."""
    names = [column.name for column in stream.schema.user_columns]
    for name in what.made_of:
        if name not in names:
            raise NotFound.among(
                f"columns= tells what a column was made of that {stream.table} lacks:", name, names
            )


def _refuse_untyped(state: TableState, reader: SourceReader, files: Sequence[WrittenFile]) -> None:
    if state.plan is None and reader.is_text and not files:
        raise InvalidInput(
            f"{reader.label} has a header and no rows, so nothing tells the types of its columns; "
            f"load a file with rows into {state.name} first"
        )


def _note(running: Running, stream: RowStream, options: ParseOptions) -> None:
    """Keep in the execution what was assumed, found out and lost."""
    running.note(source_format=options.format or "")
    if options.na_values is not None:
        running.note(read_as_missing=json.dumps(options.na_values))
    notes = stream.notes()
    if notes:
        running.note(conversions=dict(notes))
    if stream.lost:
        running.note(lost_values=dict(stream.lost))


def _facts(
    state: TableState,
    what: Load,
    stream: RowStream,
    files: Sequence[WrittenFile],
    event_time: str,
    options: ParseOptions,
) -> Facts:
    before = state.facts
    added = sum(file.rows for file in files)
    replaces = what.operation is Operation.REPLACE or before is None
    number = 1 if state.row is None else state.row.number + 1
    content = (
        replaced_content(what.digest)
        if what.operation is Operation.REPLACE
        else digest(
            "append",
            before and before.content,
            what.digest,
            [(c.id, c.name, str(c.type)) for c in stream.schema.user_columns],
        )
    )
    return Facts(
        operation=what.operation,
        rows=added if before is None or replaces else before.rows + added,
        added_rows=added,
        content=content,
        load=what.digest,
        event_time=event_time,
        na_values=options.na_values or (before.na_values if before else None),
        since=number if before is None or replaces else before.since,
    )


def _commit(
    parts: Parts,
    state: TableState,
    transaction: Transaction,
    files: Sequence[WrittenFile],
    facts: Facts,
    running: Running,
) -> None:
    """Commit to Iceberg, store the plan, and tell the recorder what came to be."""
    location = transaction.table_metadata.location
    shorten_list(transaction, parts.recorder.store)
    done = commit(
        parts.catalog,
        state.name,
        transaction,
        files=files,
        operation=facts.operation,
        execution=running.uuid,
        version={**facts.to_properties(), "content": facts.content},
    )
    added = [PlanFile(parts.plans.relative(f.path), f.size, f.rows, f.sha256) for f in files]
    if state.plan is None or facts.operation is Operation.REPLACE:
        plan = Plan(done.snapshot_id, done.schema, files=tuple(added))
    else:
        plan = state.plan.extended(done.snapshot_id, done.schema, added)
    stored = parts.plans.put(plan)
    kill_point("warehouse.planned")
    running.made(
        OUTPUT,
        facts.made(
            snapshot_id=done.snapshot_id,
            schema_id=done.schema.id,
            plan=stored,
            uri=location,
            read_by=plan.read_by,
        ),
    )
