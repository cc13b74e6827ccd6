"""Make each kind of source a frame of Spark's.

Spark reads Parquet files itself, by field id where they have ids. Text and data in memory are
read where the call is made, by the reader that the embedded engine has, so that a cell is told
and converted alike whatever computes with it, and are handed to Spark as Parquet.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it
from pyspark.sql.types import StructType

from lineal.engine.duckdb.arrow import check_names
from lineal.engine.duckdb.files import local_path
from lineal.engine.duckdb.text import literal, quoted, type_text
from lineal.engine.protocol import ArrowData, CsvFiles, JsonLinesFiles, ParquetFiles
from lineal.engine.spark.types import carried, field_id, is_direct, spark_type
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame

    from lineal.engine import Engine
    from lineal.engine.protocol import FieldById, PositionDeletes, Source
    from lineal.engine.spark.call import Call

__all__ = ["frame_of", "readable", "schema_of"]

_GROUP_ROWS = 131_072
_LITERALLY = {"__globPaths__": "false", "recursiveFileLookup": "true"}


def schema_of(reader: Engine, source: Source) -> pa.Schema:
    """Return the columns of a source as the embedded engine tells them."""
    if not isinstance(source, ParquetFiles | ArrowData | CsvFiles | JsonLinesFiles):
        raise InvalidInput(f"{type(source).__qualname__} is no source that Spark can read")
    return reader.schema(source)


def readable(source: Source) -> Source:
    """Return a source that can be asked for its columns and be read afterwards, too."""
    if not isinstance(source, ArrowData):
        return source
    from lineal.engine.duckdb.arrow import as_arrow

    return ArrowData(as_arrow(source.data))


def frame_of(call: Call, source: Source, *, position: str | None = None) -> DataFrame:
    """Return a frame with the rows of `source`.

    `position` names one more column, which grows with the order of files and rows.
    """
    schema = schema_of(call.reader, source)
    check_names(schema.names, "the table")
    if isinstance(source, ParquetFiles) and source.paths and _reads(source, schema):
        return _parquet(call, source, schema, position)
    return _handed_over(call, source, schema, position)


def _reads(source: ParquetFiles, schema: pa.Schema) -> bool:
    if not all(is_direct(field.type) for field in schema):
        return False
    # Such files are hidden ones to Spark, which would leave them out.
    return not any(Path(path).name.startswith((".", "_")) for path in source.paths)


def _handed_over(call: Call, source: Source, schema: pa.Schema, position: str | None) -> DataFrame:
    """Read a source here, and write it where Spark reads it."""
    plain = pa.schema([pa.field(f"c{i}", carried(f.type)) for i, f in enumerate(schema)])
    cells = ", ".join(f"{_cell(field)} AS c{number}" for number, field in enumerate(schema))
    stored = plain.append(pa.field("position", pa.int64())) if position else plain
    batches = call.reader.sql(f"SELECT {cells or '1'} FROM source", {"source": source})
    path = call.new_folder() / "part.parquet"
    row = 0
    with pq.ParquetWriter(path, stored) as writer:
        for batch in batches:
            columns = [column.cast(field.type) for column, field in zip(batch, plain, strict=True)]
            if position:
                columns.append(pa.array(range(row, row + batch.num_rows), pa.int64()))
            row += batch.num_rows
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=stored), _GROUP_ROWS)
    frame = _read(call, stored, [str(path)])
    names = [F.col(f"c{i}").alias(name) for i, name in enumerate(schema.names)]
    return frame.select(*names, *([F.col("position").alias(position)] if position else []))


def _cell(field: pa.Field) -> str:
    """Return the reader's SQL for a column in the type that it is carried in."""
    name, arrow = quoted(field.name), field.type
    if pa.types.is_time(arrow) or pa.types.is_duration(arrow):
        return f"epoch_us({name})"
    if pa.types.is_timestamp(arrow) and arrow.unit == "ns":
        lost = f"column {field.name!r} holds nanoseconds, and Spark keeps microseconds; cast it"
        zone = "TIMESTAMPTZ" if arrow.tz else "TIMESTAMP"
        return (
            f"CASE WHEN epoch_ns({name}) % 1000 <> 0 THEN error({literal(lost)}) "
            f"ELSE CAST({name} AS {zone}) END"
        )
    return f"CAST({name} AS {type_text(carried(arrow))})"


def _parquet(
    call: Call, source: ParquetFiles, schema: pa.Schema, position: str | None
) -> DataFrame:
    paths = [local_path(path) for path in source.paths]
    if source.fields is None:
        _check_columns(paths, schema)
        stored = pa.schema([pa.field(f.name, carried(f.type)) for f in schema])
        columns = [F.col(_escaped(name)).alias(name) for name in schema.names]
    else:
        _check_parts(paths, source.fields)
        stored = pa.schema([_by_id(field) for field in source.fields])
        columns = [F.col(f"field_{field.id}").alias(field.name) for field in source.fields]
    frame = _read(call, stored, paths)
    if position is None and not (source.deletes and source.deletes.paths):
        return frame.select(*columns)
    place = frame.metadataColumn("_metadata")
    columns.append(place["row_index"].alias("lineal_row"))
    columns.append(_plain_path(place["file_path"]).alias("lineal_path"))
    if source.deletes and source.deletes.paths:
        return _without(call, frame.select(*columns), source.deletes, paths, position)
    return _numbered(_number_of(call, frame.select(*columns), paths), schema.names, position)


