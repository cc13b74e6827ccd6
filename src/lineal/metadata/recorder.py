"""The one way to write: open an execution, make its outputs visible, close it.

A write is three steps. Opening: one transaction with the execution RUNNING, its input events,
and its outputs PENDING. Then the caller puts the bytes in place. Closing: one transaction that
makes the outputs LIVE, numbers them, turns their events into outputs and completes the
execution. A crash between them leaves PENDING rows, which nobody sees as versions, and a
RUNNING execution whose process is gone, which `crashed` finds.
"""

from __future__ import annotations

import contextlib
import os
import traceback
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import InvalidInput, LinealError, NotFound
from lineal.metadata import open_runs, steps
from lineal.metadata.killpoints import kill_point
from lineal.metadata.model import (
    Artifact,
    ArtifactType,
    Context,
    ContextType,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    Value,
)
from lineal.metadata.moments import Moment, as_moment, now
from lineal.metadata.names import check_alias
from lineal.metadata.outputs import EnvironmentRecord, Made, Output, Pending
from lineal.metadata.process import identity, is_gone
from lineal.metadata.properties import storable
from lineal.metadata.running import Running, distinct, input_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from lineal.metadata.store import Store, VersionRow

__all__ = ["Recorder"]

_OURS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")  # noqa: PTH118, PTH120


