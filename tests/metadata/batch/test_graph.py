"""The native API: plain typed objects in, ids out, many calls in one commit if asked."""

import threading
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.metadata import (
    Artifact,
    ArtifactState,
    ArtifactType,
    Association,
    Attribution,
    Context,
    ContextType,
    Event,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    PropertyType,
    Store,
    tables,
)
from lineal.metadata.faults import Stale
from lineal.metadata.graph import Graph
from lineal.metadata.model import ParentContext, Part, Proto

DATA = ArtifactType(
    "Data",
    {
        "rows": PropertyType.INT,
        "share": PropertyType.DOUBLE,
        "split": PropertyType.STRING,
        "clean": PropertyType.BOOLEAN,
        "shape": PropertyType.STRUCT,
        "message": PropertyType.PROTO,
    },
)


@pytest.fixture
def graph():
    """A graph in memory with a type of each kind."""
    store = Store()
    graph = Graph(store)
    graph.put_types([DATA, ExecutionType("Train"), ContextType("Pipeline")])
    yield graph
    store.close()


def count(graph, table):
    with graph.store.reading() as (connection, _):
        return len(connection.execute(table.select()).all())


def test_an_artifact_comes_back_as_it_was_put(graph):
    put = Artifact(
        "Data",
        uri="s3://bucket/x",
        state=ArtifactState.LIVE,
        name="x",
        external_id="outside",
        properties={
            "rows": 10,
            "share": 1 / 3,
            "split": "train",
            "clean": True,
            "shape": {"wide": [1, 2]},
            "message": Proto("type.googleapis.com/a.B", b"\x08\x01"),
        },
        custom_properties={"rows": "of the same name", "more": {"a": None}},
    )
    (node_id,) = graph.put_artifacts([put])
    (stored,) = graph.store.artifacts(ids=[node_id])
    for field in ("uri", "state", "name", "external_id", "properties", "custom_properties"):
        assert getattr(stored, field) == getattr(put, field)
    assert stored.created == stored.updated


def test_what_was_read_is_put_back_with_a_change(graph):
    (node_id,) = graph.put_artifacts([Artifact("Data", uri="old", properties={"rows": 1})])
    (read,) = graph.artifacts(ids=[node_id])
    graph.put_artifacts([Artifact("Data", id=node_id, uri="new", properties={"rows": 1})])
    assert graph.artifacts(ids=[node_id])[0].uri == "new"
    with pytest.raises(Stale):
        graph.put_artifacts(
            [Artifact("Data", id=node_id, updated=datetime(2000, 1, 1, tzinfo=UTC))],
            expect_unchanged=True,
        )
    with pytest.raises(InvalidInput, match="does not tell when it was last updated"):
        graph.put_artifacts([Artifact("Data", id=node_id)], expect_unchanged=True)
    assert read.id == node_id


def test_fields_alone_are_changed(graph):
    (node_id,) = graph.put_executions([Execution("Train", name="t", custom_properties={"a": 1})])
    graph.put_executions(
        [Execution("Train", id=node_id, state=ExecutionState.FAILED, custom_properties={"b": 2})],
        fields=["state", "custom_properties.b"],
    )
    (stored,) = graph.executions(ids=[node_id])
    assert stored.state == ExecutionState.FAILED
    assert stored.custom_properties == {"a": 1, "b": 2}


@pytest.mark.parametrize("field", ["sate", "properties.", "uri.x", "name"])
def test_a_field_that_is_none_is_refused(graph, field):
    with pytest.raises(NotFound, match="an artifact has no field"):
        graph.put_artifacts([Artifact("Data", id=1)], fields=[field])


def test_an_int_serves_where_a_double_is_declared(graph):
    (node_id,) = graph.put_artifacts([Artifact("Data", properties={"share": 2})])
    held = graph.artifacts(ids=[node_id])[0].properties["share"]
    assert (type(held), held) == (float, 2.0)


def test_an_unknown_type_is_told_with_the_likely_one(graph):
    with pytest.raises(NotFound, match=r"no artifact type 'Dat'; did you mean 'Data'\?"):
        graph.put_artifacts([Artifact("Dat")])
    graph.put_types([ArtifactType("Versioned", version="2")])
    with pytest.raises(InvalidInput, match="only the versions 2; say which one by its type_id"):
        graph.put_artifacts([Artifact("Versioned")])


def test_types_of_all_kinds_are_put_in_one_call_in_order(graph):
    ids = graph.put_types([ContextType("C"), ArtifactType("A"), ContextType("C")])
    assert ids[0] == ids[2] != ids[1]
    graph.put_types([ArtifactType("A", {"k": PropertyType.INT})], can_add=True)
    with pytest.raises(AlreadyExists, match="'k'"):
        graph.put_types([ArtifactType("A")])


