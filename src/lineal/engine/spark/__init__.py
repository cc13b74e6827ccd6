"""Apache Spark, on this machine or on a cluster, as an engine."""

from __future__ import annotations

from lineal.engine.spark.engine import SparkEngine

__all__ = ["SparkEngine"]
