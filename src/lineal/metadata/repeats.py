"""What an earlier try of a step did, when its answer was lost on the way from the server.

So a call whose connection broke can be made again: each step is then done once, whether or not
the first try got through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.metadata.model import Event, EventType, Execution, ExecutionState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.metadata.model import Value
    from lineal.metadata.outputs import EnvironmentRecord, Output
    from lineal.metadata.steps import Closing, Opening
    from lineal.metadata.store import Store

__all__ = ["Done", "closed", "given_up", "harmless", "inputs_added", "opened", "outputs_added"]


@dataclass(frozen=True)
class Done:
    """The earlier try was carried out, and returned this."""

    answer: object = None


def harmless(*_arguments: object) -> None:
    """Say that nothing was done: doing it twice is the same as once."""


def opened(store: Store, opening: Opening) -> Done | None:
    """Find the execution by its name, which is drawn anew for each."""
    from lineal.metadata.steps import Opened

    found = store.executions(name=opening.name, type=opening.verb.name)
    if not found:
        return None
    number = found[0].id or 0
    pending = _pending(store, number)
    contexts = store.contexts(execution_id=number)
    return Done(
        Opened(
            number,
            [context.id or 0 for context in contexts],
            [pending[output.key] for output in opening.outputs],
        )
    )


def outputs_added(
    store: Store, execution_id: int, _context_ids: Sequence[int], outputs: Sequence[Output]
) -> Done | None:
    """Find the outputs that were announced."""
    pending = _pending(store, execution_id)
    if any(output.key not in pending for output in outputs):
        return None
    return Done([pending[output.key] for output in outputs])


def inputs_added(
    store: Store,
    execution_id: int,
    _context_ids: Sequence[int],
    inputs: Sequence[tuple[str, int]],
) -> Done | None:
    """Find the inputs that were recorded."""
    there = {
        (key, event.artifact_id)
        for event in store.events(execution_ids=[execution_id])
        if event.type == EventType.INPUT
        for key in event.path[::2]
    }
    return Done() if {(key, number) for key, number in inputs} <= there else None


def closed(store: Store, closing: Closing) -> Done | None:
    """Find what the outputs became, if it was this very writer who closed the execution."""
    from lineal.metadata.steps import Closed

    if not _ended(store.execution(closing.execution_id), closing.state):
        return None
    made = {
        str(key): event.artifact_id
        for event in store.events(execution_ids=[closing.execution_id])
        if event.type == EventType.OUTPUT
        for key in event.path[::2]
    }
    artifacts = {a.id: a for a in store.artifacts(ids=made.values())}
    versions = store.versions_of(made.values())
    return Done(
        Closed(
            {key: artifacts[number] for key, number in made.items()},
            {key: versions[number] for key, number in made.items() if number in versions},
        )
    )


def given_up(
    store: Store,
    execution_id: int,
    _artifact_ids: Sequence[int],
    state: ExecutionState,
    _notes: Mapping[str, Value],
    _records: Sequence[EnvironmentRecord] = (),
) -> Done | None:
    """Find out whether the execution ended so."""
    return Done() if _ended(store.execution(execution_id), state) else None


def _ended(execution: Execution, state: ExecutionState) -> bool:
    """Return whether an execution ended in that state, by its own writer and not by another's."""
    return execution.state == state and execution.get("lineal_settled") is None


def _pending(store: Store, execution_id: int) -> dict[str, tuple[int, int]]:
    def is_pending(event: Event) -> bool:
        return event.type == EventType.PENDING_OUTPUT

    events = filter(is_pending, store.events(execution_ids=[execution_id]))
    return {
        str(key): (event.artifact_id, event.id or 0) for event in events for key in event.path[::2]
    }
