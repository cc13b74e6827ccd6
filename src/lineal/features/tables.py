"""What features ask of the warehouse: a table at one version, and when its rows were loaded."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from lineal.engine.protocol import ArrowData
from lineal.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pyarrow as pa

    from lineal.engine.protocol import Engine, Source
    from lineal.metadata.model import Artifact
    from lineal.metadata.store import Store, VersionRow
    from lineal.warehouse import TableVersion, Warehouse

__all__ = ["LOADED_AT", "TableState", "Tables"]

LOADED_AT = "_loaded_at"
"""The warehouse's column with the time at which a row was loaded."""


class TableState:
    """A table at one version."""

    def __init__(self, version: TableVersion, history: Sequence[VersionRow]) -> None:
        self._version = version
        self._history = history
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
        """The columns, and the time at which a row was loaded."""
        import pyarrow as pa

        return self.schema.append(pa.field(LOADED_AT, pa.timestamp("us", "UTC")))

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
        """Return each load's time as `at`, and as `since` when what it brought was known.

        That is the load's claim, or else its commit. Writers of one table take turns, so that
        the first commit after a row was loaded is the load's own.
        """
        import pyarrow as pa

        from lineal.features.resolving import unbound

        rows = unbound(self.schema_with_load, self.name)
        times = engine.run(rows.select(at=rows[LOADED_AT]).distinct(), {self.name: self.source()})
        loads = times.read_all()["at"].drop_null().to_pylist()
        columns = {"at": loads, "since": [self._known_since(time) for time in loads]}
        kind = pa.timestamp("us", "UTC")
        return ArrowData(pa.table({name: pa.array(one, kind) for name, one in columns.items()}))

    def _known_since(self, loaded_at: datetime) -> datetime:
        index = bisect_left(self._history, loaded_at, key=lambda row: row.committed)
        return self._history[index].known_at if index < len(self._history) else loaded_at


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
        return TableState(version, self._store.versions(name))
