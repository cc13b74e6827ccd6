"""In a child process of a run: see what it reads, and let it speak for the run."""

from __future__ import annotations

from pathlib import Path

from lineal.metadata import open_runs
from lineal.workspace.tracking import readers, watch
from lineal.workspace.tracking.spool import Child

__all__ = ["begin"]


def begin() -> None:
    """Watch this process for the run that it was started in, if that listens."""
    told = open_runs.inherited_spool()
    child = Child.of(Path(told)) if told else None
    if child is not None:
        watch.watch_always(child)
        readers.begin()
