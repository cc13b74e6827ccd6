"""The part of the graph around some nodes: breadth first over whole sets, one query a hop.

What a walk takes along and what it leaves out is what ML Metadata's `GetLineageSubgraph` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import sqlalchemy as sa

from lineal.errors import InvalidInput, NotFound
from lineal.metadata import tables
from lineal.metadata.batch import reading
from lineal.metadata.batch.assembly import TABLES
from lineal.metadata.batch.forms import EventForm, Link
from lineal.metadata.batch.selects import CHUNK, Query, Row, Slots, fetch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from lineal.metadata.batch.listing import Meaning

__all__ = [
    "MOST_HOPS",
    "MOST_STARTS",
    "Direction",
    "Ending",
    "Side",
    "Subgraph",
    "lineage_subgraph",
]

Side = Literal["artifact", "execution"]
Direction = Literal["upstream", "downstream", "both"]
Part = Literal["events", "attributions", "associations"]

MOST_HOPS = 100
"""How far ML Metadata walks at most."""
MOST_STARTS = 101
"""How many nodes ML Metadata starts from at most."""

_MAKING, _USING = (1, 4, 6, 7), (2, 3, 5)
"""The numbers of the event types by which an execution makes an artifact, or uses one."""

_TYPES: Mapping[tuple[Side, Direction], tuple[int, ...] | None] = {
    ("artifact", "upstream"): _MAKING,
    ("artifact", "downstream"): _USING,
    ("execution", "upstream"): _USING,
    ("execution", "downstream"): _MAKING,
    ("artifact", "both"): None,
    ("execution", "both"): None,
}


class Ending(NamedTuple):
    """Where a walk ends: at the nodes that fit a filter, themselves included or left out."""

    filter: str
    include: bool = False


@dataclass(frozen=True, slots=True)
class Subgraph:
    """The nodes that were reached, by their ids in ascending order, and what ties them."""

    artifact_ids: list[int] = field(default_factory=list)
    execution_ids: list[int] = field(default_factory=list)
    context_ids: list[int] = field(default_factory=list)
    events: list[EventForm] = field(default_factory=list)
    attributions: list[Link] = field(default_factory=list)
    associations: list[Link] = field(default_factory=list)


def lineage_subgraph(
    connection: sa.Connection,
    *,
    starting: Side,
    starting_filter: str,
    max_hops: int | None = None,
    direction: Direction = "both",
    ending_artifacts: Ending | tuple[str, bool] | None = None,
    ending_executions: Ending | tuple[str, bool] | None = None,
    filter_meaning: Meaning = "mlmd",
    parts: Collection[Part] = get_args(Part),
    most_hops: int | None = MOST_HOPS,
    most_starts: int | None = MOST_STARTS,
) -> Subgraph:
    """Return what is reached in at most `max_hops` steps from the nodes that fit the filter.

    A step leads from artifacts to executions or back. None, like more than `most_hops`, means
    that many; `most_hops=None` walks to the ends. Of what ties the nodes only the `parts` asked
    for are read; contexts come with the links to them. Raises `InvalidInput` without a filter,
    and `NotFound` if no node fits it.
    """
    if not starting_filter.strip():
        raise InvalidInput("a lineage subgraph needs a filter that names its starting nodes")
    if max_hops is not None and max_hops < 0:
        raise InvalidInput(f"max_num_hops is {max_hops}; give 0 or more")
    if direction not in get_args(Direction):
        raise InvalidInput(
            f"there is no direction {direction!r}; choose upstream, downstream, both"
        )
    hops = min((each for each in (max_hops, most_hops) if each is not None), default=None)
    ids = _starts(connection, starting, starting_filter, filter_meaning, most_starts)
    if not ids:
        raise NotFound(f"no {starting} fits the filter {starting_filter!r} to start from")
    endings: dict[Side, Ending | None] = {
        "artifact": None if ending_artifacts is None else Ending(*ending_artifacts),
        "execution": None if ending_executions is None else Ending(*ending_executions),
    }
    walk = _Walk(connection, direction, endings, filter_meaning, keeps="events" in parts)
    walk.go(starting, ids, hops)
    return _told(connection, walk, parts)


class _Walk:
    """Goes from one side to the other and keeps what it finds."""

    def __init__(
        self,
        connection: sa.Connection,
        direction: Direction,
        endings: Mapping[Side, Ending | None],
        meaning: Meaning,
        *,
        keeps: bool,
    ) -> None:
        self._keeps = keeps  # the events, not the ids alone
        self.found: dict[Side, set[int]] = {"artifact": set(), "execution": set()}
        self.events: dict[int, Row] = {}
        self._connection = connection
        self._direction = direction
        self._endings = endings
        self._meaning = meaning

    def go(self, side: Side, ids: Collection[int], hops: int | None) -> None:
        """Walk from these nodes of `side`, so many hops or to the ends."""
        reached = set(ids)
        ending = self._ends_among(side, reached)
        frontier = reached - ending
        self.found[side] |= reached if self._includes(side) else frontier
        hop = 0
        while frontier and (hops is None or hop < hops):
            side, frontier = self._step(side, frontier)
            hop += 1

    def _step(self, side: Side, frontier: Collection[int]) -> tuple[Side, set[int]]:
        """Take one hop; return the other side and what is new there to go on from."""
        other: Side = "execution" if side == "artifact" else "artifact"
        far = 0 if not self._keeps else 2 if side == "artifact" else 1
        rows = self._rows(side, other, frontier)
        reached: set[int] = {row[far] for row in rows}
        new = reached - self.found[other]
        ending = self._ends_among(other, reached)
        if ending and not self._includes(other):
            rows = [row for row in rows if row[far] not in ending]
            new -= ending
        if self._keeps:
            self.events.update((row[0], row) for row in rows)
        self.found[other] |= new
        return other, new - ending

    def _rows(self, side: Side, other: Side, frontier: Collection[int]) -> list[Row]:
        """Return the events that lead on from these nodes, or only the ids that they lead to."""
        key = ("steps", side, self._direction, self._keeps)
        build = partial(_steps, side, self._direction, None if self._keeps else other)
        return [
            row
            for chunk in _chunks(frontier)
            for row in fetch(self._connection, key, build, {"ids": chunk})
        ]

    def _includes(self, side: Side) -> bool:
        ending = self._endings[side]
        return ending is None or ending.include

    def _ends_among(self, side: Side, ids: Collection[int]) -> set[int]:
        """Return those of these nodes that the walk ends at."""
        ending = self._endings[side]
        if ending is None or not ending.filter.strip():
            return set()
        key = ("ending", side, ending.filter, self._meaning)
        build = partial(_fitting, side, ending.filter, self._meaning)
        return {
            row[0]
            for chunk in _chunks(ids)
            for row in fetch(self._connection, key, build, {"ids": chunk})
        }


def _starts(
    connection: sa.Connection, side: Side, text: str, meaning: Meaning, most: int | None
) -> list[int]:
    from lineal.metadata.filters import compile_filter

    def build(slots: Slots) -> Query:
        node_id = TABLES[side][0].c.id
        wanted = compile_filter(text, side, meaning=meaning, dialect=slots.backend.name)
        query = wanted.ids().order_by(node_id)
        return query if most is None else query.limit(most)

    rows = fetch(connection, ("starts", side, text, meaning, most), build, {})
    return [row[0] for row in rows]


def _fitting(side: Side, text: str, meaning: Meaning, slots: Slots) -> Query:
    from lineal.metadata.filters import compile_filter

    node_id = TABLES[side][0].c.id
    wanted = compile_filter(text, side, meaning=meaning, dialect=slots.backend.name)
    return wanted.ids().where(slots.among(node_id, "ids"))


def _steps(side: Side, direction: Direction, only: Side | None, slots: Slots) -> Query:
    """Return the select of events, or with `only` of the ids of that side, which an index holds."""
    event = tables.event
    columns = ("id", "artifact_id", "execution_id", "type", "milliseconds_since_epoch")
    chosen = columns if only is None else (f"{only}_id",)
    query = sa.select(*(event.c[name] for name in chosen)).where(
        slots.among(event.c[f"{side}_id"], "ids")
    )
    types = _TYPES[side, direction]
    if types is None:
        return query
    return query.where(event.c.type.in_([sa.literal_column(str(number)) for number in types]))


def _told(connection: sa.Connection, walk: _Walk, parts: Collection[Part]) -> Subgraph:
    artifacts, executions = sorted(walk.found["artifact"]), sorted(walk.found["execution"])
    events: list[EventForm] = []
    if "events" in parts:
        events = [
            EventForm(artifact, execution, kind, (), time, event_id)
            for event_id, artifact, execution, kind, time in sorted(walk.events.values())
        ]
        reading.add_paths(connection, {event.id or 0: event for event in events})
    attributions: list[Link] = []
    associations: list[Link] = []
    if "attributions" in parts:
        attributions = reading.attributions(connection, artifact_ids=artifacts)
    if "associations" in parts:
        associations = reading.associations(connection, execution_ids=executions)
    return Subgraph(
        artifact_ids=artifacts,
        execution_ids=executions,
        context_ids=sorted({link.first or 0 for link in (*attributions, *associations)}),
        events=events,
        attributions=attributions,
        associations=associations,
    )


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), CHUNK):
        yield wanted[start : start + CHUNK]
