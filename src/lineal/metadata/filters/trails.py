"""Follow lineage over events in memory, as filters mean it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lineal.metadata.filters.walks import INPUTS, halves

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.metadata.filters.evaluate import AnyEvent, Walk
    from lineal.metadata.filters.syntax import NodeKindName

__all__ = ["reachable"]


def reachable(
    events: Iterable[AnyEvent], kind: NodeKindName, node_id: int, walk: Walk
) -> frozenset[int]:
    """Return the ids of the nodes that a walk leads to from a node, the same as in a query."""
    steps: dict[tuple[NodeKindName, int], list[int]] = defaultdict(list)
    for event in events:
        if event.artifact_id is None or event.execution_id is None or not event.type:
            continue
        if (event.type in INPUTS) != walk.upstream:
            steps["artifact", event.artifact_id].append(event.execution_id)
        else:
            steps["execution", event.execution_id].append(event.artifact_id)
    most = halves(walk.most, walk.found, kind)
    exactly = halves(walk.exactly, walk.found, kind)
    return _follow(steps, (kind, node_id), walk.found, most, exactly)


def _follow(
    steps: dict[tuple[NodeKindName, int], list[int]],
    start: tuple[NodeKindName, int],
    found: NodeKindName,
    most: int | None,
    exactly: int | None,
) -> frozenset[int]:
    reached: set[int] = set()
    seen: set[tuple[NodeKindName, int]] = set()
    kind, ring, half = start[0], {start[1]}, 0
    while ring and (most is None or half < most):
        ring = {far for near in ring for far in steps.get((kind, near), ())}
        kind = "execution" if kind == "artifact" else "artifact"
        half += 1
        if exactly is None:  # otherwise a node may be reached again, on a longer way
            ring = {far for far in ring if (kind, far) not in seen}
            seen |= {(kind, far) for far in ring}
        if kind == found and exactly in (None, half):
            reached |= ring
    return frozenset(reached)
