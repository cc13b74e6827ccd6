"""Where Iceberg's files lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["local_path", "sync_folder"]


def local_path(location: str) -> Path:
    """Return the path that an Iceberg location on this machine means; its text is taken as is."""
    if location.startswith("file:"):
        location = "/" + location.removeprefix("file:").lstrip("/")
    return Path(location)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
