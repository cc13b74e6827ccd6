"""Bring an online store up to date: for each entity, its newest features.

What an entity's newest features are is asked of the same join that makes training sets, with
every entity as one query at the present moment: so both answers are one answer. Progress is a
table's version, not an event time, so that a row that comes late is seen like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from lineal.engine.protocol import ParquetFiles
from lineal.features.computing import Changed, entities, next_moment
from lineal.features.online.keys import KeyLayout, encode_batch, key_kind
from lineal.features.online.packing import Layout
from lineal.features.online.protocol import Progress, StoredView
from lineal.features.parquet import rebatched, write_parquet
from lineal.features.timelines import count_restated, sources_of, timeline
from lineal.features.types import MATERIALIZE, ONLINE_VIEW
from lineal.lake.disk import private_folder
from lineal.metadata.killpoints import kill_point
from lineal.metadata.model import Artifact, ArtifactState
from lineal.metadata.names import format_name
from lineal.metadata.outputs import Made, Output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa

    from lineal.engine.protocol import Engine
    from lineal.features.online.protocol import OnlineStore
    from lineal.features.registry import Chosen, Reading
    from lineal.features.specs import ViewSpec
    from lineal.features.tables import TableState
    from lineal.metadata.model import Value
    from lineal.metadata.recorder import Recorder
    from lineal.metadata.running import Running

__all__ = ["MaterializeResult", "MaterializedView", "Place", "materialize"]

_ROWS_A_BATCH = 50_000
_CLOCK_SLACK = timedelta(hours=1)  # a clock may have been set back between two loads


@dataclass(frozen=True)
class MaterializedView:
    """What materialising did for one view."""

    view: str
    """The view's version (`weather@2`)."""
    table: str
    """The table's version that the store now holds (`ops.weather@3`)."""
    moment: datetime
    """Rows known by then are in the store."""
    entities: int
    """How many entities were written; 0 if the store was up to date."""
    up_to_date: bool


@dataclass(frozen=True)
class MaterializeResult:
    """What materialising did, view by view."""

    execution: int
    views: tuple[MaterializedView, ...]

    @property
    def entities(self) -> int:
        """How many entities were written in all views."""
        return sum(view.entities for view in self.views)


@dataclass(frozen=True)
class Place:
    """Where values are written: the store, and what the graph calls it."""

    store: OnlineStore
    uri: str


def materialize(
    reading: Reading,
    tables: Mapping[str, TableState],
    *,
    now: datetime,
    place: Place,
    recorder: Recorder,
    engine: Engine,
    temporary: Path,
) -> MaterializeResult:
    """Write what was known at `now` of each view in `reading`, in one recorded execution."""
    views = _distinct(reading)
    with recorder.run(
        MATERIALIZE,
        inputs={
            "definitions": [one.artifact for one in reading.definitions],
            "tables": list({one.artifact.id: one.artifact for one in tables.values()}.values()),
        },
        parameters={"features": reading.ref, "now": now.isoformat()},
        outputs=[Output(view.spec.values_id, ONLINE_VIEW) for view in views],
    ) as running:
        done = []
        for view in views:
            table = tables[view.spec.table]
            with private_folder(temporary) as folder:
                result = _View(view, table, now, engine, folder).write(place.store)
            kill_point("features.materialize.written")
            _record(running, view, result, place, recorder)
            done.append(result)
    return MaterializeResult(running.execution_id, tuple(done))


def _distinct(reading: Reading) -> list[Chosen]:
    """Return each set of stored values once; roles of one view share theirs."""
    return list({view.spec.values_id: view for view in reading.views}.values())


def _record(
    running: Running, view: Chosen, result: MaterializedView, place: Place, recorder: Recorder
) -> None:
    """Tell the graph what the store now holds; an equal earlier state is pointed to."""
    key = view.spec.values_id
    if result.up_to_date:
        same = _recorded(recorder, key, result)
        if same is not None:
            running.same(key, same)
            return
    properties: dict[str, Value] = {
        "view": result.view,
        "values": key,
        "table": result.table,
        "moment": result.moment.isoformat(),
        "entities": result.entities,
    }
    running.made(key, Made("", f"{place.uri}#{key}", properties))


def _recorded(recorder: Recorder, values: str, result: MaterializedView) -> Artifact | None:
    known = recorder.store.artifacts(
        type=ONLINE_VIEW.name,
        state=ArtifactState.LIVE,
        properties={
            "values": values,
            "table": result.table,
            "moment": result.moment.isoformat(),
        },
    )
    return known[-1] if known else None