def test_events_take_aware_times_only(graph):
    (data,) = graph.put_artifacts([Artifact("Data")])
    (run,) = graph.put_executions([Execution("Train")])
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    graph.put_events([Event(data, run, EventType.INPUT, ("in", 0), time=moment)])
    (event,) = graph.store.events(artifact_ids=[data])
    assert (event.time, event.path) == (moment, ("in", 0))
    with pytest.raises(InvalidInput, match="no time zone"):
        graph.put_events([Event(data, run, EventType.OUTPUT, time=datetime(2020, 1, 1))])  # noqa: DTZ001


def test_links_and_parents_are_put(graph):
    (data,) = graph.put_artifacts([Artifact("Data")])
    (run,) = graph.put_executions([Execution("Train")])
    child, parent = graph.put_contexts([Context("Pipeline", "c"), Context("Pipeline", "p")])
    graph.put_links([Attribution(child, data), Association(child, run)])
    graph.put_parent_contexts([ParentContext(child, parent)])
    assert [c.id for c in graph.store.contexts(artifact_id=data)] == [child]
    assert [c.id for c in graph.store.contexts(execution_id=run)] == [child]
    assert [c.id for c in graph.store.parent_contexts(child)] == [parent]


def test_an_execution_is_put_with_its_inputs_and_outputs_by_key(graph):
    (known,) = graph.put_artifacts([Artifact("Data")])
    put = graph.put_execution(
        Execution("Train", state=ExecutionState.COMPLETE),
        inputs={"data": known},
        outputs={"models": [Artifact("Data", name="m0"), Artifact("Data", name="m1")]},
        contexts=[Context("Pipeline", "p")],
    )
    assert put.inputs == {"data": [known]}
    assert [a.name for a in graph.artifacts(ids=put.outputs["models"])] == ["m0", "m1"]
    events = graph.store.events(execution_ids=[put.execution])
    assert sorted((e.type, e.path) for e in events) == [
        (EventType.INPUT, ("data", 0)),
        (EventType.OUTPUT, ("models", 0)),
        (EventType.OUTPUT, ("models", 1)),
    ]
    with pytest.raises(InvalidInput, match="no artifact with the id 77"):
        graph.put_execution(Execution("Train"), inputs={"data": 77})


def test_lineage_is_put_in_one_call(graph):
    put = graph.put_lineage(
        executions=[Execution("Train")],
        artifacts=[Artifact("Data", name="in"), Artifact("Data", name="out")],
        contexts=[Context("Pipeline", "p")],
        parts=[Part(0, 0, EventType.INPUT), Part(0, 1, EventType.OUTPUT, ("model",))],
    )
    events = graph.store.events(execution_ids=put.executions)
    assert [(e.artifact_id, e.type, e.path) for e in events] == [
        (put.artifacts[0], EventType.INPUT, ()),
        (put.artifacts[1], EventType.OUTPUT, ("model",)),
    ]
    assert len(graph.store.artifacts(context_id=put.contexts[0])) == 2


# Batches


def test_a_batch_is_one_commit(graph):
    before = count(graph, tables.commit)
    with graph.batch():
        (data,) = graph.put_artifacts([Artifact("Data")])
        (run,) = graph.put_executions([Execution("Train")])
        graph.put_events([Event(data, run, EventType.OUTPUT)])
    assert count(graph, tables.commit) == before + 1
    assert count(graph, tables.event) == 1


def test_a_batch_whose_call_failed_stores_nothing_though_the_error_was_caught(graph):
    def put():
        with graph.batch():
            graph.put_artifacts([Artifact("Data")])
            with pytest.raises(NotFound):
                graph.put_artifacts([Artifact("Dat")])

    with pytest.raises(InvalidInput, match=r"nothing of the batch is stored.*did you mean 'Data'"):
        put()
    assert graph.artifacts() == []
    graph.put_artifacts([Artifact("Data")])
    assert len(graph.artifacts()) == 1


@pytest.mark.parametrize("in_file", [True, False])
def test_a_batch_reads_what_it_put_and_others_do_not(tmp_path, in_file):
    store = Store(tmp_path / "metadata.db" if in_file else None)
    graph = Graph(store)
    graph.put_types([DATA])
    seen_by_another = []
    with graph.batch():
        graph.put_artifacts([Artifact("Data", name="a")])
        assert [a.name for a in graph.artifacts(filter="name = 'a'")] == ["a"]
        if in_file:
            other = threading.Thread(target=lambda: seen_by_another.extend(graph.artifacts()))
            other.start()
            other.join()
    assert seen_by_another == []
    assert len(graph.artifacts()) == 1
    store.close()


def test_a_batch_in_a_batch_is_refused(graph):
    with graph.batch(), pytest.raises(InvalidInput, match="open in this thread"), graph.batch():
        pass


