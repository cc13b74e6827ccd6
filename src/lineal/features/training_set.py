"""A training set, as users hold it: rows with features, and what went into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.engine.protocol import ParquetFiles
from lineal.features.timelines import KnownBy
from lineal.metadata.version import Version

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from lineal.engine.protocol import Source
    from lineal.lake import ObjectStore
    from lineal.metadata.model import Artifact
    from lineal.metadata.recorder import Recorder
    from lineal.metadata.store import Store, VersionRow

__all__ = ["MostlyMissing", "TrainingSet", "ViewRecord"]


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
