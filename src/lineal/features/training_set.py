"""Join rows with features as they were known at each row's time, and keep the result."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.engine.protocol import ParquetFiles
from lineal.errors import InvalidInput, NotFound
from lineal.features.online.keys import key_kind
from lineal.features.parquet import write_parquet
from lineal.features.timelines import KnownBy, Timeline, count_restated, timeline
from lineal.features.types import MAKE_TRAINING_SET, TRAINING_SET
from lineal.lake.disk import private_folder
from lineal.metadata.outputs import Made, Output
from lineal.metadata.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from lineal.engine.protocol import Engine, Source
    from lineal.features.queries import Queries
    from lineal.features.registry import Chosen, Reading
    from lineal.features.tables import TableState
    from lineal.lake import ObjectStore
    from lineal.metadata.model import Artifact, Value
    from lineal.metadata.recorder import Recorder
    from lineal.metadata.store import Store, VersionRow

__all__ = ["MostlyMissing", "TrainingSet", "ViewRecord", "make_training_set"]

_OUTPUT = "training_set"


@dataclass(frozen=True)
class ViewRecord:
    """How one view took part in a training set."""

    view: str
    """The view's version (`weather@2`)."""
    table: str
    """The table's version (`ops.weather@3`)."""
    known_by: KnownBy
    """What said since when a row was known."""
    restated: int
    """How many (key, event time) pairs a later load restated; known since that load."""
    missed: int
    """How many rows found nothing."""
    read_as_utc: str
    """The time columns without zone, which were read as UTC."""


class MostlyMissing(UserWarning):
    """Over half of a training set's rows found no features of a view."""


class TrainingSet(Version):
    """Rows with features, as they were known at each row's time; one Parquet file.

    Reading verifies the bytes, and counts as an input of the run that is open, if one is.
    """

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        artifact: Artifact,
        row: VersionRow | None,
        *,
        objects: ObjectStore,
    ) -> None:
        super().__init__(store, recorder, artifact, row)
        self._objects = objects

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(str(self.artifact.get("rows", 0)))

    @property
    def snapshots(self) -> tuple[str, ...]:
        """The table versions that the features came from (`ops.weather@3`)."""
        return tuple(sorted({view.table for view in self.views.values()}))

    @property
    def views(self) -> dict[str, ViewRecord]:
        """How each view took part, by the name that it has in the columns."""
        recorded = self.artifact.get("views", {})
        return {
            name: ViewRecord(
                str(one["view"]),
                str(one["table"]),
                KnownBy(one["known_by"]),
                int(one["restated"]),
                int(one["missed"]),
                str(one["read_as_utc"]),
            )
            for name, one in (recorded.items() if isinstance(recorded, dict) else ())
            if isinstance(one, dict)
        }

    @property
    def path(self) -> Path:
        """The read-only Parquet file, verified each time that it is asked for."""
        self.recorder.used(self.artifact)
        self._objects.verify(self.content)
        return self._objects.path(self.content)

    def source(self) -> Source:
        """Return the rows as a source for the engine."""
        return ParquetFiles((str(self.path),))

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        import pyarrow.parquet as pq

        return pq.read_table(self.path)

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas data frame, columns of Arrow types."""
        import pandas as pd

        return pd.read_parquet(self.path, dtype_backend="pyarrow")

    def to_polars(self) -> pl.DataFrame:
        """Return the rows as a Polars data frame."""
        import polars as pl

        return pl.read_parquet(self.path)


@dataclass
class _Join:
    """One view on its way into the result."""

    timeline: Timeline
    table: TableState
    features: Mapping[str, str]
    """Feature -> column of the result."""
    event: str
    """The column with the winner's event time, which tells hits from misses; not kept."""
    missed: int = 0


class _Counted:
    """The joined rows with columns in their order; counts the misses as it is read."""

    def __init__(
        self, reader: pa.RecordBatchReader, asked: Sequence[str], joins: Sequence[_Join]
    ) -> None:
        import pyarrow as pa

        self._reader, self._joins = reader, joins
        features = [name for join in joins for name in join.features.values()]
        self._names = [*asked, *features]
        self.schema = pa.schema([reader.schema.field(name) for name in self._names])

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._reader:
            for join in self._joins:
                join.missed += batch.column(join.event).null_count
            yield batch.select(self._names)


