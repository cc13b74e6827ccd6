"""Walk the graph both ways from an artifact or an execution, to any depth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.model import Artifact, Execution
from lineal.metadata.pruning import Ties, Wanted, versions_among, way_to
from lineal.metadata.reach import INPUTS, INTERNAL_INPUTS, MAKING, OUTPUTS, Node, Reach, reach
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pyarrow as pa

    from lineal.metadata.moments import Moment
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
    matched: frozenset[Node] = frozenset()
    """The nodes that were asked for, by type, name or time; the others lie on the way to them."""

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

    def to_arrow(self) -> tuple[pa.Table, pa.Table]:
        """Return the nodes, and the edges with their keys, as two Arrow tables."""
        from lineal.metadata.drawing import arrow

        return arrow(self)

    @property
    def ids(self) -> dict[str, list[int]]:
        """The ids of the artifacts and of the executions, in ascending order."""
        return {"artifact": sorted(self.artifacts), "execution": sorted(self.executions)}


@served()
def walk(
    store: Store,
    start: Node,
    *,
    direction: Direction = "upstream",
    internal: bool = False,
    depth: int | None = None,
    type: str | None = None,  # noqa: A002 -- the field's own name for it
    name: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
) -> Lineage:
    """Return everything that led to `start`, or came of it, or both.

    Without a `depth` there is no limit to it, and every node is visited once, so diamonds cost
    nothing. With one, the walk ends so many executions away. Upstream of an artifact is the
    execution that made it (its earliest output event): later executions that found the same
    content again only point to it. Environments count as inputs with `internal`.

    With `type` or `name` (patterns with `*`, `?` and `[…]`), `since` or `until`, what fits all of
    them is kept, and the way from it to `start`; `matched` says which nodes those are.
    """
    if direction not in get_args(Direction):
        raise InvalidInput(
            f"there is no direction {direction!r}; choose 'upstream', 'downstream' or 'both'"
        )
    if depth is not None and depth < 1:
        raise InvalidInput(f"a lineage of depth {depth} tells nothing; give 1 or more")
    wanted = Wanted.of(type=type, name=name, since=since, until=until)
    halves: list[Ties] = []
    for upstream in (True, False):
        tied: Ties = {}
        if direction in ("upstream" if upstream else "downstream", "both"):
            around = reach(store, start, upstream=upstream, internal=internal, depth=depth)
            tied = _Walk(around, internal=internal, depth=depth).go(start, upstream=upstream)
        halves.append(tied)
    seen = _Seen(store, {start, *(node for half in halves for ends in half for node in ends)})
    if start not in seen.nodes:
        raise NotFound(f"there is no {start[0]}/{start[1]} (lineal log lists what there is)")
    matched: frozenset[Node] = frozenset()
    if wanted is not None:
        fitting = {
            node for node, held in seen.nodes.items() if wanted.fits(held, seen.version_of(node))
        }
        halves = [
            way_to(start, half, fitting, upstream=upstream)
            for half, upstream in zip(halves, (True, False), strict=True)
        ]
        kept = {start, *(node for half in halves for ends in half for node in ends)}
        matched = frozenset(fitting & kept)
        seen.keep(kept)
    return seen.lineage(start, direction, halves, matched)


class _Seen:
    """The nodes that a walk came to, read in batches."""

    def __init__(self, store: Store, reached: Collection[Node]) -> None:
        from lineal.metadata.batch import answers
        from lineal.metadata.batch.forms import PageRequest

        self._store = store
        self.nodes: dict[Node, Artifact | Execution] = {}
        for kind in ("artifact", "execution"):
            ids = [number for of, number in reached if of == kind]
            found, _ = answers.nodes(store, kind, PageRequest(), {"ids": sorted(ids)})
            self.nodes |= {(kind, node.id or 0): node for node in found}  # type: ignore[misc] # no contexts
        self.versions = versions_among(
            store, [number for kind, number in self.nodes if kind == "artifact"]
        )

    def version_of(self, node: Node) -> VersionRow | None:
        """Return the version that an artifact is."""
        return self.versions.get(node[1]) if node[0] == "artifact" else None

    def keep(self, kept: Collection[Node]) -> None:
        """Forget the other nodes."""
        self.nodes = {node: held for node, held in self.nodes.items() if node in kept}
        self.versions = {
            number: row for number, row in self.versions.items() if ("artifact", number) in kept
        }

    def lineage(
        self,
        start: Node,
        direction: Direction,
        halves: Sequence[Ties],
        matched: frozenset[Node],
    ) -> Lineage:
        """Return it all together."""
        tied = halves[0] | halves[1]
        keys = self._keys([event_id for event_id in tied.values() if event_id is not None])
        return Lineage(
            start=start,
            direction=direction,
            artifacts={n: a for (_, n), a in self.nodes.items() if isinstance(a, Artifact)},
            executions={n: e for (_, n), e in self.nodes.items() if isinstance(e, Execution)},
            versions=self.versions,
            edges=tuple(
                Edge(*ends, "run" if event_id is None else keys.get(event_id, ""))
                for ends, event_id in tied.items()
            ),
            matched=matched,
        )

    def _keys(self, event_ids: Sequence[int]) -> dict[int, str]:
        from lineal.metadata.batch import reading

        with self._store.reading() as (connection, _):
            found = reading.paths(connection, event_ids)
        return {event_id: str(path[0]) for event_id, path in found.items()}


class _Walk:
    """Breadth first through what `reach` brought in.

    A verb that ran inside of another execution got from it what that one had taken in before, so
    the way leads from a child to the inputs of its parent, and from an input of the parent to the
    children that began later. How much of an execution counts is a number of the walk: the event
    up to which its inputs do or, going down, minus the event after which its children do.
    """

    def __init__(self, around: Reach, *, internal: bool, depth: int | None) -> None:
        self._around = around
        self._inputs = INTERNAL_INPUTS if internal else INPUTS
        self._depth = depth

    def go(self, start: Node, *, upstream: bool) -> Ties:
        """Return the edges, each with its event's id; None between a run and what ran in it."""
        tied: Ties = {}
        step = self._upstream if upstream else self._downstream
        # Of each node how much of it counts, and minus how many executions away it is.
        level: dict[Node, tuple[float, int]] = {
            start: (math.inf, 0 if start[0] == "artifact" else -1)
        }
        seen: dict[Node, tuple[float, int]] = {}
        while level:
            seen |= level
            reached: dict[Node, tuple[float, int]] = {}
            for node, (extent, away) in level.items():
                for further, event_id, counts in step(node, extent):
                    distance = away - (node[0] == "artifact")
                    if self._depth is not None and -distance > self._depth:
                        continue
                    ends = (further, node) if upstream else (node, further)
                    tied.setdefault(ends, event_id)
                    known = reached.get(further) or seen.get(further)
                    if known is None:
                        reached[further] = counts, distance
                    elif counts > known[0] or distance > known[1]:
                        reached[further] = max(counts, known[0]), max(distance, known[1])
            level = reached
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
            if event.type in self._inputs and event.id <= extent:
                yield ("artifact", event.artifact_id), event.id, math.inf
        parent = self._around.parents.get(number)
        if parent is not None:
            began = events[0].id if events else math.inf
            yield ("execution", parent), None, min(extent, began)

    def _downstream(self, node: Node, extent: float) -> Iterator[tuple[Node, int | None, float]]:
        kind, number = node
        if kind == "artifact":
            for event in self._around.of_artifact.get(number, ()):
                if event.type in self._inputs:
                    yield ("execution", event.execution_id), event.id, -event.id
            return
        for event in self._around.of_execution.get(number, ()):
            if event.type in OUTPUTS:
                yield ("artifact", event.artifact_id), event.id, math.inf
        for child in self._around.children.get(number, ()):
            events = self._around.of_execution.get(child, ())
            if not events or events[-1].id > -extent:
                yield ("execution", child), None, extent
