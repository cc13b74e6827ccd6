"""What features ask of the warehouse: a table at one version, and when its rows were loaded."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from lineal.engine.protocol import ArrowData
from lineal.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import pyarrow as pa

    from lineal.engine.protocol import Engine, Source
    from lineal.metadata.model import Artifact
    from lineal.metadata.store import Store, VersionRow
    from lineal.warehouse import HistoryEntry, TableVersion, Warehouse

__all__ = ["ARTIFACT", "LOADED_AT", "TableState", "Tables"]

ARTIFACT = "_artifact"
"""The warehouse's column with the id of what brought a row."""
LOADED_AT = "_loaded_at"
"""The warehouse's column with the time at which a row was loaded."""


class TableState:
    """A table at one version."""

    def __init__(
        self,
        version: TableVersion,
        history: Sequence[VersionRow],
        loaded: Callable[[], Sequence[HistoryEntry]],
    ) -> None:
        self._version = version
        self._history = history
        self._loaded = loaded
        self._loads: pa.Table | None = None
        self.name = str(version.name)
        self.number = version.number or 0
        self.ref = version.ref

    @property
    def artifact(self) -> Artifact:
        """The version's artifact."""
        return self._version.artifact

    @property
    def schema(self) -> pa.Schema:
        """The columns that the table's users know."""
        return self._version.schema

    @property
    def schema_with_load(self) -> pa.Schema:
        """The columns, and what brought a row, and when."""
        import pyarrow as pa

        columns = [pa.field(ARTIFACT, pa.int64()), pa.field(LOADED_AT, pa.timestamp("us", "UTC"))]
        return pa.schema([*self.schema, *columns])

    @property
    def event_time(self) -> str | None:
        """The column that the table declares as its event time."""
        return self._version.event_time

    @property
    def has_several_loads(self) -> bool:
        """Whether its rows may have come in more than one load."""
        return self.number > int(str(self.artifact.get("since", 1)))

    def only_grew_since(self, number: int) -> bool:
        """Whether every version after `number` only added rows."""
        later = [row.artifact_id for row in self._history if number < row.number <= self.number]
        made = self._version.store.artifacts(ids=later)
        return number <= self.number and all(one.get("operation") == "append" for one in made)

    def committed(self, number: int) -> datetime:
        """Return when version `number` became visible; its rows were loaded before."""
        return next(row.committed for row in self._history if row.number == number)

    def source(self) -> Source:
        """Return the rows, with the time of their load; to be read once."""
        return self._version.source(provenance=True)

    def loads(self, engine: Engine) -> Source:
        """Return the loads that brought the rows: `number` orders them, `since` it was known.

        A row tells by `artifact` what brought it and by `at` when; the version that was made of
        that is its load. Times alone would not do: a clock may have been set back in between.
        """
        if self._loads is None:
            self._loads = self._find_loads(engine)
        return ArrowData(self._loads)

    def _find_loads(self, engine: Engine) -> pa.Table:
        import pyarrow as pa

        from lineal.features.resolving import unbound

        rows = unbound(self.schema_with_load, self.name)
        pairs = rows.select(artifact=rows[ARTIFACT], at=rows[LOADED_AT]).distinct()
        found = engine.run(pairs, {self.name: self.source()}).read_all().to_pylist()
        present = [(one["artifact"], one["at"]) for one in found if one["at"] is not None]
        entries = [one for one in self._loaded() if one.number <= self.number]
        instant = pa.timestamp("us", "UTC")
        loads = [self._load_of(artifact, at, entries) for artifact, at in present]
        columns = [
            pa.array([artifact for artifact, _ in present], pa.int64()),
            pa.array([at for _, at in present], instant),
            pa.array([None if load is None else load.number for load in loads], pa.int64()),
            pa.array([None if load is None else load.known_at for load in loads], instant),
        ]
        return pa.table(columns, names=["artifact", "at", "number", "since"])

    def _load_of(
        self, artifact: int | None, at: datetime, entries: Sequence[HistoryEntry]
    ) -> HistoryEntry | None:
        since = int(str(self.artifact.get("since", 1)))
        of_it = [
            one
            for one in entries
            if one.number >= since and one.source is not None and one.source.id == artifact
        ]
        # Loaded several times, the source brought the same rows each time.
        candidates = of_it or entries
        index = bisect_left(candidates, at, key=lambda one: one.loaded_at)
        return candidates[min(index, len(candidates) - 1)] if candidates else None


class Tables:
    """The tables of one workspace, as its store sees them."""

    def __init__(self, store: Store, warehouse: Warehouse) -> None:
        self._store = store
        self._warehouse = warehouse

    def state(self, name: str, known_by: datetime | None = None) -> TableState:
        """Return the newest version of a table, or the newest known by that moment."""
        if known_by is None:
            version = self._warehouse.newest(name)
        else:
            row = self._store.as_of(known_by).newest(name)
            if row is None:
                raise NotFound(f"table {name} was not known yet at {known_by.isoformat()}")
            version = self._warehouse.version(row)
        return TableState(
            version, self._store.versions(name), lambda: self._warehouse.history(name)
        )
