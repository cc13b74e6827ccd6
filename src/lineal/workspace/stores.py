"""Open the store that a workspace's graph is in: a file of its own, a database, or a server's."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lineal.errors import AlreadyExists
from lineal.metadata import Store
from lineal.workspace.locations import Locations, make
from lineal.workspace.settings import check_url, read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from lineal.workspace.settings import MetadataSection

__all__ = ["make_with", "open_store"]


def open_store(section: MetadataSection, locations: Locations) -> Store:
    """Return the store that the section `[metadata]` of the workspace's file names."""
    if section.url is None:
        return Store(locations.metadata)
    scheme = section.url.partition("://")[0]
    if scheme in ("grpc", "grpcs"):
        from lineal.mlmd.remote import RemoteStore

        return RemoteStore(section.url, folder=locations.root)
    if scheme == "sqlite":  # a relative path is one from the workspace's folder
        name = section.url.partition("://")[2].removeprefix("/").partition("?")[0]
        return Store.open(locations.root / name)
    return Store.open(section.url, password_env=section.password_env)


def make_with(folder: Path, section: MetadataSection) -> Locations:
    """Return the locations of the workspace in `folder`, made with that graph if it isn't there.

    Nothing is made if the graph can't be opened. Raises `AlreadyExists` if the workspace keeps
    its graph elsewhere.
    """
    check_url(section.url, "the metadata's URL")
    locations = Locations(folder.expanduser().resolve())
    if locations.settings.exists():
        kept = read_settings(locations.settings).metadata
        if kept != section:
            raise AlreadyExists(
                f"{locations.root} is a workspace already, which keeps its graph in "
                f"{kept.url or locations.metadata}; open it without another URL, "
                "or choose another folder"
            )
    else:
        is_file = section.url is not None and section.url.startswith("sqlite:")
        made = [each for each in (locations.root, *locations.root.parents) if not each.exists()]
        if is_file:
            locations.root.mkdir(parents=True, exist_ok=True)
        try:
            open_store(section, locations).close()
        except BaseException:
            with suppress(OSError):  # if they hold something by now
                for folder_made in made:
                    folder_made.rmdir()
            raise
    return make(folder, metadata=section)
