"""Let a worker process, which runs its parent's script once more, speak for its parent's run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lineal.metadata import ExecutionState, open_runs
from lineal.workspace.tracking.opening import RUN_NAME, TRACK
from lineal.workspace.tracking.run import Run

if TYPE_CHECKING:
    from lineal.workspace.workspace import Workspace

__all__ = ["joined_run"]


def joined_run(workspace: Workspace, name: str | None) -> Run | None:
    """Return the run that this worker of `multiprocessing` began in; None if it is no such one.

    What a worker that was spawned imports calls `lineal.track()` again, and means the same run.
    """
    if not _is_worker():
        return None
    number = open_runs.inherited(workspace.store.uuid)
    if number is None:
        return None
    found = workspace.store.executions(ids=[number], state=ExecutionState.RUNNING)
    execution = next((each for each in found if each.type == TRACK.name), None)
    if execution is None or (name is not None and name != execution.get(RUN_NAME)):
        return None
    from multiprocessing.util import Finalize

    from lineal.metadata.running import Running

    running = Running(workspace.store, number, execution.name or "")
    contexts = workspace.store.contexts(execution_id=number)
    running.context_ids = [each.id or 0 for each in contexts]
    run = Run(workspace, running, str(execution.get(RUN_NAME)))
    Finalize(None, _leave, args=(run,), exitpriority=0)  # a worker's `atexit` isn't asked
    return run


def _is_worker() -> bool:
    module = sys.modules.get("multiprocessing.process")
    if module is None:
        return False
    # Its parent is told to it only after it has imported the script.
    begins = getattr(module.current_process(), "_inheriting", False)
    return bool(begins) or module.parent_process() is not None


def _leave(run: Run) -> None:
    run.settle()
    if run.running.notes:
        run.running.write_notes()
