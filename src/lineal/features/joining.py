"""Join rows with features as they were known at each row's time, and keep the result."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import Corrupt, InvalidInput, NotFound
from lineal.features.online.keys import key_kind
from lineal.features.parquet import rebatched, write_parquet
from lineal.features.timelines import Timeline, count_restated, timeline
from lineal.features.training_set import MostlyMissing, TrainingSet
from lineal.features.types import MAKE_TRAINING_SET, TRAINING_SET
from lineal.lake.disk import private_folder
from lineal.metadata.outputs import Made, Output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from lineal.engine.protocol import Engine
    from lineal.features.queries import Queries
    from lineal.features.registry import Chosen, Reading
    from lineal.features.tables import TableState
    from lineal.lake import ObjectStore
    from lineal.metadata.model import Value
    from lineal.metadata.recorder import Recorder

__all__ = ["make_training_set"]

_OUTPUT = "training_set"
_ROWS_AT_ONCE = 65_536


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


class _Result:
    """The joined rows with columns in their order; counts the misses as it is read.

    An engine may have no type of its own for a column of the rows (nanoseconds in a zone); such
    columns are taken from the rows themselves, which come in the same order.
    """

    def __init__(
        self, reader: pa.RecordBatchReader, queries: Queries, joins: Sequence[_Join]
    ) -> None:
        import pyarrow as pa

        self._reader, self._queries, self._joins = reader, queries, joins
        features = [reader.schema.field(name) for join in joins for name in join.features.values()]
        self.schema = pa.schema([*queries.schema, *features])
        self._own = [
            column.name
            for column in queries.schema
            if column.type != reader.schema.field(column.name).type
        ]

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        joined = rebatched(self._reader.schema, self._reader, _ROWS_AT_ONCE)
        for table, own in self._beside(joined):
            for join in self._joins:
                join.missed += table[join.event].null_count
            columns = [
                own[name] if name in self._own else table[name] for name in self.schema.names
            ]
            yield from pa.Table.from_arrays(columns, schema=self.schema).to_batches()

    def _beside(self, joined: Iterator[pa.Table]) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Give each joined table with those columns that it can't hold exactly."""
        if not self._own:
            yield from ((table, table) for table in joined)
            return
        own = self._queries.read(self._own)
        try:
            yield from zip(joined, rebatched(own.schema, own, _ROWS_AT_ONCE), strict=True)
        except ValueError as error:
            raise Corrupt(f"{self._queries.label} has other rows than were joined") from error


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
            result = _Result(reader, queries, joins)
            path = folder / "training_set.parquet"
            rows = write_parquet(result.schema, result, path)
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
    times = join.timeline.view.spec.times
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
