"""Say what code runs: a script's file, the line after `-c`, what was sent to the prompt."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.environment import program
from lineal.workspace.tracking.keeping import PATCH, SOURCE, keep_text
from lineal.workspace.tracking.secrets import mask

if TYPE_CHECKING:
    from lineal.metadata import EnvironmentRecord, Value
    from lineal.workspace.workspace import Workspace

__all__ = ["Source", "patch_record", "running_source", "source_record"]

_MOST_BYTES = 10_000_000  # of a script; what is longer is data that somebody runs


@dataclass(frozen=True)
class Source:
    """Source code as it was read, and where it lies; the path is empty where it lies nowhere."""

    text: str
    path: str = ""

    @classmethod
    def of_file(cls, path: Path) -> Source | None:
        """Return the source in a file; None if it can't be read as text of a sane length."""
        try:
            if path.stat().st_size > _MOST_BYTES:
                return None
            return cls(path.read_text(encoding="utf-8", errors="replace"), str(path.resolve()))
        except OSError:
            return None


def running_source() -> Source | None:
    """Return the source of the script that this process runs; None for one at the prompt."""
    path = Path(program())
    if path.is_file():
        return Source.of_file(path)
    # What stands after `-c` is the whole program.
    given = sys.orig_argv
    if "-c" in given[1:-1] and sys.argv[:1] == ["-c"]:
        return Source(given[given.index("-c") + 1])
    return None


def source_record(workspace: Workspace, source: Source) -> EnvironmentRecord:
    """Keep a source, without its secrets; a renamed file is the same source."""
    shown = mask(source.text)
    properties: dict[str, Value] = {"masked": shown != source.text}
    if source.path:
        properties["path"] = source.path
    text = shown.encode("utf-8", "surrogateescape")
    return keep_text(workspace, SOURCE, text, key="source", properties=properties)


def patch_record(workspace: Workspace) -> EnvironmentRecord | None:
    """Keep what differs from the commit; None in a clean tree, and outside a repository."""
    from lineal.environment import git_difference, program_folder

    git = workspace.environment.git
    if git is None or not git.dirty:
        return None
    difference = git_difference(program_folder())
    if not difference:
        return None
    text = mask(difference.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return keep_text(workspace, PATCH, text, key="changes", properties={"commit": git.commit})
