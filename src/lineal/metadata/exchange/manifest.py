"""The one file of an export that says what the others are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from lineal.errors import Corrupt, IncompatibleVersion, NotFound
from lineal.metadata.tables import MLMD_SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["FORMAT_VERSION", "Layout", "Manifest", "read_manifest"]

FORMAT_VERSION = 1

Layout = Literal["parquet", "jsonl"]

_NAME = "manifest.json"
_WHAT = "lineal metadata export"


@dataclass(frozen=True)
class Manifest:
    """Which store was exported when, how, and how many rows of each table.

    `reach` is the greatest id that each kind of row ever had, so that a copy gives none again.
    """

    store: str
    exported_at: str
    layout: Layout
    rows: Mapping[str, int]
    reach: Mapping[str, int]
    mlmd_schema: int = MLMD_SCHEMA_VERSION
    format_version: int = FORMAT_VERSION
    format: str = field(default=_WHAT)

    def write(self, folder: Path) -> None:
        """Write the manifest into the export's folder."""
        (folder / _NAME).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the export in `folder`; raise for what is none, or a newer one."""
    try:
        found = json.loads((folder / _NAME).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(f"{folder} holds no export: there is no {_NAME} in it") from error
    except ValueError as error:
        raise Corrupt(f"{folder / _NAME} is damaged ({error}); export again") from error
    if not isinstance(found, dict) or found.get("format") != _WHAT:
        raise Corrupt(f"{folder / _NAME} is no manifest of an export")
    if found.get("format_version") != FORMAT_VERSION:
        raise IncompatibleVersion(
            f"{folder} is an export of format {found.get('format_version')}, this Lineal reads "
            f"{FORMAT_VERSION}; use a newer Lineal"
        )
    try:
        manifest = Manifest(**found)
    except TypeError as error:
        raise Corrupt(f"{folder / _NAME} is damaged ({error}); export again") from error
    if manifest.layout not in get_args(Layout):
        raise Corrupt(f"{folder / _NAME} names the unknown layout {manifest.layout!r}")
    return manifest
