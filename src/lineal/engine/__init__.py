"""Compile a computation once and run it on data, batch by batch, in bounded memory.

DuckDB runs it in process; any backend that fills `protocol.Engine` can take its place.
"""

from __future__ import annotations

from lineal.engine.opening import embedded, open_engine
from lineal.engine.protocol import (
    ArrowData,
    CsvFiles,
    Engine,
    EngineSettings,
    FieldById,
    JsonLinesFiles,
    ParquetFiles,
    PointInTime,
    PositionDeletes,
    Source,
)

__all__ = [
    "ArrowData",
    "CsvFiles",
    "Engine",
    "EngineSettings",
    "FieldById",
    "JsonLinesFiles",
    "ParquetFiles",
    "PointInTime",
    "PositionDeletes",
    "Source",
    "embedded",
    "open_engine",
]
