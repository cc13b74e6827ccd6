"""Tell of a table's version without Arrow and without an engine, so that a look costs little."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lineal.errors import Corrupt
from lineal.metadata import Version
from lineal.warehouse.graph import Facts
from lineal.warehouse.names import PROVENANCE

if TYPE_CHECKING:
    from lineal.lake import ObjectStore

__all__ = ["described"]


def described(version: Version, objects: ObjectStore) -> dict[str, object]:
    """Return what `TableVersion.describe` does, for a plain handle of a table's version."""
    facts = Facts.of(version.artifact, version.content)
    return {
        **Version.describe(version),
        "rows": facts.rows,
        "added_rows": facts.added_rows,
        "operation": str(facts.operation),
        "event_time": facts.event_time or None,
        "snapshot_id": int(str(version.artifact.get("snapshot_id", 0))),
        "columns": _columns(objects, str(version.artifact.get("plan", ""))),
    }


def _columns(objects: ObjectStore, plan: str) -> dict[str, str]:
    """Return the user's columns of a version's plan, each with its type as Iceberg spells it."""
    try:
        fields = json.loads(objects.read(plan))["schema"]["fields"]
    except (ValueError, KeyError) as error:
        raise Corrupt(f"the object {plan} is no plan of a table: {error}") from error
    return {f["name"]: _spelled(f["type"]) for f in fields if f["name"] not in PROVENANCE}


def _spelled(kind: object) -> str:
    """Return a type of Iceberg's JSON in one line."""
    if not isinstance(kind, dict):
        return str(kind)
    if kind["type"] == "list":
        return f"list<{_spelled(kind['element'])}>"
    if kind["type"] == "map":
        return f"map<{_spelled(kind['key'])}, {_spelled(kind['value'])}>"
    inside = ", ".join(f"{field['name']}: {_spelled(field['type'])}" for field in kind["fields"])
    return f"struct<{inside}>"
