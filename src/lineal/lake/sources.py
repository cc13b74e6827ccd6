"""Understand what a caller gives to add: a path, a folder, an open file; and what to call it."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.names import check_name

if TYPE_CHECKING:
    from lineal.metadata.model import Value

__all__ = ["Addable", "Source", "plain", "understand"]

Addable = str | Path | BinaryIO
"""What can be added: the path of a file or folder, or a file object that gives bytes."""


@dataclass(frozen=True)
class Source:
    """What is to be added: a file or folder at `path`, or else the bytes of `stream`."""

    name: str
    path: Path | None = None
    stream: BinaryIO | None = None
    is_folder: bool = False

    @property
    def filename(self) -> str:
        """The name of the file as its owner calls it, for its suffix."""
        return self.name if self.path is None else self.path.name

    def facts(self) -> dict[str, Value]:
        """Return where it comes from, and when it was last modified, as far as that is known."""
        if self.path is None:
            told = getattr(self.stream, "name", None)
            return {"source": told} if isinstance(told, str) and told else {}
        modified = datetime.fromtimestamp(self.path.stat().st_mtime, tz=UTC)
        return {"source": readable(self.path), "modified": modified.isoformat()}


def understand(given: Addable, name: str | None, *, workspace: Path) -> Source:
    """Return what `given` is, under `name` or else the file's own name.

    Raises `NotFound` for a path that does not exist, and `InvalidInput` for what can't be added
    or a name that can't be one.
    """
    if isinstance(given, str | Path):
        path = _existing(Path(given))
        _refuse_workspace(path, workspace)
        return Source(
            check_name(path.name if name is None else name), path=path, is_folder=path.is_dir()
        )
    if isinstance(given, io.TextIOBase) or not callable(getattr(given, "read", None)):
        raise InvalidInput(
            f"a {type(given).__name__} can't be added; give a path, "
            "or a file object opened with mode 'rb'"
        )
    if name is None:
        raise InvalidInput("a file object has no name of its own; pass name='flights.csv'")
    return Source(check_name(name), stream=given)


def plain(given: Path | bytes, *, workspace: Path) -> Source:
    """Return the source of a verb's plain input, which gets no name in the lake."""
    if isinstance(given, Path):
        path = _existing(given)
        _refuse_workspace(path, workspace)
        return Source("", path=path, is_folder=path.is_dir())
    return Source("", stream=io.BytesIO(given))


def readable(path: Path) -> str:
    """Return the path as text that every reader can take; odd bytes are shown escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _existing(path: Path) -> Path:
    """Return the absolute path of what is there, without following links in it."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _nothing_at(path) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput(f"{readable(path)!r} can't be read: {reason}") from error
    return whole


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
    if path.is_dir() and workspace.resolve().is_relative_to(path.resolve()):
        raise InvalidInput(
            f"the folder {readable(path)!r} holds this workspace itself; "
            "add the folders and files in it that are data"
        )
