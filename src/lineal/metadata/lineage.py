"""Walk the graph both ways from an artifact or an execution, to any depth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lineal.metadata.model import Artifact, Event, EventType, Execution

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lineal.metadata.store import Store, VersionRow

__all__ = ["Direction", "Edge", "Lineage", "Node", "walk"]

Direction = Literal["upstream", "downstream", "both"]
Node = tuple[Literal["artifact", "execution"], int]
"""A node of the graph: its kind and id."""


@dataclass(frozen=True)
class Edge:
    """An arrow along which data went: artifact to execution for an input, else the other way.

    From execution to execution (key `run`) it went inside of a run, in the process's memory.
    """

    source: Node
    target: Node
    key: str


@dataclass(frozen=True)
class Lineage:
    """The part of the graph that leads to a node, or away from it."""

    start: Node
    direction: Direction
    artifacts: Mapping[int, Artifact]
    executions: Mapping[int, Execution]
    versions: Mapping[int, VersionRow]
    edges: tuple[Edge, ...]

    def show(self) -> None:
        """Print the lineage as a tree in the terminal."""
        from rich.console import Console

        from lineal.metadata.drawing import tree

        Console().print(tree(self))

    def to_text(self) -> str:
        """Return the tree as plain text."""
        from lineal.metadata.drawing import text

        return text(self)

    def to_dot(self) -> str:
        """Return the graph in Graphviz's language."""
        from lineal.metadata.drawing import dot

        return dot(self)

    def to_mermaid(self) -> str:
        """Return the graph as a Mermaid flowchart."""
        from lineal.metadata.drawing import mermaid

        return mermaid(self)

    def to_dict(self) -> dict[str, object]:
        """Return nodes and edges as plain values, for JSON."""
        from lineal.metadata.drawing import plain

        return plain(self)


def walk(
    store: Store,
    start: Node,
    *,
    direction: Direction = "upstream",
    internal: bool = False,
) -> Lineage:
    """Return everything that led to `start`, or came of it, or both.

    Depth has no limit and every node is visited once, so diamonds cost nothing. Upstream of an
    artifact is the execution that made it (its earliest output event): later executions that
    found the same content again only point to it. Environments count as inputs with `internal`.
    """
    found = _Walk(store, internal=internal)
    if direction in ("upstream", "both"):
        found.go(start, upstream=True)
    if direction in ("downstream", "both"):
        found.go(start, upstream=False)
    artifact_ids = {number for kind, number in found.nodes if kind == "artifact"}
    execution_ids = {number for kind, number in found.nodes if kind == "execution"}
    artifacts = {a.id or 0: a for a in store.artifacts(ids=artifact_ids)}
    executions = {e.id or 0: e for e in store.executions(ids=execution_ids)}
    if start[0] == "artifact":
        artifacts.setdefault(start[1], store.artifact(start[1]))
    else:
        executions.setdefault(start[1], store.execution(start[1]))
    return Lineage(
        start=start,
        direction=direction,
        artifacts=artifacts,
        executions=executions,
        versions=store.versions_of(artifact_ids),
        edges=tuple(dict.fromkeys(found.edges)),
    )


class _Walk:
    """Breadth first: a few queries for each level, whatever its width.

    A verb that ran inside of another execution got from it what that one had taken in before, so
    the way leads from a child to the inputs of its parent, and from an input of the parent to the
    children that began later. How much of an execution counts is a number of the walk: the event
    up to which its inputs do or, going down, minus the event after which its children do.
    """

    def __init__(self, store: Store, *, internal: bool) -> None:
        self.store = store
        self.internal = internal
        self.nodes: set[Node] = set()
        self.edges: list[Edge] = []

    def go(self, start: Node, *, upstream: bool) -> None:
        level: dict[Node, float] = {start: math.inf}
        seen: dict[Node, float] = {}
        while level:
            seen |= level
            self.nodes |= level.keys()
            found = self._upstream(level) if upstream else self._downstream(level)
            level = {}
            for edge, reach in found:
                self.edges.append(edge)
                node = edge.source if upstream else edge.target
                if reach > max(seen.get(node, -math.inf), level.get(node, -math.inf)) or (
                    node not in seen and node not in level
                ):
                    level[node] = reach

    def _upstream(self, level: Mapping[Node, float]) -> Iterator[tuple[Edge, float]]:
        artifacts, executions = _split(level)
        for event in _made(self.store.events(artifact_ids=artifacts)):
            yield self._edge(event), math.inf
        first: dict[int, int] = {}
        for event in self.store.events(execution_ids=executions):
            first.setdefault(event.execution_id, event.id or 0)
            reach = level["execution", event.execution_id]
            if self._is_input(event) and (event.id or 0) <= reach:
                yield self._edge(event), math.inf
        for execution in self.store.executions(ids=executions):
            child, parent = execution.id or 0, execution.get("lineal_parent")
            if isinstance(parent, int):
                reach = min(level["execution", child], first.get(child, math.inf))
                yield Edge(("execution", parent), ("execution", child), "run"), reach

    def _downstream(self, level: Mapping[Node, float]) -> Iterator[tuple[Edge, float]]:
        artifacts, executions = _split(level)
        for event in self.store.events(artifact_ids=artifacts):
            if self._is_input(event):
                yield self._edge(event), -(event.id or 0)
        for event in self.store.events(execution_ids=executions):
            if _is_output(event):
                yield self._edge(event), math.inf
        children = self.store.children(executions)
        inside = [child for each in children.values() for child in each]
        last: dict[int, int] = {}
        for event in self.store.events(execution_ids=inside):
            last[event.execution_id] = event.id or 0
        for parent, each in children.items():
            since = -level["execution", parent]
            for child in each:
                if last.get(child, math.inf) > since:
                    edge = Edge(("execution", parent), ("execution", child), "run")
                    yield edge, -since

    def _is_input(self, event: Event) -> bool:
        if event.type == EventType.INTERNAL_INPUT:
            return self.internal
        return event.type.is_input

    def _edge(self, event: Event) -> Edge:
        artifact: Node = ("artifact", event.artifact_id)
        execution: Node = ("execution", event.execution_id)
        key = str(event.path[0]) if event.path else ""
        if event.type.is_input:
            return Edge(artifact, execution, key)
        return Edge(execution, artifact, key)


def _split(level: Iterable[Node]) -> tuple[list[int], list[int]]:
    """Return the ids of the artifacts and of the executions."""
    artifacts = [number for kind, number in level if kind == "artifact"]
    return artifacts, [number for kind, number in level if kind == "execution"]


def _is_output(event: Event) -> bool:
    return event.type in (
        EventType.OUTPUT,
        EventType.DECLARED_OUTPUT,
        EventType.PENDING_OUTPUT,
        EventType.INTERNAL_OUTPUT,
    )


def _made(events: Iterable[Event]) -> list[Event]:
    """Return for each artifact the event by which it came to be."""
    first: dict[int, Event] = {}
    for event in events:
        if _is_output(event) and event.type != EventType.INTERNAL_OUTPUT:
            first.setdefault(event.artifact_id, event)
    return list(first.values())
