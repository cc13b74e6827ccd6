"""Find what crashes left behind, and settle it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.metadata import ExecutionType

if TYPE_CHECKING:
    from lineal.metadata import Execution
    from lineal.workspace.workspace import Workspace

__all__ = ["Finding", "examine"]

_DOCTOR_VERB = ExecutionType("lineal.doctor", base="mlmd.Process")


@dataclass(frozen=True)
class Finding:
    """Something that a crash left, and what is done about it."""

    what: str
    where: str
    action: str


def examine(workspace: Workspace, *, dry_run: bool) -> list[Finding]:
    """Settle tables first, then the executions that no part finished, then leftover bytes.

    Each act is recorded; with `dry_run` nothing is changed and the same findings are returned.
    """
    if dry_run:
        return [*_executions(workspace), *_bytes(workspace)]
    findings = _tables(workspace)
    for execution in workspace.recorder.crashed():
        findings.append(_finding(execution))
        workspace.recorder.abandon(
            execution.id or 0, reason="its process was gone before anything of it was visible"
        )
    leftovers = workspace.lake.leftovers()
    if leftovers:
        findings += _bytes(workspace)
        workspace.lake.clean(leftovers)
    if findings:
        with workspace.recorder.run(
            _DOCTOR_VERB,
            parameters={"findings": "\n".join(f"{f.what}: {f.where}" for f in findings)[:10_000]},
        ):
            pass
    return findings


def _tables(workspace: Workspace) -> list[Finding]:
    """Let the warehouse finish or drop what writers of its tables left open."""
    return [
        Finding("unsettled write", f"execution/{settled.execution_id}", settled.did)
        for settled in workspace.warehouse.settle()
    ]


def _executions(workspace: Workspace) -> list[Finding]:
    return [_finding(execution) for execution in workspace.recorder.crashed()]


def _finding(execution: Execution) -> Finding:
    started = "" if execution.created is None else f" of {execution.created:%Y-%m-%d %H:%M:%S}Z"
    return Finding(
        "crashed execution",
        f"{execution.type} (execution/{execution.id}){started}",
        "closed as CANCELED; run it again",
    )


def _bytes(workspace: Workspace) -> list[Finding]:
    return [
        Finding("leftover bytes", str(left.path), "removed") for left in workspace.lake.leftovers()
    ]
