"""Write the graph: one transaction, one numbered commit.

Everything here happens inside the database's write lock. What an update replaces is put beside,
so that the past can be asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import NotFound
from lineal.metadata import rows, tables
from lineal.metadata.commit import Commit
from lineal.metadata.model import (
    Artifact,
    ArtifactType,
    Context,
    ContextType,
    Event,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    NodeType,
    PropertyType,
    Value,
    read_as,
)
from lineal.metadata.properties import encode_all, split
from lineal.metadata.queries import (
    ARTIFACT_TYPE,
    BY_CONTENT,
    CONFIRM,
    EVENT_OF,
    EXECUTION_STATE,
    PRESENT,
)
from lineal.metadata.types import TypeWrites
from lineal.metadata.updating import NodeChange, update_nodes
from lineal.metadata.versioning import VersionWrites

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Transaction"]


class Transaction:
    """The write operations; every method raises before it changes anything it can't finish."""

    def __init__(self, connection: sa.Connection) -> None:
        self.commit = Commit(connection)
        self._types = TypeWrites(self.commit)
        self.versions = VersionWrites(self.commit)

    def seal(self) -> None:
        """Write the commit's own row, if anything was written."""
        self.commit.seal()

    def put_type(self, wanted: NodeType) -> int:
        """Return the id of the type called so, made or widened by new properties if need be."""
        return self._types.put(wanted)[0]

    # Nodes

    def insert_artifact(self, kind: ArtifactType, artifact: Artifact) -> int:
        """Insert `artifact` as one of the type `kind`; return its id."""
        values = {"uri": artifact.uri, "state": artifact.state, "name": artifact.name}
        return self._insert_node("artifact", kind, artifact, values)

    def insert_execution(self, kind: ExecutionType, execution: Execution) -> int:
        """Insert `execution` as one of the type `kind`; return its id."""
        values = {"last_known_state": execution.state, "name": execution.name}
        return self._insert_node("execution", kind, execution, values)

    def put_context(self, kind: ContextType, context: Context) -> int:
        """Return the id of the context of that type and name, inserted if there is none.

        Properties that are given and differ are updated, others stay.
        """
        type_id, _ = self._types.put(kind)
        table = tables.context
        found = rows.context(
            self.commit.connection, [table.c.type_id == type_id, table.c.name == context.name]
        )
        if not found:
            return self._insert_node("context", kind, context, {"name": context.name})
        stored = found[0]
        given = {**context.properties, **context.custom_properties}
        if any(stored.get(name) != value for name, value in given.items()):
            self.update("context", stored.id or 0, kind, properties=given)
        return stored.id or 0

    def update(
        self,
        kind: str,
        node_id: int,
        node_type: NodeType | None = None,
        *,
        columns: Mapping[str, object] | None = None,
        properties: Mapping[str, Value] | None = None,
    ) -> None:
        """Change columns and add or replace properties of a node; the old values stay beside."""
        if node_type is not None:
            self._types.put(node_type)  # it may declare more than was declared so far
        self.update_many(kind, [NodeChange(node_id, columns or {}, properties or {})])

    def update_many(self, kind: str, changes: Sequence[NodeChange]) -> None:
        """Change several nodes of one kind, with a few statements for all of them."""
        update_nodes(self.commit, kind, changes)

    def artifact_of(self, artifact_id: int) -> Artifact:
        """Return the artifact as it stands in this transaction."""
        found = rows.artifact(self.commit.connection, [tables.artifact.c.id == artifact_id])
        if not found:
            raise NotFound(f"there is no artifact/{artifact_id}")
        return found[0]

    def type_of(self, artifact_id: int) -> str:
        """Return the name of the artifact's type."""
        found = ARTIFACT_TYPE.row(self.commit, artifact_id)
        if found is None:
            raise NotFound(f"there is no artifact/{artifact_id}")
        return str(found[0])

    def declared(self, artifact_id: int) -> Mapping[str, PropertyType]:
        """Return the properties that the artifact's type declares."""
        return self._types.declared("artifact", artifact_id)

    def holds_artifact(self, artifact_id: int) -> bool:
        """Return whether there is an artifact with that id."""
        return PRESENT.row(self.commit, artifact_id) is not None

    def execution_state(self, execution_id: int) -> ExecutionState | None:
        """Return the state of an execution as it stands in this transaction."""
        found = EXECUTION_STATE.row(self.commit, execution_id)
        return None if found is None or found[0] is None else read_as(ExecutionState, found[0])

    def find_artifact(self, kind: ArtifactType, *, content: str) -> int | None:
        """Return the newest artifact of `kind` whose property `sha256` is `content`, if any."""
        type_id, _ = self._types.put(kind)
        found = BY_CONTENT.row(self.commit, type_id, "sha256", content)
        return None if found is None else found[0]

    # Edges

    def put_event(self, event: Event) -> int:
        """Insert `event`; return its id.

        One artifact that stands twice in one execution, as an input say, is one event with both
        paths, as ML Metadata keeps it.
        """
        table, path = tables.event, tables.event_path
        found = EVENT_OF.row(self.commit, event.artifact_id, event.execution_id, int(event.type))
        event_id: int | None = None if found is None else found[0]
        if event_id is None:
            event_id = self.commit.insert_one(
                table,
                {
                    "artifact_id": event.artifact_id,
                    "execution_id": event.execution_id,
                    "type": int(event.type),
                    "milliseconds_since_epoch": self.commit.milliseconds,
                },
            )
        steps = [
            {
                "event_id": event_id,
                "is_index_step": int(isinstance(step, int)),
                "step_index": step if isinstance(step, int) else None,
                "step_key": None if isinstance(step, int) else step,
            }
            for step in event.path
        ]
        if steps:
            self.commit.insert(path, steps)
        return event_id

    def turn_event(self, event_id: int, to: EventType, *, artifact_id: int) -> None:
        """Make a pending event an output of `artifact_id`.

        It keeps its id if the artifact was made there. One that was there already gets an event
        of now: its first one stays that of the execution that made it.
        """
        table = tables.event
        row = self.commit.connection.execute(sa.select(table).where(table.c.id == event_id)).one()
        if row.artifact_id == artifact_id:
            self.commit.keep("event", event_id, {"type": row.type})
            self.commit.connection.execute(
                table.update().where(table.c.id == event_id), {"type": int(to)}
            )
            return
        path = rows.paths(self.commit.connection, [event_id]).get(event_id, ())
        self.remove_event(event_id)
        self.put_event(Event(artifact_id, row.execution_id, to, path))

    def confirm_events(self, event_ids: Sequence[int]) -> None:
        """Make pending events outputs of the artifacts that they have."""
        pending, output = int(EventType.PENDING_OUTPUT), int(EventType.OUTPUT)
        self.commit.keep_many("event", [(number, {"type": pending}) for number in event_ids])
        CONFIRM.run(self.commit, [(output, number) for number in event_ids])

    def remove_event(self, event_id: int) -> None:
        """Remove a pending event whose output did not come to be."""
        self.commit.connection.execute(
            tables.event_path.delete().where(tables.event_path.c.event_id == event_id)
        )
        self.commit.connection.execute(tables.event.delete().where(tables.event.c.id == event_id))

    def associate(self, context_id: int, execution_id: int) -> None:
        """Put an execution into a context, once."""
        self._link(tables.association, {"context_id": context_id, "execution_id": execution_id})

    def attribute(self, context_id: int, artifact_id: int) -> None:
        """Put an artifact into a context, once."""
        self._link(tables.attribution, {"context_id": context_id, "artifact_id": artifact_id})

    def put_parent_context(self, child_id: int, parent_id: int) -> None:
        """Put a context into another, once."""
        link = {"context_id": child_id, "parent_context_id": parent_id}
        if self._link(tables.parent_context, link):
            self.commit.insert(tables.parent_commit, [{**link, "commit": self.commit.number}])

    def maker_of(self, artifact_id: int) -> int | None:
        """Return the execution that made the artifact: the one of its earliest OUTPUT event."""
        event = tables.event
        found: int | None = self.commit.connection.scalar(
            sa.select(event.c.execution_id)
            .where(event.c.artifact_id == artifact_id, event.c.type == int(EventType.OUTPUT))
            .order_by(event.c.id)
            .limit(1)
        )
        return found

    def inputs_of(self, execution_id: int) -> list[int]:
        """Return the ids of the artifacts that are inputs of the execution."""
        event = tables.event
        return list(
            self.commit.connection.scalars(
                sa.select(event.c.artifact_id).where(
                    event.c.execution_id == execution_id, event.c.type == int(EventType.INPUT)
                )
            )
        )

    # Inside

    def _insert_node(
        self,
        kind: str,
        node_type: NodeType,
        node: Artifact | Execution | Context,
        values: Mapping[str, object],
    ) -> int:
        type_id, declared = self._types.put(node_type)
        given = {**node.properties, **node.custom_properties}
        split(given, declared)  # refuse wrong values before anything is inserted
        node_id = self.commit.insert_one(
            getattr(tables, kind),
            {
                "type_id": type_id,
                "external_id": node.external_id,
                "create_time_since_epoch": self.commit.milliseconds,
                "last_update_time_since_epoch": self.commit.milliseconds,
                **{
                    name: int(value) if isinstance(value, int) else value
                    for name, value in values.items()
                },
            },
        )
        self._put_properties(kind, node_id, node_type, given, are_new=True)
        return node_id

    def _put_properties(
        self,
        kind: str,
        node_id: int,
        node_type: NodeType | None,
        given: Mapping[str, Value],
        *,
        are_new: bool = False,
    ) -> None:
        declared = (
            self._types.put(node_type)[1] if node_type else self._types.declared(kind, node_id)
        )
        properties, custom = split(given, declared)
        table: sa.Table = getattr(tables, f"{kind}_property")
        owner = table.c[f"{kind}_id"]
        for values, is_custom in ((properties, False), (custom, True)):
            if not values:
                continue
            if not are_new:
                self.commit.connection.execute(
                    table.delete().where(
                        owner == node_id,
                        table.c.is_custom_property == int(is_custom),
                        table.c.name.in_(list(values)),
                    )
                )
            self.commit.insert(table, encode_all(kind, node_id, values, custom=is_custom))

    def _link(self, table: sa.Table, values: dict[str, int]) -> bool:
        """Insert the link unless it is there; return whether it wasn't."""
        present = self.commit.connection.scalar(
            sa.select(sa.literal(1)).where(*(table.c[name] == v for name, v in values.items()))
        )
        if present is None:
            self.commit.insert(table, [values])
        return present is None
