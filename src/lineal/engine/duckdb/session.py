"""One call's own connection: what it registers is seen by no other call and goes with it."""

from __future__ import annotations

import contextlib
import itertools
import threading
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

import duckdb
import pyarrow as pa

from lineal.engine.duckdb.failures import translated
from lineal.engine.duckdb.interrupts import interruptible
from lineal.engine.duckdb.sources import numbered_text, relation_text
from lineal.engine.duckdb.text import quoted, type_text
from lineal.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from lineal.engine.duckdb.layouts import Layouts
    from lineal.engine.protocol import Source

__all__ = ["ROOT", "Numbered", "Relation", "Session"]

ROOT = "lineal_root"
"""The engine's own database, where the calls' connections begin."""

_Result = TypeVar("_Result")

_BATCH_ROWS = 122_880  # one row group of DuckDB

_catalogs = itertools.count(1)


class Session:
    """A connection with the temporary views, registrations and catalog of one call."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, layouts: Layouts) -> None:
        """Take over `connection`, a cursor made for this call; `layouts` is the engine's."""
        self.layouts = layouts
        self._connection = connection
        self._names = itertools.count()
        self._catalogs: list[str] = []
        self._readers: list[pa.RecordBatchReader] = []
        self._busy = threading.Lock()
        # Runs when a reader that was never read to its end is collected, and at exit.
        self._finalizer = weakref.finalize(
            self, _release, connection, self._busy, self._catalogs, self._readers
        )

    def __enter__(self) -> Self:
        """Close at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    @contextlib.contextmanager
    def closed_on_error(self) -> Iterator[None]:
        """Close if the block raises; else the reader made in it closes when it is done."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Drop all that this call registered; a reader still open on it ends with an error."""
        self._finalizer()

    def leave(self) -> object:
        """In a forked child, keep off what belongs to the parent; return what to keep untouched."""
        self._finalizer.detach()
        return self

    @property
    def is_open(self) -> bool:
        """Whether it was not closed yet."""
        return self._finalizer.alive

    def bind(self, source: Source, *, once: bool = False) -> str:
        """Make `source` readable here and return what to select from.

        What is costly or impossible to read twice is copied first, unless it is read `once`.
        """
        return relation_text(self, source, once=once)

    def bind_numbered(self, source: Source) -> Numbered:
        """Bind `source` with a column that numbers its rows in their order."""
        text, position = numbered_text(self, source)
        schema = self.relation(f"SELECT * EXCLUDE {position} FROM {text} LIMIT 0").schema()
        return Numbered(text, position, schema)

    def new_name(self) -> str:
        """Return a name that nothing has in this session."""
        return f"lineal_{next(self._names)}"

    def register(self, table: pa.Table | pa.RecordBatchReader) -> str:
        """Let queries scan Arrow data; return what to select from."""
        name = self.new_name()
        self._connection.register(name, table)
        return f"temp.main.{name}"

    def execute(self, statement: str) -> None:
        """Run a statement that has no result."""
        self._call(lambda: self._connection.execute(statement))

    def statements(self, query: str) -> list[str]:
        """Return the kinds of statements in `query`: SELECT, COPY, ..."""
        return [found.type.name for found in self._connection.extract_statements(query)]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return a small result as tuples."""
        return list(self._call(lambda: self._connection.execute(query).fetchall()))

    def create_view(self, name: str, source: Source, *, once: bool = False) -> None:
        """Give `source` a temporary name, under which the query reads it, or reads it `once`."""
        relation = self.bind(source, once=once)
        self.execute(f"CREATE TEMP VIEW {quoted(name)} AS SELECT * FROM {relation}")

    def open_catalog(self) -> str:
        """Give this call a database of its own, the one that bare names are looked up in."""
        name = f"lineal_call_{next(_catalogs)}"
        self.execute(f"ATTACH ':memory:' AS {name}")
        self._catalogs.append(name)
        self.execute(f"USE {name}")
        return name

    def start(self, relation: duckdb.DuckDBPyRelation) -> pa.RecordBatchReader:
        """Run a bound query; its reader is ended before the connection is closed."""
        reader = self._call(lambda: relation.to_arrow_reader(_BATCH_ROWS))
        self._readers.append(reader)
        return reader

    def next_batch(self, reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
        """Return the next rows of a reader that was started here, None at its end."""
        return self._call(lambda: next(reader, None))

    def _call(self, act: Callable[[], _Result]) -> _Result:
        with self._busy:
            return interruptible(self._connection, act)

    def relation(self, query: str) -> Relation:
        """Bind `query`: unknown names and wrong types are found here, before rows are read."""
        try:
            return Relation(self, query, self._connection.sql(query))
        except duckdb.Error:
            # The same mistake, this time with the line and a caret under it.
            self._connection.execute(query)
            raise


@dataclass(frozen=True)
class Numbered:
    """Something to select from, whose column `position` grows with the order of the rows."""

    text: str
    position: str
    schema: pa.Schema
    """Its columns without the position."""


@dataclass(frozen=True)
class Relation:
    """A query that is bound and not yet run."""

    session: Session
    query: str
    bound: duckdb.DuckDBPyRelation

    @property
    def columns(self) -> list[str]:
        """The names of the result's columns."""
        return list(self.bound.columns)

    @property
    def types(self) -> list[str]:
        """The types of the result's columns, as DuckDB writes them."""
        return [str(kind) for kind in self.bound.types]

    def schema(self) -> pa.Schema:
        """Return the result's Arrow schema; run only on a query that is cheap to run."""
        return self.bound.to_arrow_table().schema

    def cast_to(self, wanted: Mapping[str, pa.DataType]) -> Relation:
        """Return the same rows with these columns, cast where DuckDB chose another type.

        For instance, the sum of whole numbers is HUGEINT in DuckDB and int64 in Ibis.
        """
        found = dict(zip(self.columns, self.types, strict=True))
        targets = {name: type_text(arrow) for name, arrow in wanted.items()}
        same = {name for name, text in targets.items() if _same_type(found.get(name, ""), text)}
        if len(same) == len(targets):
            return self
        selected = ", ".join(
            quoted(name) if name in same else f"CAST({quoted(name)} AS {text}) AS {quoted(name)}"
            for name, text in targets.items()
        )
        return self.session.relation(f"SELECT {selected} FROM ({self.query})")

    def stream(self) -> pa.RecordBatchReader:
        """Run the query and return its batches; the session is closed when they are done."""
        inner = self.session.start(self.bound)
        return pa.RecordBatchReader.from_batches(
            inner.schema, _batches(self.session, inner, self.query)
        )


def _same_type(found: str, wanted: str) -> bool:
    aliases = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}
    return aliases.get(found, found).replace(" ", "") == wanted.replace(" ", "")


def _batches(session: Session, inner: pa.RecordBatchReader, query: str) -> Iterator[pa.RecordBatch]:
    # The generator keeps the session alive for as long as somebody holds the reader.
    try:
        with translated(query=query):
            while (batch := session.next_batch(inner)) is not None:
                yield batch
    except InvalidInput as error:
        if session.is_open:
            raise
        raise Unavailable("the engine was closed before its result was read") from error
    finally:
        session.close()


def _release(
    connection: duckdb.DuckDBPyConnection,
    busy: threading.Lock,
    catalogs: list[str],
    readers: list[pa.RecordBatchReader],
) -> None:
    while not busy.acquire(timeout=0.05):
        connection.interrupt()
    try:
        for reader in readers:
            reader.close()
        for name in catalogs:
            connection.execute(f"USE {ROOT}")
            connection.execute(f"DETACH {name}")
        connection.close()
    finally:
        busy.release()
