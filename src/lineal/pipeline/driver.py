"""The driver: decides, before a node runs, whether an equal earlier execution can be reused.

Every decision says why. An earlier execution is reused only if it ended COMPLETE, its outputs are
LIVE and their bytes exist, and what its code read by name, beside its inputs, is still the newest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import Corrupt
from lineal.metadata.model import EventType, ExecutionState
from lineal.metadata.outputs import PINNED
from lineal.pipeline.cache import Ingredients, content_of, reference_of
from lineal.pipeline.kinds import is_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.environment import Environment
    from lineal.metadata import Artifact, Event, Execution, Store
    from lineal.pipeline.code import CodeIdentity
    from lineal.pipeline.graph import Node
    from lineal.pipeline.signature import OutputSlot
    from lineal.pipeline.workspace import Workspace

__all__ = ["INGREDIENTS", "Decision", "Driver"]

INGREDIENTS = "lineal_ingredients"
"""The property of an execution that holds its `Ingredients`."""


_RECENT = 50


@dataclass(frozen=True)
class Decision:
    """What to do with a node, and why."""

    node: Node
    name: str
    """The node's name in the graph: `<pipeline>.<node id>`."""
    inputs: Mapping[str, Sequence[Artifact]]
    ingredients: Ingredients
    reason: str
    reusable: bool
    """Whether later runs may reuse this one."""
    code: str = ""
    reused: Execution | None = None
    outputs: Mapping[str, Artifact] = field(default_factory=dict)
    """The outputs of the execution that is reused."""


@dataclass(frozen=True)
class _Found:
    reason: str
    execution: Execution | None = None
    outputs: Mapping[str, Artifact] = field(default_factory=dict)


