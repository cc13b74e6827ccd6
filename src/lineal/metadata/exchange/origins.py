"""Which row of another store is which row here: the union of two stores adds nothing twice.

A row's global name is (the store where it was made, its kind, its id there). Ids come in runs,
so that a million rows copied at once are one row of `lineal_origin`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from lineal.metadata import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lineal.metadata.backends import Backend
    from lineal.metadata.exchange.contents import Row

__all__ = ["IdMap", "Origins", "Run", "origins_here", "read_origins", "reversed_runs", "write_runs"]

_COLUMNS = ("store", "kind", "first", "last", "local")


class Run(NamedTuple):
    """The ids `first` to `last` are `local` and the following ones here."""

    first: int
    last: int
    local: int


class IdMap:
    """Ids of one kind in another store, and their ids here."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._runs = sorted(runs)
        self._firsts = [run.first for run in self._runs]

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    @property
    def last(self) -> int:
        """The greatest id that is in the map; 0 for an empty one."""
        return max((run.last for run in self._runs), default=0)

    def get(self, number: int) -> int | None:
        """Return the id here, or None if there is none."""
        place = bisect_right(self._firsts, number) - 1
        if place < 0:
            return None
        run = self._runs[place]
        return run.local + number - run.first if number <= run.last else None

    def add(self, number: int, local: int) -> None:
        """Add one id that is not in the map yet."""
        place = bisect_right(self._firsts, number)
        if place:
            before = self._runs[place - 1]
            if before.last + 1 == number and before.local + number - before.first == local:
                self._runs[place - 1] = Run(before.first, number, before.local)
                return
        self._runs.insert(place, Run(number, number, local))
        self._firsts.insert(place, number)


Origins = dict[tuple[str, str], IdMap]
"""By store and kind."""


def read_origins(rows: Iterable[Row]) -> Origins:
    """Return what rows of `lineal_origin` say."""
    found: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for store, kind, first, last, local in rows:
        found[str(store), str(kind)].append(Run(int(str(first)), int(str(last)), int(str(local))))
    return {key: IdMap(runs) for key, runs in found.items()}


def origins_here(connection: sa.Connection) -> Origins:
    """Return where the rows of this database come from, as far as they come from elsewhere."""
    table = tables.origin
    query = sa.select(*(table.c[name] for name in _COLUMNS))
    return read_origins(tuple(row) for row in connection.execute(query))


def reversed_runs(origins: Origins) -> dict[str, list[tuple[str, IdMap]]]:
    """Return, by kind, each store with the map from ids here back to those there."""
    found: dict[str, list[tuple[str, IdMap]]] = defaultdict(list)
    for (store, kind), runs in origins.items():
        back = [Run(run.local, run.local + run.last - run.first, run.first) for run in runs]
        found[kind].append((store, IdMap(back)))
    return found


def write_runs(
    connection: sa.Connection,
    backend: Backend,
    store: str,
    kind: str,
    runs: Sequence[Run],
) -> None:
    """Keep that these ids of `store` are those here."""
    rows: list[Row] = [(store, kind, run.first, run.last, run.local) for run in runs]
    if rows:
        backend.upsert(connection, tables.origin, _COLUMNS, rows, key=("store", "kind", "first"))
