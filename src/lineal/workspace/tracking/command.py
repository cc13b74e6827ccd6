"""Run any program as a recorded execution."""

from __future__ import annotations

import glob
import json
import os
import shlex
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from lineal.errors import InvalidInput, LinealError, NotFound
from lineal.metadata import Context, EnvironmentRecord, ExecutionType, open_runs
from lineal.metadata.properties import storable
from lineal.workspace.tracking.facts import as_json, facts
from lineal.workspace.tracking.keeping import LOG, keep_text
from lineal.workspace.tracking.known import hash_of, known_file
from lineal.workspace.tracking.opening import RUN_NAME, RUNS
from lineal.workspace.tracking.secrets import mask, mask_arguments
from lineal.workspace.tracking.source import Source, patch_record, source_record
from lineal.workspace.tracking.streams import Log, run_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.lake import LakeVersion
    from lineal.metadata import Artifact, Running, Value
    from lineal.workspace.workspace import Workspace

__all__ = ["EXEC", "PLAN", "CommandFailed", "Executed", "Plan", "execute", "run_plan"]

EXEC = ExecutionType("lineal.exec", description="A program that was run on files")
PLAN = "lineal_plan"
"""The property of an execution that holds its `Plan`."""
_SIGNALLED = 128


class CommandFailed(LinealError):  # noqa: N818 -- named by its meaning, as the others are
    """A command ended with another code than 0."""


