"""Read Parquet files as one table, by name or by Iceberg field id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.engine.duckdb.arrow import check_names
from lineal.engine.duckdb.files import local_path
from lineal.engine.duckdb.generations import Generation, generations
from lineal.engine.duckdb.text import literal, literal_list, quoted, type_text
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.engine.duckdb.session import Session
    from lineal.engine.protocol import FieldById, ParquetFiles, PositionDeletes

__all__ = ["parquet_text"]


def parquet_text(session: Session, source: ParquetFiles, *, position: str | None = None) -> str:
    """Return SQL that reads the files without the deleted rows, in order if there are none.

    `position` names one more column, which grows with the order of files and rows.
    """
    paths = [local_path(path) for path in source.paths]
    if source.fields is None:
        return _by_name(paths, source.deletes, position)
    check_names([field.name for field in source.fields], "the table")
    if not paths:
        return _empty(source.fields, position)
    found = generations(session, source.fields, paths, has_ids=source.has_field_ids)
    reads = []
    first = 0
    for generation in found:
        more = _position(first, position)
        reads.append(_by_field_id(source.fields, generation, source.deletes, more))
        first += len(generation.paths)
    return f"({' UNION ALL '.join(reads)})"


def _by_name(paths: Sequence[str], deletes: PositionDeletes | None, position: str | None) -> str:
    if not paths:
        raise InvalidInput("no Parquet file was given; name at least one, or the fields to expect")
    read = f"read_parquet({literal_list(paths)}, hive_partitioning = false)"
    return f"(SELECT data.*{_position(0, position)} FROM {read} AS data{_without(deletes)})"


def _by_field_id(
    fields: Sequence[FieldById],
    generation: Generation,
    deletes: PositionDeletes | None,
    more: str,
) -> str:
    # Own names inside, so that none can hide the reader's columns `filename` and so on.
    entries = ", ".join(
        f"{field.id}: {{name: 'field_{field.id}', type: {literal(generation.types[field.id])}, "
        "default_value: NULL}"
        for field in fields
    )
    columns = ", ".join(
        f"{generation.values[field.id]} AS {quoted(field.name)}" for field in fields
    )
    paths = literal_list(generation.paths)
    read = f"read_parquet({paths}, schema = MAP{{{entries}}}, hive_partitioning = false)"
    return f"SELECT {columns}{more} FROM {read} AS data{_without(deletes)}"


def _position(first_file: int, name: str | None) -> str:
    # A Parquet file can't have more than 2^40 rows: it could not be written in a lifetime.
    if name is None:
        return ""
    return f", ((data.file_index::BIGINT + {first_file}) << 40) + data.file_row_number AS {name}"


def _without(deletes: PositionDeletes | None) -> str:
    if deletes is None or not deletes.paths:
        return ""
    paths = literal_list(local_path(path) for path in deletes.paths)
    return (
        " ANTI JOIN (SELECT regexp_replace(file_path, '^file:/+', '/') AS deleted_path, "
        f"pos AS deleted_row FROM read_parquet({paths}, hive_partitioning = false)) AS deleted "
        "ON data.filename = deleted_path AND data.file_row_number = deleted_row"
    )


def _empty(fields: Sequence[FieldById], position: str | None) -> str:
    columns = ", ".join(
        f"CAST(NULL AS {type_text(field.type)}) AS {quoted(field.name)}" for field in fields
    )
    more = f", 0::BIGINT AS {position}" * bool(position)
    return f"(SELECT {columns}{more} WHERE false)"
