"""Tell in one line what a run used, made, and left unsaved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.metadata import EventType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.metadata import Store
    from lineal.workspace.tracking.observed import Observed

__all__ = ["Summary", "family", "lost", "summarize"]

_NAMED = 3
_INPUTS = (EventType.INPUT, EventType.DECLARED_INPUT)
_OUTPUTS = (EventType.OUTPUT, EventType.DECLARED_OUTPUT)


@dataclass(frozen=True)
class Summary:
    """What a run and all that began inside of it came to."""

    inputs: frozenset[int]
    """The artifacts that came from outside of the run."""
    outputs: frozenset[int]

    def line(self, short: str, state: str, unsaved: Sequence[str], lost: Sequence[str] = ()) -> str:
        """Return it as one line for people; of the `unsaved` files the first are named.

        `lost` says what could not be recorded.
        """
        parts = [
            f"run {short}",
            _count(len(self.inputs), "input"),
            _count(len(self.outputs), "output"),
        ]
        if state != "COMPLETE":
            parts.insert(1, state)
        if unsaved:
            told = _files(unsaved, "written but not saved")
            parts.append(f"{told} (lineal save {_short(unsaved[0])} NAME)")
        return " · ".join([*parts, *lost])


def lost(observed: Observed) -> list[str]:
    """Return what could not be recorded of a run's inputs, and why."""
    told = [
        _files(paths, what)
        for paths, what in (
            (observed.outside, "outside the workspace not recorded"),
            (observed.gone, "gone before it could be kept"),
            (observed.changed, "changed before it could be kept"),
        )
        if paths
    ]
    if observed.failures:
        count = _count(len(observed.failures), "file operation")
        told.append(f"{count} not seen, for {observed.failures[0]}")
    return told


def summarize(store: Store, execution_id: int) -> Summary:
    """Return what an execution, and all that began inside of it, used and made."""
    inputs: set[int] = set()
    outputs: set[int] = set()
    for event in store.events(execution_ids=family(store, execution_id)):
        if event.type in _INPUTS:
            inputs.add(event.artifact_id)
        elif event.type in _OUTPUTS:
            outputs.add(event.artifact_id)
    # What has no name and was used up inside, such as the file that a frame was stored as, is
    # neither.
    named = store.versions_of(inputs & outputs).keys()
    return Summary(frozenset(inputs - outputs), frozenset(outputs - (inputs - named)))


def family(store: Store, execution_id: int) -> list[int]:
    """Return the execution and all that began inside of it."""
    found, waiting = [execution_id], [execution_id]
    while waiting:
        waiting = [each for ids in store.children(waiting).values() for each in ids]
        waiting = [each for each in waiting if each not in found]
        found += waiting
    return found


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _files(paths: Sequence[str], what: str) -> str:
    """Return how many files that goes for, with the names of the first."""
    shown = [_short(path) for path in dict.fromkeys(paths)]
    named = ", ".join(shown[:_NAMED]) + (", …" if len(shown) > _NAMED else "")
    what = what if len(shown) == 1 else what.replace(" it ", " they ")
    return f"{_count(len(shown), 'file')} {what}: {named}"


def _short(path: str) -> str:
    here = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118
    return path.removeprefix(here)
