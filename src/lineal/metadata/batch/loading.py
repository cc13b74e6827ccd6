"""Insert tables of nodes, however large, column by column and a chunk at a time."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Protocol, cast

from lineal.metadata.batch.catalog import catalog_of
from lineal.metadata.batch.columns import Column, plan_columns, type_of_table
from lineal.metadata.batch.forms import NodeForm
from lineal.metadata.batch.inserting import explain_clash
from lineal.metadata.batch.plain import stored_type
from lineal.metadata.batch.shapes import SHAPES
from lineal.metadata.batch.statements import Clash, atomic, clashes
from lineal.metadata.batch.types import settle_types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from lineal.metadata.batch.forms import Kind
    from lineal.metadata.batch.shapes import Shape
    from lineal.metadata.commit import Commit
    from lineal.metadata.transaction import Transaction

__all__ = ["Loadable", "load_nodes"]

_CACHE_KILOBYTES = 64_000
_CHUNK = 20_000  # rows at a time: some 50 MB of Python objects with ten properties


class Loadable(Protocol):
    """Any table or stream that Arrow's interface can take over: pyarrow, Polars, pandas, DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Export the rows."""
        ...


def load_nodes(
    transaction: Transaction,
    kind: Kind,
    data: Loadable,
    *,
    type_name: str,
    type_id: int | None = None,
    make_type: bool = False,
) -> pa.Int64Array:
    """Insert every row of `data` as a node of one type; return the new ids.

    With `make_type` the type is made of the columns, or widened by those that it lacks. No more
    than a chunk of `data` is in memory at once. All of the call is done, or nothing.
    """
    import pyarrow as pa

    commit, shape = transaction.commit, SHAPES[kind]
    made: list[pa.Array] = []
    with _roomy(commit), atomic(commit), pa.RecordBatchReader.from_stream(data) as reader:
        if make_type:
            form = type_of_table(kind, type_name, reader.schema)
            settle_types(commit, kind, [form], can_add_fields=True, can_omit_fields=True)
        known = stored_type(catalog_of(commit), kind, type_name, type_id)
        columns = plan_columns(shape, known, reader.schema)
        for batch in _chunks(reader):
            ids = commit.reserve(shape.table, batch.num_rows)
            _insert(commit, shape, known.id, columns, batch, ids)
            made.append(pa.array(ids, pa.int64()))
    return cast("pa.Int64Array", pa.concat_arrays(made) if made else pa.array([], pa.int64()))


@contextmanager
def _roomy(commit: Commit) -> Iterator[None]:
    """Give SQLite room for the indexes that grow at many places at once."""
    if commit.backend.name != "sqlite":
        yield
        return
    usual = commit.connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    commit.connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KILOBYTES}")
    try:
        yield
    finally:
        commit.connection.exec_driver_sql(f"PRAGMA cache_size = {usual}")


def _chunks(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        for start in range(0, batch.num_rows, _CHUNK):
            yield batch.slice(start, _CHUNK)


def _insert(
    commit: Commit,
    shape: Shape,
    type_id: int,
    columns: Sequence[Column],
    batch: pa.RecordBatch,
    ids: Sequence[int],
) -> None:
    """Insert the nodes of one chunk, then their properties, in the order of the tables' keys."""
    fields: dict[str, Sequence[object]] = {}
    held: list[list[tuple[object, ...] | None]] = []
    for column in columns:  # sorted by the names of the properties
        values = column.values(batch)
        if column.holds is None:
            fields[column.name] = values
        else:
            held.append(column.rows(ids, values))
    unset = {"uri": ""} if shape.has_uri else {}
    given: Mapping[str, object] = {
        "id": ids,
        "type_id": repeat(type_id),
        "create_time_since_epoch": repeat(commit.milliseconds),
        "last_update_time_since_epoch": repeat(commit.milliseconds),
        **fields,
    }
    rows = zip(*(given.get(name, repeat(unset.get(name))) for name in shape.columns), strict=False)
    try:
        commit.insert_rows(shape.table, shape.columns, list(rows))
    except clashes(commit) as error:
        texts = (fields.get(what) or [None] * len(ids) for what in ("name", "external_id"))
        nodes = [
            NodeForm(
                type_id=type_id,
                name=cast("str | None", name),
                external_id=cast("str | None", external_id),
            )
            for name, external_id in zip(*texts, strict=True)
        ]
        raise Clash(partial(explain_clash, commit, shape, nodes)) from error
    cells = [row for row in chain.from_iterable(zip(*held, strict=True)) if row is not None]
    commit.insert_rows(shape.properties, shape.property_columns, cells)
