"""The steps of an execution's life, each one transaction: plain data in, plain data out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineal.errors import Conflict, InvalidInput
from lineal.metadata import repeats
from lineal.metadata.announcing import announce
from lineal.metadata.closing import check_claim, claim_inputs, close_outputs
from lineal.metadata.killpoints import kill_point
from lineal.metadata.labels import LABEL_NAMES, labels_of
from lineal.metadata.model import (
    Artifact,
    ArtifactState,
    Context,
    ContextType,
    Event,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    Value,
)
from lineal.metadata.openlineage import outbox
from lineal.metadata.served import served
from lineal.metadata.told import artifacts_now, versions_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lineal.metadata.outputs import EnvironmentRecord, Output, Pending
    from lineal.metadata.store import Store
    from lineal.metadata.transaction import Transaction
    from lineal.metadata.version_rows import VersionRow

__all__ = [
    "AliasMove",
    "Closed",
    "Closing",
    "Opened",
    "Opening",
    "add_inputs",
    "add_outputs",
    "close_execution",
    "give_up",
    "nest_contexts",
    "note",
    "open_execution",
    "put_labels",
]


@dataclass(frozen=True)
class Opening:
    """What an execution is when it begins. `within` are the contexts of the run around it."""

    verb: ExecutionType
    name: str
    properties: Mapping[str, Value]
    inputs: Mapping[str, Sequence[int]] = field(default_factory=dict)
    outputs: Sequence[Output] = ()
    contexts: Sequence[tuple[ContextType, Context]] = ()
    within: Sequence[int] = ()
    known_at: datetime | None = None
    environment: EnvironmentRecord | None = None
    records: Sequence[EnvironmentRecord] = ()


@dataclass(frozen=True)
class Opened:
    """Where an execution stands: its id, its contexts', and of each output artifact and event."""

    execution_id: int
    context_ids: Sequence[int]
    pending: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class AliasMove:
    """An alias that stands for another version from the closing commit on."""

    name: str
    alias: str
    number: int


@dataclass(frozen=True)
class Closing:
    """How an execution ends, and what its outputs turned out to be."""

    execution_id: int
    state: ExecutionState
    outputs: Sequence[Pending] = ()
    known_at: datetime | None = None
    notes: Mapping[str, Value] = field(default_factory=dict)
    moves: Sequence[AliasMove] = ()
    records: Sequence[EnvironmentRecord] = ()


@dataclass(frozen=True)
class Closed:
    """What the outputs became, by key."""

    artifacts: Mapping[str, Artifact]
    versions: Mapping[str, VersionRow]


@served(writes=True, before=repeats.opened)
def open_execution(store: Store, opening: Opening) -> Opened:
    """Record an execution as RUNNING, with its inputs, and its outputs PENDING."""
    with store.write() as transaction:
        execution = Execution(
            opening.verb.name,
            state=ExecutionState.RUNNING,
            name=opening.name,
            custom_properties=opening.properties,
        )
        execution_id = transaction.insert_execution(opening.verb, execution)
        outbox.note(transaction.commit, execution_id, ExecutionState.RUNNING)
        context_ids = [
            *opening.within,
            *(transaction.put_context(kind, context) for kind, context in opening.contexts),
        ]
        for context_id in context_ids:
            transaction.associate(context_id, execution_id)
        for key, artifact_ids in opening.inputs.items():
            for index, artifact_id in enumerate(artifact_ids):
                _put_input(transaction, execution_id, context_ids, (key, index), artifact_id)
        pending = announce(transaction, execution_id, context_ids, opening.outputs)
        if opening.known_at is not None:
            for output in opening.outputs:
                if output.name is not None:
                    check_claim(transaction, output.name, opening.known_at)
        if opening.environment is not None:
            _put_record(transaction, execution_id, opening.environment)
        for record in opening.records:
            _put_record(transaction, execution_id, record)
        kill_point("recorder.opening")
    return Opened(execution_id, context_ids, pending)


@served(writes=True, before=repeats.outputs_added)
def add_outputs(
    store: Store, execution_id: int, context_ids: Sequence[int], outputs: Sequence[Output]
) -> list[tuple[int, int]]:
    """Announce more outputs of an open execution; return each one's artifact and event ids."""
    with store.write() as transaction:
        _check_open(transaction, execution_id)
        return announce(transaction, execution_id, context_ids, outputs)


@served(writes=True, before=repeats.inputs_added)
def add_inputs(
    store: Store,
    execution_id: int,
    context_ids: Sequence[int],
    inputs: Sequence[tuple[str, int]],
) -> None:
    """Record more inputs of an open execution, each given by key and artifact."""
    with store.write() as transaction:
        _check_open(transaction, execution_id)
        for key, artifact_id in inputs:
            _put_input(transaction, execution_id, context_ids, (key, 0), artifact_id)


@served(writes=True, before=repeats.harmless)
def note(store: Store, execution_id: int, notes: Mapping[str, Value]) -> None:
    """Keep facts about an open execution as its custom properties."""
    with store.write() as transaction:
        _check_open(transaction, execution_id)
        transaction.update("execution", execution_id, properties=notes)