def make_training_set(
    queries: Queries,
    reading: Reading,
    tables: Mapping[str, TableState],
    *,
    at: str,
    name: str | None,
    recorder: Recorder,
    engine: Engine,
    objects: ObjectStore,
) -> TrainingSet:
    """Join `queries` with the views of `reading`, each as known at the row's `at`; record it."""
    for view in reading.views:
        _check_view(queries, view, tables[view.spec.table].schema)
    _check_time(queries, at)
    inputs = {
        "rows": [queries.artifact],
        "definitions": [one.artifact for one in reading.definitions],
        "tables": list({one.artifact.id: one.artifact for one in tables.values()}.values()),
    }
    with (
        recorder.run(
            MAKE_TRAINING_SET,
            inputs=inputs,
            parameters={"at": at, "features": reading.ref},
            outputs=[Output(_OUTPUT, TRAINING_SET, name)],
        ) as running,
        private_folder(objects.temporary) as folder,
    ):
        joins = [_join(view, tables[view.spec.table], engine, folder) for view in reading.views]
        lookups = [
            lookup
            for join in joins
            for lookup in join.timeline.lookups(
                at, features=join.features, event=join.event, expire=True
            )
        ]
        with engine.point_in_time(queries.source, lookups) as reader:
            counted = _Counted(reader, queries.schema.names, joins)
            path = folder / "training_set.parquet"
            rows = write_parquet(counted.schema, counted, path)
        stored = objects.put_file(path)
        properties: dict[str, Value] = {
            "sha256": stored.sha256,
            "rows": rows,
            "size": stored.size,
            "at": at,
            "views": {join.timeline.view.name: _record(join) for join in joins},
            "read_as_utc": ", ".join(_naive(queries.schema, [at])),
        }
        running.made(_OUTPUT, Made(stored.sha256, str(objects.path(stored.sha256)), properties))
    _warn(joins, rows)
    row = running.versions.get(_OUTPUT)
    return TrainingSet(recorder.store, recorder, running.artifacts[_OUTPUT], row, objects=objects)


def _join(view: Chosen, table: TableState, engine: Engine, folder: Path) -> _Join:
    restated = count_restated(view, table, engine=engine)
    return _Join(
        timeline(view, table, restated=restated, engine=engine, folder=folder),
        table,
        {one.name: f"{view.name}.{one.name}" for one in view.spec.features},
        f"{view.name}/event time",
    )


def _record(join: _Join) -> dict[str, object]:
    """Return what the record says of one view."""
    spec = join.timeline.view.spec
    times = [spec.event_time, *([spec.known_at] if spec.known_at else [])]
    return {
        "view": join.timeline.view.definition.ref,
        "table": join.table.ref,
        "known_by": join.timeline.known_by.value,
        "restated": join.timeline.restated,
        "missed": join.missed,
        "read_as_utc": ", ".join(_naive(join.table.schema, times)),
    }


def _naive(schema: pa.Schema, columns: Sequence[str]) -> list[str]:
    """Return those of the time columns that have no zone and were taken for UTC."""
    import pyarrow as pa

    kinds = {name: schema.field(name).type for name in columns}
    return [name for name, kind in kinds.items() if pa.types.is_timestamp(kind) and not kind.tz]


def _warn(joins: Sequence[_Join], rows: int) -> None:
    for join in joins:
        if join.missed * 2 > rows:
            view, spec = join.timeline.view, join.timeline.view.spec
            warnings.warn(
                f"{join.missed} of {rows} rows found nothing in view {view.name!r}: compare its "
                f"keys ({', '.join(view.asked)}) and times ({join.timeline.known_by.value}, "
                f"max_age {spec.max_age}) with those of {join.table.ref}",
                MostlyMissing,
                stacklevel=4,
            )


def _check_view(queries: Queries, view: Chosen, schema: pa.Schema) -> None:
    """Raise unless the rows have the view's keys, of the same kind."""
    for key in view.spec.keys:
        column = view.column_of(key)
        if column not in queries.schema.names:
            raise NotFound.among(
                f"{queries.label} has no column, by which view {view.name!r} is looked up,",
                column,
                queries.schema.names,
            )
        asked, stored = queries.schema.field(column).type, schema.field(key).type
        kinds = (
            key_kind(asked, owner=f"column {column!r} of {queries.label}"),
            key_kind(stored, owner=f"key {key!r} of view {view.name!r}"),
        )
        if kinds[0] is not kinds[1]:
            raise InvalidInput(
                f"column {column!r} of {queries.label} is {asked}, but the key {key!r} of view "
                f"{view.name!r} is {stored}; cast it to that first"
            )


def _check_time(queries: Queries, at: str) -> None:
    import pyarrow as pa

    if at not in queries.schema.names:
        raise NotFound.among(f"{queries.label} has no column", at, queries.schema.names)
    kind = queries.schema.field(at).type
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise InvalidInput(
            f"column {at!r} of {queries.label} is {kind}, not a time; cast it to a timestamp"
        )
