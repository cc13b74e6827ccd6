"""The rows that features are asked for, whatever they are given as."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.engine.protocol import ParquetFiles
from lineal.errors import InvalidInput, NotFound
from lineal.features.parquet import write_parquet
from lineal.features.references import row_of
from lineal.lake.disk import private_folder
from lineal.lake.version import LakeVersion
from lineal.warehouse.frames import FRAME_LABEL, store_frame
from lineal.warehouse.sources import ParseOptions, SourceFile, open_source
from lineal.warehouse.table import Table, TableVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from lineal.engine.protocol import Engine, Source
    from lineal.lake import Lake
    from lineal.metadata.model import Artifact
    from lineal.metadata.store import Store
    from lineal.warehouse import Warehouse

__all__ = ["Queries", "Surroundings", "query_rows"]


@dataclass(frozen=True)
class Queries:
    """Rows to be joined with features."""

    label: str
    """What messages call them."""
    artifact: Artifact
    source: Source
    schema: pa.Schema
    """The columns with their own types, which an engine may not have."""
    read: Callable[[Sequence[str]], pa.RecordBatchReader]
    """Gives some of the columns with their own types, in the order of the rows."""


@dataclass(frozen=True)
class Surroundings:
    """The parts of a workspace that rows come from."""

    store: Store
    lake: Lake
    warehouse: Warehouse
    engine: Engine
    temporary: Path


@contextmanager
def query_rows(
    rows: object, columns: Sequence[str] | None, here: Surroundings
) -> Iterator[Queries]:
    """Yield `rows` as an artifact and as data: versions as they are, all else stored by content.

    `columns` chooses some of a table's.

    What the engine can't read as it is lies in a temporary file for the time of the block.
    """
    given = _named(rows, here) if isinstance(rows, str) else rows
    if isinstance(given, Table):
        given = given.newest
    if isinstance(given, TableVersion):
        _check_store(given, here)
        version = given
        whole = given.schema if columns is None else given.batches(columns).schema
        source = given.source(columns)
        yield Queries(given.ref, given.artifact, source, whole, version.batches)
        return
    if columns is not None:
        raise InvalidInput("columns= chooses those of a table; choose them in a frame beforehand")
    file, label = _file(given, here)
    if file.is_folder:
        raise InvalidInput(f"{label} is a folder; give one of its files")
    with private_folder(here.temporary) as folder:
        path = _as_parquet(SourceFile(file.path, label), here, folder)
        yield _of_parquet(path, label, file.artifact)


def _of_parquet(path: Path, label: str, artifact: Artifact) -> Queries:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def read(columns: Sequence[str]) -> pa.RecordBatchReader:
        file = pq.ParquetFile(path)
        chosen = pa.schema([schema.field(name) for name in columns])
        return pa.RecordBatchReader.from_batches(chosen, file.iter_batches(columns=list(columns)))

    try:
        schema = pq.read_schema(path).remove_metadata()
    except (pa.ArrowException, OSError) as error:
        raise InvalidInput(f"{label} can't be read as Parquet: {error}") from error
    return Queries(label, artifact, ParquetFiles((str(path),)), schema, read)


def _file(given: object, here: Surroundings) -> tuple[LakeVersion, str]:
    """Return the file of the lake that holds the rows, and what messages call it."""
    if isinstance(given, LakeVersion):
        _check_store(given, here)
        return given, given.name or given.ref
    if isinstance(given, Path):
        return here.lake.version(here.lake.store_plain(given)), str(given)
    artifact = store_frame(here.lake, given, temporary=here.temporary)
    return here.lake.version(artifact), FRAME_LABEL


def _as_parquet(file: SourceFile, here: Surroundings, folder: Path) -> Path:
    """Return the rows of a file as Parquet, with its own types."""
    with file.path.open("rb") as opened:
        if opened.read(4) == b"PAR1":
            return file.path
    path = folder / "rows.parquet"
    with open_source(file, ParseOptions(), engine=here.engine, temporary=here.temporary) as reader:
        schema = reader.columns({})
        columns = {column.name: column.type for column in schema}
        write_parquet(schema, reader.batches(columns), path)
    return path


def _named(text: str, here: Surroundings) -> object:
    """Return what a text means: a path by its form, else a table or file by its name, or a path."""
    path = Path(text).expanduser()
    if text.startswith(("./", "../", "/", "~")):
        if not path.exists():
            raise NotFound(f"there is no file {text}")
        return path
    try:
        row = row_of(here.store, text)
    except InvalidInput:
        row = None  # no name, as `rows@all.csv`
    if row is None:
        if path.exists():
            return path
        raise NotFound.among(
            "there is no table, file or path", text, here.store.names(), remedy="lineal find"
        )
    if path.exists():
        raise InvalidInput(f"{text!r} is both a name and a file; write ./{text} for the file")
    artifact = here.store.artifact(row.artifact_id)
    if artifact.type == "lineal.Table":
        return here.warehouse.version(row)
    return here.lake.version(artifact, row)


def _check_store(version: TableVersion | LakeVersion, here: Surroundings) -> None:
    if version.store.uuid != here.store.uuid:
        raise InvalidInput(
            f"{version.ref} belongs to another workspace; an execution's inputs come from one"
        )
