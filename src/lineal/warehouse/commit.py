"""Commit data files and schema changes to Iceberg: one snapshot, carrying our execution's UUID."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import Conflict
from lineal.metadata import kill_point
from lineal.warehouse.catalog import iceberg_errors
from lineal.warehouse.files import remove_files
from lineal.warehouse.graph import Operation
from lineal.warehouse.schema import TableSchema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table as IcebergTable
    from pyiceberg.table import Transaction
    from pyiceberg.table.snapshots import Snapshot

    from lineal.metadata import Value
    from lineal.warehouse.catalog import Catalog
    from lineal.warehouse.files import WrittenFile
    from lineal.warehouse.names import TableName

__all__ = [
    "EXECUTION",
    "VERSION",
    "Commit",
    "commit",
    "current_schema",
    "execution_of",
    "open_transaction",
]

EXECUTION = "lineal.execution"
"""The snapshot's property with the UUID of the execution that made it."""
VERSION = "lineal.version"
"""The snapshot's property with what its version needs, if the graph has to be told later."""


@dataclass(frozen=True)
class Commit:
    """A snapshot that is on main."""

    snapshot_id: int
    schema: TableSchema


def open_transaction(table: IcebergTable) -> Transaction:
    """Begin a change of `table` that PyIceberg does not try again: the caller does, whole."""
    properties = {**table.metadata.properties, "commit.retry.num-retries": "0"}
    # Only in this copy; what other writers do with the table stays theirs.
    table.metadata = table.metadata.model_copy(update={"properties": properties})
    return table.transaction()


def current_schema(transaction: Transaction) -> TableSchema:
    """Return the schema as it will be once the transaction commits."""
    return TableSchema.parse(transaction.table_metadata.schema().model_dump_json())


def commit(
    catalog: Catalog,
    name: TableName,
    transaction: Transaction,
    *,
    files: Sequence[WrittenFile],
    operation: Operation,
    execution: str,
    version: Mapping[str, Value],
) -> Commit:
    """Put one snapshot with `files` on main, and return it.

    With `Operation.REPLACE` all earlier files leave the table. Raises `Conflict` if main moved
    since the transaction began. If it fails, the files are removed, unless it can't be excluded
    that the commit took effect.
    """
    properties = {EXECUTION: execution, VERSION: json.dumps(dict(version), sort_keys=True)}
    try:
        with iceberg_errors(str(name)):
            snapshot_id = _stage(catalog, transaction, files, operation, properties)
            kill_point("warehouse.staged")
            transaction.commit_transaction()
    except BaseException as error:
        if isinstance(error, Conflict) or _is_absent(catalog, name, execution):
            remove_files(file.path for file in files)
        raise
    kill_point("warehouse.committed")
    return Commit(snapshot_id, current_schema(transaction))


def _stage(
    catalog: Catalog,
    transaction: Transaction,
    files: Sequence[WrittenFile],
    operation: Operation,
    properties: dict[str, str],
) -> int:
    added = _data_files(transaction, files)
    update = transaction.update_snapshot(snapshot_properties=properties)
    if (
        operation is Operation.REPLACE
        and transaction.table_metadata.current_snapshot_id is not None
    ):
        with update.overwrite() as overwrite:
            for file in _current_files(catalog, transaction):
                overwrite.delete_data_file(file)
            for file in added:
                overwrite.append_data_file(file)
            return overwrite.snapshot_id
    with update.merge_append() if added else update.fast_append() as append:
        for file in added:
            append.append_data_file(file)
        return append.snapshot_id


def _current_files(catalog: Catalog, transaction: Transaction) -> list[DataFile]:
    from pyiceberg.manifest import DataFileContent

    from lineal.warehouse.fileio import WAREHOUSE, LocalFileIO

    snapshot = transaction.table_metadata.current_snapshot()
    if snapshot is None:
        return []
    io = LocalFileIO({WAREHOUSE: str(catalog.folder)})
    return [
        entry.data_file
        for manifest in snapshot.manifests(io)
        for entry in manifest.fetch_manifest_entry(io, discard_deleted=True)
        if entry.data_file.content == DataFileContent.DATA
    ]


def _data_files(transaction: Transaction, files: Sequence[WrittenFile]) -> list[DataFile]:
    """Return Iceberg's entries for files that we wrote, with the bounds from their footers."""
    from pyiceberg.io.pyarrow import (
        compute_statistics_plan,
        data_file_statistics_from_parquet_metadata,
        parquet_path_to_id_mapping,
    )
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
    from pyiceberg.schema import Schema
    from pyiceberg.typedef import Record

    if not files:
        return []
    metadata = transaction.table_metadata
    schema = Schema.model_validate_json(current_schema(transaction).in_files().text)
    plan = compute_statistics_plan(schema, metadata.properties)
    paths = parquet_path_to_id_mapping(schema)
    return [
        DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=f"file://{file.path}",
            file_format=FileFormat.PARQUET,
            partition=Record(),
            file_size_in_bytes=file.size,
            sort_order_id=None,
            spec_id=metadata.default_spec_id,
            equality_ids=None,
            key_metadata=None,
            **data_file_statistics_from_parquet_metadata(
                file.footer, plan, paths
            ).to_serialized_dict(),
        )
        for file in files
    ]


def _is_absent(catalog: Catalog, name: TableName, execution: str) -> bool:
    """Whether the table certainly has no snapshot of this execution."""
    from lineal.errors import LinealError

    try:
        table = catalog.load(name)
    except LinealError:
        return False
    return table is None or execution not in {
        execution_of(snapshot) for snapshot in table.metadata.snapshots
    }


def execution_of(snapshot: Snapshot) -> str | None:
    """Return the UUID of the execution that made a snapshot, if one of ours did."""
    summary = snapshot.summary
    return None if summary is None else summary.additional_properties.get(EXECUTION)