@dataclass(frozen=True)
class _View:
    """One view on its way into the store."""

    view: Chosen
    table: TableState
    now: datetime
    engine: Engine
    folder: Path

    def write(self, store: OnlineStore) -> MaterializedView:
        """Write the newest row of each entity, or of those that changed, unless all is there."""
        spec, table = self.view.spec, self.table
        stored = store.progress(spec.values_id)
        if stored is not None and self._is_current(stored):
            return self._result(stored, None)
        restated = count_restated(self.view, table, engine=self.engine)
        progress = Progress(table.name, table.number, self.now, self._due(restates=restated > 0))
        written = self._write_after(store, self._base(stored), progress, restated)
        if written is None:  # somebody wrote something newer meanwhile
            progress = store.progress(spec.values_id) or progress
        return self._result(progress, written)

    def _base(self, stored: Progress | None) -> Progress | None:
        """Return what to build on: the table has only grown since, and time gone on."""
        if stored is None or stored.table != self.table.name or stored.moment > self.now:
            return None
        return stored if self.table.only_grew_since(stored.version) else None

    def _write_after(
        self, store: OnlineStore, after: Progress | None, progress: Progress, restated: int
    ) -> int | None:
        with self._newest(after, restated) as reader:
            found = _Found(reader, self._keys(), self.view.spec)
            view = StoredView(self.view.spec.values_id, found.keys, found.layout)
            if after is None or self._is_shaped_as(view, store):
                return store.write(view, found, progress, after=after)
        return self._write_after(store, None, progress, restated)

    def _is_shaped_as(self, view: StoredView, store: OnlineStore) -> bool:
        with store.snapshot() as snapshot:
            stored = snapshot.view(view.id)
        return stored is not None and stored.has_shape_of(view)

    def _is_current(self, stored: Progress) -> bool:
        same = (stored.table, stored.version) == (self.table.name, self.table.number)
        nothing_due = stored.due is None or stored.due > self.now
        return same and (nothing_due or self.now <= stored.moment)

    def _due(self, *, restates: bool) -> datetime | None:
        """Return when the next row becomes known that is not by now."""
        expression = next_moment(self.view.spec, self.table, after=self.now, restates=restates)
        sources = sources_of(self.table, self.engine, restates=restates)
        moment: datetime | None = self.engine.run(expression, sources).read_all()["due"][0].as_py()
        return moment

    def _newest(self, after: Progress | None, restated: int) -> pa.RecordBatchReader:
        """Ask the join of training sets for every entity as of now, or those that changed."""
        spec, table = self.view.spec, self.table
        changed = None
        if after is not None:
            changed = Changed(table.committed(after.version) - _CLOCK_SLACK, after.moment)
        restates = restated > 0
        expression = entities(spec, table, moment=self.now, changed=changed, restates=restates)
        reader = self.engine.run(expression, sources_of(table, self.engine, restates=restates))
        asked = self.folder / "entities.parquet"
        write_parquet(reader.schema, reader, asked)
        renamed = {key: f"k{i}" for i, key in enumerate(spec.keys)}
        lookups = timeline(
            replace(self.view, columns=renamed),
            table,
            restated=restated,
            engine=self.engine,
            folder=self.folder,
        ).lookups(
            "moment",
            features={one.name: f"f{i}" for i, one in enumerate(spec.features)},
            event="event",
            known="known",
            expire=False,
        )
        return self.engine.point_in_time(ParquetFiles((str(asked),)), lookups)

    def _keys(self) -> KeyLayout:
        spec, schema = self.view.spec, self.table.schema
        return KeyLayout.of(
            {
                key: key_kind(schema.field(key).type, owner=f"key {key!r} of view {spec.name!r}")
                for key in spec.keys
            }
        )

    def _result(self, progress: Progress, written: int | None) -> MaterializedView:
        return MaterializedView(
            view=self.view.definition.ref,
            table=format_name(progress.table, progress.version),
            moment=progress.moment,
            entities=written or 0,
            up_to_date=written is None,
        )


class _Found:
    """The answers of the join, as the batches that a store takes."""

    def __init__(self, reader: pa.RecordBatchReader, keys: KeyLayout, spec: ViewSpec) -> None:
        import pyarrow as pa

        self.reader, self.keys, self.spec = reader, keys, spec
        types = [reader.schema.field(f"f{i}").type for i in range(len(spec.features))]
        names = [one.name for one in spec.features]
        self.layout = Layout(pa.schema(list(zip(names, types, strict=True))))

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for table in rebatched(self.reader.schema, self.reader, _ROWS_A_BATCH):
            for batch in table.combine_chunks().to_batches():
                yield self._packed(batch.filter(batch.column("event").is_valid()))

    def _packed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa
        import pyarrow.compute as pc

        keys = [batch.column(f"k{i}") for i in range(len(self.spec.keys))]
        features = [batch.column(f"f{i}") for i in range(len(self.spec.features))]
        event = _microseconds(batch.column("event"))
        if "known" in batch.schema.names:
            known = pc.max_element_wise(event, _microseconds(batch.column("known")))
        else:
            after = self.spec.available_after or timedelta(0)
            known = pc.add(event, after // timedelta(microseconds=1))
        key = encode_batch(self.keys, _batch(keys, self.spec.keys, batch.num_rows))
        blob = self.layout.pack(pa.RecordBatch.from_arrays(features, schema=self.layout.schema))
        return pa.RecordBatch.from_arrays(
            [key, event, known, blob], names=["key", "event", "known", "blob"]
        )


def _batch(columns: list[pa.Array], names: Sequence[str], rows: int) -> pa.RecordBatch:
    """Return a batch of these columns; without any it still has its number of rows."""
    import pyarrow as pa

    if columns:
        return pa.RecordBatch.from_arrays(columns, names=list(names))
    return pa.RecordBatch.from_arrays([pa.nulls(rows)], names=["no key"])


def _microseconds(times: pa.Array) -> pa.Array:
    import pyarrow as pa

    if not pa.types.is_timestamp(times.type):
        times = times.cast(pa.timestamp("us"))
    return times.cast(pa.timestamp("us", times.type.tz)).cast(pa.int64())
