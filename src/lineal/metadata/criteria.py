"""What a caller wants of a node: as conditions on rows at present, as a test on values of the past.

Values that change (states, names, properties) stand in the tables as they are now. Time travel
puts the old ones in place after the rows are read, so at a moment they are compared only then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import InvalidInput
from lineal.metadata import tables
from lineal.metadata.integers import is_int64

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.metadata.model import Artifact, Context, Execution, Value

__all__ = ["Criteria"]


@dataclass(frozen=True)
class Criteria:
    """Values that a node must have; None wants nothing."""

    kind: str
    fields: Mapping[str, str | int | None] = field(default_factory=dict)
    properties: Mapping[str, Value] = field(default_factory=dict)

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions that the rows of such nodes fulfil at present."""
        table: sa.Table = getattr(tables, self.kind)
        columns = {"state": "last_known_state"} if self.kind == "execution" else {}
        return [
            *(
                table.c[columns.get(name, name)] == value
                for name, value in self.fields.items()
                if value is not None
            ),
            *(self._has(table, name, value) for name, value in self.properties.items()),
        ]

    def fit(self, node: Artifact | Execution | Context) -> bool:
        """Return whether the node, as it was read, has the values."""
        return all(
            getattr(node, name) == value for name, value in self.fields.items() if value is not None
        ) and all(
            _same(node.properties.get(name), value)
            or _same(node.custom_properties.get(name), value)
            for name, value in self.properties.items()
        )

    def _has(self, table: sa.Table, name: str, value: Value) -> sa.ColumnElement[bool]:
        held: sa.Table = getattr(tables, f"{self.kind}_property")
        owner = held.c[f"{self.kind}_id"]
        return table.c.id.in_(
            sa.select(owner).where(
                held.c.name == name,
                # Both, so that the indexes by value, which begin so, serve.
                held.c.is_custom_property.in_([0, 1]),
                _holds(held, name, value),
            )
        )


def _holds(held: sa.Table, name: str, value: Value) -> sa.ColumnElement[bool]:
    """Return the condition that a property row holds `value`; 3 and 3.0 are the same."""
    if isinstance(value, bool):
        return held.c.bool_value == value
    if isinstance(value, str):
        return held.c.string_value == value
    if not isinstance(value, int | float):
        raise InvalidInput(
            f"the property {name!r} can't be searched by a {type(value).__name__}; "
            "give a number, text or bool"
        )
    if math.isfinite(value) and value == int(value) and is_int64(int(value)):
        return sa.or_(held.c.double_value == float(value), held.c.int_value == int(value))
    return held.c.double_value == value if isinstance(value, float) else sa.false()


def _same(held: Value | None, value: Value) -> bool:
    return held == value and isinstance(held, bool) == isinstance(value, bool)
