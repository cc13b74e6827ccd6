"""DuckDB in process, as an engine."""

from __future__ import annotations

from lineal.engine.duckdb.engine import DuckDBEngine

__all__ = ["DuckDBEngine"]
