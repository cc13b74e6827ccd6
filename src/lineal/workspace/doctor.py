"""Find what crashes left behind, and settle it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import Conflict
from lineal.metadata import ExecutionType

if TYPE_CHECKING:
    from lineal.lake import Leftover
    from lineal.metadata import Execution
    from lineal.workspace.workspace import Workspace

__all__ = ["DAMAGED", "Finding", "examine"]

DAMAGED = "damaged table"
"""What a finding is that doctor can't mend."""

_DOCTOR_VERB = ExecutionType("lineal.doctor", base="mlmd.Process")
_GONE = "its process was gone before anything of it was visible"
_TOLD_MOST = 10_000  # characters of the findings that the execution keeps


@dataclass(frozen=True)
class Finding:
    """Something that a crash left, and what is done about it; or damage, and what to do."""

    what: str
    where: str
    action: str


def examine(workspace: Workspace, *, dry_run: bool) -> list[Finding]:
    """Settle tables first, then the executions that no part finished, then leftover bytes.

    What was done is recorded; with `dry_run` nothing is changed, and what would be done is told.
    What a damaged table may need once it is mended stays: its writers, and all leftover bytes.
    """
    looked = workspace.warehouse.settle(dry_run=dry_run)
    damaged = {each.damaged: each.did for each in looked if each.damaged}
    settled = [each for each in looked if not each.damaged]
    tables = [
        Finding("unsettled write", _where(workspace, each.execution_id), each.did)
        for each in settled
    ]
    writers = {each.execution_id for each in settled}
    crashed = [
        each
        for each in workspace.recorder.crashed()
        if each.id not in writers and each.get("table") not in damaged
    ]
    executions = [_crashed(e) for e in crashed if dry_run or _abandoned(workspace, e)]
    if damaged:
        leftovers = workspace.lake.leftovers()
        left = [_left(each, "left until the damaged table is mended") for each in leftovers]
    else:
        left = _bytes(workspace, dry_run=dry_run, settling=bool(tables))
    broken = [Finding(DAMAGED, name, why) for name, why in damaged.items()]
    findings = [*broken, *tables, *executions, *left]
    if (tables or executions or (left and not damaged)) and not dry_run:
        told = "\n".join(f"{each.what}: {each.where}" for each in findings)
        with workspace.recorder.run(_DOCTOR_VERB, parameters={"findings": told[:_TOLD_MOST]}):
            pass
    return findings


def _where(workspace: Workspace, execution_id: int | None) -> str:
    if execution_id is None:
        return "another program's commit"
    execution = workspace.store.execution(execution_id)
    return f"{execution.type} (execution/{execution_id})"


def _crashed(execution: Execution) -> Finding:
    began = "" if execution.created is None else f" of {execution.created:%Y-%m-%d %H:%M:%S}Z"
    where = f"{execution.type} (execution/{execution.id}){began}"
    return Finding("crashed execution", where, "closed as CANCELED; run it again")


def _abandoned(workspace: Workspace, execution: Execution) -> bool:
    """Close a crashed execution; return False if somebody else was faster."""
    try:
        workspace.recorder.abandon(execution.id or 0, reason=_GONE)
    except Conflict:
        return False
    return True


def _bytes(workspace: Workspace, *, dry_run: bool, settling: bool) -> list[Finding]:
    found = workspace.lake.leftovers()
    if dry_run:
        action = "removed, unless settling a table needs it" if settling else "removed"
        return [_left(leftover, action) for leftover in found]
    if not found:
        return []
    try:
        return [_left(leftover, "removed") for leftover in workspace.lake.clean(found)]
    except Conflict:  # somebody writes just now; what they write may be among it
        return [_left(leftover, "left while others write; ask again") for leftover in found]


def _left(leftover: Leftover, action: str) -> Finding:
    return Finding("leftover bytes", f"{leftover.path} ({leftover.kind})", action)
