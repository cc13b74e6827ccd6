"""Follow lineage in one recursive query: from what is looked for to the nodes that it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import tables
from lineal.metadata.model import EventType

if TYPE_CHECKING:
    from lineal.metadata.filters.syntax import NodeKindName, Reach

__all__ = ["INPUTS", "OUTPUTS", "halves", "reached"]

INPUTS = tuple(each.value for each in EventType if each.is_input)
OUTPUTS = tuple(each.value for each in EventType if each != EventType.UNKNOWN and not each.is_input)
_ARTIFACT, _EXECUTION = 0, 1


def reached(
    reach: Reach, kind: NodeKindName, start: sa.Select[tuple[int]]
) -> sa.Select[tuple[int]]:
    """Return the ids of the nodes of `kind` that have one of `start` upstream, or downstream.

    A step is an execution: what it reads and what it makes are one step from one another, and
    each is one step from the execution itself. Half steps are counted, since the walk alternates.
    """
    # To have something upstream is to lie downstream of it.
    into, out_of = (INPUTS, OUTPUTS) if reach.upstream else (OUTPUTS, INPUTS)
    event = tables.event
    first = event.alias()
    from_artifact = reach.found == "artifact"
    bounded = reach.most is not None
    near, far = (
        (first.c.artifact_id, first.c.execution_id)
        if from_artifact
        else (first.c.execution_id, first.c.artifact_id)
    )
    begin = sa.select(
        sa.literal_column(str(_EXECUTION if from_artifact else _ARTIFACT)).label("kind"),
        far.label("id"),
        *([sa.literal_column("1").label("steps")] if bounded else []),
    ).where(near.in_(start), first.c.type.in_(into if from_artifact else out_of))
    found = begin.cte(recursive=True)
    onward = sa.select(
        sa.literal_column("1", sa.Integer) - found.c.kind,
        sa.case((found.c.kind == _ARTIFACT, event.c.execution_id), else_=event.c.artifact_id),
        *([found.c.steps + sa.literal_column("1", sa.Integer)] if bounded else []),
    ).where(
        sa.or_(
            sa.and_(
                found.c.kind == _ARTIFACT,
                event.c.artifact_id == found.c.id,
                event.c.type.in_(into),
            ),
            sa.and_(
                found.c.kind == _EXECUTION,
                event.c.execution_id == found.c.id,
                event.c.type.in_(out_of),
            ),
        )
    )
    most = halves(reach.most, reach.found, kind)
    if most is not None:
        onward = onward.where(found.c.steps < most)
    found = found.union(onward)
    wanted = _ARTIFACT if kind == "artifact" else _EXECUTION
    ids = sa.select(found.c.id).where(found.c.kind == wanted)
    exactly = halves(reach.exactly, reach.found, kind)
    return ids if exactly is None else ids.where(found.c.steps == exactly)


def halves(steps: int | None, found: NodeKindName, kind: NodeKindName) -> int | None:
    """Return half steps: between nodes of one kind a step has two, else the last has one."""
    if steps is None:
        return None
    return 2 * steps if found == kind else 2 * steps - 1
