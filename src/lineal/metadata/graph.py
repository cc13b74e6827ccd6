"""The graph, all of it: what ML Metadata's API does, natively and in batches."""

from __future__ import annotations

from lineal.metadata.batch.graph_reads import GraphReads
from lineal.metadata.batch.graph_writes import GraphWrites

__all__ = ["Graph"]


class Graph(GraphWrites, GraphReads):
    """Artifacts, executions, contexts, their types and what ties them, put and read in batches.

    Everything is a plain typed object: nodes of `lineal.metadata`, dictionaries for properties,
    aware datetimes. A call is one commit; `with graph.batch():` makes one of many calls. A graph
    may be used by several threads.
    """
