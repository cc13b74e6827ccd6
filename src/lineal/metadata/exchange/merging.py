"""Bring an export into a store that has things of its own: the union of both.

What is there already is found by where it came from, else by its external id, a context by type
and name, a version by name and content, an artifact by type, name and URI; types by kind, name
and version. What the store has stays as it is; the rest is new here, under new ids, and known
from this import on.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from lineal.metadata import tables
from lineal.metadata.exchange.contents import columns_of, kept_rows
from lineal.metadata.exchange.edges import EdgeMerge
from lineal.metadata.exchange.nodes import NodeMerge
from lineal.metadata.exchange.origins import (
    IdMap,
    Run,
    origins_here,
    read_origins,
    reversed_runs,
    write_runs,
)
from lineal.metadata.exchange.types import TypeMerge
from lineal.metadata.exchange.versions import VersionMerge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import sqlalchemy as sa

    from lineal.metadata.commit import Commit
    from lineal.metadata.exchange.contents import Batch, Row
    from lineal.metadata.exchange.origins import Origins

__all__ = ["Merge"]

_KINDS = ("type", *tables.DATED.values())


class Merge:
    """One merge: which ids of the source are which here, and what is new."""

    def __init__(
        self, commit: Commit, here: str, source: str, read: Callable[[sa.Table], Iterator[Batch]]
    ) -> None:
        self.commit = commit
        self.added: Counter[str] = Counter()
        self.matched: Counter[str] = Counter()
        self.renamed = 0
        self._here = here
        self.source = source
        self._theirs = read_origins(_rows(read(tables.origin)))
        self._back = reversed_runs(self._theirs)
        self._known: Origins = origins_here(commit.connection)
        self.maps = {kind: self._known.get((source, kind), IdMap()) for kind in _KINDS}
        self.fresh = {kind: IdMap() for kind in _KINDS}
        self._changed: set[str] = set()
        versions = VersionMerge(self, _rows(read(tables.version)))
        types, edges = TypeMerge(self), EdgeMerge(self)
        nodes = {
            kind: NodeMerge(self, kind, versions) for kind in ("context", "artifact", "execution")
        }
        self._takers: dict[str, Callable[[list[Row]], None]] = {
            "Type": types.take_types,
            "TypeProperty": types.take_properties,
            "ParentType": types.take_parents,
            **{node.table.name: node.take for node in nodes.values()},
            **{node.properties.name: node.take_properties for node in nodes.values()},
            "Event": edges.take_events,
            "EventPath": edges.take_paths,
            "Attribution": edges.take_attributions,
            "Association": edges.take_associations,
            "ParentContext": edges.take_parents,
            "lineal_alias": versions.take_aliases,
            "lineal_claim": versions.take_claims,
        }

    def take(self, batches: Iterable[Batch]) -> None:
        """Merge everything that the batches hold."""
        for batch in batches:
            self.take_one(batch)
        self.keep_origins()

    def take_one(self, batch: Batch) -> None:
        """Merge one batch; what it refers to must have come before."""
        taker = self._takers.get(str(batch.table.name))
        if taker is not None:  # else the source's own commits and what they replaced
            taker(batch.rows)

    def local(self, kind: str, number: object) -> int | None:
        """Return the id here of what has the id `number` in the source, if it is here."""
        found = self.maps[kind].get(cast("int", number))
        if found is None and kind in self._back:
            found = self._by_origin(kind, cast("int", number))
        return found

    def is_here(self, kind: str, number: object, local: int) -> None:
        """Note that the source's `number` is what has the id `local` here."""
        self.maps[kind].add(cast("int", number), local)
        self._changed.add(kind)

    def is_new(self, kind: str, number: object, local: int) -> None:
        """Note that the source's `number` is new here, with the id `local`."""
        self.is_here(kind, number, local)
        self.fresh[kind].add(cast("int", number), local)

    def insert(self, table: sa.Table, rows: list[Row], *, ignore: bool = False) -> None:
        """Insert plain rows, given in the order of the table's columns."""
        if rows:
            self.commit.insert_rows(table, columns_of(table), kept_rows(table, rows), ignore=ignore)
            self.added[str(table.name)] += len(rows)

    def _by_origin(self, kind: str, number: int) -> int | None:
        """Return the id here of what both have from a third store, or the source from here."""
        for store, back in self._back[kind]:
            first = back.get(number)
            if first is None:
                continue
            runs = self._known.get((store, kind))
            local = first if store == self._here else runs.get(first) if runs else None
            if local is not None:
                self.is_here(kind, number, local)
                return local
        return None

    def keep_origins(self) -> None:
        """Keep where everything came from, the source's own origins included."""
        found: Origins = {}
        for kind in self._changed:
            found[self.source, kind] = self.maps[kind]
        for (store, kind), runs in self._theirs.items():
            if store == self._here or kind not in self._changed:
                continue
            known = self._known.get((store, kind), IdMap())
            for run in runs:
                _follow(run, self.maps[kind], known)
            found[store, kind] = known
        for (store, kind), runs in found.items():
            write_runs(self.commit.connection, self.commit.backend, store, kind, list(runs))


def _follow(run: Run, here: IdMap, known: IdMap) -> None:
    """Add to `known` where the rows of a run, which are in the source, are here."""
    for number in range(run.first, run.last + 1):
        local = here.get(run.local + number - run.first)
        if local is not None and known.get(number) is None:
            known.add(number, local)


def _rows(batches: Iterable[Batch]) -> Iterator[Row]:
    for batch in batches:
        yield from batch.rows