def _without(
    call: Call,
    frame: DataFrame,
    deletes: PositionDeletes,
    paths: Sequence[str],
    position: str | None,
) -> DataFrame:
    """Leave the deleted rows out."""
    stored = pa.schema({"file_path": pa.string(), "pos": pa.int64()})
    gone = _read(call, stored, [local_path(path) for path in deletes.paths]).select(
        F.regexp_replace("file_path", "^file:/+", "/").alias("deleted_path"),
        F.col("pos").alias("deleted_row"),
    )
    same = [
        frame["lineal_path"] == gone["deleted_path"],
        frame["lineal_row"] == gone["deleted_row"],
    ]
    left = frame.join(gone, same, "left_anti")
    names = [name for name in frame.columns if name not in {"lineal_row", "lineal_path"}]
    if position is None:
        return left.select(*[F.col(_escaped(name)) for name in names])
    return _numbered(_number_of(call, left, paths), names, position)


def _number_of(call: Call, frame: DataFrame, paths: Sequence[str]) -> DataFrame:
    """Add the place of each row's file among the paths."""
    if len(paths) == 1:
        return frame.withColumn("lineal_file", F.lit(0).cast("long"))
    rows = ", ".join(f"({_text(path)}, {number}L)" for number, path in enumerate(paths))
    files = call.session.sql(f"SELECT * FROM VALUES {rows} AS files(lineal_of, lineal_file)")
    return frame.join(F.broadcast(files), frame["lineal_path"] == files["lineal_of"])


def _numbered(frame: DataFrame, names: Sequence[str], position: str | None) -> DataFrame:
    # A Parquet file can't have more than 2^40 rows: it could not be written in a lifetime.
    number = F.shiftleft("lineal_file", 40) + F.col("lineal_row")
    return frame.select(*[F.col(_escaped(name)) for name in names], number.alias(position or ""))


def _read(call: Call, stored: pa.Schema, paths: Sequence[str]) -> DataFrame:
    schema = StructType.fromJson(spark_type(pa.struct(list(stored))))  # type: ignore[arg-type]
    return call.session.read.schema(schema).options(**_LITERALLY).parquet(*paths)


def _by_id(field: FieldById) -> pa.Field:
    ids = {"PARQUET:field_id": str(field.id)}
    return pa.field(f"field_{field.id}", carried(field.type), metadata=ids)


def _plain_path(column: Column) -> Column:
    """Return the path as the file system has it; Spark gives it as a URL."""
    decoded = F.url_decode(F.replace(column, F.lit("+"), F.lit("%2B")))
    return F.regexp_replace(decoded, "^file:/+", "/")


def _check_columns(paths: Sequence[str], schema: pa.Schema) -> None:
    """Refuse a file that lacks a column of the first: Spark would read it as nulls."""
    for path in paths[1:]:
        found = {name.casefold() for name in pq.read_schema(path).names}
        for name in schema.names:
            if name.casefold() not in found:
                raise InvalidInput(f"{path} has no column {name!r}, and {paths[0]} has one")


def _check_parts(paths: Sequence[str], fields: Sequence[FieldById]) -> None:
    """Refuse parts of nested columns that have other names than the files, and no ids."""
    unsure = {
        field.id: field for field in fields if pa.types.is_nested(field.type) and _lacks(field.type)
    }
    for path in paths if unsure else ():
        for stored in pq.read_schema(path):
            wanted = unsure.get(field_id(stored) or -1)
            if wanted is not None:
                _check_names_inside(stored.type, wanted.type, f"{path}: {wanted.name}")


def _lacks(arrow: pa.DataType) -> bool:
    if pa.types.is_struct(arrow):
        return any(field_id(field) is None or _lacks(field.type) for field in arrow)
    return any(_lacks(arrow.field(i).type) for i in range(arrow.num_fields))


def _check_names_inside(stored: pa.DataType, wanted: pa.DataType, place: str) -> None:
    if pa.types.is_struct(wanted) and pa.types.is_struct(stored):
        names = [stored.field(i).name for i in range(stored.num_fields)]
        for field in wanted:
            if field_id(field) is None and field.name not in names:
                raise InvalidInput(
                    f"{place} has other parts than the table, and the table's type gives no field "
                    f"ids for them; give {field.name!r} its id in the Arrow field's metadata "
                    "(PARQUET:field_id)"
                )
    for i in range(min(stored.num_fields, wanted.num_fields)):
        if not pa.types.is_struct(wanted):
            _check_names_inside(stored.field(i).type, wanted.field(i).type, place)


def _escaped(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
