"""Tell a program's data from what Python, libraries and tools keep on disk."""

from __future__ import annotations

import os
import stat
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Places", "Token", "token_of"]

Token = tuple[int, int, int, int, int]
"""What tells a state of a file from a later one: device, inode, size, times of change."""

_CODE = (".py", ".pyc", ".pyo", ".pyi", ".pyd", ".so", ".pth", ".egg-link")
_INSTALLED = ("site-packages", "dist-packages", "__pycache__", "node_modules")
_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib/", "/lib64/", "/bin/", "/run/")
_MOST_ENTRIES = 20_000
_OURS = "lineal.toml"


@dataclass(frozen=True)
class Places:
    """The folders in which a file counts as the project's, and what of them does not."""

    roots: tuple[str, ...]
    """Absolute, with a separator at the end."""
    excluded: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, folders: Iterable[Path]) -> Places:
        """Return the places of a project that lies in these folders."""
        wide = {os.sep, str(Path.home()) + os.sep}
        roots = {os.path.join(os.path.abspath(folder), "") for folder in folders} - wide  # noqa: PTH100, PTH118
        paths = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()}
        excluded = {os.path.join(path, "") for path in paths}  # noqa: PTH118
        # An environment may lie in the project, a project hardly in an environment.
        kept = (each for each in excluded if not any(root.startswith(each) for root in roots))
        return cls(tuple(sorted(roots)), (*sorted(kept), *_SYSTEM))

    def holds(self, path: str) -> bool:
        """Tell whether the project's folders hold the path."""
        return path.startswith(self.roots)

    def is_data(self, path: str) -> bool:
        """Tell whether what lies there may be data, by its path alone."""
        if path.endswith(_CODE) or path.endswith(_OURS):
            return False
        root = next((root for root in self.roots if path.startswith(root)), "")
        if path.startswith(self.excluded) and not (
            root and len(root) > max(len(e) for e in self.excluded if path.startswith(e))
        ):
            return False
        parts = path[len(root) :].split("/")
        return not any(part.startswith(".") or part in _INSTALLED for part in parts if part)

    def changed_since(self, moment_ns: int) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the files of the project's folders that changed since then, a bounded look."""
        left = _MOST_ENTRIES
        waiting = [root for root in self.roots if not self._inside_another(root)]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as found:
                    entries = list(found)
            except OSError:
                continue
            for entry in entries:
                left -= 1
                if left < 0:
                    return
                if not self.is_data(entry.path):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode) and max(_times(status)) >= moment_ns:
                    yield entry.path, status

    def _inside_another(self, root: str) -> bool:
        return any(root != other and root.startswith(other) for other in self.roots)


def token_of(path: str) -> Token | None:
    """Return the state of the regular file at `path`; None for anything else."""
    try:
        status = os.stat(path)  # noqa: PTH116 -- on each file that a program opens
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return (status.st_dev, status.st_ino, status.st_size, *_times(status))


def _times(status: os.stat_result) -> tuple[int, int]:
    return status.st_mtime_ns, status.st_ctime_ns
