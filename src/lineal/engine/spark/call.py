"""One call on Spark: the views and files that it makes, which go with it, and its result."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa

from lineal.engine.interrupts import interruptible
from lineal.engine.spark.failures import translated
from lineal.engine.spark.types import restored
from lineal.errors import LinealError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyspark.sql import DataFrame, SparkSession

    from lineal.engine import Engine, Source

__all__ = ["Call"]

_Result = TypeVar("_Result")

_numbers = itertools.count(1)


class Call:
    """What one call registers with Spark is seen by no other call, and goes when it is done."""

    def __init__(
        self, session: SparkSession, reader: Engine, folder: Path | None, *, is_local: bool
    ) -> None:
        """Work in `session`; `reader` reads what Spark does not, into files under `folder`."""
        self.session = session
        self.reader = reader
        self.is_local = is_local
        self._above = folder
        self._tag = f"lineal-call-{next(_numbers)}"
        self._views: list[str] = []
        self._folders: list[str] = []
        self._finalizer = weakref.finalize(
            self, _release, session, self._tag, self._views, self._folders
        )

    @property
    def is_open(self) -> bool:
        """Whether it was not closed yet."""
        return self._finalizer.alive

    @contextlib.contextmanager
    def closed_on_error(self) -> Iterator[None]:
        """Close if the block raises; else the reader made in it closes when it is done."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End what still runs, and drop views and files."""
        self._finalizer()

    def leave(self) -> None:
        """Keep off Spark from now on: it belongs to the process that this one was forked from."""
        self._finalizer.detach()

    def perform(self, act: Callable[[], _Result]) -> _Result:
        """Return what `act` returns; Ctrl-C ends the jobs that it began."""

        def tagged() -> _Result:
            # Tags belong to a thread, and `act` may be carried out by another.
            self.session.addTag(self._tag)
            try:
                return act()
            finally:
                self.session.removeTag(self._tag)

        return interruptible(tagged, self._interrupt)

    def _interrupt(self) -> None:
        self.session.interruptTag(self._tag)

    def view_of(self, source: Source, *, position: str | None = None) -> str:
        """Make `source` readable here, and return what to select from.

        `position` names one more column, which grows with the order of files and rows.
        """
        from lineal.engine.spark.sources import frame_of

        name = f"lineal_{next(_numbers)}"

        def create() -> None:
            frame_of(self, source, position=position).createOrReplaceTempView(name)

        self.perform(create)
        self._views.append(name)
        return name

    def new_folder(self) -> Path:
        """Return a folder for files that go with the call."""
        if self._above is not None:
            self._above.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix="lineal-call-", dir=self._above)
        self._folders.append(folder)
        return Path(folder)

    def bound(self, text: str) -> DataFrame:
        """Return what `text` selects; unknown names and wrong types are found here."""
        return self.perform(lambda: self.session.sql(text))

    def stream(
        self, frame: DataFrame, wanted: Mapping[str, pa.DataType] | None = None, *, query: str = ""
    ) -> pa.RecordBatchReader:
        """Return the batches of a frame, one partition of Spark's at a time."""
        from pyspark.sql.pandas.types import to_arrow_schema

        carried = to_arrow_schema(frame.schema, timezone="UTC")
        fields = [
            pa.field(field.name, (wanted or {}).get(field.name, field.type)) for field in carried
        ]
        schema = pa.schema(fields)
        batches = _batches(self, frame, carried, schema, query)
        first = next(batches, None)  # so that most mistakes are found by the call itself
        found = itertools.chain([] if first is None else [first], batches)
        return pa.RecordBatchReader.from_batches(schema, found)


def _batches(
    call: Call, frame: DataFrame, carried: pa.Schema, schema: pa.Schema, query: str
) -> Iterator[pa.RecordBatch]:
    # The generator keeps the call alive for as long as somebody holds the reader.
    try:
        with translated(query=query):
            parts = call.perform(lambda: _parts(frame))
            while (part := call.perform(lambda: next(parts, None))) is not None:
                batch = pa.ipc.read_record_batch(pa.py_buffer(part), carried)
                yield _restored(batch, schema)
    except LinealError as error:
        if call.is_open:
            raise
        raise Unavailable("the engine was closed before its result was read") from error
    finally:
        call.close()


def _parts(frame: DataFrame) -> Iterator[bytes]:
    """Run the query and return its batches as Arrow's messages."""
    from pyspark import RDD
    from pyspark.serializers import NoOpSerializer

    batches = frame._jdf.toArrowBatchRdd().toJavaRDD()  # noqa: SLF001 - Arrow has no public way
    context = frame.sparkSession.sparkContext
    found: Iterator[bytes] = RDD(batches, context, NoOpSerializer()).toLocalIterator()
    return iter(found)


def _restored(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema.equals(schema):
        return batch
    columns = [
        restored(pa.chunked_array([column]), field.type).combine_chunks()
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    plain = [
        column.chunk(0) if isinstance(column, pa.ChunkedArray) else column for column in columns
    ]
    return pa.RecordBatch.from_arrays(plain, schema=schema)


def _release(session: SparkSession, tag: str, views: list[str], folders: list[str]) -> None:
    # What was stopped in the meantime has neither jobs nor views.
    with contextlib.suppress(Exception):
        session.interruptTag(tag)
        for name in views:
            session.catalog.dropTempView(name)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
