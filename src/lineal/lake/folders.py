"""Read a folder of the user's into the store, as a tree."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.lake.trees import Entry, EntryKind, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineal.lake.batch import Batch, Stored

__all__ = ["read_folder"]

_SPECIAL = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_folder(folder: Path, batch: Batch, *, likely_known: bool = False) -> Tree:
    """Take the files below `folder` into `batch`; return the folder's entries.

    Links are kept as links wherever they point, also to nothing; only the executable bit is kept
    of a mode. `likely_known` says that most of it is stored already. Raises `InvalidInput` for
    what can't be read, or is neither file, link nor folder.
    """
    return Tree(
        tuple(
            _file(path, mode, batch.add_file(folder / path, likely_known=likely_known))
            if stat.S_ISREG(mode)
            else _other(folder, path, mode)
            for path, mode in _walk(folder)
        )
    )


def _walk(folder: Path) -> Iterator[tuple[str, int]]:
    """Give the relative path and mode of all below `folder` but folders that hold something."""
    waiting = [""]
    while waiting:
        above = waiting.pop()
        try:
            with os.scandir(folder / above) as found:
                entries = [(item.name, item.stat(follow_symlinks=False).st_mode) for item in found]
        except OSError as error:
            raise InvalidInput(
                f"the folder {folder / above} can't be read: {error.strerror}"
            ) from error
        if above and not entries:
            yield above, stat.S_IFDIR
        for name, mode in entries:
            path = f"{above}/{name}" if above else name
            if stat.S_ISDIR(mode):
                waiting.append(path)
            else:
                yield path, mode


def _file(path: str, mode: int, stored: Stored) -> Entry:
    return Entry(path, sha256=stored.sha256, size=stored.size, executable=bool(mode & stat.S_IXUSR))


def _other(folder: Path, path: str, mode: int) -> Entry:
    if stat.S_ISDIR(mode):
        return Entry(path, EntryKind.FOLDER)
    if stat.S_ISLNK(mode):
        return Entry(path, EntryKind.LINK, target=_target(folder / path))
    raise InvalidInput(
        f"{str(folder / path)!r} is {_SPECIAL.get(stat.S_IFMT(mode), 'no regular file')}, "
        "which a folder in the lake can't hold; remove it, or add the files one by one"
    )


def _target(link: Path) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115 - Path would tidy the target's text
    except OSError as error:
        raise InvalidInput(f"the link {str(link)!r} can't be read: {error.strerror}") from error
