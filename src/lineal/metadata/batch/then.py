"""Nodes as they were at a moment: chosen, filtered and paged by the values of then.

The tables hold what is so now; the old values are put in place after the rows are read. So what
may fit is read first, and then compared in Python.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.metadata import rows, tables
from lineal.metadata.batch.forms import EventForm
from lineal.metadata.batch.tokens import Place, read_token, write_token
from lineal.metadata.filters import Neighbours, Walk, parse, reachable
from lineal.metadata.moments import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from lineal.metadata.batch.forms import Kind, PageRequest
    from lineal.metadata.history import Horizon
    from lineal.metadata.model import Artifact, Context, Event, Execution
    from lineal.metadata.store import Store

__all__ = ["nodes_then", "parent_dated"]

_CHUNK = 10_000


def nodes_then(
    store: Store,
    kind: Kind,
    request: PageRequest,
    values: Mapping[str, object],
    *,
    limit: int | None,
) -> tuple[list[Artifact | Execution | Context], str]:
    """Return a page of the nodes that had then what `choosing.given` returned, and its token."""
    wanted = parse(request.filter, kind)
    with store.reading() as (connection, at):
        if at is None:
            raise LookupError(kind)  # pragma: no cover -- called for views of the past only
        surroundings = _Surroundings(connection, at)
        found = [
            node
            for node in surroundings.load(kind, _ids(surroundings, kind, values))
            if _fits(node, values, surroundings.versions)
        ]
        if wanted.condition is not None:
            surroundings.gather(kind, [node.id or 0 for node in found], wanted.mentions)
            found = [n for n in found if wanted.matches(n, surroundings.of(kind, n.id or 0))]
    return _page(found, request, limit)


def _ids(surroundings: _Surroundings, kind: Kind, values: Mapping[str, object]) -> set[int] | None:
    """Return the ids that the nodes asked for have, as far as ids or ties tell; None for any."""
    asked: list[set[int]] = []
    if "ids" in values:
        asked.append(set(values["ids"]))  # type: ignore[call-overload] # a list of ids
    for link, mine, other in _LINKS[kind]:
        node_id = values.get(other)
        if isinstance(node_id, int):
            tied = surroundings.tied(link, other, mine, [node_id])
            asked.append(set(tied.get(node_id, ())))
    return set.intersection(*asked) if asked else None


_LINKS: Mapping[Kind, Sequence[tuple[sa.Table, str, str]]] = {
    "artifact": [(tables.attribution, "artifact_id", "context_id")],
    "execution": [(tables.association, "execution_id", "context_id")],
    "context": [
        (tables.attribution, "context_id", "artifact_id"),
        (tables.association, "context_id", "execution_id"),
    ],
}


def _fits(
    node: Artifact | Execution | Context,
    values: Mapping[str, object],
    versions: Mapping[int, str],
) -> bool:
    listed = {"external_ids": node.external_id, "uris": getattr(node, "uri", None)}
    version = versions.get(node.type_id or 0, "")
    return (
        all(held in values[key] for key, held in listed.items() if key in values)  # type: ignore[operator] # lists
        and values.get("name", node.name) == node.name
        and values.get("type_name", node.type) == node.type
        and values.get("type_version", version) == version
    )


def _page(
    found: Sequence[Artifact | Execution | Context], request: PageRequest, limit: int | None
) -> tuple[list[Artifact | Execution | Context], str]:
    place = read_token(request)
    sign = 1 if request.ascending else -1
    keyed = sorted(((_value(n, request), n.id or 0, n) for n in found), key=lambda k: k[:2])
    if not request.ascending:
        keyed.reverse()
    if place is not None:
        last = sign * place.value, sign * place.id
        keyed = [each for each in keyed if (sign * each[0], sign * each[1]) > last]
    if limit is None or len(keyed) <= limit:
        return [node for _, _, node in keyed], ""
    page = keyed[:limit]
    value, node_id, _ = page[-1]
    ties = [each[1] for each in page if each[0] == value]
    return [node for _, _, node in page], write_token(request, Place(value, node_id), ties)


def _value(node: Artifact | Execution | Context, request: PageRequest) -> int:
    if request.order_by == "id":
        return node.id or 0
    time = node.created if request.order_by == "create_time" else node.updated
    return 0 if time is None else to_microseconds(time) // 1000


def parent_dated(at: Horizon) -> sa.ColumnElement[bool]:
    """Return the condition that a context was in its parent then, as far as a commit tells.

    What another client put has no date of its own; the contexts have.
    """
    link, dated = tables.parent_context, tables.parent_commit
    later = sa.exists().where(
        dated.c.context_id == link.c.context_id,
        dated.c.parent_context_id == link.c.parent_context_id,
        dated.c.commit > at.commit,
    )
    return ~later


class _Surroundings:
    """What stood beside nodes then, read for many of them at once."""

    def __init__(self, connection: sa.Connection, at: Horizon) -> None:
        self._connection = connection
        self._at = at
        self._events: dict[tuple[str, int], list[Event]] = defaultdict(list)
        self._ties: dict[tuple[str, int], dict[str, list[int]]] = defaultdict(dict)
        self._nodes: dict[tuple[str, int], Artifact | Execution | Context] = {}
        self._named: dict[int, tuple[str, int]] = {}
        self._all_events: list[EventForm] = []
        self._mentions: frozenset[str] = frozenset()
        types = tables.type_
        self.versions = {
            row[0]: row[1] or ""
            for row in connection.execute(sa.select(types.c.id, types.c.version))
        }

    def load(self, kind: Kind, ids: Iterable[int] | None) -> list[Artifact | Execution | Context]:
        """Return these nodes as they were, or all that were there, in the order of their ids."""
        table: sa.Table = getattr(tables, kind)
        visible = [self._at.visible(kind)]
        found: list[Artifact | Execution | Context] = []
        if ids is None:
            found += rows.LOADERS[kind](self._connection, visible, self._at)
        for chunk in _chunks(ids or ()):
            conditions = [*visible, table.c.id.in_(chunk)]
            found += rows.LOADERS[kind](self._connection, conditions, self._at)
        return sorted(found, key=lambda node: node.id or 0)

    def tied(self, link: sa.Table, near: str, far: str, ids: Iterable[int]) -> dict[int, list[int]]:
        """Return by each of these ids the ids that links tied it to."""
        there = (
            parent_dated(self._at)
            if link is tables.parent_context
            else self._at.visible(link.name.lower())
        )
        found: dict[int, list[int]] = defaultdict(list)
        for chunk in _chunks(ids):
            query = sa.select(link.c[near], link.c[far]).where(link.c[near].in_(chunk), there)
            for one, other in self._connection.execute(query.order_by(link.c[far])):
                found[one].append(other)
        return found

    def gather(self, kind: Kind, ids: Sequence[int], mentions: frozenset[str]) -> None:
        """Read what a filter asks for beside these nodes."""
        self._mentions = mentions
        parent = tables.parent_context
        wanted: Mapping[str, tuple[Kind, tuple[sa.Table, str, str] | None]] = {
            "contexts": ("context", (_LINKS[kind][0][0], f"{kind}_id", "context_id"))
            if kind != "context"
            else ("context", None),
            "artifacts": ("artifact", (tables.attribution, "context_id", "artifact_id")),
            "executions": ("execution", (tables.association, "context_id", "execution_id")),
            "parent_contexts": ("context", (parent, "context_id", "parent_context_id")),
            "child_contexts": ("context", (parent, "parent_context_id", "context_id")),
        }
        for word in mentions & wanted.keys():
            other, link = wanted[word]
            if link is None:
                continue
            ties = self.tied(*link, ids)
            for node in self.load(other, {each for far in ties.values() for each in far}):
                self._nodes[other, node.id or 0] = node
            for one, far in ties.items():
                self._ties[kind, one][word] = [n for n in far if (other, n) in self._nodes]
        if "events" in mentions and kind != "context":
            self._gather_events(kind, ids)
        if "version" in mentions and kind == "artifact":
            self._gather_versions(ids)
        if "lineage" in mentions and not self._all_events:
            self._all_events = [
                EventForm(row.artifact_id, row.execution_id, int(row.type))
                for row in rows.event_rows(self._connection, [], self._at)
            ]

    def of(self, kind: Kind, node_id: int) -> Neighbours:
        """Return what was gathered beside a node."""
        ties = self._ties.get((kind, node_id), {})
        kinds = {"artifacts": "artifact", "executions": "execution"}
        beside = {
            word: [self._nodes[kinds.get(word, "context"), each] for each in far]
            for word, far in ties.items()
        }
        return Neighbours(
            **beside,
            events=self._events.get((kind, node_id), ()),
            version=self._named.get(node_id) if kind == "artifact" else None,
            reach=self._reach(kind, node_id),
        )

    def _gather_events(self, kind: Kind, ids: Sequence[int]) -> None:
        near = tables.event.c[f"{kind}_id"]
        for chunk in _chunks(ids):
            for event in rows.events(self._connection, [near.in_(chunk)], self._at):
                owner = event.artifact_id if kind == "artifact" else event.execution_id
                self._events[kind, owner].append(event)

    def _gather_versions(self, ids: Sequence[int]) -> None:
        version = tables.version
        for chunk in _chunks(ids):
            query = sa.select(version.c.artifact_id, version.c.name, version.c.number).where(
                version.c.artifact_id.in_(chunk), self._at.version_visible()
            )
            for artifact_id, name, number in self._connection.execute(query):
                self._named[artifact_id] = (name, number)

    def _reach(
        self, kind: Kind, node_id: int
    ) -> Callable[[Walk], Iterable[tuple[Artifact | Execution | Context, Neighbours]]]:
        def reach(walk: Walk) -> list[tuple[Artifact | Execution | Context, Neighbours]]:
            if kind == "context":
                return []
            ids = sorted(reachable(self._all_events, kind, node_id, walk))
            missing = [each for each in ids if (walk.found, each) not in self._nodes]
            for node in self.load(walk.found, missing):
                self._nodes[walk.found, node.id or 0] = node
            self.gather(walk.found, missing, self._mentions)
            there = [each for each in ids if (walk.found, each) in self._nodes]
            return [(self._nodes[walk.found, each], self.of(walk.found, each)) for each in there]

        return reach


def _chunks(ids: Iterable[int]) -> Iterable[list[int]]:
    wanted = sorted(set(ids))
    return (wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK))
