"""What features ask of the warehouse: a table at one version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from lineal.engine.protocol import ArrowData, Source
    from lineal.metadata.model import Artifact

__all__ = ["LOADED_AT", "TableState", "Tables"]

LOADED_AT = "_loaded_at"


@dataclass(frozen=True)
class TableState:
    """A table at one version."""

    name: str
    number: int
    ref: str
    artifact: Artifact
    schema: pa.Schema
    source: Source
    event_time: str | None
    """The column that the table declares as its event time."""
    loads: ArrowData
    """When each load was made (`at`) and since when it is known (`since`)."""
    has_several_loads: bool


class Tables(Protocol):
    """Where tables come from."""

    def newest(self, name: str) -> TableState: ...
