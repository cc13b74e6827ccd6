"""What came of a run: the state of each node, why, how long it took, what it made."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from lineal.errors import LinealError, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata import Version

__all__ = ["NodeResult", "NodeState", "RunResult"]


class NodeState(StrEnum):
    """How far a node has come in a run."""

    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    CACHED = "CACHED"
    FAILED = "FAILED"
    BLOCKED = "BLOCKED"


@dataclass(frozen=True)
class NodeResult:
    """What came of one node; also told as progress, when it begins and when it ends."""

    id: str
    state: NodeState
    reason: str
    """Why it was reused or run, what failed, or what blocked it."""
    seconds: float = 0.0
    execution_id: int | None = None
    outputs: Mapping[str, Version] = field(default_factory=dict)
    error: Exception | None = field(default=None, compare=False)

    @property
    def output(self) -> Version:
        """The only output."""
        if len(self.outputs) != 1:
            told = ", ".join(self.outputs) or "none"
            raise NotFound(f"node {self.id!r} ({self.state}) has no single output but {told}")
        return next(iter(self.outputs.values()))


@dataclass(frozen=True)
class RunResult:
    """A run that has ended, with its nodes in the order in which they ran."""

    pipeline: str
    run_id: str
    nodes: Mapping[str, NodeResult]

    @property
    def ok(self) -> bool:
        """Whether every node is COMPLETE or CACHED."""
        return not any(
            node.state in (NodeState.FAILED, NodeState.BLOCKED) for node in self.nodes.values()
        )

    def __getitem__(self, node: str) -> NodeResult:
        """Return what came of a node; raise `NotFound` that names a similar one."""
        if node not in self.nodes:
            raise NotFound.among(f"the run of {self.pipeline!r} has no node", node, self.nodes)
        return self.nodes[node]

    def check(self) -> RunResult:
        """Return the run if all went well; else raise the first node's error again."""
        for node in self.nodes.values():
            if node.error is not None:
                if isinstance(node.error, LinealError):
                    raise node.error
                message = f"node {node.id!r} of pipeline {self.pipeline!r} failed: {node.reason}"
                raise LinealError(message) from node.error
        for node in self.nodes.values():
            if node.state is NodeState.BLOCKED:
                raise LinealError(
                    f"node {node.id!r} of pipeline {self.pipeline!r} did not run: {node.reason}"
                )
        return self

    def to_dict(self) -> dict[str, object]:
        """Return the run as plain values, for JSON."""
        return {
            "pipeline": self.pipeline,
            "run": self.run_id,
            "ok": self.ok,
            "nodes": [
                {
                    "node": node.id,
                    "state": node.state.value,
                    "reason": node.reason,
                    "seconds": round(node.seconds, 3),
                    "execution": node.execution_id,
                    "outputs": {key: made.ref for key, made in node.outputs.items()},
                }
                for node in self.nodes.values()
            ],
        }
