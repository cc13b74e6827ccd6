"""Read a version through its cached plan: no PyIceberg, no manifests."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lineal.engine import ArrowData, FieldById, ParquetFiles, PositionDeletes
from lineal.errors import Corrupt, NotFound
from lineal.metadata import format_name
from lineal.warehouse.locations import local_path
from lineal.warehouse.names import TableName

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from lineal.engine import Engine, Source
    from lineal.metadata import Artifact, VersionRow
    from lineal.warehouse.catalog import Catalog
    from lineal.warehouse.plan import Plan, PlanFile, Plans
    from lineal.warehouse.schema import Column, TableSchema

__all__ = ["Reading"]


class Reading:
    """Turns a version's artifact into data."""

    def __init__(self, engine: Engine, plans: Plans, catalog: Catalog) -> None:
        self._engine = engine
        self._plans = plans
        self._catalog = catalog
        self._known: dict[str, Plan] = {}

    def plan(self, artifact: Artifact) -> Plan:
        """Return the plan of a version."""
        sha256 = str(artifact.get("plan", ""))
        if sha256 not in self._known:
            self._known[sha256] = self._plans.get(sha256)
        return self._known[sha256]

    def schema(self, artifact: Artifact) -> TableSchema:
        """Return the schema of a version."""
        return self.plan(artifact).schema

    def source(
        self,
        artifact: Artifact,
        row: VersionRow,
        columns: Iterable[str] | None,
        *,
        provenance: bool,
    ) -> Source:
        """Return what the engine reads; look that its files are there."""
        plan, ref = self.plan(artifact), format_name(row.name, row.number)
        chosen = _chosen(plan.schema, columns, provenance=provenance, ref=ref)
        if plan.read_by == "iceberg" or self._deletes_moved(plan):
            return ArrowData(self._through_iceberg(plan, chosen, row))
        files = self._plans.files(plan)
        self._look_for(files, ref)
        return ParquetFiles(
            paths=tuple(str(self._plans.located(file.path)) for file in files),
            fields=tuple(FieldById(c.id, c.name, c.type) for c in chosen),
            deletes=PositionDeletes(plan.deletes) if plan.deletes else None,
            has_field_ids=True,
        )

    def stream(
        self,
        artifact: Artifact,
        row: VersionRow,
        columns: Iterable[str] | None,
        *,
        provenance: bool,
    ) -> pa.RecordBatchReader:
        """Return the rows with exactly the types of the schema."""
        import pyarrow as pa

        from lineal.warehouse.schema import without_ids

        plan, ref = self.plan(artifact), format_name(row.name, row.number)
        wanted = None if columns is None else list(columns)
        chosen = _chosen(plan.schema, wanted, provenance=provenance, ref=ref)
        source = self.source(artifact, row, wanted, provenance=provenance)
        schema = pa.schema([pa.field(c.name, without_ids(c.type)) for c in chosen])
        found = self._engine.sql("SELECT * FROM source", {"source": source})
        return pa.RecordBatchReader.from_batches(schema, _cast(found, schema))

    def verify(self, artifact: Artifact, row: VersionRow) -> None:
        """Read the files of a version through and compare their hashes."""
        ref = format_name(row.name, row.number)
        files = self._plans.files(self.plan(artifact))
        self._look_for(files, ref)
        for file in files:
            with self._plans.located(file.path).open("rb") as opened:
                found = hashlib.file_digest(opened, "sha256").hexdigest()
            if file.sha256 and found != file.sha256:
                raise Corrupt(
                    f"{self._plans.located(file.path)}, a data file of {ref}, is damaged: its "
                    "bytes have another hash; put it back from a copy"
                )

    def _deletes_moved(self, plan: Plan) -> bool:
        """Whether the deletes name data files by where they lay before the workspace was moved."""
        return any(self._plans.present(each) != local_path(each) for each in plan.deletes)

    def _look_for(self, files: Iterable[PlanFile], ref: str) -> None:
        for file in files:
            path = self._plans.located(file.path)
            try:
                size = path.stat().st_size
            except OSError as error:
                raise Corrupt(
                    f"{path}, a data file of {ref}, can't be read ({error.strerror}); put it back "
                    "from a copy, or load its source into a new table"
                ) from error
            if size != file.size:
                raise Corrupt(
                    f"{path}, a data file of {ref}, is damaged: it has {size} bytes and not "
                    f"{file.size}; put it back from a copy"
                )

    def _through_iceberg(
        self, plan: Plan, columns: Iterable[Column], row: VersionRow
    ) -> pa.RecordBatchReader:
        """Read what the engine can't exactly: slower, by PyIceberg."""
        from lineal.warehouse.catalog import iceberg_errors

        ref = format_name(row.name, row.number)
        with iceberg_errors(ref):
            table = self._catalog.load(TableName.of(row.name))
            if table is None or table.snapshot_by_id(plan.snapshot_id) is None:
                raise NotFound(
                    f"the snapshot of {ref} is no longer in Iceberg's list, and its files can be "
                    "read by Iceberg alone; use a newer version"
                )
            names = tuple(column.name for column in columns)
            scan = table.scan(snapshot_id=plan.snapshot_id, selected_fields=names)
            return scan.to_arrow_batch_reader()


def _chosen(
    schema: TableSchema, columns: Iterable[str] | None, *, provenance: bool, ref: str
) -> tuple[Column, ...]:
    every = schema.columns if provenance else schema.user_columns
    if columns is None:
        return every
    known = {column.name: column for column in every}
    return tuple(
        known[name] if name in known else schema.column(name, table=ref) for name in columns
    )


def _cast(found: pa.RecordBatchReader, schema: pa.Schema) -> Iterable[pa.RecordBatch]:
    for batch in found:
        yield batch.select(schema.names).cast(schema)
