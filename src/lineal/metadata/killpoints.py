"""Named points at which a test can kill the process, to prove that a crash loses nothing.

Setting the environment variable `LINEAL_KILL_AT` to one of the names makes the process send
itself SIGKILL when it gets there: no handler runs, nothing is flushed, as when a machine dies.
"""

from __future__ import annotations

import os
import signal

__all__ = ["KILL_POINTS", "kill_point"]

KILL_POINTS: tuple[str, ...] = (
    "recorder.opening",  # inside the first transaction, before it commits
    "recorder.opened",  # RUNNING and PENDING rows stand, nothing is done yet
    "recorder.closing",  # the bytes are in place, the closing transaction has not begun
    "recorder.numbered",  # inside the closing transaction, before it commits
    "recorder.closed",  # all is recorded, nothing was told to the caller
    "lake.staged",  # the bytes are on disk under temporary names
    "lake.placed",  # the bytes have their names in the store, which nothing refers to yet
    "warehouse.written",  # a table's new data files are complete, nothing refers to them
    "warehouse.staged",  # Iceberg's manifests are written too, main does not have them yet
    "warehouse.committed",  # main has the new snapshot, which the graph does not know
    "warehouse.planned",  # the snapshot's plan is stored too, its version does not exist yet
    "workspace.stored",  # a schema, statistics or report is published, the recorder not told
    "pipeline.executed",  # a component's function has returned, none of its outputs is kept
    "pipeline.kept",  # the outputs' bytes are in place, the execution is not closed
    "pipeline.reusing",  # an equal execution was found, its reuse is not recorded
    "features.materialize.writing",  # rows are on their way into the online store
    "features.materialize.written",  # the online store has them, the graph does not know
    "upgrade.step",  # tables and rows have been brought to the next version, the rest waits
)
"""The recorder's own points; each part that writes adds those between its own steps."""


def kill_point(name: str) -> None:
    """Kill this process at once if the environment asks for it at the point `name`."""
    if os.environ.get("LINEAL_KILL_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
