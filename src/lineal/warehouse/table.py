"""A table, and a table at one version, as users hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import NotFound
from lineal.metadata import Version, format_name
from lineal.warehouse.graph import Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from lineal.engine import Source
    from lineal.metadata import Artifact, Lineage, Recorder, Store, Value, VersionRow
    from lineal.metadata.lineage import Direction
    from lineal.warehouse.reading import Reading
    from lineal.warehouse.schema import TableSchema
    from lineal.warehouse.warehouse import Warehouse

__all__ = ["HistoryEntry", "Table", "TableVersion"]


class TableVersion(Version):
    """A table as it was at one version; it never changes.

    Reading counts as an input of the run that is open, if one is. The columns `_artifact` (the id
    of the artifact that brought a row) and `_loaded_at` are left out unless `provenance=True`.
    """

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        artifact: Artifact,
        row: VersionRow,
        *,
        reading: Reading,
    ) -> None:
        super().__init__(store, recorder, artifact, row)
        self._reading = reading
        self._version_row = row
        self._facts = Facts.of(artifact, row.content)

    @property
    def schema(self) -> pa.Schema:
        """The columns as an Arrow schema."""
        return self._table_schema.arrow

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self._facts.rows

    @property
    def added_rows(self) -> int:
        """The number of rows that this version brought."""
        return self._facts.added_rows

    @property
    def operation(self) -> str:
        """What made the version: append, replace, schema, or foreign."""
        return str(self._facts.operation)

    @property
    def event_time(self) -> str | None:
        """The column that says when a row happened, if one was named."""
        return self._facts.event_time or None

    @property
    def snapshot_id(self) -> int:
        """The id of the Iceberg snapshot."""
        return int(str(self.artifact.get("snapshot_id", 0)))

    def source(self, columns: Iterable[str] | None = None, *, provenance: bool = False) -> Source:
        """Return the data as the engine reads it; the files are looked for, and not yet read.

        Raises `Corrupt` that names the file if one is missing or not of its length.
        """
        self.recorder.used(self.artifact)
        return self._reading.source(
            self.artifact, self._version_row, columns, provenance=provenance
        )

    def select(self, *columns: str) -> pa.Table:
        """Return some of the columns, in the order asked for."""
        return self.batches(columns).read_all()

    def batches(
        self, columns: Iterable[str] | None = None, *, provenance: bool = False
    ) -> pa.RecordBatchReader:
        """Return the rows as a stream of Arrow batches."""
        self.recorder.used(self.artifact)
        return self._reading.stream(
            self.artifact, self._version_row, columns, provenance=provenance
        )

    def to_arrow(self, *, provenance: bool = False) -> pa.Table:
        """Return all rows as an Arrow table."""
        return self.batches(provenance=provenance).read_all()

    def to_polars(self, *, provenance: bool = False) -> pl.DataFrame:
        """Return all rows as a Polars frame."""
        import polars as pl

        frame = pl.from_arrow(self.to_arrow(provenance=provenance))
        if isinstance(frame, pl.Series):  # pragma: no cover -- of a table it makes a frame
            return frame.to_frame()
        return frame

    def to_pandas(self, *, provenance: bool = False) -> pd.DataFrame:
        """Return all rows as a pandas frame."""
        return self.to_arrow(provenance=provenance).to_pandas()

    def verify(self) -> None:
        """Read every file through and compare its hash; raise `Corrupt` that names a bad one."""
        self._reading.verify(self.artifact, self._version_row)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the rows to anything that takes Arrow streams."""
        return self.batches().__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return self.rows

    def describe(self) -> dict[str, object]:
        """Return what is known of this version, in plain values."""
        return {
            **super().describe(),
            "rows": self.rows,
            "added_rows": self.added_rows,
            "operation": self.operation,
            "event_time": self.event_time,
            "snapshot_id": self.snapshot_id,
            "columns": self._table_schema.described(),
        }

    @property
    def _table_schema(self) -> TableSchema:
        return self._reading.schema(self.artifact)


@dataclass(frozen=True)
class HistoryEntry:
    """One version of a table, in a line."""

    number: int
    operation: str
    rows: int
    added_rows: int
    loaded_at: datetime
    known_at: datetime
    claimed_by: str | None
    source: Artifact | None
    """The artifact that brought the rows."""
    execution_id: int | None
    snapshot_id: int


