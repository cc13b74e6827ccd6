"""Find the version that a text refers to: `weather`, `weather@2`, `delay:best`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.metadata.names import parse

if TYPE_CHECKING:
    from lineal.metadata.store import Store, VersionRow

__all__ = ["row_of"]


def row_of(store: Store, reference: str) -> VersionRow | None:
    """Return the version that `reference` means, or None if there is none."""
    found = parse(reference)
    if found.number is not None:
        return store.version(found.name, found.number)
    if found.alias is not None:
        return store.alias(found.name, found.alias)
    if found.content is not None:
        return next(reversed(store.by_content(found.name, found.content)), None)
    if found.moment is not None:
        return store.as_of(found.moment).newest(found.name)
    if found.kind == "artifact":
        return store.version_of(found.id or 0)
    return store.newest(found.name)