# Loading tables


def test_a_table_is_loaded_with_a_node_for_each_row(graph):
    table = pa.table(
        {
            "uri": ["a", None],
            "state": ["LIVE", None],
            "name": pa.array(["one", "two"]).dictionary_encode(),
            "rows": pa.array([1, None], pa.uint8()),
            "properties.share": pa.array([1, 2], pa.int32()),
            "split": ["train", "test"],
            "clean": [True, None],
            "shape": [{"wide": 3}, {"wide": None}],
            "custom_properties.rows": ["text", None],
        }
    )
    ids = graph.load("artifact", table, type="Data")
    one, two = graph.artifacts(ids=ids.to_pylist())
    assert (one.name, one.uri, one.state) == ("one", "a", ArtifactState.LIVE)
    assert one.properties == {
        "rows": 1,
        "share": 1.0,
        "split": "train",
        "clean": True,
        "shape": {"wide": 3},
    }
    assert one.custom_properties == {"rows": "text"}
    assert (two.name, two.uri, two.state) == ("two", "", None)
    assert two.properties == {"share": 2.0, "split": "test", "shape": {"wide": None}}
    assert two.custom_properties == {}


def test_loading_in_chunks_gives_the_same_as_putting(graph, monkeypatch):
    monkeypatch.setattr("lineal.metadata.batch.loading._CHUNK", 7)
    table = pa.table({"name": [f"n{i}" for i in range(50)], "rows": range(50)})
    commits = count(graph, tables.commit)
    ids = graph.load("artifact", table.to_reader(20), type="Data").to_pylist()
    assert [(a.name, a.properties) for a in graph.artifacts(ids=ids)] == [
        (f"n{i}", {"rows": i}) for i in range(50)
    ]
    assert count(graph, tables.commit) == commits + 1


@pytest.mark.parametrize(
    ("column", "values", "error", "told"),
    [
        ("rows", ["text"], InvalidInput, "Found unmatched property type: rows .*INT"),
        ("share", [float("nan")], InvalidInput, "'share' holds NaN"),
        ("rows", pa.array([2**63], pa.uint64()), InvalidInput, "'rows' holds what does not fit"),
        ("split", ["a\0b"], InvalidInput, "'split' holds a NUL"),
        ("split", ["mlmd-struct::x"], InvalidInput, "'split' holds 'mlmd-struct::x'"),
        ("split", ["__MLMD_NULL__"], InvalidInput, "'split' holds '__MLMD_NULL__'"),
        ("splat", ["x"], NotFound, "'splat'; did you mean 'split'"),
        ("properties.splat", ["x"], NotFound, "'splat'; did you mean 'split'"),
        ("state", ["LIFE"], NotFound, "no state 'LIFE'; did you mean 'LIVE'"),
        ("custom_properties.when", [datetime(2020, 1, 1, tzinfo=UTC)], InvalidInput, "timestamp"),
        ("name", ["taken"], AlreadyExists, "the name 'taken' is taken by artifact/1"),
    ],
)
def test_a_wrong_column_stores_nothing(graph, column, values, error, told):
    graph.put_artifacts([Artifact("Data", name="taken")])
    good = pa.table({column: pa.array(values)[:0]})
    table = pa.table({column: values})
    reader = pa.RecordBatchReader.from_batches(
        table.schema, [*good.to_batches(), *table.to_batches()]
    )
    with pytest.raises(error, match=told):
        graph.load("artifact", reader, type="Data")
    assert count(graph, tables.artifact) == 1


def test_a_type_is_made_of_the_columns_and_widened_where_asked(graph):
    first = pa.table({"uri": ["a"], "rows": [1], "custom_properties.by": ["ann"]})
    with pytest.raises(NotFound, match="no artifact type 'Fresh'"):
        graph.load("artifact", first, type="Fresh")
    graph.load("artifact", first, type="Fresh", make_type=True)
    second = pa.table({"properties.name": ["b"], "share": [0.5], "state": ["LIVE"]})
    ids = graph.load("artifact", second, type="Fresh", make_type=True)
    (fresh,) = graph.types("artifact", name="Fresh")
    assert fresh.properties == {
        "rows": PropertyType.INT,
        "name": PropertyType.STRING,
        "share": PropertyType.DOUBLE,
    }
    (stored,) = graph.artifacts(ids=ids.to_pylist())
    assert (stored.name, stored.properties) == (None, {"name": "b", "share": 0.5})


def test_contexts_are_loaded_with_names_only(graph):
    with pytest.raises(InvalidInput, match="no column 'name'"):
        graph.load("context", pa.table({"external_id": ["e"]}), type="Pipeline")
    ids = graph.load("context", pa.table({"name": ["a", "b"]}), type="Pipeline")
    assert len(ids) == 2
