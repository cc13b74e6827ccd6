"""Ask git for the commit that a folder is at."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GitState", "git_state"]

_TIMEOUT_SECONDS = 5.0
# Nothing is written, no hook or monitor of the repository's own is started, and no other
# repository is meant, whatever the caller's environment says.
_COMMAND = (
    "git",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "status",
    "--porcelain=v2",
    "--branch",
    "-z",
    "--untracked-files=no",
)


@dataclass(frozen=True)
class GitState:
    """A repository's state: `commit` is empty before the first one, `branch` when detached.

    `dirty` means that tracked files differ from the commit; untracked files don't count.
    """

    commit: str
    branch: str
    dirty: bool


def git_state(directory: Path) -> GitState | None:
    """Return the git state of the repository that holds `directory`.

    None outside a repository, and where git is missing, refuses (a folder of another user), or
    takes too long: a computation doesn't fail for that.
    """
    here = directory.absolute()
    if not any((folder / ".git").exists() for folder in (here, *here.parents)):
        return None
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        answer = subprocess.run(
            _COMMAND,
            cwd=here,
            env=environment,
            capture_output=True,
            check=True,
            timeout=_TIMEOUT_SECONDS,
            stdin=subprocess.DEVNULL,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return _parse(answer.decode("utf-8", "replace").split("\0"))


def _parse(lines: list[str]) -> GitState:
    headers = dict(
        line.removeprefix("# ").split(" ", 1) for line in lines if line.startswith("# branch.")
    )
    commit, branch = headers.get("branch.oid", ""), headers.get("branch.head", "")
    return GitState(
        commit="" if commit == "(initial)" else commit,
        branch="" if branch == "(detached)" else branch,
        dirty=any(line and not line.startswith("#") for line in lines),
    )
