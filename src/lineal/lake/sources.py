"""Understand what a caller gives to add: a path, a folder, an open file; and what to call it."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.names import check_name, parse_target

__all__ = ["Addable", "Source", "plain", "understand"]

Addable = str | Path | BinaryIO
"""What can be added: the path of a file or folder, or a file object that gives bytes."""


@dataclass(frozen=True)
class Source:
    """What is to be added: the file or folder at `path`, or else the bytes of `stream`.

    Size and time of modification are those that the file or folder had when it was looked up.
    """

    name: str
    path: Path | None = None
    stream: BinaryIO | None = None
    is_folder: bool = False
    size: int | None = None
    modified: datetime | None = None

    @property
    def filename(self) -> str:
        """The name of the file as its owner calls it, for its suffix."""
        return self.name if self.path is None else self.path.name

    @property
    def origin(self) -> str:
        """Where it comes from, as far as that is known."""
        if self.path is not None:
            return readable(self.path)
        told = getattr(self.stream, "name", None)
        return told if isinstance(told, str) else ""


def understand(given: Addable, name: str | None, *, workspace: Path) -> Source:
    """Return what `given` is, under `name` or else the file's own name.

    Raises `NotFound` for a path that does not exist, and `InvalidInput` for what can't be added
    or a name that can't be one.
    """
    if isinstance(given, str | Path):
        return _at(Path(given), name, workspace=workspace)
    if isinstance(given, io.TextIOBase) or not callable(getattr(given, "read", None)):
        raise InvalidInput(
            f"a {type(given).__name__} can't be added; give a path, "
            "or a file object opened with mode 'rb'"
        )
    if name is None:
        raise InvalidInput("a file object has no name of its own; pass name='flights.csv'")
    return Source(parse_target(name), stream=given)


def plain(given: Path | bytes | BinaryIO, *, workspace: Path) -> Source:
    """Return the source of a verb's plain input, which gets no name in the lake."""
    if isinstance(given, Path):
        return replace(_at(given, "plain", workspace=workspace), name="")
    return Source("", stream=io.BytesIO(given) if isinstance(given, bytes) else given)


def readable(path: Path) -> str:
    """Return the path as text that every reader can take; odd bytes are shown escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _at(path: Path, name: str | None, *, workspace: Path) -> Source:
    """Return the source at `path`, made absolute without following links in it."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _nothing_at(path) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput(f"{readable(path)!r} can't be read: {reason}") from error
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    is_folder = stat.S_ISDIR(status.st_mode)
    if is_folder:
        _refuse_workspace(whole, workspace)
    return Source(
        check_name(whole.name) if name is None else parse_target(name),
        path=whole,
        is_folder=is_folder,
        size=status.st_size,
        modified=datetime.fromtimestamp(status.st_mtime, tz=UTC),
    )


def _nothing_at(path: Path) -> NotFound:
    if path.is_symlink():
        return NotFound(f"the link {readable(path)!r} points to nothing")
    try:
        beside = [str(path.with_name(name)) for name in os.listdir(path.parent)]  # noqa: PTH208
    except (OSError, ValueError):
        beside = []
    return NotFound.among(
        "there is no file or folder", readable(path), beside, remedy=f"looked in {Path.cwd()}"
    )


def _refuse_workspace(path: Path, workspace: Path) -> None:
    if workspace.resolve().is_relative_to(path.resolve()):
        raise InvalidInput(
            f"the folder {readable(path)!r} holds this workspace itself; "
            "add the folders and files in it that are data"
        )
