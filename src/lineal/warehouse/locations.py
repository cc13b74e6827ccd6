"""Where Iceberg's files lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["local_path", "present_path", "sync_folder"]

_MARK = "/.lineal/warehouse/"


def local_path(location: str) -> Path:
    """Return the path that an Iceberg location on this machine means; its text is taken as is."""
    if location.startswith("file:"):
        location = "/" + location.removeprefix("file:").lstrip("/")
    return Path(location)


def present_path(location: str, warehouse: Path) -> Path:
    """Return where the file that `location` means lies now, in the folder `warehouse`.

    Iceberg writes whole paths, so its files name the workspace in which they were made. If that
    was copied or moved, the same file lies in the present one; the original is never touched.
    """
    path = local_path(location)
    if path.is_relative_to(warehouse):
        return path
    _, within, rest = str(path).rpartition(_MARK)
    return warehouse / rest if within else path


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
