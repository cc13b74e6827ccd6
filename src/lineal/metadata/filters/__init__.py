"""The filter language: ML Metadata's, and Lineal's own, which is the same and more."""

from lineal.metadata.filters.compile import Compiled, compile_filter
from lineal.metadata.filters.evaluate import Neighbours, Walk
from lineal.metadata.filters.fault import InvalidFilter
from lineal.metadata.filters.filter import Filter, parse
from lineal.metadata.filters.fitting import Meaning
from lineal.metadata.filters.trails import reachable

__all__ = [
    "Compiled",
    "Filter",
    "InvalidFilter",
    "Meaning",
    "Neighbours",
    "Walk",
    "compile_filter",
    "parse",
    "reachable",
]
