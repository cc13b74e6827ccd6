"""An execution that is open: what the body of a verb tells about its inputs and outputs."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata import steps
from lineal.metadata.outputs import PINNED, Made, Output, Pending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from lineal.metadata.model import Artifact, Value
    from lineal.metadata.outputs import EnvironmentRecord
    from lineal.metadata.store import Store, VersionRow

__all__ = ["Running", "distinct", "input_id"]


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
        self.moves: list[steps.AliasMove] = []  # made by the closing commit
        self.records: list[EnvironmentRecord] = []  # kept by the closing commit, however it ends
        self.process = os.getpid()
        """The process that opened it, and alone closes it; a forked child goes on inside it."""
        self.spool = ""
        """The file in which processes that start inside tell what they read."""
        self.before_child: list[Callable[[], Sequence[EnvironmentRecord]]] = []
        """Called when an execution begins inside of this one; what they return is kept with it."""
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
        self.add_outputs([output])

    def add_outputs(self, outputs: Sequence[Output]) -> None:
        """Announce more outputs in one commit, before their bytes are put in place."""
        distinct([*(held.output for held in self.pending.values()), *outputs])
        if not outputs:
            return
        made = steps.add_outputs(self._store, self.execution_id, self.context_ids, outputs)
        for output, ids in zip(outputs, made, strict=True):
            self.pending[output.key] = Pending(output, *ids)

    def add_input(self, key: str, artifact: Artifact) -> None:
        """Record one more input, known only now; once, however often it is read."""
        self.add_inputs([(key, artifact)])

    def add_inputs(self, inputs: Iterable[tuple[str, Artifact]]) -> None:
        """Record more inputs, each with its key, in one commit; known ones stay as they are."""
        new = {
            input_id(artifact): key
            for key, artifact in inputs
            if artifact.id is None or artifact.id not in self._inputs
        }
        if not new:
            return
        pairs = [(key, number) for number, key in new.items()]
        steps.add_inputs(self._store, self.execution_id, self.context_ids, pairs)
        self._inputs.update(new)

    def write_notes(self) -> None:
        """Keep the notes taken so far at once, so that a crash does not lose them."""
        steps.note(self._store, self.execution_id, self.notes)

    def add_read(self, artifact: Artifact) -> None:
        """Record one more input that was read, and whether exactly this version was asked for."""
        (self._pinned if artifact.pinned else self._followed).add(artifact.id or 0)
        self.add_input("read", artifact)
        # What was also asked for in another way may be another version the next time.
        if self._pinned:
            self.notes[PINNED] = json.dumps(sorted(self._pinned - self._followed))

    def begun(self, opened: steps.Opened, opening: steps.Opening) -> None:
        """Take in what the opening step made of its outputs and inputs."""
        self.context_ids = list(opened.context_ids)
        for output, ids in zip(opening.outputs, opened.pending, strict=True):
            self.pending[output.key] = Pending(output, *ids)
        self._inputs.update(*opening.inputs.values())

    def _settle(self, key: str, result: Made | Artifact | None) -> None:
        if key not in self.pending:
            raise InvalidInput(f"the execution has no output {key!r}; announce it first")
        self.pending[key].result = result
        self.pending[key].settled = True


def input_id(artifact: Artifact) -> int:
    """Return the id of an input; raise `InvalidInput` for an artifact that is in no store."""
    if artifact.id is None:
        raise InvalidInput(f"an input must be an artifact of this workspace: {artifact}")
    return artifact.id


def distinct(outputs: Sequence[Output]) -> Sequence[Output]:
    """Return the outputs of an execution; raise `InvalidInput` if two have the same key."""
    keys = set()
    for output in outputs:
        if output.key in keys:
            raise InvalidInput(f"the execution already has an output {output.key!r}")
        keys.add(output.key)
    return outputs
