"""Read the part of the graph that a walk may come through, in a few queries whatever its depth.

One recursive query finds the nodes, a second one their events; a walk of few steps goes step by
step instead, so that it costs what it finds, however large the graph around it is. It may bring
in more than a walk then takes, never less: how much of a run counts depends on the order of its
events.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from lineal.metadata import rows, tables
from lineal.metadata.backends import backend_of
from lineal.metadata.batch.selects import Query, Slots, fetch
from lineal.metadata.model import EventType
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from lineal.metadata.history import Horizon
    from lineal.metadata.rows import EventRow
    from lineal.metadata.store import Store

__all__ = ["INPUTS", "INTERNAL_INPUTS", "MAKING", "OUTPUTS", "Node", "Reach", "reach"]

Node = tuple[Literal["artifact", "execution"], int]
"""A node of the graph: its kind and id."""

MAKING = (EventType.OUTPUT, EventType.DECLARED_OUTPUT, EventType.PENDING_OUTPUT)
"""How an artifact comes to be."""

OUTPUTS = (*MAKING, EventType.INTERNAL_OUTPUT)
INPUTS = (EventType.INPUT, EventType.DECLARED_INPUT)
INTERNAL_INPUTS = (*INPUTS, EventType.INTERNAL_INPUT)

_CHUNK = 10_000
_ARTIFACT, _EXECUTION = 0, 1
_TYPES = {int(each): each for each in EventType}


@dataclass(frozen=True)
class Reach:
    """Events in the order of their ids, by artifact and by execution; and what ran in what."""

    of_artifact: Mapping[int, Sequence[EventRow]]
    of_execution: Mapping[int, Sequence[EventRow]]
    parents: Mapping[int, int]
    children: Mapping[int, Sequence[int]]


@served()
def reach(
    store: Store, start: Node, *, upstream: bool, internal: bool, depth: int | None = None
) -> Reach:
    """Return what may lead to `start`, or with `upstream=False` may come of it.

    With a `depth` it ends so many steps away. A step is an execution: what it used and what it
    made are one step from each other, and each is one step from the execution.
    """
    inputs = INTERNAL_INPUTS if internal else INPUTS
    of_artifact: dict[int, list[EventRow]] = defaultdict(list)
    of_execution: dict[int, list[EventRow]] = defaultdict(list)
    parents: dict[int, int] = {}
    children: dict[int, list[int]] = defaultdict(list)
    with store.reading() as (connection, at):
        steps = _upwards(at, inputs) if upstream else _downwards(at, inputs)
        executions = (
            _executions(connection, start, steps)
            if depth is None
            else _within(
                connection,
                start,
                steps,
                depth,
                key=("step", upstream, internal) if at is None else None,
            )
        )
        events: list[EventRow] = []
        for begin in range(0, len(executions), _CHUNK):
            chunk = executions[begin : begin + _CHUNK]
            events += _events(connection, at, chunk)
            parents |= _parents(connection, at, chunk)
    for event in sorted(events):
        of_artifact[event.artifact_id].append(event)
        of_execution[event.execution_id].append(event)
    for child, parent in parents.items():
        children[parent].append(child)
    return Reach(of_artifact, of_execution, parents, children)


@dataclass(frozen=True)
class _Step:
    """From nodes of one kind to their neighbours, over a table that ties them."""

    kind: int
    near: sa.ColumnElement[int]
    to: int
    far: sa.ColumnElement[int]
    conditions: Sequence[sa.ColumnElement[bool]]

    def select(self, found: sa.CTE) -> sa.Select[int, int]:
        """Return the select of the neighbours of what was found so far."""
        return sa.select(sa.literal(self.to), self.far).where(
            found.c.kind == self.kind, self.near == found.c.id, *self.conditions
        )

    def from_ids(self, slots: Slots) -> Query:
        """Return the select of the neighbours of a list of nodes."""
        return sa.select(self.far).where(slots.among(self.near, "ids"), *self.conditions)


def _executions(connection: sa.Connection, start: Node, steps: Sequence[_Step]) -> list[int]:
    """Return the ids of the executions that the steps lead to from `start`."""
    kind = _ARTIFACT if start[0] == "artifact" else _EXECUTION
    begin = sa.select(
        sa.literal(kind).label("kind"), sa.literal(start[1], sa.BigInteger).label("id")
    )
    found = begin.cte("reached", recursive=True)
    ways = [step.select(found) for step in steps]
    if connection.dialect.name == "postgresql":  # which takes one recursive term, not several
        way = sa.union_all(*(each.correlate(found) for each in ways)).lateral("way")
        ways = [sa.select(*way.c).select_from(found.join(way, sa.true()))]
    found = found.union(*ways)
    ids = sa.select(found.c.id).where(found.c.kind == _EXECUTION)
    return sorted(connection.scalars(ids))


def _within(
    connection: sa.Connection,
    start: Node,
    steps: Sequence[_Step],
    depth: int,
    *,
    key: tuple[Hashable, ...] | None,
) -> list[int]:
    """Return the ids of the executions that are at most `depth` steps away from `start`.

    `key` tells all that the steps depend on, if they are worth keeping.
    """
    backend = backend_of(connection)

    def neighbours(kind: int, to: int, ids: Iterable[int]) -> set[int]:
        found: set[int] = set()
        wanted = sorted(ids)
        for place, step in enumerate(steps):
            if (step.kind, step.to) != (kind, to):
                continue
            for begin in range(0, len(wanted), _CHUNK):
                chunk = wanted[begin : begin + _CHUNK]
                if key is not None:
                    rows = fetch(connection, (*key, place), step.from_ids, {"ids": chunk})
                    found |= {row[0] for row in rows}
                    continue
                near = backend.among(step.near, chunk)
                found |= set(connection.scalars(sa.select(step.far).where(near, *step.conditions)))
        return found

    artifacts = {start[1]} if start[0] == "artifact" else set()
    executions = {start[1]} if start[0] == "execution" else set()
    seen_artifacts, seen = set(artifacts), set(executions)
    for _ in range(depth):
        if artifacts:
            executions = neighbours(_ARTIFACT, _EXECUTION, artifacts) - seen
        ring = inside = executions
        while inside:  # what ran in what is no step
            seen |= inside
            inside = neighbours(_EXECUTION, _EXECUTION, inside) - seen
            ring = ring | inside
        artifacts = neighbours(_EXECUTION, _ARTIFACT, ring) - seen_artifacts
        if not artifacts:
            break
        seen_artifacts |= artifacts
    return sorted(seen)


def _events(
    connection: sa.Connection, at: Horizon | None, execution_ids: Sequence[int]
) -> list[EventRow]:
    """Return the events of these executions."""
    if at is not None:
        near = backend_of(connection).among(tables.event.c.execution_id, execution_ids)
        return rows.event_rows(connection, [near], at)
    found = fetch(connection, ("walk",), _event_select, {"ids": execution_ids})
    return [
        rows.EventRow(event_id, artifact, execution, _TYPES[kind], time)
        for event_id, artifact, execution, kind, time in found
    ]


def _event_select(slots: Slots) -> Query:
    event = tables.event
    names = ("id", "artifact_id", "execution_id", "type", "milliseconds_since_epoch")
    return sa.select(*(event.c[name] for name in names)).where(
        slots.among(event.c.execution_id, "ids")
    )


def _upwards(at: Horizon | None, inputs: Sequence[EventType]) -> list[_Step]:
    event = tables.event
    artifact, execution = event.c.artifact_id, event.c.execution_id
    there = [] if at is None else [at.visible("event")]
    child, parent, is_parent = _runs(at)
    return [
        _Step(_ARTIFACT, artifact, _EXECUTION, execution, [_makes(at), *there]),
        _Step(_EXECUTION, execution, _ARTIFACT, artifact, [event.c.type.in_(inputs), *there]),
        _Step(_EXECUTION, child, _EXECUTION, parent, is_parent),
    ]


def _downwards(at: Horizon | None, inputs: Sequence[EventType]) -> list[_Step]:
    event = tables.event
    artifact, execution = event.c.artifact_id, event.c.execution_id
    there = [] if at is None else [at.visible("event")]
    child, parent, is_parent = _runs(at)
    return [
        _Step(_ARTIFACT, artifact, _EXECUTION, execution, [event.c.type.in_(inputs), *there]),
        _Step(_EXECUTION, execution, _ARTIFACT, artifact, [event.c.type.in_(OUTPUTS), *there]),
        _Step(_EXECUTION, parent, _EXECUTION, child, is_parent),
    ]


def _makes(at: Horizon | None) -> sa.ColumnElement[bool]:
    """Return the condition that an event made its artifact: the first one did.

    At a horizon every one passes, since what stands first there only its events can tell.
    """
    event, earlier = tables.event, tables.event.alias("earlier")
    is_making = event.c.type.in_(MAKING)
    if at is not None:
        return is_making
    before = sa.exists().where(
        earlier.c.artifact_id == event.c.artifact_id,
        earlier.c.type.in_(MAKING),
        earlier.c.id < event.c.id,
    )
    return sa.and_(is_making, ~before)


def _runs(
    at: Horizon | None,
) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int], list[sa.ColumnElement[bool]]]:
    """Return where an execution and the run that it was in stand, and the conditions of that."""
    held, execution = tables.execution_property, tables.execution
    child, parent = held.c.execution_id, held.c.int_value
    conditions: list[sa.ColumnElement[bool]] = [
        held.c.name == "lineal_parent",
        held.c.is_custom_property == 1,
        parent.is_not(None),
    ]
    if at is not None:
        known = sa.select(execution.c.id).where(at.visible("execution"))
        conditions += [child.in_(known), parent.in_(known)]
    return child, parent, conditions


def _parents(
    connection: sa.Connection, at: Horizon | None, execution_ids: Sequence[int]
) -> dict[int, int]:
    """Return of each execution that was inside of a run which one."""
    child, parent, conditions = _runs(at)
    near = backend_of(connection).among(child, execution_ids)
    query = sa.select(child, parent).where(near, *conditions)
    return {row[0]: row[1] for row in connection.execute(query.order_by(child))}
