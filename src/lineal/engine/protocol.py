"""What every engine can do, and the data it does it on.

A computation is written once as an Ibis expression over unbound tables
(`ibis.table(schema, name=...)`); an engine compiles it for its own dialect and runs it on the
sources that are given for those names. DuckDB does so in process; Spark fills the same protocol.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    import ibis.expr.types as ir
    import pyarrow as pa

__all__ = [
    "ArrowData",
    "CsvFiles",
    "Engine",
    "EngineSettings",
    "FieldById",
    "JsonLinesFiles",
    "ParquetFiles",
    "PointInTime",
    "PositionDeletes",
    "Source",
]


@dataclass(frozen=True)
class EngineSettings:
    """Limits of an embedded engine, from the `[engine]` section of the workspace's file."""

    memory_limit: str | None = None
    """As the engine spells it, e.g. `"2GB"`; None leaves the engine's own default."""
    threads: int | None = None
    temporary_directory: Path | None = None
    """Where data that exceeds the memory limit is spilled; None forbids spilling to disk."""


@dataclass(frozen=True)
class FieldById:
    """One top-level column, found in each Parquet file by its Iceberg field id."""

    id: int
    name: str
    type: pa.DataType


@dataclass(frozen=True)
class PositionDeletes:
    """Rows of a data file that a merge-on-read delete took out, by their position in it.

    The rows that are left come in no particular order; without deletes it is that of the files.
    """

    paths: tuple[str, ...]


@dataclass(frozen=True)
class ParquetFiles:
    """Parquet files read as one table, by field id where `fields` are given, else by name.

    Parts of nested fields are found by id too, where their Arrow fields carry the metadata
    `PARQUET:field_id` (PyIceberg's `schema_to_pyarrow` sets it).
    """

    paths: tuple[str, ...]
    fields: tuple[FieldById, ...] | None = None
    deletes: PositionDeletes | None = None
    has_field_ids: bool = False
    """Vouch that every file was written with ids. Else each footer is looked at, once a file and
    engine (0.25 ms each): a file without ids would be read as nulls, and is refused."""


@dataclass(frozen=True)
class CsvFiles:
    """CSV files (UTF-8; plain, gzip or zstd) read as one table, columns typed as given.

    `columns` maps each name, in file order, to its type; None lets the engine look at every value
    and take the narrowest type that loses nothing, so the answer depends on no sample. Values are
    converted strictly: 1.5 is no int64. Every file begins with the same header. A text without
    zone is read as UTC where a time is wanted.
    """

    paths: tuple[str, ...]
    columns: Mapping[str, pa.DataType] | None = None
    delimiter: str = ","
    na_values: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class JsonLinesFiles:
    """Files with one JSON object a line; `columns` as in `CsvFiles`.

    A key that an object lacks is null; keys outside `columns` are left out.
    """

    paths: tuple[str, ...]
    columns: Mapping[str, pa.DataType] | None = None


@dataclass(frozen=True)
class ArrowData:
    """Data in memory: anything with the Arrow PyCapsule stream interface, or a batch reader.

    What has no length (a reader) can be used in one call only. NaN in a pandas frame is null.
    """

    data: object = field(repr=False)


Source = ParquetFiles | CsvFiles | JsonLinesFiles | ArrowData


@dataclass(frozen=True)
class PointInTime:
    """What to look up in one source of features, for each row of the queries.

    The winner for a query at time `t` is the one row of equal `keys` with the greatest
    (event time, known-at) among those with `event_time <= t`, `known_at <= t` where known-at is
    in force, and `t - event_time <= max_age` where there is a maximum age (inclusive). A null key
    and a null event or known-at time match nothing. Instants are compared, whatever zone or unit.
    """

    keys: Mapping[str, str]
    """Query column -> source column; empty for a source without keys (one global timeline)."""
    query_time: str
    event_time: str
    columns: Mapping[str, str]
    """Name in the result -> source column."""
    known_at: str | None = None
    """The source's known-at column; None when rows count as known at their event time."""
    available_after: timedelta | None = None
    """Known-at is the event time plus this, for a source without a known-at column."""
    max_age: timedelta | None = None


class Engine(Protocol):
    """Compiles computations and runs them on data, batch by batch, in bounded memory."""

    name: str

    def schema(self, source: Source) -> pa.Schema:
        """Return the columns of `source` without reading its rows where the format allows it."""
        ...

    def column_names(self, source: Source) -> list[str]:
        """Return the names of the columns; for text that is cheaper than finding their types."""
        ...

    def run(self, expression: ir.Table, sources: Mapping[str, Source]) -> pa.RecordBatchReader:
        """Compile `expression` and stream its result, typed as the expression says.

        `sources` gives the data of each unbound table by its name, which may be any text. Raises
        `NotFound` for a table that is not among them, `InvalidInput` for data that the expression
        can't be computed on, `Unavailable` where memory or disk run out.
        """
        ...

    def sql(self, query: str, sources: Mapping[str, Source]) -> pa.RecordBatchReader:
        """Run a user's `query`, in the engine's own dialect, over `sources` as its tables.

        A dotted name in `sources` (`ops.flights`) is a table in a schema. `sources` is asked only
        for tables that the query can mean, so a mapping may plan them when asked. Only one
        statement that reads is run.
        """
        ...

    def point_in_time(
        self, queries: Source, lookups: Sequence[tuple[Source, PointInTime]]
    ) -> pa.RecordBatchReader:
        """Return every query row once, in the order given, with the columns of each lookup.

        Rows without a match get nulls. Of rows that are equal in key, event time and known-at,
        the last in the order of files and rows wins. Raises `InvalidInput` for keys whose types
        can't be compared and for a column name that the result would have twice, `Corrupt` if the
        number of rows would differ.
        """
        ...

    def close(self) -> None:
        """Release connections and temporary files; the engine can't be used afterwards."""
        ...
