"""Change a table's columns in a transaction: single edits, and all at once for new content."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.warehouse.schema import iceberg_type, without_ids

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.table import Transaction
    from pyiceberg.types import IcebergType

    from lineal.warehouse.schema import TableSchema

__all__ = ["add_columns", "drop_column", "rename_column", "replace_columns", "widen_column"]


def add_columns(transaction: Transaction, columns: dict[str, pa.DataType]) -> None:
    """Add optional columns of stored types; a dropped column's name gets a new id."""
    with transaction.update_schema() as update:
        for name, stored in columns.items():
            # As a tuple: a text with a dot would mean a field inside a struct.
            update.add_column((name,), _iceberg(stored))


def rename_column(transaction: Transaction, old: str, new: str) -> None:
    """Give a column another name; its id, and so its values, stay."""
    with transaction.update_schema() as update:
        update.rename_column((old,), new)


def drop_column(transaction: Transaction, name: str) -> None:
    """Take a column out of the schema; older versions still show it."""
    with transaction.update_schema() as update:
        update.delete_column((name,))


def widen_column(transaction: Transaction, name: str, stored: pa.DataType) -> None:
    """Change a column's type to one that holds all its values, as Iceberg allows it."""
    from pyiceberg.exceptions import ResolveError, ValidationError
    from pyiceberg.types import PrimitiveType

    wanted = _iceberg(stored)
    if not isinstance(wanted, PrimitiveType):
        raise InvalidInput(f"column {name!r} can't become {wanted}")
    try:
        with transaction.update_schema() as update:
            update.update_column((name,), field_type=wanted)
    except (ResolveError, ValidationError) as error:
        raise InvalidInput(f"column {name!r} can't become {wanted}: {error}") from error


def replace_columns(
    transaction: Transaction, schema: TableSchema, columns: dict[str, pa.DataType]
) -> None:
    """Make `columns` the user's columns, in this order; those that stay as they were keep ids."""
    before = {column.name: without_ids(column.type) for column in schema.user_columns}
    if list(before.items()) == list(columns.items()):
        return
    kept = [n for n, stored in columns.items() if n in before and before[n].equals(stored)]
    with transaction.update_schema(allow_incompatible_changes=True) as update:
        for name in before:
            if name not in kept:
                update.delete_column((name,))
        for name, stored in columns.items():
            if name not in kept:
                update.add_column((name,), _iceberg(stored))
    with transaction.update_schema() as update:
        for name in reversed(columns):
            update.move_first((name,))


def _iceberg(stored: pa.DataType) -> IcebergType:
    """Return PyIceberg's type for a stored one; ids inside are given anew by the table."""
    from pyiceberg.types import NestedField

    text = json.dumps(
        {
            "id": 1,
            "name": "x",
            "required": False,
            "type": iceberg_type(stored, iter(range(2, 1 << 30))),
        }
    )
    return NestedField.model_validate_json(text).field_type
