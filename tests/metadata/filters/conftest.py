"""A small graph, in our tables and as values, whose every node a filter can tell apart."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.services import database, server

from lineal.metadata import Store, tables
from lineal.metadata.batch.forms import EventForm, NodeForm
from lineal.metadata.filters import Neighbours, compile_filter, reachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lineal.metadata.filters import Meaning, Walk
    from lineal.metadata.filters.syntax import NodeKindName

PROPERTIES = {"n": 1, "acc": 2, "s": 3, "b": 6}
TYPES = {
    "artifact": ["A", "B"],
    "execution": ["X", "Y"],
    "context": ["C", "D"],
}
KIND_NUMBERS = {"execution": 0, "artifact": 1, "context": 2}
SAMPLE = {
    "types": TYPES,
    "properties": PROPERTIES,
    "artifact": [
        {
            "type": "A",
            "name": "foo",
            "uri": "s3://b/1",
            "state": 2,
            "properties": {"n": 1, "acc": 0.5, "b": True, "s": "x"},
            "custom": {"n": 50, "my:custom.p": True},
        },
        {
            "type": "A",
            "name": "Foobar",
            "uri": "s3://b/2",
            "state": 1,
            "properties": {"n": 2, "acc": 0.7, "b": False},
            "custom": {},
        },
        {"type": "B", "name": "x", "properties": {}, "custom": {"n": 2.5}},
        {"type": "B", "external_id": "E1", "state": 4, "properties": {}, "custom": {}},
        {"type": "A", "name": "5", "properties": {"n": 5}, "custom": {"s": "Yes"}},
        {
            "type": "A",
            "name": "name",
            "state": 2,
            "properties": {"acc": 0.9, "s": "q state = LIVE q"},
            "custom": {},
        },
    ],
    "execution": [
        {"type": "X", "name": "e1", "state": 3, "properties": {"n": 1}, "custom": {}},
        {"type": "X", "properties": {}, "custom": {}},
        {"type": "X", "name": "e3", "state": 4, "properties": {"n": 3}, "custom": {}},
        {"type": "Y", "name": "e4", "state": 2, "properties": {}, "custom": {}},
    ],
    "context": [
        {"type": "C", "name": "c1", "properties": {"n": 1}, "custom": {}},
        {"type": "C", "name": "c2", "properties": {}, "custom": {"s": "Yes"}},
        {"type": "D", "name": "c3", "properties": {}, "custom": {}},
    ],
    # artifact, execution, type, milliseconds: 1 -> e1 -> 2 -> e3 -> 5 -> e4 -> 6, and 1 -> e4
    "events": [
        [1, 1, 3, 1000],
        [2, 1, 4, 2000],
        [2, 3, 3, 3000],
        [5, 3, 1, 4000],
        [5, 4, 2, 5000],
        [6, 4, 7, 6000],
        [1, 4, 3, 7000],
    ],
    "attributions": [[1, 1], [1, 2], [2, 1], [3, 6]],  # context, artifact
    "associations": [[1, 1], [2, 1], [3, 4]],  # context, execution
    "parents": [[2, 1], [3, 2]],  # child, parent
}
VERSIONS = {2: ("ops.flights", 1), 5: ("ops.flights", 2)}
COLUMNS = {int: "int_value", float: "double_value", str: "string_value", bool: "bool_value"}


@dataclass(frozen=True)
class Sample:
    """The graph in a database."""

    connection: sa.Connection
    data: dict[str, object] = field(default_factory=lambda: SAMPLE)

    def ids(
        self, text: str, kind: NodeKindName = "artifact", meaning: Meaning = "lineal"
    ) -> list[int]:
        """Return the ids that a filter finds."""
        dialect = self.connection.dialect.name
        query = compile_filter(text, kind, meaning=meaning, dialect=dialect).ids()
        found = list(self.connection.scalars(query))
        assert len(found) == len(set(found))
        return sorted(found)

    @cached_property
    def nodes(self) -> dict[str, list[NodeForm]]:
        """The nodes as values, read from the tables."""
        return {kind: list(self._nodes(kind)) for kind in TYPES}

    @cached_property
    def events(self) -> list[EventForm]:
        """The events as values."""
        rows = self.connection.execute(sa.select(tables.event).order_by(tables.event.c.id))
        return [
            EventForm(row.artifact_id, row.execution_id, row.type, (), row[4], row.id)
            for row in rows
        ]

    def neighbours(self, kind: NodeKindName, node_id: int) -> Neighbours:
        """Return what is beside a node."""

        def reach(walk: Walk) -> Iterable[tuple[NodeForm, Neighbours]]:
            for found in reachable(self.events, kind, node_id, walk):
                yield self.nodes[walk.found][found - 1], self.neighbours(walk.found, found)

        links = {name: SAMPLE[name] for name in ("attributions", "associations", "parents")}
        members = links["attributions" if kind == "artifact" else "associations"]
        if kind != "context":
            return Neighbours(
                contexts=[
                    self.nodes["context"][c - 1] for c, member in members if member == node_id
                ],
                events=[e for e in self.events if getattr(e, f"{kind}_id") == node_id],
                version=VERSIONS.get(node_id) if kind == "artifact" else None,
                reach=reach,
            )
        node = self.nodes
        return Neighbours(
            artifacts=[node["artifact"][m - 1] for c, m in links["attributions"] if c == node_id],
            executions=[node["execution"][m - 1] for c, m in links["associations"] if c == node_id],
            parent_contexts=[node["context"][p - 1] for c, p in links["parents"] if c == node_id],
            child_contexts=[node["context"][c - 1] for c, p in links["parents"] if p == node_id],
        )

    def _nodes(self, kind: str) -> Iterator[NodeForm]:
        table, held = getattr(tables, kind), getattr(tables, f"{kind}_property")
        names = dict(
            self.connection.execute(sa.select(tables.type_.c.id, tables.type_.c.name)).all()
        )
        for row in self.connection.execute(sa.select(table).order_by(table.c.id)).mappings():
            node = NodeForm(
                id=row["id"],
                type_id=row["type_id"],
                name=row["name"],
                external_id=row["external_id"],
                uri=row.get("uri"),
                state=row.get("state", row.get("last_known_state")),
                type=names[row["type_id"]],
                created=row["create_time_since_epoch"],
                updated=row["last_update_time_since_epoch"],
            )
            values = self.connection.execute(sa.select(held).where(held.c[f"{kind}_id"] == node.id))
            for value in values.mappings():
                found = next(value[c] for c in COLUMNS.values() if value[c] is not None)
                place = node.custom if value["is_custom_property"] else node.properties
                place[value["name"]] = found
            yield node


@pytest.fixture(scope="session")
def sample() -> Iterator[Sample]:
    """The graph in a database in memory."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        tables.mlmd_metadata.create_all(connection)
        tables.lineal_metadata.create_all(connection)
        fill(connection)
        yield Sample(connection)
    engine.dispose()


