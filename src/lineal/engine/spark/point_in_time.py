"""The point-in-time join on Spark: the portable expression over numbered rows."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from lineal.engine.lookups import reads_nanoseconds
from lineal.engine.portable import point_in_time_expression
from lineal.engine.protocol import ArrowData
from lineal.engine.spark.compile import compiled
from lineal.engine.spark.sources import schema_of
from lineal.engine.spark.types import carried
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.engine import Engine
    from lineal.engine.protocol import PointInTime, Source
    from lineal.engine.spark.call import Call

__all__ = ["point_in_time"]


def point_in_time(
    call: Call, reader: Engine, queries: Source, lookups: Sequence[tuple[Source, PointInTime]]
) -> tuple[int, pa.RecordBatchReader]:
    """Return how many queries there are, and a reader of all of them with their answers."""
    position = f"lineal_{uuid.uuid4().hex}"  # no column of the data is called so
    asked = schema_of(reader, queries)
    found = [(schema_of(reader, source), lookup) for source, lookup in lookups]
    for schema, lookup in found:
        _check_precision(asked, schema, lookup)
    expression = point_in_time_expression(
        _unbound("queries", asked, position),
        [
            (_unbound(f"lookup {number}", schema, position), lookup)
            for number, (schema, lookup) in enumerate(found)
        ],
        position=position,
    )
    named = {f"lookup {number}": source for number, (source, _) in enumerate(lookups)}
    query = compiled(expression, {"queries": queries, **named})
    views = {
        mark: call.view_of(source, position=position) for mark, source in query.sources.items()
    }
    asked_view = next(views[mark] for mark, of in query.sources.items() if of is queries)
    count = _count(call, queries, asked_view)
    wanted = {field.name: _plain(field.type) for field in asked}
    for schema, lookup in found:
        wanted |= {name: _plain(schema.field(of).type) for name, of in lookup.columns.items()}
    return count, call.stream(call.bound(query.reading(views)), wanted)


def _count(call: Call, queries: Source, view: str) -> int:
    if isinstance(queries, ArrowData) and isinstance(queries.data, pa.Table):
        return int(queries.data.num_rows)
    return call.perform(lambda: call.session.table(view).count())


def _unbound(name: str, schema: pa.Schema, position: str) -> ibis.Table:
    columns = {field.name: carried(field.type) for field in schema}
    declared = pa.schema({**columns, position: pa.int64()})
    return ibis.table(ibis.Schema.from_pyarrow(declared), name=name)


def _plain(arrow: pa.DataType) -> pa.DataType:
    """Return the type of a column in the result: values, not codes of a dictionary."""
    if pa.types.is_dictionary(arrow) or pa.types.is_run_end_encoded(arrow):
        return _plain(arrow.value_type)
    return carried(arrow) if isinstance(arrow, pa.BaseExtensionType) else arrow


def _check_precision(queries: pa.Schema, source: pa.Schema, lookup: PointInTime) -> None:
    known = [lookup.known_at] if lookup.known_at is not None else []
    for schema, names in (
        (queries, [lookup.query_time]),
        (source, [lookup.event_time, *known]),
    ):
        for name in names:
            if reads_nanoseconds(schema.field(name).type):
                raise InvalidInput(
                    f"column {name!r} holds nanoseconds, and this engine compares microseconds; "
                    "cast it to a timestamp of microseconds"
                )
