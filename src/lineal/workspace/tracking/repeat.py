"""Repeat a run, and tell what came out different and why that may be."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from lineal.environment import Change
from lineal.errors import InvalidInput, NotFound
from lineal.metadata import EventType
from lineal.workspace.tracking.command import EXEC, PLAN, Plan, run_plan
from lineal.workspace.tracking.facts import FOLDER, RERUN_OF, RERUN_VARIABLE
from lineal.workspace.tracking.known import hash_of
from lineal.workspace.tracking.opening import RUN_NAME, TRACK
from lineal.workspace.tracking.secrets import MASK, mask
from lineal.workspace.tracking.session import LAUNCHED
from lineal.workspace.tracking.traces import SAME_INPUTS, Trace, changes, find_run, trace

if TYPE_CHECKING:
    from lineal.metadata import Artifact, Execution
    from lineal.workspace.workspace import Workspace

__all__ = ["Rerun", "rerun"]


@dataclass(frozen=True)
class Rerun:
    """What a repetition came to."""

    of: str
    run: str | None
    """The new execution; None where nothing had changed and nothing was run."""
    code: int
    causes: tuple[Change, ...]
    """What went in differently: inputs, code, environment."""
    different: tuple[Change, ...]
    """What came out differently, by content."""
    same: tuple[str, ...]
    """The outputs that came out as before."""

    @property
    def ok(self) -> bool:
        """Whether the run ended well, or there was none to make."""
        return self.code == 0

    def __str__(self) -> str:
        if self.run is None:
            return f"{self.of} was not run again: inputs, code and environment are as they were"
        lines = [f"{self.run} repeats {self.of}"]
        if self.code:
            lines[0] += f" and ended with {self.code}"
        lines += [f"  went in: {each}" for each in self.causes]
        lines += [f"  came out: {each}" for each in self.different]
        lines += [f"  the same: {each}" for each in self.same]
        return "\n".join(lines)


def rerun(
    workspace: Workspace,
    run: str,
    *,
    changed_only: bool = False,
    same_inputs: bool = False,
    stdout: IO[str] | None = None,
) -> Rerun:
    """Repeat a command or a tracked script; see `Workspace.rerun`."""
    execution = _meant(workspace, run)
    before = trace(workspace.store, execution)
    of = f"execution/{execution.id}"
    if changed_only and not _present_changes(workspace, execution, before):
        return Rerun(of, None, 0, (), (), tuple(sorted(before.outputs)))
    if execution.type == EXEC.name:
        number, code = _command(
            workspace, execution, before, same_inputs=same_inputs, stdout=stdout
        )
    elif same_inputs:
        raise InvalidInput(
            f"{of} is a script that reads by itself, also by name; the same inputs can be given "
            "to a command (lineal exec) only"
        )
    else:
        number, code = _script(workspace, execution, stdout)
    after = trace(workspace.store, workspace.store.execution(number))
    outputs = changes("output", before.outputs, after.outputs) if code == 0 else []
    changed = {change.what for change in outputs}
    same = [name for name in sorted(after.outputs) if not changes_of(name, changed)]
    return Rerun(
        of,
        f"execution/{number}",
        code,
        (
            *changes("input", before.inputs, after.inputs),
            *changes("code", before.sources, after.sources),
            *_environments(workspace, before.environment, after.environment),
        ),
        tuple(outputs),
        tuple(same),
    )


def _meant(workspace: Workspace, run: str) -> Execution:
    """Return the run that is called so, or else the one that made what is called so."""
    from lineal.workspace.resolving import locate

    store = workspace.store
    try:
        return find_run(store, run)
    except NotFound as unknown:
        try:
            artifact, _ = locate(workspace, run)
        except (NotFound, InvalidInput):
            raise unknown from None
    makers = store.events(artifact_ids=[artifact.id or 0])
    maker = next((e.execution_id for e in makers if e.type == EventType.OUTPUT), None)
    seen: set[int] = set()
    while maker is not None and maker not in seen:
        seen.add(maker)
        execution = store.execution(maker)
        if execution.type in (EXEC.name, TRACK.name):
            return execution
        parent = execution.get("lineal_parent")
        maker = parent if isinstance(parent, int) else None
    raise NotFound(
        f"{run} was made by no command (lineal exec) or tracked script that could be run again; "
        f"'lineal lineage {run}' tells what made it"
    )


def changes_of(name: str, changed: set[str]) -> bool:
    """Tell whether an output is among the changes, by what these are called."""
    return bool({change.what for change in changes("output", {name: "a"}, {})} & changed)


def _command(
    workspace: Workspace,
    execution: Execution,
    before: Trace,
    *,
    same_inputs: bool,
    stdout: IO[str] | None,
) -> tuple[int, int]:
    plan = _whole(Plan.from_text(str(execution.get(PLAN))), execution)
    name = str(execution.get(RUN_NAME))
    notes = {RERUN_OF: execution.id or 0}
    if not same_inputs:
        done = run_plan(workspace, plan, name=name, notes=notes, stdout=stdout)
        return done.id, done.code
    from lineal.workspace.tracking.shadow import shadow

    given = {path: before.artifacts[path] for path in plan.inputs}
    versions = {path: workspace.lake.version(artifact) for path, artifact in given.items()}
    with tempfile.TemporaryDirectory(prefix="lineal-rerun-") as folder:
        shadow(workspace, Path(plan.folder), Path(folder), inputs=versions, outputs=plan.outputs)
        done = run_plan(
            workspace,
            plan,
            name=name,
            notes={**notes, SAME_INPUTS: True},
            folder=Path(folder),
            given=given,
            named=False,
            stdout=stdout,
        )
    return done.id, done.code


def _whole(plan: Plan, execution: Execution) -> Plan:
    """Return the plan, if it holds all that a repetition needs."""
    if any(MASK in word for word in plan.command):
        raise InvalidInput(
            f"the arguments of execution/{execution.id} held a secret, which is not kept; "
            "run the command itself again, with 'lineal exec'"
        )
    if not Path(plan.folder).is_dir():
        raise NotFound(f"the folder {plan.folder}, which the command ran in, is gone")
    return plan


def _script(workspace: Workspace, execution: Execution, stdout: IO[str] | None) -> tuple[int, int]:
    """Run a tracked script in a process of its own; return the execution that it recorded."""
    script = str(execution.get("lineal_command", ""))
    folder = str(execution.get(FOLDER, ""))
    arguments = json.loads(str(execution.get("lineal_arguments", "[]")))
    if not Path(script).is_file():
        raise NotFound(
            f"execution/{execution.id} ran {script or 'code at the prompt'}, which is no file "
            "that could be run again"
        )
    if any(MASK in word for word in arguments):
        raise InvalidInput(
            f"the arguments of execution/{execution.id} held a secret, which is not kept; "
            "run the script itself again"
        )
    launcher: list[str] = []
    if execution.get(LAUNCHED):
        start = "from lineal.cli import main; main()"
        launcher = ["-c", start, "-w", str(workspace.root), "track"]
    ended = subprocess.run(
        [sys.executable, *launcher, script, *arguments],
        cwd=folder,
        env={**os.environ, RERUN_VARIABLE: str(execution.id)},
        check=False,
        stdout=stdout,
    )
    again = [
        each
        for each in workspace.store.executions(
            type=TRACK.name, properties={RERUN_OF: execution.id or 0}
        )
        if (each.id or 0) > (execution.id or 0)
    ]
    if not again:
        raise NotFound(
            f"{script} ended with {ended.returncode} and recorded no run in {workspace.root}; "
            "does it still call lineal.track()?"
        )
    return max(each.id or 0 for each in again), ended.returncode


def _present_changes(workspace: Workspace, execution: Execution, before: Trace) -> list[Change]:
    """Return what would go in differently if the run were repeated now."""
    folder = Path(str(execution.get(FOLDER, "")))
    inputs: dict[str, str] = {}
    for label, artifact in before.artifacts.items():
        row = workspace.store.newest(label) if execution.type != EXEC.name else None
        path = folder / Path(label).expanduser()
        if row is not None:
            inputs[label] = before.inputs[label] if row.artifact_id == artifact.id else row.content
        elif path.is_dir():
            inputs[label] = workspace.lake.content_of(path)
        else:
            inputs[label] = hash_of(path)
    sources = {path: _source_hash(path) for path in before.sources if path}
    old = {path: content for path, content in before.sources.items() if path}
    return [
        *changes("input", before.inputs, inputs),
        *changes("code", old, sources),
        *_environments(workspace, before.environment, None),
    ]


def _source_hash(path: str) -> str:
    from lineal.workspace.tracking.source import Source

    source = Source.of_file(Path(path))
    if source is None:
        return ""
    return hashlib.sha256(mask(source.text).encode("utf-8", "surrogateescape")).hexdigest()


def _environments(
    workspace: Workspace, before: Artifact | None, after: Artifact | None
) -> list[Change]:
    """Return what differs of interpreter and distributions; without `after`, from the present."""
    from lineal.environment import Environment, diff

    if before is None or (after is not None and after.id == before.id):
        return []

    def read(artifact: Artifact) -> Environment:
        return Environment.from_json(workspace.objects.read(str(artifact.get("sha256", ""))))

    one = read(before)
    other = workspace.environment if after is None else read(after)
    if one.fingerprint == other.fingerprint:
        return []
    return [
        Change(f"environment {change.what}", change.before, change.after)
        for change in diff(one, other)
        if change.what not in ("git", "platform")
    ]