@served(writes=True, before=repeats.closed)
def close_execution(store: Store, closing: Closing) -> Closed:
    """Make the outputs what they turned out to be, and end the execution in its state."""
    execution_id = closing.execution_id
    claimed_by = f"execution/{execution_id}"
    notes = dict(closing.notes)
    with store.write() as transaction:
        _check_open(transaction, execution_id)
        for move in closing.moves:
            before = transaction.versions.set_alias(move.name, move.alias, move.number)
            if before is not None:
                notes["was"] = before
        became = close_outputs(
            transaction, closing.outputs, known_at=closing.known_at, claimed_by=claimed_by
        )
        if closing.known_at is not None:
            transaction.versions.put_claim("execution", execution_id, closing.known_at, claimed_by)
            inputs = transaction.inputs_of(execution_id)
            claim_inputs(transaction, inputs, known_at=closing.known_at, claimed_by=claimed_by)
        for record in closing.records:
            _put_record(transaction, execution_id, record)
        transaction.update(
            "execution",
            execution_id,
            columns={"last_known_state": int(closing.state)},
            properties=notes,
        )
        outbox.note(transaction.commit, execution_id, closing.state)
        closed = _told(transaction, became)
        kill_point("recorder.numbered")
    return closed


@served(writes=True, before=repeats.given_up)
def give_up(
    store: Store,
    execution_id: int,
    artifact_ids: Sequence[int],
    state: ExecutionState,
    notes: Mapping[str, Value],
    records: Sequence[EnvironmentRecord] = (),
) -> None:
    """End an execution that made nothing; its PENDING artifacts are ABANDONED."""
    with store.write() as transaction:
        _check_open(transaction, execution_id)
        for record in records:
            _put_record(transaction, execution_id, record)
        for artifact_id in artifact_ids:
            columns: dict[str, object] = {"state": int(ArtifactState.ABANDONED)}
            transaction.update("artifact", artifact_id, columns=columns)
        transaction.update(
            "execution", execution_id, columns={"last_known_state": int(state)}, properties=notes
        )
        outbox.note(transaction.commit, execution_id, state)


@served(writes=True, before=repeats.harmless)
def put_labels(store: Store, artifact_id: int, labels: Mapping[str, Value]) -> None:
    """Set labels of an artifact, unless one would overwrite a property that is none."""
    with store.write() as transaction:
        artifact = transaction.artifact_of(artifact_id)
        known = set(labels_of(artifact))
        others = artifact.custom_properties.keys() - known
        taken = (transaction.declared(artifact_id).keys() | others) & labels.keys()
        if taken:
            raise InvalidInput(
                f"{min(taken)!r} is a property of {transaction.type_of(artifact_id)}, "
                "which a label can't overwrite; choose another word"
            )
        names = json.dumps(sorted(known | labels.keys()))
        transaction.update("artifact", artifact_id, properties={**labels, LABEL_NAMES: names})


@served(writes=True, before=repeats.harmless)
def nest_contexts(
    store: Store, child: tuple[ContextType, Context], parent: tuple[ContextType, Context]
) -> None:
    """Put one context into another, both made if need be."""
    with store.write() as transaction:
        parent_id = transaction.put_context(*parent)
        transaction.put_parent_context(transaction.put_context(*child), parent_id)


# Inside a transaction


def _check_open(transaction: Transaction, execution_id: int) -> None:
    """Raise `Conflict` if another process settled this execution, which it took for dead."""
    state = transaction.execution_state(execution_id)
    if state != ExecutionState.RUNNING:
        told = "gone" if state is None else state.name
        raise Conflict(
            f"execution/{execution_id} is no longer RUNNING but {told}: "
            "another process settled it; run the verb again"
        )


def _put_input(
    transaction: Transaction,
    execution_id: int,
    context_ids: Sequence[int],
    path: tuple[str, int],
    artifact_id: int,
) -> None:
    """Insert the event of an input, and put the input into the run's contexts."""
    if not transaction.holds_artifact(artifact_id):
        raise InvalidInput(
            f"an input must be an artifact of this workspace; artifact/{artifact_id} is not"
        )
    transaction.put_event(Event(artifact_id, execution_id, EventType.INPUT, path))
    for context_id in context_ids:
        transaction.attribute(context_id, artifact_id)


def _put_record(transaction: Transaction, execution_id: int, record: EnvironmentRecord) -> None:
    artifact_id = transaction.find_artifact(record.type, content=record.content)
    if artifact_id is None:
        artifact = Artifact(
            record.type.name,
            uri=record.uri,
            state=ArtifactState.LIVE,
            properties={**record.properties, "sha256": record.content},
        )
        artifact_id = transaction.insert_artifact(record.type, artifact)
    kind = EventType.INTERNAL_OUTPUT if record.is_output else EventType.INTERNAL_INPUT
    transaction.put_event(Event(artifact_id, execution_id, kind, (record.key, 0)))


def _told(transaction: Transaction, became: Mapping[str, int]) -> Closed:
    """Read what the outputs of an execution became, by key."""
    artifacts = artifacts_now(transaction.commit, became.values())
    versions = versions_now(transaction.commit, became.values())
    return Closed(
        {key: artifacts[artifact_id] for key, artifact_id in became.items()},
        {key: versions[i] for key, i in became.items() if i in versions},
    )
