"""Read Parquet files as one table, by name or by Iceberg field id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.engine.duckdb.arrow import check_names
from lineal.engine.duckdb.files import local_path
from lineal.engine.duckdb.text import literal, literal_list, quoted, type_text
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from lineal.engine.protocol import FieldById, ParquetFiles, PositionDeletes

__all__ = ["parquet_text"]


def parquet_text(source: ParquetFiles, *, position: str | None = None) -> str:
    """Return SQL that reads the files in their order, without the deleted rows.

    `position` names one more column, which grows with the order of files and rows.
    """
    # A Parquet file can't have more than 2^40 rows: it could not be written in a lifetime.
    more = f", (data.file_index::BIGINT << 40) + data.file_row_number AS {position}" * bool(
        position
    )
    if source.fields is None:
        return _by_name(source, more)
    check_names([field.name for field in source.fields], "the table")
    if not source.paths:
        return _empty(source.fields, position)
    paths = [local_path(path) for path in source.paths]
    return _by_field_id(source.fields, paths, source.deletes, more)


def _by_name(source: ParquetFiles, more: str) -> str:
    if not source.paths:
        raise InvalidInput("no Parquet file was given; name at least one, or the fields to expect")
    paths = literal_list(local_path(path) for path in source.paths)
    read = f"read_parquet({paths}, hive_partitioning = false)"
    return f"(SELECT data.*{more} FROM {read} AS data{_without(source.deletes)})"


def _by_field_id(
    fields: tuple[FieldById, ...], paths: list[str], deletes: PositionDeletes | None, more: str
) -> str:
    # Own names inside, so that none can hide the reader's columns `filename` and so on.
    entries = ", ".join(
        f"{field.id}: {{name: 'field_{field.id}', type: {literal(type_text(field.type))}, "
        "default_value: NULL}"
        for field in fields
    )
    columns = ", ".join(f"field_{field.id} AS {quoted(field.name)}" for field in fields)
    read = (
        f"read_parquet({literal_list(paths)}, schema = MAP{{{entries}}}, hive_partitioning = false)"
    )
    return f"(SELECT {columns}{more} FROM {read} AS data{_without(deletes)})"


def _without(deletes: PositionDeletes | None) -> str:
    if deletes is None or not deletes.paths:
        return ""
    paths = literal_list(local_path(path) for path in deletes.paths)
    return (
        " ANTI JOIN (SELECT regexp_replace(file_path, '^file:/+', '/') AS deleted_path, "
        f"pos AS deleted_row FROM read_parquet({paths}, hive_partitioning = false)) AS deleted "
        "ON data.filename = deleted_path AND data.file_row_number = deleted_row"
    )


def _empty(fields: tuple[FieldById, ...], position: str | None) -> str:
    columns = ", ".join(
        f"CAST(NULL AS {type_text(field.type)}) AS {quoted(field.name)}" for field in fields
    )
    more = f", 0::BIGINT AS {position}" * bool(position)
    return f"(SELECT {columns}{more} WHERE false)"
