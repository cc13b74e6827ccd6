"""Turn a view over a table into what the engine joins: sources with their times.

A view of plain columns is joined straight from the table. Computed features, running aggregates
and tables that restate rows are first computed into a Parquet file of their own, with columns
k0, k1, ... (keys), event, known, f0, f1, ... (features).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lineal.engine.protocol import ParquetFiles, PointInTime
from lineal.features.computing import (
    LOADS,
    restated_moments,
    row_features,
    running_features,
)
from lineal.features.parquet import write_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lineal.engine.protocol import Engine, Source
    from lineal.features.registry import Chosen
    from lineal.features.specs import FeatureSpec, ViewSpec
    from lineal.features.tables import TableState

__all__ = ["KnownBy", "Timeline", "count_restated", "sources_of", "timeline"]


class KnownBy(StrEnum):
    """What says since when a row was known."""

    COLUMN = "known_at column"
    AVAILABLE_AFTER = "event time + available_after"
    EVENT_TIME = "event time"
    ALWAYS = "always"


@dataclass(frozen=True)
class _Part:
    """One source with some of the view's features."""

    source: Source
    keys: Mapping[str, str]
    """Key of the view -> column of the source."""
    event_time: str
    known_at: str | None
    features: Mapping[str, str]
    """Feature -> column of the source."""


@dataclass(frozen=True)
class Timeline:
    """A view's features over time, ready to be looked up."""

    view: Chosen
    known_by: KnownBy
    restated: int
    """Rows that restate an earlier load's (key, event), known since they were loaded."""
    _parts: Sequence[_Part]

    def lookups(
        self,
        query_time: str,
        *,
        features: Mapping[str, str],
        event: str,
        known: str | None = None,
        expire: bool,
    ) -> list[tuple[Source, PointInTime]]:
        """Return what to join so that each query gets the features known at its `query_time`.

        `features` maps each feature to its column in the result, where `event` is the winning
        row's event time and `known` its known-at, where the source has a column of it. With
        `expire`, values older than the view's maximum age are left out.
        """
        spec = self.view.spec
        found = []
        for number, part in enumerate(self._parts):
            columns = {features[name]: column for name, column in part.features.items()}
            if number == 0:
                columns[event] = part.event_time
            if known and part.known_at and number == len(self._parts) - 1:
                columns[known] = part.known_at
            lookup = PointInTime(
                keys={self.view.column_of(key): column for key, column in part.keys.items()},
                query_time=query_time,
                event_time=part.event_time,
                columns=columns,
                known_at=part.known_at,
                available_after=None if part.known_at else spec.available_after,
                max_age=spec.max_age if expire else None,
            )
            found.append((part.source, lookup))
        return found


def timeline(
    view: Chosen,
    table: TableState,
    *,
    restated: int,
    engine: Engine,
    folder: Path,
) -> Timeline:
    """Return the view over `table`; what must be computed first is written into `folder`."""
    spec = view.spec
    known_by = KnownBy.EVENT_TIME
    if spec.known_at is not None:
        known_by = KnownBy.COLUMN
    elif spec.available_after is not None:
        known_by = KnownBy.AVAILABLE_AFTER
    elif spec.event_time is None:
        known_by = KnownBy.ALWAYS
    if spec.is_selection and spec.event_time and not restated:
        columns = {one.name: one.column or one.name for one in spec.features}
        keys = {key: key for key in spec.keys}
        part = _Part(table.source(), keys, spec.event_time, spec.known_at, columns)
        return Timeline(view, known_by, restated, [part])
    aggregates = [one for one in spec.features if one.aggregate is not None]
    plain = [one for one in spec.features if one.aggregate is None]
    parts = []
    for features, compute in ((plain, row_features), (aggregates, running_features)):
        if features:
            expression = compute(spec, table, features, restates=bool(restated))
            path = folder / f"{view.name}.{compute.__name__}.parquet"
            reader = engine.run(expression, sources_of(table, engine, restates=bool(restated)))
            write_parquet(reader.schema, reader, path)
            parts.append(_computed(spec, features, path))
    return Timeline(view, known_by, restated, parts)


def count_restated(view: Chosen, table: TableState, *, engine: Engine) -> int:
    """Count the (key, event time) pairs that a later load restated.

    A view with a known-at column needs none of it: the column says when each row was known.
    """
    if view.spec.known_at is not None or not table.has_several_loads:
        return 0
    counted = engine.run(
        restated_moments(view.spec, table), sources_of(table, engine, restates=True)
    )
    return int(counted.read_all()["count"][0].as_py())


def sources_of(table: TableState, engine: Engine, *, restates: bool) -> dict[str, Source]:
    """Return what an expression over the table reads, by name."""
    loads = {LOADS: table.loads(engine)} if restates else {}
    return {table.name: table.source(), **loads}


def _computed(spec: ViewSpec, features: Sequence[FeatureSpec], path: Path) -> _Part:
    return _Part(
        ParquetFiles((str(path),)),
        {key: f"k{i}" for i, key in enumerate(spec.keys)},
        "event",
        "known",
        {one.name: f"f{i}" for i, one in enumerate(features)},
    )
