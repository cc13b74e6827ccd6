"""Which Python classes stand for artifacts, and which of them can be wired to which.

Classes are recognised by their qualified names, so that neither pandas nor the warehouse is
imported to read a component's annotations.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.metadata import Version

__all__ = [
    "PRIMITIVES",
    "fits",
    "is_artifact_kind",
    "is_table",
    "is_version",
    "kind_name",
    "qualified",
    "version_of",
]

PRIMITIVES: tuple[type, ...] = (str, int, float, bool)
"""Plain values that an output may be; each is an artifact with a file that holds the text."""

_TABLES = frozenset(
    {
        "pyarrow.lib.Table",
        "pyarrow.Table",
        "pandas.DataFrame",
        "pandas.core.frame.DataFrame",
        "polars.DataFrame",
        "polars.dataframe.frame.DataFrame",
    }
)
_ANY_VERSION = "lineal.metadata.version.Version"


def kind_name(kind: type) -> str:
    """Return how a class is called in messages."""
    return kind.__qualname__.replace("<locals>.", "")


def is_table(kind: type) -> bool:
    """Say whether a class holds a table: ours, or a frame of another library."""
    return any(name in _TABLES or _is_table_version(name) for name in _ancestry(kind))


def is_version(kind: type) -> bool:
    """Say whether a class is a handle on a version that a verb has made."""
    return _ANY_VERSION in _ancestry(kind)


def is_artifact_kind(kind: type) -> bool:
    """Say whether values of a class are artifacts, so that no `Input[...]` needs to say it."""
    own = any(name.startswith("lineal.") for name in _ancestry(kind))
    return is_table(kind) or (own and not issubclass(kind, Enum))


def fits(made: type, wanted: type) -> bool:
    """Say whether an output annotated `made` can be an input annotated `wanted`."""
    if issubclass(made, wanted) and not (made is bool and wanted is int):
        return True
    return (is_table(made) and is_table(wanted)) or qualified(wanted) == _ANY_VERSION


def qualified(kind: type) -> str:
    """Return a class's module and name."""
    return f"{kind.__module__}.{kind.__qualname__}"


def version_of(value: object) -> Version | None:
    """Return the version that a value is, or that was read into it; None for a new value."""
    from lineal.metadata import Version

    if isinstance(value, Version):
        return value
    version = getattr(value, "version", None)
    return version if isinstance(version, Version) else None


def _ancestry(kind: type) -> list[str]:
    return [qualified(each) for each in kind.__mro__]


def _is_table_version(name: str) -> bool:
    return name.startswith("lineal.warehouse.") and name.endswith(".TableVersion")
