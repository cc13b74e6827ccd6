"""Make a plan from Iceberg's own metadata: of what others wrote, or a crash left behind."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.warehouse.catalog import iceberg_errors
from lineal.warehouse.plan import Plan, PlanFile, ReadBy
from lineal.warehouse.schema import FIELD_ID, TableSchema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyiceberg.schema import Schema
    from pyiceberg.table import FileScanTask
    from pyiceberg.table import Table as IcebergTable

    from lineal.warehouse.plan import Plans

__all__ = ["plan_of_snapshot"]


def plan_of_snapshot(
    plans: Plans,
    table: IcebergTable,
    snapshot_id: int,
    *,
    schema_id: int,
    before: Plan | None,
    name: str,
) -> Plan:
    """Return the plan of a snapshot; files that stood in the plan `before` keep their order."""
    schema = table.schemas()[schema_id]
    with iceberg_errors(name):
        try:
            tasks = list(table.scan(snapshot_id=snapshot_id).plan_files())
        except ValueError as error:
            raise InvalidInput(
                f"another program wrote to {name} what can't be read here ({error}); rewrite the "
                "table with it, without equality deletes"
            ) from error
    known = {} if before is None else {file.path: file for file in plans.files(before)}
    found = {plans.relative(plans.present(task.file.file_path)): task for task in tasks}
    old = [file for path, file in known.items() if path in found]
    new = [_entry(plans, path, task) for path, task in found.items() if path not in known]
    return Plan(
        snapshot_id=snapshot_id,
        schema=TableSchema.parse(schema.model_dump_json()),
        files=(*old, *new),
        deletes=tuple(sorted({delete.file_path for task in tasks for delete in task.delete_files})),
        read_by=_read_by(plans, schema, tasks, new),
    )


def _entry(plans: Plans, path: str, task: FileScanTask) -> PlanFile:
    with plans.located(path).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return PlanFile(path, task.file.file_size_in_bytes, task.file.record_count, sha256)


def _read_by(
    plans: Plans,
    schema: Schema,
    tasks: Iterable[FileScanTask],
    new: Iterable[PlanFile],
) -> ReadBy:
    from pyiceberg.manifest import FileFormat

    formats = {task.file.file_format for task in tasks} | {
        delete.file_format for task in tasks for delete in task.delete_files
    }
    odd = (
        formats - {FileFormat.PARQUET}
        or any("initial-default" in field for field in _fields(schema))
        or any(not _has_ids(plans, file) for file in new)
    )
    return "iceberg" if odd else "engine"


def _has_ids(plans: Plans, file: PlanFile) -> bool:
    import pyarrow.parquet as pq

    schema = pq.read_schema(plans.located(file.path))
    return all(FIELD_ID in (field.metadata or {}) for field in schema)


def _fields(schema: Schema) -> list[dict[str, object]]:
    fields: list[dict[str, object]] = json.loads(schema.model_dump_json())["fields"]
    return fields
