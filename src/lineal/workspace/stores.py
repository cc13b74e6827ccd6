"""Open the store that a workspace's graph is in: a file of its own, a database, or a server's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.metadata import Store

if TYPE_CHECKING:
    from lineal.workspace.locations import Locations
    from lineal.workspace.settings import MetadataSection

__all__ = ["open_store"]


def open_store(section: MetadataSection, locations: Locations) -> Store:
    """Return the store that the section `[metadata]` of the workspace's file names."""
    if section.url is None:
        return Store(locations.metadata)
    scheme = section.url.partition("://")[0]
    if scheme in ("grpc", "grpcs"):
        from lineal.mlmd.remote import RemoteStore

        return RemoteStore(section.url, folder=locations.root)
    return Store.open(section.url, password_env=section.password_env)