@pytest.fixture(scope="session", params=["postgresql", "mysql"])
def remote(request: pytest.FixtureRequest) -> Iterator[Sample]:
    """The graph in a database on a server."""
    for url in database(server(request.param)):
        with closing(Store.open(url)) as store:
            with store._database.write() as connection:
                fill(connection)
            with store.reading() as (connection, _):
                yield Sample(connection)


def fill(connection: sa.Connection) -> None:
    """Write the graph into the tables, ids from 1; type ids from 10, as the wheel counts."""
    type_ids: dict[tuple[str, str], int] = {}
    for kind, names in TYPES.items():
        for name in names:
            type_ids[kind, name] = 10 + len(type_ids)
            row = {"id": type_ids[kind, name], "name": name, "type_kind": KIND_NUMBERS[kind]}
            connection.execute(tables.type_.insert(), row)
    for kind in TYPES:
        for node_id, node in enumerate(SAMPLE[kind], 1):
            _put(connection, kind, node_id, type_ids[kind, node["type"]], node)
    for name, columns in (
        ("event", ("artifact_id", "execution_id", "type", "milliseconds_since_epoch")),
        ("attribution", ("context_id", "artifact_id")),
        ("association", ("context_id", "execution_id")),
        ("parent_context", ("context_id", "parent_context_id")),
    ):
        rows = SAMPLE["parents" if name == "parent_context" else f"{name}s"]
        table = getattr(tables, name)
        connection.execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in rows])
    add_versions(connection)


def add_versions(connection: sa.Connection) -> None:
    """Write which artifacts are versions of a name."""
    for artifact_id, (name, number) in VERSIONS.items():
        connection.execute(
            tables.version.insert(),
            {
                "artifact_id": artifact_id,
                "name": name,
                "number": number,
                "content": "-",
                "commit": 1,
            },
        )


def _put(
    connection: sa.Connection, kind: str, node_id: int, type_id: int, node: dict[str, object]
) -> None:
    table, held = getattr(tables, kind), getattr(tables, f"{kind}_property")
    state = {"artifact": "state", "execution": "last_known_state"}.get(kind)
    row = {
        "id": node_id,
        "type_id": type_id,
        "name": node.get("name"),
        "external_id": node.get("external_id"),
        "create_time_since_epoch": 1_700_000_000_000 + node_id,
        "last_update_time_since_epoch": 1_800_000_000_000 + node_id,
        **({state: node.get("state")} if state else {}),
        **({"uri": node.get("uri", "")} if kind == "artifact" else {}),
    }
    connection.execute(table.insert(), row)
    for is_custom, values in enumerate((node["properties"], node["custom"])):
        for name, value in values.items():
            connection.execute(
                held.insert(),
                {
                    f"{kind}_id": node_id,
                    "name": name,
                    "is_custom_property": is_custom,
                    COLUMNS[type(value)]: value,
                },
            )
