"""The types that columns of text can turn out to have."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["TEXT_TYPES"]

TEXT_TYPES = (
    pa.bool_(),
    pa.int64(),
    pa.float64(),
    pa.date32(),
    pa.timestamp("us"),
    pa.timestamp("us", tz="UTC"),
    pa.timestamp("ns"),
    pa.timestamp("ns", tz="UTC"),
    pa.time64("us"),
)
"""In order: the first that fits every value of a column is its type; if none does, it is text."""
