"""Where a workspace keeps what, and how one is found."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lineal.errors import InvalidInput, NotFound, Unavailable
from lineal.workspace.settings import FILE_NAME, MetadataSection, write_settings

__all__ = ["Locations", "find", "make"]


@dataclass(frozen=True)
class Locations:
    """The paths inside a workspace's folder."""

    root: Path

    @property
    def settings(self) -> Path:
        """The workspace's file."""
        return self.root / FILE_NAME

    @property
    def private(self) -> Path:
        """The folder of everything that is kept."""
        return self.root / ".lineal"

    @property
    def metadata(self) -> Path:
        """The metadata database."""
        return self.private / "metadata.db"

    @property
    def temporary(self) -> Path:
        """Where the engine spills to."""
        return self.private / "tmp"

    @property
    def cache(self) -> Path:
        """What can be made again at any time."""
        return self.private / "cache"


def find(start: Path | None = None) -> Path:
    """Return the folder of the workspace that holds `start`, searched upwards.

    The environment variable `LINEAL_WORKSPACE`, if set, names it instead. Raises `NotFound` if
    there is none.
    """
    named = os.environ.get("LINEAL_WORKSPACE")
    if named and start is None:
        if not (Path(named) / FILE_NAME).is_file():
            raise NotFound(f"LINEAL_WORKSPACE names {named!r}, where there is no {FILE_NAME}")
        return Path(named).resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    raise NotFound(
        f"there is no workspace in {here} or above it; "
        "make one with 'lineal init DIR', or name one: --workspace DIR in a shell, "
        "workspace=lineal.open(DIR) in Python, or the variable LINEAL_WORKSPACE"
    )


def make(folder: Path, *, metadata: MetadataSection | None = None) -> Locations:
    """Return the locations of the workspace in `folder`, made if it isn't there yet.

    `metadata` says where a new one keeps its graph.
    """
    locations = Locations(folder.expanduser().resolve())
    if locations.root.exists() and not locations.root.is_dir():
        raise InvalidInput(f"{folder} is no folder; a workspace needs a folder of its own")
    try:
        locations.private.mkdir(parents=True, exist_ok=True)
        for path in (locations.temporary, locations.cache):
            path.mkdir(exist_ok=True)
        if not locations.settings.exists():
            # Nothing that is kept belongs into a repository, which the folder may lie in.
            (locations.private / ".gitignore").write_text("*\n", encoding="ascii")
            write_settings(locations.settings, metadata)
    except OSError as error:
        raise Unavailable(
            f"the workspace {locations.root} can't be made: {error.strerror}; "
            "check free space and permissions"
        ) from error
    return locations
