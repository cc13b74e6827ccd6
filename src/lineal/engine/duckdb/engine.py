"""The DuckDB engine: one database in memory, a connection of its own for each call."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

import duckdb

from lineal.engine.duckdb import forked
from lineal.engine.duckdb.arrow import arrow_schema
from lineal.engine.duckdb.compile import compiled
from lineal.engine.duckdb.csv import csv_names
from lineal.engine.duckdb.failures import translated
from lineal.engine.duckdb.functions import define_functions
from lineal.engine.duckdb.layouts import Layouts
from lineal.engine.duckdb.session import ROOT, Session
from lineal.engine.duckdb.tables import open_tables
from lineal.engine.protocol import ArrowData, CsvFiles, EngineSettings, ParquetFiles
from lineal.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir
    import pyarrow as pa

    from lineal.engine.protocol import PointInTime, Source

__all__ = ["DuckDBEngine"]


class DuckDBEngine:
    """Runs computations in this process; calls from several threads run side by side."""

    name = "duckdb"

    def __init__(self, settings: EngineSettings) -> None:
        """Open the database; raise `InvalidInput` for a limit that DuckDB does not understand."""
        self._settings = settings
        self._lock = threading.Lock()
        self._layouts = Layouts()
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._root: duckdb.DuckDBPyConnection | None = _connect(settings)
        self._is_forked = False
        forked.engines.add(self)

    def schema(self, source: Source) -> pa.Schema:
        """Return the columns of `source` without reading its rows where the format allows it."""
        if isinstance(source, ArrowData):
            return arrow_schema(source.data)
        if isinstance(source, ParquetFiles) and source.fields is not None:
            source = ParquetFiles((), source.fields)
        with self._session() as session, translated():
            relation = session.bind(source, once=True)
            return session.relation(f"SELECT * FROM {relation} LIMIT 0").schema()

    def column_names(self, source: Source) -> list[str]:
        """Return the names of the columns; of CSV files only the headers are read for it."""
        if isinstance(source, CsvFiles):
            return csv_names(source)
        return list(self.schema(source).names)

    def run(self, expression: ir.Table, sources: Mapping[str, Source]) -> pa.RecordBatchReader:
        """Compile `expression` and stream its result, typed as the expression says."""
        query = compiled(expression, sources)
        session = self._session()
        with session.closed_on_error(), translated():
            for name, source in query.sources.items():
                session.create_view(name, source, once=name in query.read_once)
            return session.relation(query.text).cast_to(query.types).stream()

    def sql(self, query: str, sources: Mapping[str, Source]) -> pa.RecordBatchReader:
        """Run one `SELECT` (or `SUMMARIZE`, `DESCRIBE`, `EXPLAIN`, ...) of DuckDB's dialect.

        `sources` is asked only for tables that `query` can mean. Raises `NotFound` for an unknown
        table, and `InvalidInput` with DuckDB's own words for anything else that is wrong in it.
        """
        session = self._session()
        with session.closed_on_error(), translated(query=query, tables=sources):
            open_tables(session, query, sources)
            return session.relation(query).stream()

    def point_in_time(
        self, queries: Source, lookups: Sequence[tuple[Source, PointInTime]]
    ) -> pa.RecordBatchReader:
        """Return every query row once, in the order given, with the columns of each lookup."""
        from lineal.engine.duckdb.point_in_time import point_in_time

        session = self._session()
        with session.closed_on_error(), translated():
            return point_in_time(session, queries, lookups)

    def close(self) -> None:
        """End every running call, and release connections and temporary files."""
        with self._lock:
            root, self._root, self._is_forked = self._root, None, False
            sessions = list(self._sessions)
        for session in sessions:
            session.close()
        if root is not None:
            root.close()

    def begin_anew(self) -> list[object]:
        """In a forked child, let go of the parent's database, and open another when need be.

        Returns what must not be touched: its end would wait for threads that the child lacks.
        """
        left: list[object] = [self._root, *(session.leave() for session in self._sessions)]
        self._is_forked = self._root is not None
        self._lock, self._sessions, self._root = threading.Lock(), weakref.WeakSet(), None
        return left

    def _session(self) -> Session:
        with self._lock:
            if self._is_forked:
                self._root, self._is_forked = _connect(forked.apart(self._settings)), False
            if self._root is None:
                raise Unavailable("the engine is closed; open the workspace (or engine) again")
            session = Session(self._root.cursor(), self._layouts)
            self._sessions.add(session)
        return session


def _connect(settings: EngineSettings) -> duckdb.DuckDBPyConnection:
    options: dict[str, str | bool | int | float | list[str]] = {
        # Nothing calls out, and a query sees only the tables it was given.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,
        "temp_directory": str(settings.temporary_directory or ""),
    }
    if settings.memory_limit is not None:
        options["memory_limit"] = settings.memory_limit
    if settings.threads is not None:
        options["threads"] = settings.threads
    try:
        root = duckdb.connect(":memory:", config=options)
    except duckdb.Error as error:
        raise InvalidInput(
            f"[engine] in lineal.toml is not understood: {error}; memory_limit reads as '2GB', "
            f"threads as a whole number from 1 (given: {settings})"
        ) from error
    for statement in _PREPARATION:
        root.execute(statement)
    define_functions(root)
    return root


_PREPARATION = (
    "SET GLOBAL TimeZone = 'UTC'",
    # DuckDB calls its first database "memory", which is a fine name for a subject.
    f"ATTACH ':memory:' AS {ROOT}",
    f"USE {ROOT}",
    "DETACH memory",
)
