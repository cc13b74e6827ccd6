"""The rows that features are asked for, whatever they are given as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from lineal.engine.protocol import Source
    from lineal.metadata.model import Artifact

__all__ = ["Queries"]


@dataclass(frozen=True)
class Queries:
    """Rows to be joined with features."""

    label: str
    """What messages call them."""
    artifact: Artifact
    source: Source
    schema: pa.Schema