class Table:
    """A named table: its newest version, its history, and its columns, which can be changed."""

    def __init__(self, warehouse: Warehouse, name: str) -> None:
        self._warehouse = warehouse
        self.name = name

    @property
    def newest(self) -> TableVersion:
        """The newest version."""
        return self._warehouse.newest(self.name)

    @property
    def versions(self) -> list[VersionRow]:
        """All versions, oldest first."""
        return self._warehouse.store.versions(self.name)

    def __getitem__(self, number: int) -> TableVersion:
        """Return version `number`; raise `NotFound` that says which there are."""
        row = self._warehouse.store.version(self.name, number)
        if row is None:
            raise NotFound(
                f"{format_name(self.name)} has no version {number}; "
                f"it has 1 to {self.newest.number}"
            )
        return self._warehouse.version(row)

    def history(self) -> list[HistoryEntry]:
        """Return what happened to the table, oldest first."""
        return self._warehouse.history(self.name)

    def snapshot(self, snapshot_id: int) -> TableVersion:
        """Return the version that is the Iceberg snapshot with that id."""
        for entry in reversed(self.history()):
            if entry.snapshot_id == snapshot_id:
                return self[entry.number]
        raise NotFound(f"{self.name} has no version with the snapshot {snapshot_id}")

    @property
    def schema(self) -> pa.Schema:
        """The columns of the newest version."""
        return self.newest.schema

    @property
    def rows(self) -> int:
        """The number of rows of the newest version."""
        return self.newest.rows

    @property
    def event_time(self) -> str | None:
        """The column that says when a row happened, if one was named."""
        return self.newest.event_time

    def to_arrow(self, *, provenance: bool = False) -> pa.Table:
        """Return all rows of the newest version as an Arrow table."""
        return self.newest.to_arrow(provenance=provenance)

    def to_polars(self, *, provenance: bool = False) -> pl.DataFrame:
        """Return all rows of the newest version as a Polars frame."""
        return self.newest.to_polars(provenance=provenance)

    def to_pandas(self, *, provenance: bool = False) -> pd.DataFrame:
        """Return all rows of the newest version as a pandas frame."""
        return self.newest.to_pandas(provenance=provenance)

    def describe(self) -> dict[str, object]:
        """Return what is known of the newest version, in plain values."""
        return self.newest.describe()

    def lineage(self, direction: Direction = "upstream") -> Lineage:
        """Return what led to the newest version, what came of it (`downstream`), or `both`."""
        return self.newest.lineage(direction)

    def label(self, **labels: Value) -> None:
        """Set labels on the newest version."""
        self.newest.label(**labels)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the rows of the newest version to anything that takes Arrow streams."""
        return self.newest.__arrow_c_stream__(requested_schema)

    def add_column(self, column: str, type: str | pa.DataType) -> TableVersion:  # noqa: A002
        """Add a column, null in the rows that are there; `type` as Iceberg or Arrow has it."""
        from lineal.warehouse.evolve import AddColumn

        return self._warehouse.edit(self.name, AddColumn(column, _stored(type, column)))

    def rename_column(self, column: str, to: str) -> TableVersion:
        """Rename a column; its values stay, older versions keep the old name."""
        from lineal.warehouse.evolve import RenameColumn

        return self._warehouse.edit(self.name, RenameColumn(column, to))

    def drop_column(self, column: str) -> TableVersion:
        """Take a column out; older versions still have it, and its name can be used again."""
        from lineal.warehouse.evolve import DropColumn

        return self._warehouse.edit(self.name, DropColumn(column))

    def set_type(self, column: str, type: str | pa.DataType) -> TableVersion:  # noqa: A002
        """Give a column a wider type, or any type while it has no values."""
        from lineal.warehouse.evolve import SetType

        def is_empty(row: VersionRow) -> bool:
            batches = self._warehouse.version(row).batches([column])
            return all(batch.column(0).null_count == batch.num_rows for batch in batches)

        return self._warehouse.edit(self.name, SetType(column, _stored(type, column), is_empty))

    def __iter__(self) -> Iterator[TableVersion]:
        return (self._warehouse.version(row) for row in self.versions)

    def __repr__(self) -> str:
        return f"<Table {self.name}>"


def _stored(given: str | pa.DataType, column: str) -> pa.DataType:
    from lineal.warehouse.types import parse_type, storage

    return parse_type(given) if isinstance(given, str) else storage(given, column=column).type
