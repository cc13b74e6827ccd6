"""Nodes as Arrow: one row a node, a column for each property, of the type that holds all values."""

import pyarrow as pa
import pytest

from lineal.metadata import ArtifactState, Store, tables
from lineal.metadata.graph import Graph
from lineal.metadata.model import Artifact, ArtifactType, PropertyType


@pytest.fixture
def graph():
    return Graph(Store())


def put(graph, declared, *artifacts, name="Data"):
    graph.put_types([ArtifactType(name, declared)])
    return graph.put_artifacts([Artifact(name, **columns) for columns in artifacts])


def test_columns_are_called_and_typed_as_the_properties(graph):
    declared = {"rows": PropertyType.INT, "rate": PropertyType.DOUBLE, "ok": PropertyType.BOOLEAN}
    put(
        graph,
        declared,
        {"name": "a", "properties": {"rows": 1}, "state": ArtifactState.LIVE},
        {"custom_properties": {"team": "ops"}, "uri": "s3://b/x"},
    )
    table = graph.table("artifact")
    assert table.column_names == [
        *("id", "type", "type_id", "name", "uri", "state", "external_id", "created", "updated"),
        *("ok", "rate", "rows", "team"),
    ]
    types = {name: table.schema.field(name).type for name in ("ok", "rate", "rows", "team")}
    assert types == {
        "ok": pa.bool_(),
        "rate": pa.float64(),
        "rows": pa.int64(),
        "team": pa.string(),
    }
    assert table.schema.field("created").type == pa.timestamp("ms", tz="UTC")
    assert table.column("state").to_pylist() == ["LIVE", None]
    assert table.column("rows").to_pylist() == [1, None]
    assert table.column("team").to_pylist() == [None, "ops"]


def test_names_that_are_taken_are_told_as_in_filters(graph):
    put(
        graph,
        {"rows": PropertyType.INT},
        {"properties": {"rows": 1}, "custom_properties": {"rows": "many", "uri": "u"}},
    )
    table = graph.table("artifact")
    assert table.column("properties.rows").to_pylist() == [1]
    assert table.column("custom_properties.rows").to_pylist() == ["many"]
    assert table.column("custom_properties.uri").to_pylist() == ["u"]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1, 2.5], [1.0, 2.5]),
        ([2**60, 0.5], [str(2**60), "0.5"]),
        ([1, "x"], ["1", "x"]),
        ([True, 1], ["true", "1"]),
        ([{"a": [1]}, {}], ['{"a": [1]}', "{}"]),
    ],
)
@pytest.mark.parametrize("chunk", [1, 10])
def test_different_kinds_by_one_name_share_a_type_that_holds_them(
    graph, values, wanted, chunk, monkeypatch
):
    monkeypatch.setattr("lineal.metadata.batch.frames.CHUNK", chunk)
    put(graph, {}, *({"custom_properties": {"p": value}} for value in values))
    assert graph.table("artifact").column("p").to_pylist() == wanted


def test_store_without_nodes_makes_a_table_without_rows(graph):
    table = graph.table("execution")
    assert table.num_rows == 0
    assert "state" in table.column_names


def test_table_tells_the_same_as_the_objects(graph):
    rows = [{"name": str(n), "custom_properties": {"n": n, "half": n / 2}} for n in range(25)]
    put(graph, {}, *rows)
    table = graph.table("artifact", filter="custom_properties.n.int_value >= 5", limit=10)
    artifacts = graph.artifacts(filter="custom_properties.n.int_value >= 5", limit=10)
    assert table.column("half").to_pylist() == [a.custom_properties["half"] for a in artifacts]
    assert table.column("created").to_pylist() == [a.created for a in artifacts]
    assert table.num_rows == 10


def test_columns_that_the_store_cannot_read_are_left_out(graph):
    (node,) = put(graph, {}, {"name": "a"})
    row = {"artifact_id": node, "name": "empty", "is_custom_property": True}
    with graph.store._database.write() as connection:
        connection.execute(tables.artifact_property.insert(), row)
    assert graph.table("artifact").column("empty").to_pylist() == [None]
    assert graph.artifacts()[0].custom_properties == {}
