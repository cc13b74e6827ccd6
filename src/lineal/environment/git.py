"""Ask git for the commit that a folder is at."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GitState", "git_difference", "git_state"]

_TIMEOUT_SECONDS = 5.0
# Nothing is written, no hook or monitor of the repository's own is started, and no other
# repository is meant, whatever the caller's environment says.
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
_STATUS = ("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=no")
_DIFF = ("diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv")
_MOST_BYTES = 1_000_000


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
    answer = _ask(directory, *_STATUS)
    return None if answer is None else _parse(answer.decode("utf-8", "replace").split("\0"))


def git_difference(directory: Path) -> bytes:
    """Return what differs from the commit, as a patch; one beyond a megabyte is cut there.

    Empty where nothing differs, and where git can't tell.
    """
    answer = _ask(directory, *_DIFF) or b""
    return answer if len(answer) <= _MOST_BYTES else answer[:_MOST_BYTES] + b"\n[cut here]\n"


def _ask(directory: Path, *arguments: str) -> bytes | None:
    here = directory.absolute()
    if not any((folder / ".git").exists() for folder in (here, *here.parents)):
        return None
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        return subprocess.run(
            (*_GIT, *arguments),
            cwd=here,
            env=environment,
            capture_output=True,
            check=True,
            timeout=_TIMEOUT_SECONDS,
            stdin=subprocess.DEVNULL,
        ).stdout
    except (OSError, RuntimeError, subprocess.SubprocessError):  # Runtime: Python is ending
        return None


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