class Driver:
    """Finds an equal earlier execution of a node in the workspace's graph."""

    def __init__(self, workspace: Workspace) -> None:
        self._forms = workspace.forms
        self._store: Store = workspace.recorder.store
        self._environment: Environment = workspace.environment

    def decide(
        self,
        node: Node,
        name: str,
        inputs: Mapping[str, Sequence[Artifact]],
        *,
        refresh: bool = False,
    ) -> Decision:
        """Say whether the node runs or reuses, and why; with `refresh` it runs."""
        code = node.component.code()
        ingredients = self._ingredients(node, name, inputs, code)
        found = self._choose(node, name, inputs, ingredients, code, refresh=refresh)
        return Decision(
            node=node,
            name=name,
            inputs=inputs,
            ingredients=ingredients,
            reason=found.reason,
            reusable=node.component.cache and not code.problems,
            code=code.fingerprint,
            reused=found.execution,
            outputs=found.outputs,
        )

    def _choose(
        self,
        node: Node,
        name: str,
        inputs: Mapping[str, Sequence[Artifact]],
        ingredients: Ingredients,
        code: CodeIdentity,
        *,
        refresh: bool,
    ) -> _Found:
        if not node.component.cache:
            return _Found("the component is never reused (cache=False)")
        if refresh:
            return _Found("it was asked to run anew")
        if code.problems:
            return _Found(f"its code can't be compared: {'; '.join(code.problems)}")
        equal = self._store.executions(
            fingerprint=ingredients.fingerprint, state=ExecutionState.COMPLETE
        )
        obstacles = []
        for earlier in reversed(equal):
            outputs, obstacle = self._outputs(earlier)
            obstacle = obstacle or self._moved(earlier, inputs, outputs)
            if not obstacle:
                reason = (
                    f"execution/{earlier.id} had equal code, parameters, inputs and environment"
                )
                return _Found(reason, earlier, outputs)
            obstacles.append(obstacle)
        return _Found(obstacles[0] if obstacles else self._difference(node, name, ingredients))

    def _ingredients(
        self,
        node: Node,
        name: str,
        inputs: Mapping[str, Sequence[Artifact]],
        code: CodeIdentity,
    ) -> Ingredients:
        return Ingredients.gather(
            code=code,
            parameters=node.parameters,
            inputs={
                key: [(reference_of(self._store, a), content_of(self._store, a)) for a in many]
                for key, many in inputs.items()
            },
            outputs={
                key: self._output(slot, name)
                for key, slot in node.component.signature.outputs.items()
            },
            environment=self._environment.fingerprint,
        )

    def _output(self, slot: OutputSlot, name: str) -> str:
        """Say what decides where an output goes: its class, its versions' name."""
        named_by_node = (
            not is_version(slot.kind) and self._forms.of_kind(slot.kind).type_of(slot.kind) is None
        )
        return f"{slot.kind.__qualname__} {slot.name or (name if named_by_node else '')}".strip()

    def _outputs(self, earlier: Execution) -> tuple[dict[str, Artifact], str]:
        """Return what an execution made, and what of it no longer exists."""
        events = [
            event
            for event in self._store.events(execution_ids=[earlier.id or 0])
            if event.type == EventType.OUTPUT
        ]
        artifacts = {a.id: a for a in self._store.artifacts(ids=[e.artifact_id for e in events])}
        made: dict[str, Artifact] = {}
        for event in events:
            artifact = artifacts[event.artifact_id]
            for key in event.path[::2]:
                made[str(key)] = artifact
            if not self._forms.is_there(artifact):
                told = reference_of(self._store, artifact)
                return {}, (
                    f"execution/{earlier.id} is equal, but its output "
                    f"{event.path[0]} ({told}) is no longer there"
                )
        return made, ""

    def _moved(
        self,
        earlier: Execution,
        inputs: Mapping[str, Sequence[Artifact]],
        outputs: Mapping[str, Artifact],
    ) -> str:
        """Say which thing, read by name inside of an execution, has changed since."""
        known = {a.id for many in inputs.values() for a in many} | {a.id for a in outputs.values()}
        for artifact_id in sorted(self._read_inside(earlier) - known):
            row = self._store.version_of(artifact_id)
            newest = None if row is None else self._store.newest(row.name)
            if row is None or newest is None or newest.number == row.number:
                continue
            artifact = self._store.artifact(artifact_id)
            now = self._store.artifact(newest.artifact_id)
            if content_of(self._store, artifact) != content_of(self._store, now):
                return (
                    f"execution/{earlier.id} is equal, but it read "
                    f"{reference_of(self._store, artifact)}, and "
                    f"{reference_of(self._store, now)} is there now"
                )
        return ""

    def _read_inside(self, earlier: Execution) -> set[int]:
        """Return the artifacts that an execution and its children took from outside of it.

        What was asked for by its number, content or id is left out: it stays what it is.
        """
        family = self._family(earlier)
        events = self._store.events(execution_ids=family)
        pinned = {
            (execution.id, artifact_id)
            for execution in self._store.executions(ids=family)
            for artifact_id in json.loads(str(execution.get(PINNED, "[]")))
        }
        made = {e.artifact_id for e in events if e.type == EventType.OUTPUT}
        return {
            event.artifact_id
            for event in events
            if event.type == EventType.INPUT
            and (event.execution_id, event.artifact_id) not in pinned
            and event.artifact_id not in made
            and not self._continues(event, events)
        }

    def _continues(self, event: Event, events: Sequence[Event]) -> bool:
        """Say whether a verb took the version that its own output follows, as an append does."""
        before = self._store.version_of(event.artifact_id)
        outputs = [
            e.artifact_id
            for e in events
            if e.execution_id == event.execution_id and e.type == EventType.OUTPUT
        ]
        after = self._store.versions_of(outputs).values()
        return before is not None and any(row.name == before.name for row in after)

    def _family(self, execution: Execution) -> list[int]:
        """Return the ids of an execution and of all that ran inside of it."""
        level = family = [execution.id or 0]
        while level:
            level = [child for each in self._store.children(level).values() for child in each]
            family = family + level
        return family

    def _difference(self, node: Node, name: str, ingredients: Ingredients) -> str:
        """Say how a node differs from that of its recent executions which differs least."""
        recent = self._recent(node, name)
        if not recent:
            return "it has not run before"

        def distance(pair: tuple[Execution, Ingredients]) -> int:
            same = pair[1].environment == ingredients.environment
            return len(ingredients.changes(pair[1])) + (0 if same else 1)

        earlier, before = min(recent, key=distance)
        changes = ingredients.changes(before)
        if before.environment != ingredients.environment:
            changes.append(self._environment_change(earlier))
        if changes:
            return f"{'; '.join(changes)} (since execution/{earlier.id})"
        ends = {
            ExecutionState.FAILED: "failed",
            ExecutionState.RUNNING: "did not end",
            ExecutionState.CANCELED: "was canceled",
        }
        end = ends.get(earlier.state or ExecutionState.UNKNOWN, "can't be reused")
        return f"execution/{earlier.id}, which was equal, {end}"

    def _recent(self, node: Node, name: str) -> list[tuple[Execution, Ingredients]]:
        """Return the newest executions of the node, newest first."""
        kind = node.component.type_name
        found: list[Execution] = []
        for context in self._store.contexts(type="node", name=name):
            found = self._store.executions(type=kind, context_id=context.id)
        told = [(each, each.get(INGREDIENTS)) for each in reversed(found[-_RECENT:])]
        return [(each, Ingredients.from_text(text)) for each, text in told if isinstance(text, str)]

    def _environment_change(self, earlier: Execution) -> str:
        from lineal.environment import diff

        before = self._environment_of(earlier)
        if before is None:
            return "the environment changed"
        changes = [
            str(change)
            for change in diff(before, self._environment)
            if change.what not in ("platform", "git")
        ]
        more = f" and {len(changes) - 5} more" if len(changes) > 5 else ""
        return f"the environment changed: {', '.join(changes[:5])}{more}"

    def _environment_of(self, execution: Execution) -> Environment | None:
        """Read the environment that was recorded with an execution, if it still can be."""
        from lineal.environment import ENVIRONMENT, Environment

        events = self._store.events(execution_ids=[execution.id or 0])
        ids = [e.artifact_id for e in events if e.type == EventType.INTERNAL_INPUT]
        for artifact in self._store.artifacts(ids=ids, type=ENVIRONMENT.name):
            try:
                return Environment.from_json(Path(artifact.uri).read_bytes())
            except (OSError, Corrupt):
                return None
        return None
