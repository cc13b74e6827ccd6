"""Walk the graph both ways from an artifact or an execution, to any depth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.model import Artifact, EventType, Execution
from lineal.metadata.reach import MAKING, OUTPUTS, Node, Reach, reach
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lineal.metadata.rows import EventRow
    from lineal.metadata.store import Store, VersionRow

__all__ = ["Direction", "Edge", "Lineage", "Node", "walk"]

Direction = Literal["upstream", "downstream", "both"]


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


@served()
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
    if direction not in get_args(Direction):
        raise InvalidInput(
            f"there is no direction {direction!r}; choose 'upstream', 'downstream' or 'both'"
        )
    tied: dict[tuple[Node, Node], int | None] = {}
    for upstream in (True, False):
        if direction in ("upstream" if upstream else "downstream", "both"):
            around = reach(store, start, upstream=upstream, internal=internal)
            tied |= _Walk(around, internal=internal).go(start, upstream=upstream)
    nodes = {start, *(node for ends in tied for node in ends)}
    artifact_ids = {number for kind, number in nodes if kind == "artifact"}
    artifacts = {a.id or 0: a for a in store.artifacts(ids=artifact_ids)}
    executions = {
        e.id or 0: e
        for e in store.executions(ids=[number for kind, number in nodes if kind == "execution"])
    }
    if start[1] not in (artifacts if start[0] == "artifact" else executions):
        raise NotFound(f"there is no {start[0]}/{start[1]} (lineal log lists what there is)")
    keys = store.event_keys(event_id for event_id in tied.values() if event_id is not None)
    return Lineage(
        start=start,
        direction=direction,
        artifacts=artifacts,
        executions=executions,
        versions=store.versions_of(artifact_ids),
        edges=tuple(
            Edge(*ends, "run" if event_id is None else keys.get(event_id, ""))
            for ends, event_id in tied.items()
        ),
    )


class _Walk:
    """Breadth first through what `reach` brought in.

    A verb that ran inside of another execution got from it what that one had taken in before, so
    the way leads from a child to the inputs of its parent, and from an input of the parent to the
    children that began later. How much of an execution counts is a number of the walk: the event
    up to which its inputs do or, going down, minus the event after which its children do.
    """

    def __init__(self, around: Reach, *, internal: bool) -> None:
        self._around = around
        self._internal = internal

    def go(self, start: Node, *, upstream: bool) -> dict[tuple[Node, Node], int | None]:
        """Return the edges, each with its event's id; None between a run and what ran in it."""
        tied: dict[tuple[Node, Node], int | None] = {}
        step = self._upstream if upstream else self._downstream
        level: dict[Node, float] = {start: math.inf}
        seen: dict[Node, float] = {}
        while level:
            seen |= level
            reached: dict[Node, float] = {}
            for node, extent in level.items():
                for further, event_id, counts in step(node, extent):
                    ends = (further, node) if upstream else (node, further)
                    tied.setdefault(ends, event_id)
                    if further not in reached or counts > reached[further]:
                        reached[further] = counts
            level = {n: c for n, c in reached.items() if n not in seen or c > seen[n]}
        return tied

    def _upstream(self, node: Node, extent: float) -> Iterator[tuple[Node, int | None, float]]:
        kind, number = node
        if kind == "artifact":
            made = [e for e in self._around.of_artifact.get(number, ()) if e.type in MAKING]
            for event in made[:1]:
                yield ("execution", event.execution_id), event.id, math.inf
            return
        events = self._around.of_execution.get(number, ())
        for event in events:
            if self._is_input(event) and event.id <= extent:
                yield ("artifact", event.artifact_id), event.id, math.inf
        parent = self._around.parents.get(number)
        if parent is not None:
            began = events[0].id if events else math.inf
            yield ("execution", parent), None, min(extent, began)

    def _downstream(self, node: Node, extent: float) -> Iterator[tuple[Node, int | None, float]]:
        kind, number = node
        if kind == "artifact":
            for event in self._around.of_artifact.get(number, ()):
                if self._is_input(event):
                    yield ("execution", event.execution_id), event.id, -event.id
            return
        for event in self._around.of_execution.get(number, ()):
            if event.type in OUTPUTS:
                yield ("artifact", event.artifact_id), event.id, math.inf
        for child in self._around.children.get(number, ()):
            events = self._around.of_execution.get(child, ())
            if not events or events[-1].id > -extent:
                yield ("execution", child), None, extent

    def _is_input(self, event: EventRow) -> bool:
        if event.type == EventType.INTERNAL_INPUT:
            return self._internal
        return event.type.is_input
