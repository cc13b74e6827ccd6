"""Open a run, watch what happens inside it, and close it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.metadata import Context, ContextType, ExecutionType, open_runs
from lineal.workspace.tracking import readers, watch
from lineal.workspace.tracking.facts import as_parameters, facts
from lineal.workspace.tracking.observed import Observed
from lineal.workspace.tracking.places import Places
from lineal.workspace.tracking.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from lineal.metadata import EnvironmentRecord, Value
    from lineal.workspace.workspace import Workspace

__all__ = ["RUN", "RUNS", "RUN_NAME", "STEP", "TRACK", "named_run", "open_run"]

RUN_NAME = "lineal_run"
"""The property of an execution that holds the name of the run."""

RUN = ExecutionType("lineal.run", description="A block of code that was run under a name")
TRACK = ExecutionType("lineal.track", description="A script or notebook, from where it says so")
STEP = ExecutionType("lineal.step", description="A call of a function")
RUNS = ContextType("lineal.Runs", description="All runs of one name")


@contextmanager
def named_run(
    workspace: Workspace, name: str, params: Mapping[str, object] | None
) -> Iterator[Run]:
    """Record the block as a run called `name`; see `Workspace.run`."""
    from lineal.workspace.tracking.source import running_source, source_record

    source = running_source()
    records = [] if source is None else [source_record(workspace, source)]
    given = as_parameters(params)
    with open_run(workspace, RUN, name, parameters=given, records=records) as (run, _):
        yield run


@contextmanager
def open_run(
    workspace: Workspace,
    verb: ExecutionType,
    name: str,
    *,
    parameters: Mapping[str, Value],
    records: Sequence[EnvironmentRecord] = (),
    code: str = "",
    arguments: Iterable[str] | None = (),
    variables: Iterable[str] = (),
    whole_process: bool = False,
) -> Iterator[tuple[Run, Observed]]:
    """Record the block as one execution of `verb`; files that it opens are seen."""
    recorded = workspace.recorder.run(
        verb,
        parameters={
            **parameters,
            RUN_NAME: name,
            **facts(arguments=arguments, environment=[*variables, *_chosen(workspace)]),
        },
        contexts=[(RUNS, Context(RUNS.name, name))],
        records=records,
        code=code,
        tracks_reads=True,
        whole_process=whole_process,
    )
    with recorded as running:
        observed = Observed(workspace, running, _places(workspace))
        running.spool = str(observed.spool.path)
        open_runs.tell_children()
        run = Run(workspace, running, name)
        running.before_child.append(_before_child(observed))
        watch.watch(running, observed)
        readers.begin()
        try:
            yield run, observed
        finally:
            readers.end()
            watch.unwatch(running)
            observed.close()
            run.settle()


def _before_child(observed: Observed) -> Callable[[], Sequence[EnvironmentRecord]]:
    def record() -> Sequence[EnvironmentRecord]:
        observed.record()  # what a verb inside makes was made of what was read before
        return ()

    return record


def _places(workspace: Workspace) -> Places:
    from lineal.environment import program_folder

    chosen = (workspace.root / Path(each).expanduser() for each in workspace.settings.track.folders)
    return Places.of([workspace.root, program_folder(), Path.cwd(), *chosen])


def _chosen(workspace: Workspace) -> Sequence[str]:
    """Return the environment variables that the workspace's file says to keep."""
    return workspace.settings.track.environment