class Recorder:
    """Writes executions, with what they used and made, into one store.

    `environment` says what a run runs in, `program` which script or notebook started it; both
    are asked when an execution opens. `software` is whose verbs these are, with its version.
    `after_run` is called when an outermost run has ended, well or not. `hide` takes out of an
    error's text what is not to be kept.
    """

    def __init__(
        self,
        store: Store,
        *,
        environment: Callable[[], EnvironmentRecord | None] = lambda: None,
        program: Callable[[], str] = lambda: "",
        software: str = "lineal",
        after_run: Callable[[], None] = lambda: None,
        hide: Callable[[str], str] = lambda text: text,
    ) -> None:
        self.store = store
        self._environment = environment
        self._program = program
        self._software = software
        self._after_run = after_run
        self._hide = hide

    @contextmanager
    def run(
        self,
        verb: ExecutionType,
        *,
        inputs: Mapping[str, Sequence[Artifact]] | None = None,
        parameters: Mapping[str, Value] | None = None,
        outputs: Sequence[Output] = (),
        contexts: Sequence[tuple[ContextType, Context]] = (),
        known_at: Moment | None = None,
        code: str = "",
        fingerprint: str = "",
        tracks_reads: bool = False,
        whole_process: bool = False,
        records: Sequence[EnvironmentRecord] = (),
        state: ExecutionState = ExecutionState.COMPLETE,
    ) -> Iterator[Running]:
        """Record what the body does as one execution of `verb`.

        Leaving the body closes the execution in the given `state` (COMPLETE or CACHED); an
        exception closes it FAILED, with the error kept, and is raised on. `known_at` claims when
        the data's source knew it: it dates the outputs, the execution, and the inputs that no
        claim dates yet. Raises `InvalidInput` for a claim in the future or before the previous
        version's known time, and `AlreadyExists` for a name that belongs to another type.
        `code` identifies what runs; without it, that is the verb of this release.
        Inside another open run the execution becomes its child: it shares the run's contexts.
        With `tracks_reads` what is read inside is an input, also in threads and processes that
        start inside; with `whole_process` all that this process does counts as inside.
        `records` are kept beside the environment.
        """
        claim = _claim(known_at)
        running = self._begin(
            verb,
            inputs=inputs or {},
            outputs=outputs,
            contexts=contexts,
            claim=claim,
            records=records,
            properties={
                **(parameters or {}),
                **identity(),
                "lineal_code": code or f"{self._software} {verb.name}",
                **({"lineal_command": program} if (program := self._program()) else {}),
                **({"lineal_fingerprint": fingerprint} if fingerprint else {}),
            },
        )
        running.tracks_reads = tracks_reads
        kill_point("recorder.opened")
        open_runs.enter(self, running, whole_process=whole_process)
        try:
            yield running
            if running.process == os.getpid():
                kill_point("recorder.closing")
                self._finish(running, state)
        except BaseException as error:
            if running.process == os.getpid():
                self._fail(running, error)
                self._tell_of_the_end(running)
            raise
        finally:
            open_runs.leave(running)
        kill_point("recorder.closed")
        self._tell_of_the_end(running)

    def open_run(self) -> Running | None:
        """Return the innermost open run of this store that tracks what is read, if any."""
        return next((running for running in self._open() if running.tracks_reads), None)

    def used(self, artifact: Artifact) -> None:
        """Record a read as an input of the open run; without one, reads leave no trace."""
        running = self.open_run()
        if running is not None:
            running.add_read(artifact)

    def crashed(self) -> list[Execution]:
        """Return the executions that are RUNNING although their process is gone."""
        running = self.store.executions(state=ExecutionState.RUNNING)
        return [execution for execution in running if is_gone(execution)]

    def settle(self, execution_id: int, made: Mapping[str, Made]) -> list[VersionRow]:
        """Finish a crashed execution whose bytes turned out to be in place.

        `made` tells of each output by its key; what it doesn't name came to nothing.
        Returns the versions that came to be.
        """
        execution = self.store.execution(execution_id)
        running = self._reopen(execution)
        for key, pending in running.pending.items():
            pending.result = made.get(key)
            pending.settled = True
        stamp = execution.get("lineal_known_at")
        running.known_at = as_moment(stamp) if isinstance(stamp, str) else None
        running.note(lineal_settled="finished after its process was gone")
        self._finish(running, ExecutionState.COMPLETE)
        return list(running.versions.values())

    def abandon(self, execution_id: int, *, reason: str) -> None:
        """Close a crashed execution as CANCELED; its outputs are ABANDONED."""
        running = self._reopen(self.store.execution(execution_id))
        self._give_up(running, ExecutionState.CANCELED, {"lineal_settled": reason})

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """Make `alias` stand for version `number` of `name`; the move is an execution."""
        check_alias(alias)
        row = self.store.version(name, number)
        if row is None:
            raise _no_version(self.store, name, number)
        verb = ExecutionType("lineal.alias")
        target = {"version": [self.store.artifact(row.artifact_id)]}
        parameters: dict[str, Value] = {"name": name, "alias": alias, "number": number}

        with self.run(verb, inputs=target, parameters=parameters) as running:
            running.moves.append(steps.AliasMove(name, alias, number))

    def label(self, artifact_id: int, labels: Mapping[str, Value]) -> None:
        """Set `labels` as custom properties of an artifact; old values stay in the history.

        What its type declares, or the verb that made it wrote, is no label and can't become one.
        """
        reserved = [name for name in labels if name.startswith("lineal_")]
        if reserved:
            raise InvalidInput(f"labels can't begin with 'lineal_': {', '.join(reserved)}")
        steps.put_labels(self.store, artifact_id, labels)

    # Inside

    def _tell_of_the_end(self, running: Running) -> None:
        """Do what is to be done once the outermost run has ended, in the process that began it."""
        around = [run for run in self._open() if run is not running]
        if running.process == os.getpid() and not around:
            self._after_run()

    def _open(self) -> list[Running]:
        """Return the open executions of this store, innermost first.

        The recorder may be another one: of a view of the past, of a workspace opened twice.
        """
        here = self.store.uuid
        return [run for owner, run in open_runs.entries() if owner.store.uuid == here]

    def _around(self) -> tuple[int | None, Sequence[int]]:
        """Return the execution that a new one begins in, and the contexts that it shares.

        That may be one of the process which started this one.
        """
        for running in self._open():
            return running.execution_id, running.context_ids
        number = open_runs.inherited(self.store.uuid)
        if number is None or not self.store.executions(ids=[number]):
            return None, ()
        return number, [each.id or 0 for each in self.store.contexts(execution_id=number)]

    def _begin(
        self,
        verb: ExecutionType,
        *,
        inputs: Mapping[str, Sequence[Artifact]],
        outputs: Sequence[Output],
        contexts: Sequence[tuple[ContextType, Context]],
        claim: datetime | None,
        records: Sequence[EnvironmentRecord],
        properties: dict[str, Value],
    ) -> Running:
        kept = [each for run in self._open() for call in run.before_child for each in call()]
        parent, within = self._around()
        if parent is not None:
            properties["lineal_parent"] = parent
        if claim is not None:
            properties["lineal_known_at"] = claim.isoformat()
        name = str(uuid.uuid4())
        opening = steps.Opening(
            verb,
            name,
            properties,
            inputs={key: [input_id(each) for each in given] for key, given in inputs.items()},
            outputs=distinct(outputs),
            contexts=contexts,
            within=within,
            known_at=claim,
            environment=self._environment(),
            records=[*records, *kept],
        )
        opened = steps.open_execution(self.store, opening)
        running = Running(self.store, opened.execution_id, name)
        running.known_at = claim
        running.begun(opened, opening)
        return running

    def _finish(self, running: Running, state: ExecutionState) -> None:
        for key, pending in running.pending.items():
            if not pending.settled:
                raise InvalidInput(f"the output {key!r} was announced, but nothing was made of it")
        closing = steps.Closing(
            running.execution_id,
            state,
            outputs=list(running.pending.values()),
            known_at=running.known_at,
            notes=running.notes,
            moves=running.moves,
            records=running.records,
        )
        self._tell(running, steps.close_execution(self.store, closing))

    def _tell(self, running: Running, closed: steps.Closed) -> None:
        """Fill in what the outputs became."""
        running.artifacts = dict(closed.artifacts)
        running.versions = dict(closed.versions)
        for key, pending in running.pending.items():
            made = pending.result
            if not isinstance(made, Made) or made.discard is None:
                continue
            if closed.artifacts[key].id != pending.artifact_id:
                made.discard()

    def _fail(self, running: Running, error: BaseException) -> None:
        told = self._hide(str(error) or type(error).__name__)
        notes: dict[str, Value] = {
            "lineal_error": storable(told)[:2_000],
            "lineal_traceback": storable(self._hide(_traceback(error)))[-20_000:],
        }
        try:
            self._give_up(running, ExecutionState.FAILED, notes)
        except (LinealError, sa.exc.SQLAlchemyError) as second:
            # The first error is the one to tell; the execution is settled later.
            error.add_note(f"and the failure could not be recorded: {second}")

    def _give_up(self, running: Running, state: ExecutionState, notes: Mapping[str, Value]) -> None:
        artifact_ids = [pending.artifact_id for pending in running.pending.values()]
        told = {**running.notes, **notes}
        steps.give_up(self.store, running.execution_id, artifact_ids, state, told, running.records)

    def _reopen(self, execution: Execution) -> Running:
        """Return the open state of a RUNNING execution, as its rows tell it."""
        running = Running(self.store, execution.id or 0, execution.name or "")
        contexts = self.store.contexts(execution_id=running.execution_id)
        running.context_ids = [context.id or 0 for context in contexts]
        events = self.store.events(execution_ids=[running.execution_id])
        pending = {e.artifact_id: e for e in events if e.type == EventType.PENDING_OUTPUT}
        for artifact in self.store.artifacts(ids=pending):
            event = pending[artifact.id or 0]
            key = str(event.path[0])
            name = artifact.custom_properties.get("lineal_name")
            output = Output(key, ArtifactType(artifact.type), None if name is None else str(name))
            running.pending[key] = Pending(output, artifact.id or 0, event.id or 0)
        return running


def _traceback(error: BaseException) -> str:
    """Return the traceback, without what of ours stands around the program's own code."""
    trace = error.__traceback__
    while trace is not None and _is_around(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    if trace is None and not isinstance(error, SyntaxError):  # then it is ours to the end
        trace = error.__traceback__
    told = traceback.TracebackException(type(error), error, trace)
    return "".join(told.format())


def _is_around(filename: str) -> bool:
    return filename.startswith((_OURS, "<frozen runpy>")) or filename == contextlib.__file__


def _claim(known_at: Moment | None) -> datetime | None:
    if known_at is None:
        return None
    claim = as_moment(known_at, what="known_at")
    if claim > now():
        raise InvalidInput(
            f"known_at={claim.isoformat()} lies in the future; "
            "a claim says when the source knew the data, which has already happened"
        )
    return claim


def _no_version(store: Store, name: str, number: int) -> LinealError:
    rows = store.versions(name)
    if not rows:
        return NotFound.among("nothing is called", name, store.names(), remedy="lineal find")
    return NotFound(f"{name!r} has no version {number}; it has 1 to {rows[-1].number}")
