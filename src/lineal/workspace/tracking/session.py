"""Track a script or a notebook from one line on, until it ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.environment import program
from lineal.errors import LinealError
from lineal.workspace.tracking import notebook
from lineal.workspace.tracking.ending import Ending
from lineal.workspace.tracking.facts import as_json, as_parameters
from lineal.workspace.tracking.joining import joined_run
from lineal.workspace.tracking.keeping import SOURCE
from lineal.workspace.tracking.opening import TRACK, open_run
from lineal.workspace.tracking.source import Source, patch_record, running_source, source_record
from lineal.workspace.tracking.summary import lost, summarize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lineal.metadata import EnvironmentRecord
    from lineal.workspace.tracking.run import Run
    from lineal.workspace.workspace import Workspace

__all__ = ["LAUNCHED", "Session", "begin", "finish", "track"]

LAUNCHED = "lineal_launched"
"""The property of a run whose script `lineal track` ran, since it need not track itself."""


_MOST_TOLD = 100
_session: Session | None = None


def track(
    name: str | None = None,
    params: Mapping[str, object] | None = None,
    *,
    environment: Iterable[str] = (),
    workspace: Workspace | None = None,
    quiet: bool = False,
) -> Run:
    """Record this script or notebook as a run, from here to its end.

    What the workspace reads meanwhile is an input, what it saves an output; plain reads of files
    in the project are inputs, too. The run ends with the process, FAILED on an uncaught
    exception, or at `lineal.finish()`. Called again, it returns the same run, unless that has
    another `name`. `environment` names environment variables to keep beside those that
    `lineal.toml` names; `quiet` leaves out the line that tells at the end what was recorded.
    """
    if _session is not None and not _session.is_over:
        if name is None or name == _session.run.name:
            _session.add_parameters(params)
            return _session.run
        _session.finish()
    try:
        from lineal.workspace.opening import current_workspace

        where = workspace or current_workspace()
        joined = joined_run(where, name)
        if joined is not None:
            return joined
        session = begin(where, name, params, environment=tuple(environment), quiet=quiet)
    except LinealError as error:
        raise error.with_traceback(None) from None  # what of ours it passed tells nobody anything
    return session.run


def begin(
    workspace: Workspace,
    name: str | None,
    params: Mapping[str, object] | None,
    *,
    environment: Sequence[str] = (),
    quiet: bool = False,
    source: Source | None = None,
    arguments: Sequence[str] | None = None,
    launched: bool = False,
) -> Session:
    """Begin the one tracked session of this process."""
    global _session  # noqa: PLW0603 -- one for the process, as its end is
    _session = Session(
        workspace,
        name,
        params,
        environment=environment,
        quiet=quiet,
        source=source,
        arguments=arguments,
        launched=launched,
    )
    return _session


def finish() -> None:
    """End the run that `lineal.track()` began, as complete; without one, do nothing."""
    if _session is not None:
        _session.finish()


class Session:
    """A tracked script or notebook: knows its source, and how it ends."""

    def __init__(
        self,
        workspace: Workspace,
        name: str | None,
        params: Mapping[str, object] | None,
        *,
        environment: Sequence[str] = (),
        quiet: bool = False,
        source: Source | None = None,
        arguments: Sequence[str] | None = None,
        launched: bool = False,
    ) -> None:
        self.is_over = False
        self._workspace = workspace
        self._quiet = quiet
        self._process = os.getpid()
        shell = notebook.shell()
        self._cells = None if shell is None else notebook.Cells(shell, ended=self._cell_ended)
        self._source = None if self._cells is not None else source or running_source()
        records = [each for each in (self._source_record(), patch_record(workspace)) if each]
        self._opened = open_run(
            workspace,
            TRACK,
            name or _default_name(workspace, self._source),
            parameters=as_parameters(params) | ({LAUNCHED: True} if launched else {}),
            records=records,
            code=_code(records),
            arguments=arguments,
            variables=environment,
            whole_process=True,
        )
        self.run, self._observed = self._opened.__enter__()
        if self._cells is not None:
            self.run.running.before_child.append(self._cells_so_far)
        self._ending = Ending(uncaught=self._uncaught, at_exit=self._at_exit)

    def add_parameters(self, params: Mapping[str, object] | None) -> None:
        """Keep more parameters, of a cell that is run once more."""
        if params:
            self.run.running.note(**as_parameters(params))
            self.run.running.write_notes()

    def finish(self, error: BaseException | None = None) -> None:
        """Close the run: complete, or failed with `error`; once, and in its own process only."""
        if self.is_over or os.getpid() != self._process:
            return
        self.is_over = True
        self._forget()
        unsaved = self._look_back()
        kind = None if error is None else type(error)
        trace = None if error is None else error.__traceback__
        try:
            self._opened.__exit__(kind, error, trace)
        except BaseException as raised:
            if raised is not error:
                raise
        if not self._quiet:
            self._tell(unsaved, "COMPLETE" if error is None else "FAILED")

    # Inside

    def _look_back(self) -> list[str]:
        """Note what is known only now: the cells, the files that nobody saved."""
        self._observed.record()
        try:
            unsaved = [_relative(path, self._workspace) for path in self._observed.unsaved()]
        except OSError:
            unsaved = []
        running = self.run.running
        if unsaved:
            running.note(lineal_unsaved=as_json(unsaved[:_MOST_TOLD]))
        observed = self._observed
        for name, found in {
            "lineal_changed_inputs": observed.changed,
            "lineal_gone_inputs": observed.gone,
            "lineal_outside_inputs": observed.outside,
            "lineal_failed_observation": observed.failures,
        }.items():
            if found:
                running.note(**{name: as_json(found[:_MOST_TOLD])})
        if self._cells is not None:
            running.records.extend(self._cells_so_far())
            failed = self._cells.failed()
            if failed:
                running.note(lineal_failed_cells=as_json(list(failed)[-_MOST_TOLD:]))
        return unsaved

    def _source_record(self) -> EnvironmentRecord | None:
        source = self._source if self._cells is None else self._notebook()
        return None if source is None else source_record(self._workspace, source)

    def _notebook(self) -> Source:
        text = "" if self._cells is None else self._cells.text()
        path = Path(program())
        return Source(text, str(path) if path.suffix == ".ipynb" else "")

    def _cells_so_far(self) -> Sequence[EnvironmentRecord]:
        record = self._source_record()
        return () if record is None else (record,)

    def _cell_ended(self) -> None:
        self._observed.record()

    def _tell(self, unsaved: Sequence[str], state: str) -> None:
        summary = summarize(self._workspace.store, self.run.id)
        line = summary.line(self.run.short, state, unsaved, lost(self._observed))
        with suppress(OSError, ValueError):  # there may be nobody left to tell
            print(line, file=sys.stderr)

    def _forget(self) -> None:
        self._ending.close()
        if self._cells is not None:
            self._cells.close()

    def _uncaught(self, error: BaseException) -> None:
        with suppress(LinealError, OSError):
            self.finish(error)

    def _at_exit(self, code: object) -> None:
        error: BaseException | None = None
        if self._cells is not None:
            error = self._cells.failure
        elif _means_failure(code):
            error = SystemExit(code)
        try:
            self.finish(error)
        except (LinealError, OSError) as raised:
            print(f"lineal: the run was not recorded: {raised}", file=sys.stderr)


def _means_failure(code: object) -> bool:
    return code is not None and code != 0


def _default_name(workspace: Workspace, source: Source | None) -> str:
    """Return the script's path inside of the workspace, or else its file's name."""
    path = Path((source.path if source is not None else "") or program() or "session")
    if path.is_absolute() and path.is_relative_to(workspace.root):
        return path.relative_to(workspace.root).as_posix()
    return path.name if path.name not in ("", "-c") else "session"


def _code(records: Sequence[EnvironmentRecord]) -> str:
    """Return the identity of the code: by its content, so that a renamed script is the same."""
    return next((f"source sha256:{each.content}" for each in records if each.type is SOURCE), "")


def _relative(path: str, workspace: Workspace) -> str:
    """Return a path as one would write it here."""
    found = Path(path)
    for base in (Path.cwd(), workspace.root):
        with suppress(ValueError):
            return str(found.relative_to(base))
    return path