@dataclass(frozen=True)
class Plan:
    """What is run, where, on which files, and what comes of it; paths are as they were given."""

    command: tuple[str, ...]
    folder: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Return it as text, its secrets masked."""
        shown = {**vars(self), "command": mask_arguments(self.command)}
        return as_json(shown)

    @classmethod
    def from_text(cls, text: str) -> Plan:
        """Read back what `to_text` wrote."""
        held = json.loads(text)
        return cls(
            tuple(held["command"]), held["folder"], tuple(held["inputs"]), tuple(held["outputs"])
        )

    def at(self, path: str) -> Path:
        """Return where an input or output lies."""
        return Path(self.folder) / Path(path).expanduser()


@dataclass(frozen=True)
class Executed:
    """How a command ended, and what was recorded of it."""

    id: int
    uuid: str
    name: str
    code: int
    """Its exit code, as a shell tells it: 128 and the number of the signal that ended it."""
    seconds: float
    inputs: Mapping[str, str] = field(default_factory=dict)
    """What each input path was, as a reference."""
    outputs: Mapping[str, LakeVersion] = field(default_factory=dict)
    """What became of each output path; nothing of a command that failed."""

    @property
    def ref(self) -> str:
        """What `lineal show` and `lineal rerun` find the run by."""
        return f"execution/{self.id}"

    @property
    def ok(self) -> bool:
        """Whether the command ended with 0."""
        return self.code == 0

    def check(self) -> Executed:
        """Return itself; raise `CommandFailed` if the command did."""
        if not self.ok:
            raise CommandFailed(
                f"the command ended with {self.code}; 'lineal show {self.ref}' tells more"
            )
        return self


def execute(
    workspace: Workspace,
    command: Sequence[str],
    *,
    inputs: Sequence[str | Path] = (),
    outputs: Sequence[str | Path] = (),
    name: str | None = None,
    stdout: IO[str] | None = None,
) -> Executed:
    """Run a command on files of the present folder; see `Workspace.exec`.

    What it writes to its output goes to `stdout`, if one is given.
    """
    if isinstance(command, str) or not command:
        raise InvalidInput(
            f"a command is a list of words, such as ['python', 'clean.py'], not {command!r}"
        )
    plan = Plan(
        tuple(os.fspath(word) for word in command),
        str(Path.cwd()),
        tuple(path for each in inputs for path in _expanded(os.fspath(each))),
        tuple(os.fspath(each) for each in outputs),
    )
    return run_plan(workspace, plan, name=name or Path(plan.command[0]).name, stdout=stdout)


def run_plan(
    workspace: Workspace,
    plan: Plan,
    *,
    name: str,
    notes: Mapping[str, Value] | None = None,
    folder: Path | None = None,
    given: Mapping[str, Artifact] | None = None,
    named: bool = True,
    stdout: IO[str] | None = None,
) -> Executed:
    """Run a command as planned, in another `folder` if one is given.

    `given` are the inputs where they are known already; without `named` the outputs are kept
    without their names.
    """
    where = plan if folder is None else Plan(plan.command, str(folder), plan.inputs, plan.outputs)
    names = _output_names(plan)
    with open_runs.detached():
        stored = dict(given) if given is not None else _stored(workspace, where)
    records = [*_sources(workspace, where), *filter(None, [patch_record(workspace)])]
    began, log, code = time.monotonic(), Log(), -1
    try:
        with workspace.recorder.run(
            EXEC,
            inputs={path: [artifact] for path, artifact in stored.items()},
            parameters={
                "command": storable(shlex.join(mask_arguments(plan.command)))[:2_000],
                RUN_NAME: name,
                PLAN: plan.to_text(),
                **facts(arguments=(), environment=workspace.settings.track.environment),
                **(notes or {}),
            },
            contexts=[(RUNS, Context(RUNS.name, name))],
            records=records,
            code=_code(plan, records),
            tracks_reads=True,
        ) as running:
            code = run_command(
                plan.command,
                folder=Path(where.folder),
                environment=os.environ,
                log=log,
                stdout=stdout,
            )
            code = code if code >= 0 else _SIGNALLED - code
            _keep_log(workspace, running, log)
            running.note(lineal_exit_code=code)
            _check_code(plan, code)
            _take(workspace, running, where, names if named else dict.fromkeys(names))
    except CommandFailed:
        pass  # it is recorded, and told by its code
    return _told(workspace, running, name, code, time.monotonic() - began, stored)


def _check_code(plan: Plan, code: int) -> None:
    if code != 0:
        raise CommandFailed(f"{plan.command[0]} ended with {code}")


def _told(
    workspace: Workspace,
    running: Running,
    name: str,
    code: int,
    seconds: float,
    stored: Mapping[str, Artifact],
) -> Executed:
    versions = workspace.store.versions_of([each.id or 0 for each in stored.values()])
    references = {
        path: workspace.lake.version(artifact, versions.get(artifact.id or 0)).ref
        for path, artifact in stored.items()
    }
    outputs = {
        path: workspace.lake.version(artifact, running.versions.get(path))
        for path, artifact in running.artifacts.items()
    }
    return Executed(running.execution_id, running.uuid, name, code, seconds, references, outputs)


def _expanded(path: str) -> list[str]:
    """Return the files that a pattern means; a path that exists is no pattern."""
    if Path(path).expanduser().exists() or not glob.has_magic(path):
        return [path]
    found = sorted(glob.glob(str(Path(path).expanduser()), recursive=True))  # noqa: PTH207
    if not found:
        raise NotFound(f"no file fits the pattern {path!r}")
    return found


def _output_names(plan: Plan) -> dict[str, str | None]:
    """Return what each output is called; `InvalidInput` where two would be called the same."""
    names: dict[str, str | None] = {}
    for path in plan.outputs:
        name = plan.at(path).name
        if name in names.values():
            raise InvalidInput(
                f"two of the outputs are called {name!r}; let the command write one elsewhere"
            )
        names[path] = name
    return names


def _stored(workspace: Workspace, plan: Plan) -> dict[str, Artifact]:
    """Return what each input is in the graph, stored by content if it was nothing yet."""
    found: dict[str, Artifact] = {}
    for path in plan.inputs:
        there = plan.at(path)
        if not there.exists():
            raise NotFound(f"there is no input {path} (looked in {plan.folder})")
        known = None
        if there.is_file():
            known = known_file(workspace.store, there, hash_of(there))
        found[path] = known or workspace.lake.store_plain(there)
    return found


def _sources(workspace: Workspace, plan: Plan) -> list[EnvironmentRecord]:
    """Keep the scripts that the command names: files of text that are neither input nor output."""
    known = {plan.at(path) for path in (*plan.inputs, *plan.outputs)}
    records: list[EnvironmentRecord] = []
    for word in plan.command:
        path = plan.at(word)
        if word.startswith("-") or path in known or not Path(path).suffix or not path.is_file():
            continue
        source = Source.of_file(path)
        if source is not None and "\0" not in source.text:
            records.append(source_record(workspace, source))
    return records


def _code(plan: Plan, records: Sequence[EnvironmentRecord]) -> str:
    sources = [f"sha256:{each.content}" for each in records if each.key == "source"]
    return " ".join([f"command {Path(plan.command[0]).name}", *sources])[:2_000]


def _keep_log(workspace: Workspace, running: Running, log: Log) -> None:
    content = log.content()
    if not content:
        return
    text = mask(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    properties: dict[str, Value] = {"bytes": len(content) + log.left_out, "cut": log.left_out > 0}
    running.records.append(
        keep_text(workspace, LOG, text, key="log", properties=properties, is_output=True)
    )


def _take(
    workspace: Workspace, running: Running, plan: Plan, names: Mapping[str, str | None]
) -> None:
    missing = [path for path in plan.outputs if not plan.at(path).exists()]
    if missing:
        raise InvalidInput(
            f"the command ended well, but there is no {missing[0]}, which -o says it makes"
        )
    workspace.lake.add_to(running, {path: (plan.at(path), name) for path, name in names.items()})
