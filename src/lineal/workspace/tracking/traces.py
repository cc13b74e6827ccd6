"""What a run left in the graph, laid out for comparing it with another run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.environment import Change
from lineal.errors import InvalidInput, NotFound
from lineal.metadata import EventType, Execution, format_name
from lineal.workspace.tracking.command import EXEC
from lineal.workspace.tracking.opening import RUN_NAME, TRACK
from lineal.workspace.tracking.summary import family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata import Artifact, Store

__all__ = ["SAME_INPUTS", "Trace", "changes", "find_run", "trace"]

SAME_INPUTS = "lineal_same_inputs"
"""The property of a run that repeated another one on the inputs which that had."""

_LEAST_LETTERS = 4


@dataclass(frozen=True)
class Trace:
    """The contents of what a run used and made, by what they are called."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    """Of each script, by its path."""
    environment: Artifact | None = None
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    """The inputs themselves."""


def find_run(store: Store, text: str) -> Execution:
    """Return the run of a command or tracked script that is meant by a name, an id or a UUID.

    Of a name it is the newest run. Raises `NotFound`.
    """
    number = text.removeprefix("execution/")
    runs = [each for kind in (EXEC, TRACK) for each in store.executions(type=kind.name)]
    if number.isdecimal():
        found = [each for each in runs if each.id == int(number)]
        if not found and text != number:
            other = store.execution(int(number))
            raise InvalidInput(
                f"{text} is a {other.type}; only commands (lineal exec) and tracked scripts "
                "can be run again"
            )
    else:
        # A repetition on old inputs was a check, not the newest state of affairs.
        found = [each for each in runs if each.get(RUN_NAME) == text and not each.get(SAME_INPUTS)]
    if not found and len(text) >= _LEAST_LETTERS:
        found = [each for each in runs if (each.name or "").startswith(text)]
    if not found:
        names = sorted({str(each.get(RUN_NAME)) for each in runs})
        raise NotFound.among("no run is called", text, names, remedy="lineal log lists all")
    return max(found, key=lambda each: each.id or 0)


def trace(store: Store, execution: Execution) -> Trace:
    """Return what a run used and made, with all that began inside of it."""
    number = execution.id or 0
    is_command = execution.type == EXEC.name
    events = store.events(execution_ids=family(store, number))
    artifacts = {a.id: a for a in store.artifacts(ids={each.artifact_id for each in events})}
    versions = store.versions_of({each.artifact_id for each in events})
    inputs: dict[str, Artifact] = {}
    outputs: dict[str, Artifact] = {}
    sources: dict[str, str] = {}
    environment: Artifact | None = None
    for event in events:
        artifact = artifacts[event.artifact_id]
        own = event.execution_id == number
        row = versions.get(event.artifact_id)
        key = str(event.path[0]) if event.path else ""
        label = row.name if row is not None else str(artifact.get("source") or key)
        labels = [str(step) for step in event.path[::2]] if is_command and own else [label]
        if event.type == EventType.INPUT:
            inputs |= dict.fromkeys(labels, artifact)
        elif event.type == EventType.OUTPUT:
            outputs |= dict.fromkeys(labels, artifact)
        elif own and event.type == EventType.INTERNAL_INPUT and key == "source":
            sources[str(artifact.get("path", ""))] = _content(artifact)
        elif own and event.type == EventType.INTERNAL_INPUT and key == "environment":
            environment = artifact
    made = {artifact.id for artifact in outputs.values()}
    used = {label: each for label, each in inputs.items() if each.id not in made}
    return Trace(
        {label: _content(each) for label, each in used.items()},
        {label: _content(each) for label, each in outputs.items()},
        sources,
        environment,
        used,
    )


def changes(what: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Return what differs between two sets of named contents."""
    return [
        Change(f"{what} {_name(name)}", before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def reference(store: Store, artifact: Artifact) -> str:
    """Return what an artifact is called."""
    row = store.version_of(artifact.id or 0)
    return f"artifact/{artifact.id}" if row is None else format_name(row.name, row.number)


def _content(artifact: Artifact) -> str:
    return str(artifact.get("sha256") or artifact.get("content") or f"artifact/{artifact.id}")


def _name(label: str) -> str:
    path = Path(label)
    return path.name if path.is_absolute() else label
