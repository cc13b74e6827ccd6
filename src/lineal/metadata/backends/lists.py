"""Lists of values that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["storable"]


def storable(values: Sequence[int | str]) -> list[int | str]:
    """Return the values that may stand in a column: no text with a NUL, where SQLite would cut."""
    return [value for value in values if not isinstance(value, str) or "\0" not in value]
