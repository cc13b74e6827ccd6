"""Put what ties nodes: events, attributions, associations, parents of contexts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import AlreadyExists, InvalidInput
from lineal.metadata import tables
from lineal.metadata.batch.cells import check_text
from lineal.metadata.batch.cycles import find_cycle
from lineal.metadata.batch.shapes import SHAPES
from lineal.metadata.batch.statements import Clash, Lookup, atomic, clashes
from lineal.metadata.model import EventType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lineal.errors import LinealError
    from lineal.metadata.batch.forms import EventForm, Kind, Link
    from lineal.metadata.commit import Commit
    from lineal.metadata.transaction import Transaction

__all__ = [
    "check_event",
    "check_present",
    "insert_events",
    "insert_links",
    "put_events",
    "put_links",
    "put_parents",
]

_event, _parent = tables.event, tables.parent_context
_attribution, _association = tables.attribution, tables.association

_EVENT = ("id", "artifact_id", "execution_id", "type", "milliseconds_since_epoch")
_STEP = ("event_id", "is_index_step", "step_index", "step_key")
_EVENTS_OF = Lookup(
    _event.c.artifact_id,
    sa.select(_event.c.artifact_id, _event.c.execution_id, _event.c.type).where,
)
_ATTRIBUTED = Lookup(
    _attribution.c.artifact_id,
    sa.select(_attribution.c.context_id, _attribution.c.artifact_id).where,
)
_ASSOCIATED = Lookup(
    _association.c.execution_id,
    sa.select(_association.c.context_id, _association.c.execution_id).where,
)
_PARENTS = Lookup(
    _parent.c.context_id, sa.select(_parent.c.context_id, _parent.c.parent_context_id).where
)


def put_events(transaction: Transaction, events: Sequence[EventForm]) -> None:
    """Insert events between stored nodes; all of the call, or nothing."""
    if not events:
        return
    commit = transaction.commit
    for event in events:
        check_event(event)
    with atomic(commit):
        check_present(commit, "artifact", (event.artifact_id for event in events))
        check_present(commit, "execution", (event.execution_id for event in events))
        insert_events(commit, events)


def put_links(
    transaction: Transaction, attributions: Sequence[Link], associations: Sequence[Link]
) -> None:
    """Put artifacts and executions into contexts; links that are there already stay.

    All of the call is done, or nothing.
    """
    for links, what, other in (
        (attributions, "an attribution", "artifact"),
        (associations, "an association", "execution"),
    ):
        for link in links:
            if link.first is None or link.second is None:
                ends = {"context": link.first, other: link.second}
                known = [f" of {kind}/{n}" for kind, n in ends.items() if n is not None]
                lacking = " and ".join(f"its {kind}" for kind, n in ends.items() if n is None)
                raise InvalidInput(f"{what}{''.join(known)} needs the id of {lacking}")
    if not attributions and not associations:
        return
    commit = transaction.commit
    with atomic(commit):
        check_present(commit, "context", (link.first for link in (*attributions, *associations)))
        check_present(commit, "artifact", (link.second for link in attributions))
        check_present(commit, "execution", (link.second for link in associations))
        insert_links(commit, attributions, associations)


def put_parents(transaction: Transaction, links: Sequence[Link]) -> None:
    """Put contexts into others, as (child, parent); all of the call, or nothing."""
    for link in links:
        if link.first is None or link.second is None:
            lacking = "child" if link.first is None else "parent"
            raise InvalidInput(f"a parent context needs the id of its {lacking}")
        if link.first == link.second:
            raise InvalidInput(f"context/{link.first} can't be its own parent")
    if not links:
        return
    commit = transaction.commit
    pairs = [(link.first or 0, link.second or 0) for link in links]
    with atomic(commit):
        check_present(commit, "context", (number for pair in pairs for number in pair))
        _check_acyclic(commit, pairs)
        try:
            commit.insert_rows(_parent, ("context_id", "parent_context_id"), pairs)
        except clashes(commit) as error:
            raise Clash(partial(_explain_parent, commit, pairs)) from error
        commit.insert_rows(
            tables.parent_commit,
            ("context_id", "parent_context_id", "commit"),
            [(*pair, commit.number) for pair in pairs],
        )


# Inside the part


def check_present(commit: Commit, kind: Kind, ids: Iterable[int | None]) -> None:
    """Raise `InvalidInput` if one of these ids is no node's of that kind."""
    wanted = {number for number in ids if number is not None}
    found = {number for (number,) in SHAPES[kind].present.rows(commit, wanted)}
    missing = sorted(wanted - found)
    if missing:
        more = f" (nor {len(missing) - 1} others)" if len(missing) > 1 else ""
        raise InvalidInput(f"there is no {kind} with the id {missing[0]}{more}")


