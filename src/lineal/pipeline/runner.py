"""The local runner: a pipeline's nodes one after the other, in this process."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, LinealError
from lineal.metadata.version import Version
from lineal.pipeline.driver import Driver
from lineal.pipeline.executor import Executor, LocalExecutor
from lineal.pipeline.graph import Channel
from lineal.pipeline.publisher import Publisher, RunContexts
from lineal.pipeline.result import NodeResult, NodeState, RunResult

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from lineal.metadata import Artifact
    from lineal.pipeline.driver import Decision
    from lineal.pipeline.graph import Graph, Node
    from lineal.pipeline.workspace import Workspace

__all__ = ["LocalRunner"]

_Made = dict[tuple[str, str], "Artifact"]


class LocalRunner:
    """Runs nodes in order; one that fails blocks those that need it, and no others.

    The three steps of a node, driver, executor and publisher, can each be exchanged.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        driver: Driver | None = None,
        executor: Executor | None = None,
        publisher: Publisher | None = None,
    ) -> None:
        self._workspace = workspace
        self._driver = driver or Driver(workspace)
        self._executor = executor or LocalExecutor(workspace)
        self._publisher = publisher or Publisher(workspace)

    def run(
        self,
        graph: Graph,
        *,
        no_cache: Collection[str] = (),
        on_progress: Callable[[NodeResult], None] | None = None,
    ) -> RunResult:
        """Run every node, reusing what an equal earlier execution made.

        The nodes in `no_cache` run in any case. A failing node is told in the result, not raised.
        """
        for id in no_cache:  # noqa: A001 - the field's own name for it
            graph.node(id)
        self._check(graph)
        contexts = RunContexts(graph.pipeline, _run_id())
        self._publisher.begin(contexts)
        tell = on_progress or (lambda _: None)
        made: _Made = {}
        results: dict[str, NodeResult] = {}
        for node in graph.nodes:
            inputs, blocked = _resolve(node, made, results)
            if blocked:
                result = NodeResult(node.id, NodeState.BLOCKED, blocked)
            else:
                result = self._node(node, inputs, contexts, refresh=node.id in no_cache, tell=tell)
            results[node.id] = result
            made.update({(node.id, key): each.artifact for key, each in result.outputs.items()})
            tell(result)
        return RunResult(graph.pipeline, contexts.run_id, results)

    def _node(
        self,
        node: Node,
        inputs: Mapping[str, Sequence[Artifact]],
        contexts: RunContexts,
        *,
        refresh: bool,
        tell: Callable[[NodeResult], None],
    ) -> NodeResult:
        began = perf_counter()
        execution: list[int] = []
        name = f"{contexts.pipeline}.{node.id}"
        try:
            decision = self._driver.decide(node, name, inputs, refresh=refresh)
            if decision.reused is not None:
                state, outputs = NodeState.CACHED, decision.outputs
                execution.append(self._publisher.reuse(decision, contexts))
            else:
                tell(NodeResult(node.id, NodeState.RUNNING, decision.reason))
                state, outputs = NodeState.COMPLETE, self._execute(decision, contexts, execution)
        # Whatever a component raises is its failure, kept with its traceback; the run goes on.
        except Exception as error:  # noqa: BLE001
            return NodeResult(
                node.id,
                NodeState.FAILED,
                _told(error),
                perf_counter() - began,
                next(iter(execution), None),
                error=error,
            )
        versions = {key: self._version(artifact) for key, artifact in outputs.items()}
        seconds = perf_counter() - began
        return NodeResult(node.id, state, decision.reason, seconds, execution[0], versions)

    def _execute(
        self, decision: Decision, contexts: RunContexts, execution: list[int]
    ) -> Mapping[str, Artifact]:
        with self._publisher.open(decision, contexts) as running:
            execution.append(running.execution_id)
            values = self._executor.execute(decision.node, decision.inputs)
            self._publisher.publish(running, decision, values)
        return running.artifacts

    def _version(self, artifact: Artifact) -> Version:
        recorder = self._workspace.recorder
        row = recorder.store.version_of(artifact.id or 0)
        return Version(recorder.store, recorder, artifact, row)

    def _check(self, graph: Graph) -> None:
        """Refuse, before anything runs, what this workspace can't keep or doesn't hold."""
        for node in graph.nodes:
            for key, feeds in node.inputs.items():
                for feed in feeds:
                    if isinstance(feed, Channel):
                        continue
                    if feed.store.uuid != self._workspace.recorder.store.uuid:
                        raise InvalidInput(
                            f"input {key!r} of node {node.id!r} is {feed.ref} of another workspace"
                        )
            self._publisher.check(node)


def _resolve(
    node: Node, made: _Made, results: Mapping[str, NodeResult]
) -> tuple[dict[str, list[Artifact]], str]:
    """Return a node's inputs, and why it can't run if one of them is not there."""
    inputs: dict[str, list[Artifact]] = {}
    for key, feeds in node.inputs.items():
        inputs[key] = []
        for feed in feeds:
            if not isinstance(feed, Channel):
                inputs[key].append(feed.artifact)
            elif (feed.node, feed.key) in made:
                inputs[key].append(made[feed.node, feed.key])
            elif results[feed.node].state in (NodeState.FAILED, NodeState.BLOCKED):
                return {}, f"it needs node {feed.node!r}, which is {results[feed.node].state}"
            elif not node.component.signature.inputs[key].optional:
                return {}, f"node {feed.node!r} made no output {feed.key!r}, which it needs"
    return inputs, ""


def _run_id() -> str:
    """Return a name for a run that begins now; the end keeps two of one instant apart."""
    return f"{datetime.now(UTC).isoformat(timespec='microseconds')}-{uuid.uuid4().hex[:4]}"


def _told(error: Exception) -> str:
    if isinstance(error, LinealError):
        return str(error)
    return f"{type(error).__name__}: {error}"
