"""An execution that is open: what the body of a verb tells about its inputs and outputs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lineal.errors import Conflict, InvalidInput
from lineal.metadata.closing import check_type
from lineal.metadata.model import (
    Artifact,
    ArtifactState,
    Event,
    EventType,
    ExecutionState,
    Value,
)
from lineal.metadata.names import check_name
from lineal.metadata.outputs import PINNED, Made, Output, Pending

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lineal.metadata.store import Store, VersionRow
    from lineal.metadata.transaction import Transaction

__all__ = ["Running"]


class Running:
    """An open execution; the recorder makes it, and closes it when the verb's body ends.

    After the close, `versions` and `artifacts` hold by key what the outputs became.
    """

    def __init__(self, store: Store, execution_id: int, name: str) -> None:
        self.execution_id = execution_id
        self.uuid = name
        self.versions: dict[str, VersionRow] = {}
        self.artifacts: dict[str, Artifact] = {}
        self.known_at: datetime | None = None
        self.context_ids: list[int] = []
        self.tracks_reads = False
        self.is_open = True
        self.pending: dict[str, Pending] = {}
        self.notes: dict[str, Value] = {}
        self.at_close: list[Callable[[Transaction], None]] = []  # written in the same commit
        self._store = store
        self._inputs: set[int] = set()
        self._pinned: set[int] = set()
        self._followed: set[int] = set()

    def made(self, key: str, made: Made) -> None:
        """Say that the content of output `key` is in place."""
        self._settle(key, made)

    def same(self, key: str, artifact: Artifact) -> None:
        """Say that output `key` turned out to be this existing artifact."""
        self._settle(key, artifact)

    def nothing(self, key: str) -> None:
        """Say that output `key` did not come to be."""
        self._settle(key, None)

    def note(self, **properties: Value) -> None:
        """Keep facts about the execution, as its custom properties, written at its close."""
        self.notes.update(properties)

    def add_output(self, output: Output) -> None:
        """Announce one more output, before its bytes are put in place."""
        with self._store.write() as transaction:
            self.check_open(transaction)
            self.announce(transaction, output)

    def add_input(self, key: str, artifact: Artifact) -> None:
        """Record one more input, known only now; once, however often it is read."""
        if artifact.id in self._inputs:
            return
        with self._store.write() as transaction:
            self.check_open(transaction)
            self.put_input(transaction, key, 0, artifact)

    def add_read(self, artifact: Artifact) -> None:
        """Record one more input that was read, and whether exactly this version was asked for."""
        (self._pinned if artifact.pinned else self._followed).add(artifact.id or 0)
        self.add_input("read", artifact)
        # What was also asked for in another way may be another version the next time.
        if self._pinned:
            self.notes[PINNED] = json.dumps(sorted(self._pinned - self._followed))

    def check_open(self, transaction: Transaction) -> None:
        """Raise `Conflict` if another process settled this execution, which it took for dead."""
        state = transaction.execution_state(self.execution_id)
        if state != ExecutionState.RUNNING:
            told = "gone" if state is None else state.name
            raise Conflict(
                f"execution/{self.execution_id} is no longer RUNNING but {told}: "
                "another process settled it; run the verb again"
            )

    def announce(self, transaction: Transaction, output: Output) -> None:
        """Insert the PENDING artifact and event of an output."""
        if output.key in self.pending:
            raise InvalidInput(f"the execution already has an output {output.key!r}")
        if output.name is not None:
            check_name(output.name)
            check_type(transaction, output.name, output.type.name)
        pending = Artifact(
            type=output.type.name,
            state=ArtifactState.PENDING,
            custom_properties={} if output.name is None else {"lineal_name": output.name},
        )
        artifact_id = transaction.insert_artifact(output.type, pending)
        event = Event(artifact_id, self.execution_id, EventType.PENDING_OUTPUT, (output.key, 0))
        for context_id in self.context_ids:
            transaction.attribute(context_id, artifact_id)
        self.pending[output.key] = Pending(output, artifact_id, transaction.put_event(event))

    def put_input(self, transaction: Transaction, key: str, index: int, artifact: Artifact) -> None:
        """Insert the event of an input, and put the input into the run's contexts."""
        if artifact.id is None or not transaction.holds_artifact(artifact.id):
            raise InvalidInput(f"an input must be an artifact of this workspace: {artifact}")
        transaction.put_event(Event(artifact.id, self.execution_id, EventType.INPUT, (key, index)))
        for context_id in self.context_ids:
            transaction.attribute(context_id, artifact.id)
        self._inputs.add(artifact.id)

    def _settle(self, key: str, result: Made | Artifact | None) -> None:
        if key not in self.pending:
            raise InvalidInput(f"the execution has no output {key!r}; announce it first")
        self.pending[key].result = result
        self.pending[key].settled = True
