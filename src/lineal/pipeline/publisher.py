"""The publisher: records what a node does, and makes its outputs visible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata.killpoints import kill_point
from lineal.metadata.model import (
    Artifact,
    ArtifactType,
    Context,
    ContextType,
    ExecutionState,
    ExecutionType,
    Value,
)
from lineal.metadata.outputs import Made, Output
from lineal.metadata.steps import nest_contexts
from lineal.pipeline.cache import as_property
from lineal.pipeline.driver import INGREDIENTS
from lineal.pipeline.forms import Slot
from lineal.pipeline.kinds import is_version, kind_name, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from lineal.metadata import Running
    from lineal.pipeline.driver import Decision
    from lineal.pipeline.graph import Node
    from lineal.pipeline.signature import OutputSlot
    from lineal.pipeline.workspace import Workspace

__all__ = ["Publisher", "RunContexts"]

PIPELINE = ContextType("pipeline")
PIPELINE_RUN = ContextType("pipeline_run")
NODE = ContextType("node")


@dataclass(frozen=True)
class RunContexts:
    """The contexts that the executions of one run share, as TFX names them."""

    pipeline: str
    run_id: str

    def of_node(self, name: str) -> list[tuple[ContextType, Context]]:
        """Return the contexts of a node's execution."""
        return [
            (PIPELINE, Context(PIPELINE.name, self.pipeline)),
            (PIPELINE_RUN, Context(PIPELINE_RUN.name, self.run_id)),
            (NODE, Context(NODE.name, name)),
        ]


class Publisher:
    """Writes a run's executions through the workspace's recorder."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def begin(self, contexts: RunContexts) -> None:
        """Record that a run begins: its context, within its pipeline's."""
        nest_contexts(
            self._workspace.recorder.store,
            (PIPELINE_RUN, Context(PIPELINE_RUN.name, contexts.run_id)),
            (PIPELINE, Context(PIPELINE.name, contexts.pipeline)),
        )

    def check(self, node: Node) -> None:
        """Refuse a node whose outputs this workspace has no form for."""
        for slot in node.component.signature.outputs.values():
            if not is_version(slot.kind):
                self._workspace.forms.of_kind(slot.kind)

    def open(self, decision: Decision, contexts: RunContexts) -> AbstractContextManager[Running]:
        """Record the node's execution as RUNNING; the body runs it and calls `publish`."""
        return self._workspace.recorder.run(
            ExecutionType(decision.node.component.type_name),
            inputs=decision.inputs,
            parameters=self._properties(decision),
            outputs=self._announced(decision),
            contexts=contexts.of_node(decision.name),
            code=decision.code,
            fingerprint=decision.ingredients.fingerprint if decision.reusable else "",
            tracks_reads=True,
        )

    def publish(self, running: Running, decision: Decision, values: Mapping[str, object]) -> None:
        """Put the outputs' content in place; they become visible when the execution closes."""
        kill_point("pipeline.executed")
        for key, slot in decision.node.component.signature.outputs.items():
            if key not in values:
                if key in running.pending:
                    running.nothing(key)
                continue
            kept = self._keep(running, decision, slot, values[key])
            if isinstance(kept, Artifact):
                if key not in running.pending:
                    running.add_output(Output(key, _type_of(kept)))
                running.same(key, kept)
            else:
                running.made(key, kept)
        kill_point("pipeline.kept")

    def reuse(self, decision: Decision, contexts: RunContexts) -> int:
        """Record a CACHED execution whose outputs are those of the reused one; return its id."""
        reused = decision.reused
        if reused is None:
            raise InvalidInput(f"node {decision.name!r} has nothing to reuse")
        outputs = [Output(key, _type_of(made)) for key, made in decision.outputs.items()]
        kill_point("pipeline.reusing")
        with self._workspace.recorder.run(
            ExecutionType(decision.node.component.type_name),
            inputs=decision.inputs,
            parameters={**self._properties(decision), "lineal_reused": reused.id or 0},
            outputs=outputs,
            contexts=contexts.of_node(decision.name),
            code=decision.code,
            fingerprint=decision.ingredients.fingerprint,
            state=ExecutionState.CACHED,
        ) as running:
            for key, artifact in decision.outputs.items():
                running.same(key, artifact)
        return running.execution_id

    def _properties(self, decision: Decision) -> dict[str, Value]:
        return {
            **{name: as_property(value) for name, value in decision.node.parameters.items()},
            INGREDIENTS: decision.ingredients.to_text(),
            "lineal_reason": decision.reason,
        }

    def _announced(self, decision: Decision) -> list[Output]:
        """Say which outputs come, as far as the annotations tell their types."""
        announced = []
        for key, slot in decision.node.component.signature.outputs.items():
            if is_version(slot.kind):  # a verb inside makes it, under a name of its own
                continue
            kind = self._workspace.forms.of_kind(slot.kind).type_of(slot.kind)
            if kind is not None:
                announced.append(Output(key, kind, slot.name))
        return announced

    def _keep(
        self, running: Running, decision: Decision, slot: OutputSlot, value: object
    ) -> Artifact | Made:
        version = version_of(value)
        if version is not None and slot.name is not None and version.name != slot.name:
            raise InvalidInput(
                f"output {slot.key!r} of node {decision.name!r} is to be named {slot.name!r}, "
                f"but {kind_name(type(value))} {version.ref} was returned"
            )
        store = self._workspace.recorder.store
        where = Slot(store, running.uuid, slot.key, decision.name, slot.name)
        return self._workspace.forms.keep(value, slot.kind, where)


def _type_of(artifact: Artifact) -> ArtifactType:
    return ArtifactType(artifact.type)
