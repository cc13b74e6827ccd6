"""Open a workspace: in a folder, in the one that holds the current folder, or make it there."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.workspace.locations import find, make
from lineal.workspace.settings import MetadataSection
from lineal.workspace.stores import make_with
from lineal.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["current_workspace", "existing_workspace", "open_workspace"]

_current: dict[str, Workspace] = {}


def open_workspace(
    folder: str | Path, *, metadata: str | None = None, password_env: str | None = None
) -> Workspace:
    """Open the workspace in `folder`; make it there on first use.

    `metadata` is the URL of the database or server where a new one keeps its graph, and
    `password_env` names the environment variable that holds the password; both are written into
    the workspace's file. Raises `AlreadyExists` if the workspace is there with another one.
    """
    if metadata is None:
        return Workspace(make(Path(folder)))
    return Workspace(make_with(Path(folder), MetadataSection(metadata, password_env)))


def current_workspace() -> Workspace:
    """Return the workspace found upwards from the current folder, opened once a process."""
    folder = find()
    key = str(folder)
    if key not in _current:
        _current.clear()
        _current[key] = Workspace(make(folder))
    return _current[key]


@contextmanager
def existing_workspace(folder: Path | None) -> Iterator[Workspace]:
    """Yield the workspace that holds `folder`, or the current one, and close it in the end."""
    with Workspace(make(find(folder))) as workspace:
        yield workspace
