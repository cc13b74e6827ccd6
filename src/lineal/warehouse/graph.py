"""How tables stand in the graph: their types, and what a version's properties say."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from lineal.metadata import ArtifactType, Context, ContextType, ExecutionType, Made, PropertyType

if TYPE_CHECKING:
    from lineal.metadata import Artifact, Value
    from lineal.warehouse.names import TableName
    from lineal.warehouse.plan import ReadBy, StoredPlan

__all__ = [
    "FOREIGN_WRITE",
    "INGEST",
    "OUTPUT",
    "SAVE",
    "SCHEMA_EDIT",
    "SUBJECT",
    "SUBJECT_EDIT",
    "TABLE",
    "WRITERS",
    "Facts",
    "Operation",
    "digest",
    "subject_context",
]

OUTPUT = "table"
"""The key of the event that ties an execution to the version it made."""

TABLE = ArtifactType(
    "lineal.Table",
    {
        "snapshot_id": PropertyType.INT,
        "schema_id": PropertyType.INT,
        "rows": PropertyType.INT,
        "added_rows": PropertyType.INT,
        "operation": PropertyType.STRING,
        "event_time": PropertyType.STRING,
        "load": PropertyType.STRING,
        "plan": PropertyType.STRING,
    },
    description="A table of the warehouse at one version: an Iceberg snapshot",
)
SUBJECT = ContextType(
    "lineal.Subject",
    {
        "owner": PropertyType.STRING,
        "description": PropertyType.STRING,
        "tags": PropertyType.STRING,
    },
    description="What a group of tables is about: an Iceberg namespace",
)
_WRITING = {"table": PropertyType.STRING}
INGEST = ExecutionType("lineal.ingest", _WRITING, description="A source loaded into a table")
SAVE = ExecutionType("lineal.save", _WRITING, description="A frame kept as a table's content")
SCHEMA_EDIT = ExecutionType("lineal.schema", _WRITING, description="A table's columns changed")
FOREIGN_WRITE = ExecutionType(
    "lineal.foreign_write", _WRITING, description="A change of a table that Lineal found made"
)
WRITERS = frozenset({INGEST.name, SAVE.name, SCHEMA_EDIT.name, FOREIGN_WRITE.name})
"""The verbs that write a table's versions; other executions may have a parameter `table`, too."""
SUBJECT_EDIT = ExecutionType("lineal.subject", description="A subject described")


class Operation(StrEnum):
    """What a version did to its table."""

    APPEND = "append"
    REPLACE = "replace"
    SCHEMA = "schema"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class Facts:
    """What is kept of a version beside its content; the next version inherits some of it."""

    operation: Operation
    rows: int
    added_rows: int
    content: str
    load: str = ""
    event_time: str = ""
    na_values: tuple[str, ...] | None = None
    since: int = 1
    """The number of the version that last replaced the content; loads before it don't count."""

    @classmethod
    def of(cls, artifact: Artifact, content: str) -> Facts:
        """Read the facts of a version back from its artifact."""
        return cls.from_properties(
            {**artifact.custom_properties, **artifact.properties, "content": content}
        )

    @classmethod
    def from_properties(cls, values: dict[str, Value]) -> Facts:
        """Read facts back from what `to_properties` made of them."""
        na_values = values.get("na_values")
        return cls(
            operation=Operation(str(values["operation"])),
            rows=_whole(values.get("rows")),
            added_rows=_whole(values.get("added_rows")),
            content=str(values.get("content", "")),
            load=str(values.get("load", "")),
            event_time=str(values.get("event_time", "")),
            na_values=None if na_values is None else tuple(json.loads(str(na_values))),
            since=_whole(values.get("since", 1)),
        )

    def to_properties(self) -> dict[str, Value]:
        """Return the facts as properties, without the content, which is the version's own."""
        values: dict[str, Value] = {
            "operation": str(self.operation),
            "rows": self.rows,
            "added_rows": self.added_rows,
            "since": self.since,
        }
        if self.load:
            values["load"] = self.load
        if self.event_time:
            values["event_time"] = self.event_time
        if self.na_values is not None:
            values["na_values"] = json.dumps(list(self.na_values))
        return values

    def made(
        self,
        *,
        snapshot_id: int,
        schema_id: int,
        plan: StoredPlan,
        uri: str,
        read_by: ReadBy = "engine",
    ) -> Made:
        """Return what the recorder has to know of the version."""
        properties = self.to_properties() | {
            "snapshot_id": snapshot_id,
            "schema_id": schema_id,
            "plan": plan.sha256,
        }
        if plan.new_segments:
            # Named here so that nobody takes the objects for left over.
            properties["plan_segments"] = ",".join(plan.new_segments)
        if read_by != "engine":
            properties["read_by"] = read_by
        return Made(self.content, uri, properties, skip_equal=False)

    def without_rows(self, operation: Operation, content: str) -> Facts:
        """Return the facts of a next version that only changes the schema."""
        return replace(self, operation=operation, added_rows=0, content=content, load="")


def digest(*parts: object) -> str:
    """Return the SHA-256 of these plain values, in hex."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def subject_context(name: TableName) -> tuple[ContextType, Context]:
    """Return the context that a table's executions and versions belong to."""
    return SUBJECT, Context(SUBJECT.name, name.subject)


def _whole(value: Value | None) -> int:
    return int(value) if isinstance(value, int | float) else 0
