"""A table's schema as Iceberg's JSON writes it, and as Arrow reads it; no PyIceberg needed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from lineal.errors import IncompatibleVersion, NotFound
from lineal.warehouse.names import ARTIFACT, LOADED_AT, PROVENANCE
from lineal.warehouse.types import INSTANT, describe, is_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["FIELD_ID", "Column", "TableSchema", "iceberg_type", "to_iceberg_json", "without_ids"]

FIELD_ID = b"PARQUET:field_id"
"""The key under which Arrow carries a field's Iceberg id into a Parquet file."""

_PRIMITIVES: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamptz": INSTANT,
    "timestamp_ns": pa.timestamp("ns"),
    "timestamptz_ns": pa.timestamp("ns", tz="UTC"),
    "string": pa.string(),
    "binary": pa.binary(),
    "uuid": pa.binary(16),
}


_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Column:
    """One top-level column; `type` carries the ids of what lies inside."""

    id: int
    name: str
    type: pa.DataType
    required: bool = False

    @property
    def field(self) -> pa.Field:
        """The column as an Arrow field with its id."""
        metadata = {FIELD_ID: str(self.id).encode()}
        return pa.field(self.name, self.type, nullable=not self.required, metadata=metadata)


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table at one version, those of the user and those of Lineal."""

    id: int
    columns: tuple[Column, ...]
    text: str
    """Iceberg's own JSON."""

    @classmethod
    def parse(cls, text: str) -> TableSchema:
        """Read Iceberg's JSON of a schema."""
        schema = json.loads(text)
        columns = tuple(
            Column(
                id=int(field["id"]),
                name=str(field["name"]),
                type=_arrow(field["type"]),
                required=bool(field.get("required", False)),
            )
            for field in schema["fields"]
        )
        return cls(int(schema.get("schema-id", 0)), columns, text)

    @property
    def user_columns(self) -> tuple[Column, ...]:
        """The columns without those that Lineal adds."""
        return tuple(column for column in self.columns if column.name not in PROVENANCE)

    @property
    def arrow(self) -> pa.Schema:
        """The user's columns as an Arrow schema without ids."""
        return pa.schema([pa.field(c.name, without_ids(c.type)) for c in self.user_columns])

    def in_files(self) -> TableSchema:
        """Return the schema under the names that its columns have inside data files.

        Those hold only what every reader of Parquet and Avro takes; Iceberg's readers go by id.
        What lies inside a column keeps its name: engines look for it by that.
        """
        plain = {c.name for c in self.columns if _PLAIN_NAME.fullmatch(c.name)}
        document = json.loads(self.text)
        for field in document["fields"]:
            if field["name"] not in plain:
                field["name"] = _file_name(field["name"], field["id"], plain)
        return TableSchema.parse(json.dumps(document))

    def described(self) -> dict[str, str]:
        """Return by name how Iceberg spells the types of the user's columns."""
        return {column.name: describe(column.type) for column in self.user_columns}

    def column(self, name: str, *, table: str) -> Column:
        """Return the user's column called `name`; raise `NotFound` that names the likely one."""
        for column in self.user_columns:
            if column.name == name:
                return column
        raise NotFound.among(
            f"table {table} has no column",
            name,
            [column.name for column in self.user_columns],
            remedy=f"lineal show {table} lists them",
        )


def _file_name(name: str, field_id: int, taken: set[str]) -> str:
    made = f"_{re.sub('[^A-Za-z0-9_]', '_', name)}_{field_id}"
    while made in taken:
        made += "_"
    return made


def to_iceberg_json(columns: Iterable[tuple[str, pa.DataType]]) -> str:
    """Return Iceberg's JSON of a new schema with these columns and Lineal's own."""
    ids = iter(range(1, 1 << 30))
    every = [*columns, (ARTIFACT, pa.int64()), (LOADED_AT, INSTANT)]
    fields: list[dict[str, object]] = [
        {"id": next(ids), "name": name, "required": False} for name, _ in every
    ]
    for field, (_, stored) in zip(fields, every, strict=True):
        field["type"] = iceberg_type(stored, ids)
    return json.dumps({"type": "struct", "schema-id": 0, "fields": fields})


def iceberg_type(stored: pa.DataType, ids: Iterator[int]) -> object:
    """Return Iceberg's JSON of a stored type; what lies inside takes new `ids`."""
    if is_list(stored):
        return {
            "type": "list",
            "element-id": next(ids),
            "element": iceberg_type(stored.value_type, ids),
            "element-required": False,
        }
    if pa.types.is_map(stored):
        return {
            "type": "map",
            "key-id": next(ids),
            "key": iceberg_type(stored.key_type, ids),
            "value-id": next(ids),
            "value": iceberg_type(stored.item_type, ids),
            "value-required": False,
        }
    if pa.types.is_struct(stored):
        fields = [{"id": next(ids), "name": f.name, "required": False} for f in stored]
        for made, field in zip(fields, stored, strict=True):
            made["type"] = iceberg_type(field.type, ids)
        return {"type": "struct", "fields": fields}
    if pa.types.is_decimal(stored):
        return f"decimal({stored.precision}, {stored.scale})"
    if pa.types.is_fixed_size_binary(stored):
        return f"fixed[{stored.byte_width}]"
    return next(name for name, arrow in _PRIMITIVES.items() if arrow.equals(stored))


def without_ids(stored: pa.DataType) -> pa.DataType:
    """Return the same type without the ids of what lies inside."""
    if is_list(stored):
        return pa.list_(pa.field("element", without_ids(stored.value_type)))
    if pa.types.is_map(stored):
        return pa.map_(without_ids(stored.key_type), without_ids(stored.item_type))
    if pa.types.is_struct(stored):
        return pa.struct([pa.field(f.name, without_ids(f.type)) for f in stored])
    return stored


def _arrow(given: object) -> pa.DataType:
    """Return the Arrow type of a type in Iceberg's JSON, with field ids inside."""
    if isinstance(given, str):
        return _primitive(given)
    if not isinstance(given, dict):
        raise _unknown(given)
    if given["type"] == "list":
        required = bool(given.get("element-required", False))
        return pa.list_(_inner("element", given["element"], given["element-id"], required))
    if given["type"] == "map":
        required = bool(given.get("value-required", False))
        return pa.map_(
            _inner("key", given["key"], given["key-id"], True),
            _inner("value", given["value"], given["value-id"], required),
        )
    if given["type"] == "struct":
        return pa.struct(
            [_inner(f["name"], f["type"], f["id"], bool(f["required"])) for f in given["fields"]]
        )
    raise _unknown(given)


def _inner(name: str, given: object, field_id: int, required: bool) -> pa.Field:
    metadata = {FIELD_ID: str(field_id).encode()}
    return pa.field(name, _arrow(given), nullable=not required, metadata=metadata)


def _primitive(given: str) -> pa.DataType:
    if given.startswith("decimal("):
        precision, scale = (int(part) for part in given[8:-1].split(","))
        return pa.decimal128(precision, scale)
    if given.startswith("fixed["):
        return pa.binary(int(given[6:-1]))
    if given not in _PRIMITIVES:
        raise _unknown(given)
    return _PRIMITIVES[given]


def _unknown(given: object) -> IncompatibleVersion:
    return IncompatibleVersion(
        f"the table has a column of the Iceberg type {given!r}, which this Lineal does not know; "
        "read the table with what wrote it"
    )
