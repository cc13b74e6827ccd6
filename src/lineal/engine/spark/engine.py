"""The Spark engine: one session, in which each call has views and files of its own."""

from __future__ import annotations

import os
import threading
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

from lineal.engine.lookups import check_lookups
from lineal.engine.protocol import EngineSettings
from lineal.engine.spark.starting import Opened, new_session, open_session
from lineal.errors import Corrupt, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Self

    import ibis.expr.types as ir
    import pyarrow as pa
    from pyspark.sql import SparkSession

    from lineal.engine import Engine
    from lineal.engine.protocol import PointInTime, Source
    from lineal.engine.spark.call import Call

__all__ = ["SparkEngine"]


class SparkEngine:
    """Runs computations on Spark; calls from several threads run side by side.

    Rows come in no particular order unless the query sorts them, or the call promises one.
    """

    name = "spark"

    def __init__(self, settings: EngineSettings, *, opened: Opened | None = None) -> None:
        """Open a session; raise `Unavailable` where there is no Spark to be had."""
        from lineal.engine.duckdb import DuckDBEngine

        self._lock = threading.Lock()
        self._process = os.getpid()
        self._calls: weakref.WeakSet[Call] = weakref.WeakSet()
        self._folder = settings.temporary_directory
        self._opened: Opened | None = opened or open_session(settings)
        spill = None if self._folder is None else self._folder / "reading"
        own = replace(settings, kind="duckdb", url=None, temporary_directory=spill)
        self._reader: Engine = DuckDBEngine(own)

    @classmethod
    def of_session(cls, session: SparkSession) -> Self:
        """Return an engine that works beside a session of yours, and leaves it running."""
        is_local = str(session.sparkContext.master).startswith("local")
        opened = Opened(new_session(session), is_local, lambda: None)
        return cls(EngineSettings(kind="spark"), opened=opened)

    def schema(self, source: Source) -> pa.Schema:
        """Return the columns of `source`, told as the embedded engine tells them."""
        from lineal.engine.spark.sources import schema_of

        self._running()
        return schema_of(self._reader, source)

    def column_names(self, source: Source) -> list[str]:
        """Return the names of the columns; of CSV files only the headers are read for it."""
        self._running()
        return self._reader.column_names(source)

    def run(self, expression: ir.Table, sources: Mapping[str, Source]) -> pa.RecordBatchReader:
        """Compile `expression` and stream its result, typed as the expression says."""
        from lineal.engine.spark.compile import compiled
        from lineal.engine.spark.failures import translated
        from lineal.engine.spark.sources import readable

        query = compiled(expression, sources)
        call = self._call()
        with call.closed_on_error(), translated():
            views = {name: call.view_of(readable(source)) for name, source in query.sources.items()}
            return call.stream(call.bound(query.reading(views)), query.types)

    def sql(self, query: str, sources: Mapping[str, Source]) -> pa.RecordBatchReader:
        """Run one query of Spark's dialect (`SELECT`, `FROM`, `WITH`, `VALUES`, `EXPLAIN`).

        `sources` is asked only for tables that `query` reads. Raises `NotFound` for an unknown
        table, and `InvalidInput` with Spark's own words for anything else that is wrong in it.
        """
        from lineal.engine.spark.failures import translated
        from lineal.engine.spark.sources import readable
        from lineal.engine.spark.tables import with_views

        call = self._call()

        with call.closed_on_error(), translated(query=query, tables=sources):
            frame = call.bound(
                with_views(query, sources, lambda source: call.view_of(readable(source)))
            )
            return call.stream(frame, query=query)

    def point_in_time(
        self, queries: Source, lookups: Sequence[tuple[Source, PointInTime]]
    ) -> pa.RecordBatchReader:
        """Return every query row once, in the order given, with the columns of each lookup."""
        from lineal.engine.spark.failures import translated
        from lineal.engine.spark.point_in_time import point_in_time
        from lineal.engine.spark.sources import readable

        asked = readable(queries)
        found = [(readable(source), lookup) for source, lookup in lookups]
        schema = self.schema(asked)
        check_lookups(schema, [(self.schema(source), lookup) for source, lookup in found])
        call = self._call()
        with call.closed_on_error(), translated():
            count, reader = point_in_time(call, self._reader, asked, found)
        return type(reader).from_batches(reader.schema, _all_rows(reader, count))

    def close(self) -> None:
        """End every running call, and stop what this engine started."""
        with self._lock:
            opened, self._opened = self._opened, None
            calls = list(self._calls)
        if opened is None:
            return
        self._reader.close()
        if os.getpid() != self._process:
            for call in calls:
                call.leave()
            return
        for call in calls:
            call.close()
        opened.release()

    def _running(self) -> Opened:
        if self._opened is None:
            raise Unavailable("the engine is closed; open the workspace (or engine) again")
        if os.getpid() != self._process:
            raise Unavailable(
                "this process was forked from the one that opened the Spark engine, and can't use "
                "it; open an engine here"
            )
        return self._opened

    def _call(self) -> Call:
        from lineal.engine.spark.call import Call

        with self._lock:
            opened = self._running()
            call = Call(opened.session, self._reader, self._folder, is_local=opened.is_local)
            self._calls.add(call)
        return call


def _all_rows(reader: pa.RecordBatchReader, count: int) -> Iterator[pa.RecordBatch]:
    seen = 0
    for batch in reader:
        seen += batch.num_rows
        yield batch
    if seen != count:
        raise Corrupt(
            f"the point-in-time join gave {seen} rows for {count} queries; don't use them, and "
            "report this with the definition of the lookups"
        )