def check_event(event: EventForm) -> None:
    """Refuse an event that lacks an end or its type."""
    if event.artifact_id is None or event.execution_id is None:
        ends = {"artifact": event.artifact_id, "execution": event.execution_id}
        known = [f" of {kind}/{number}" for kind, number in ends.items() if number is not None]
        lacking = " and ".join(f"an {kind}_id" for kind, number in ends.items() if number is None)
        raise InvalidInput(f"an event{''.join(known)} needs {lacking}")
    if event.type == EventType.UNKNOWN:
        raise InvalidInput(
            f"the event between artifact/{event.artifact_id} and "
            f"execution/{event.execution_id} needs a type, such as INPUT or OUTPUT"
        )
    for step in event.path:
        if isinstance(step, str):
            check_text("a step of an event's path", step)


def insert_events(commit: Commit, events: Sequence[EventForm]) -> None:
    """Insert events that were checked."""
    now = commit.milliseconds
    ids = commit.reserve(_event, len(events))
    rows = [
        (
            event_id,
            event.artifact_id,
            event.execution_id,
            int(event.type),
            now if event.milliseconds is None else event.milliseconds,
        )
        for event_id, event in zip(ids, events, strict=True)
    ]
    steps = [
        (
            event_id,
            isinstance(step, int),
            *((step, None) if isinstance(step, int) else (None, step)),
        )
        for event_id, event in zip(ids, events, strict=True)
        for step in event.path
    ]
    try:
        commit.insert_rows(_event, _EVENT, rows)
    except clashes(commit) as error:
        raise Clash(partial(_explain_event, commit, events)) from error
    commit.insert_rows(tables.event_path, _STEP, steps)


def insert_links(
    commit: Commit, attributions: Iterable[Link], associations: Iterable[Link]
) -> None:
    """Insert the links that aren't there yet, between nodes that need no check."""
    for table, held, links, columns in (
        (_attribution, _ATTRIBUTED, attributions, ("context_id", "artifact_id")),
        (_association, _ASSOCIATED, associations, ("context_id", "execution_id")),
    ):
        pairs = dict.fromkeys((link.first, link.second) for link in links)
        for row in held.rows(commit, {second for _, second in pairs if second is not None}):
            pairs.pop(tuple(row), None)
        commit.insert_rows(table, columns, list(pairs), ignore=True)


def _check_acyclic(commit: Commit, pairs: Sequence[tuple[int, int]]) -> None:
    """Refuse links that would make a context its own ancestor."""
    parents: dict[int, list[int]] = {}
    for child, parent in pairs:
        parents.setdefault(child, []).append(parent)
    known: set[int] = set()
    front = {number for pair in pairs for number in pair}
    while front:
        known |= front
        rows = _PARENTS.rows(commit, front)
        for child, parent in rows:
            parents.setdefault(child, []).append(parent)
        front = {parent for _, parent in rows} - known
    cycle = find_cycle(parents, [child for child, _ in pairs])
    if cycle:
        told = " in ".join(f"context/{number}" for number in cycle[:8])
        more = " …" if len(cycle) > 8 else ""
        raise InvalidInput(f"these parents would make a cycle: {told}{more}")


def _explain_event(commit: Commit, events: Sequence[EventForm]) -> LinealError:
    wanted = {event.artifact_id for event in events if event.artifact_id is not None}
    taken = {tuple(row) for row in _EVENTS_OF.rows(commit, wanted)}
    for event in events:
        key = (event.artifact_id, event.execution_id, int(event.type))
        if key in taken:
            return AlreadyExists(
                f"artifact/{event.artifact_id} and execution/{event.execution_id} "
                f"already have an event {_type_told(event.type)}, or are given a second one here"
            )
        taken.add(key)
    return AlreadyExists("one of these events is there already")


def _explain_parent(commit: Commit, pairs: Sequence[tuple[int, int]]) -> LinealError:
    taken = {tuple(row) for row in _PARENTS.rows(commit, {child for child, _ in pairs})}
    for pair in pairs:
        if pair in taken:
            return AlreadyExists(f"context/{pair[1]} is a parent of context/{pair[0]} already")
        taken.add(pair)
    return AlreadyExists("one of these parent contexts is there already")


def _type_told(number: int) -> str:
    try:
        return EventType(number).name
    except ValueError:
        return f"of type {number}"
