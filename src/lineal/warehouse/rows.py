"""Turn a source's batches into rows of a table: converted, in its columns, with their origin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.errors import InvalidInput
from lineal.warehouse.convert import RefusedValueError, convert
from lineal.warehouse.names import ARTIFACT, LOADED_AT
from lineal.warehouse.types import INSTANT, describe, storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lineal.warehouse.schema import Column, TableSchema
    from lineal.warehouse.sources import SourceReader

__all__ = ["TEXT_DICTIONARY", "Origin", "RowStream"]

TEXT_DICTIONARY = pa.dictionary(pa.int32(), pa.string())
"""How texts come that a file keeps as a dictionary; Parquet takes them so."""


@dataclass(frozen=True)
class Origin:
    """Which artifact brings the rows, and when."""

    artifact_id: int
    loaded_at: datetime


@dataclass
class RowStream:
    """The rows of `reader` as they go into a table, and what happened to them on the way.

    `given` are the source's columns, `schema` is the table's.
    """

    reader: SourceReader
    given: pa.Schema
    schema: TableSchema
    origin: Origin
    table: str
    lossy: bool = False
    lost: dict[str, int] = field(default_factory=dict)
    """How many values of a column lost something, filled in as rows are read."""

    @property
    def file_schema(self) -> pa.Schema:
        """The Arrow schema of data files, with field ids."""
        fields = [column.field for column in self.schema.in_files().columns]
        return pa.schema(
            [
                field.with_type(TEXT_DICTIONARY) if self._stays_dictionary(column) else field
                for column, field in zip(self.schema.columns, fields, strict=True)
            ]
        )

    def notes(self) -> dict[str, str]:
        """Return by column what its conversion assumes or leaves out, for the record."""
        found = {
            given.name: "; ".join(storage(given.type, column=given.name).notes)
            for given in self.given
        }
        return {name: note for name, note in found.items() if note}

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the rows; raise `InvalidInput` that names the place of the first that won't fit."""
        present = {given.name for given in self.given}
        wanted = {c.name: c.type for c in self.schema.user_columns if c.name in present}
        schema = self.file_schema
        row = 0
        for batch in self.reader.batches(wanted):
            arrays = [self._column(column, batch, row) for column in self.schema.columns]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
            row += batch.num_rows

    def _column(self, column: Column, batch: pa.RecordBatch, row: int) -> pa.Array:
        if column.name == ARTIFACT:
            return pa.repeat(pa.scalar(self.origin.artifact_id, pa.int64()), batch.num_rows)
        if column.name == LOADED_AT:
            return pa.repeat(pa.scalar(self.origin.loaded_at, INSTANT), batch.num_rows)
        index = batch.schema.get_field_index(column.name)
        if index < 0:
            return pa.nulls(batch.num_rows, column.type)
        if self._stays_dictionary(column):
            return batch.column(index)
        try:
            array, lost = convert(batch.column(index), column.type, lossy=self.lossy)
        except RefusedValueError as refused:
            raise self._refusal(column, refused, row) from refused
        if lost:
            self.lost[column.name] = self.lost.get(column.name, 0) + lost
        if column.required and array.null_count:
            raise InvalidInput(
                f"{self.reader.label}: column {column.name!r} lacks values, and {self.table} "
                "requires them"
            )
        return array

    def _stays_dictionary(self, column: Column) -> bool:
        is_text = pa.types.is_string(column.type) and not column.required
        return is_text and column.name in self.reader.dictionaries

    def _refusal(self, column: Column, refused: RefusedValueError, row: int) -> InvalidInput:
        place = self.reader.place(row + refused.index)
        remedies = []
        if "beyond" in refused.reason or "without loss" in refused.reason:
            remedies.append("lossy=True (--lossy) to give up what does not fit, which is recorded")
        remedies.append(f"lineal schema type {self.table} {column.name} TYPE for another type")
        return InvalidInput(
            f"{place}, column {column.name!r}: {_shown(refused.value)} {refused.reason} "
            f"({self.table} has it as {describe(column.type)}); nothing was loaded. Correct it "
            f"at its source, or: {'; '.join(remedies)}"
        )


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str | bytes) else str(value)
    return text if len(text) <= 80 else text[:80] + "…"
