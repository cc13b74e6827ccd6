"""Wrong arguments of the native API are refused, told with the field and the value."""

import numpy as np
import pytest

from lineal.errors import AlreadyExists, InvalidInput
from lineal.metadata import (
    Artifact,
    ArtifactState,
    ArtifactType,
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
from lineal.metadata.graph import Graph
from lineal.metadata.model import Attribution, NodeType, ParentContext, Part

IN = EventType.INPUT


@pytest.fixture
def graph():
    """A graph in memory with a type of each kind and two of each node."""
    store = Store()
    graph = Graph(store)
    graph.put_types(
        [ArtifactType("Data", {"n": PropertyType.INT}), ExecutionType("Run"), ContextType("Group")]
    )
    graph.put_artifacts([Artifact("Data", name="a"), Artifact("Data", name="b")])
    graph.put_executions([Execution("Run"), Execution("Run")])
    graph.put_contexts([Context("Group", "c"), Context("Group", "d")])
    yield graph
    store.close()


def rows(graph):
    """Return how many rows the tables of the graph hold."""
    held = (tables.artifact, tables.execution, tables.context, tables.event, tables.type_)
    with graph.store.reading() as (connection, _):
        return [len(connection.execute(table.select()).all()) for table in held]


def names(nodes):
    return [node.name for node in nodes]


def test_ids_of_numpy_serve_wherever_ids_do(graph):
    one, two = np.int64(1), np.int32(2)
    assert names(graph.artifacts(ids=np.array([2, 1]))) == ["a", "b"]
    assert names(graph.contexts(ids=[two])) == ["d"]
    graph.put_artifacts([Artifact("Data", "new", id=one)], fields=["uri"])
    assert graph.artifacts(ids=[1])[0].uri == "new"
    graph.put_events([Event(one, two, IN, (np.int64(3), "k"))])
    (event,) = graph.events(execution_ids=np.array([2]))
    assert (event.artifact_id, event.path) == (1, (3, "k"))
    graph.put_links([Attribution(two, one)])
    assert names(graph.artifacts(context_id=two)) == ["a"]
    put = graph.put_execution(Execution("Run", id=one), inputs={"x": two, "y": np.array([1])})
    assert put.inputs == {"x": [2], "y": [1]}
    graph.put_parent_contexts([ParentContext(two, one)])
    assert names(graph.parents(np.array([2]))[2]) == ["c"]
    assert graph.store.artifacts(ids=np.array([1]))[0].name == "a"


def test_ids_that_no_database_holds_are_nobodys(graph):
    assert graph.artifacts(ids=[2**63, -(2**63) - 1]) == []
    with pytest.raises(InvalidInput, match="no artifact with the id"):
        graph.put_events([Event(2**80, 1, IN)])


READS = [
    (lambda g: g.artifacts(ids=["1"]), "ids holds '1'"),
    (lambda g: g.artifacts(ids=[1.5]), r"ids holds 1\.5"),
    (lambda g: g.artifacts(ids=[None]), "ids holds None"),
    (lambda g: g.artifacts(ids=5), "ids is 5; give a list"),
    (lambda g: g.artifacts(ids="12"), "ids is '12'; give a list"),
    (lambda g: g.artifacts(uris="s3://b"), "uris is 's3://b'; give a list"),
    (lambda g: g.artifacts(external_ids=[5]), "external_ids holds 5"),
    (lambda g: g.events(execution_ids=["x"]), "execution_ids holds 'x'"),
    (lambda g: g.events(artifact_ids=["x"]), "artifact_ids holds 'x'"),
    (lambda g: g.attributions(context_ids=["x"]), "context_ids holds 'x'"),
    (lambda g: g.associations(execution_ids=["x"]), "execution_ids holds 'x'"),
    (lambda g: g.parents(["x"]), "context_ids holds 'x'"),
    (lambda g: g.children(5), "context_ids is 5"),
    (lambda g: g.types(ids=["x"]), "ids holds 'x'"),
    (lambda g: g.types("artefact"), "kind is 'artefact'.*did you mean 'artifact'"),
    (lambda g: g.types(name=5), "name is 5"),
    (lambda g: g.artifacts(nope=1), "nothing is chosen by 'nope'"),
    (lambda g: g.artifacts(limits=1), "did you mean 'limit'"),
    (lambda g: g.table("artifact", nope=1), "nothing is chosen by 'nope'"),
    (lambda g: list(g.pages("artifact", page=1)), "nothing is chosen by 'page'"),
    (lambda g: g.page("artefact"), "kind is 'artefact'.*did you mean 'artifact'"),
    (lambda g: g.table("artefact"), "kind is 'artefact'"),
    (lambda g: g.artifacts(order_by="zz"), "order_by is 'zz'.*create_time"),
    (lambda g: g.artifacts(ascending="no"), "ascending is 'no'"),
    (lambda g: g.artifacts(limit="3"), "limit is '3'"),
    (lambda g: g.artifacts(limit=0), "limit is 0"),
    (lambda g: g.artifacts(filter=5), "filter is 5"),
    (lambda g: g.page("artifact", token=5), "token is 5"),
    (lambda g: g.artifacts(name=5), "name is 5"),
    (lambda g: g.artifacts(type=5), "type is 5"),
    (lambda g: g.artifacts(context_id="1"), "context_id is '1'"),
    (lambda g: g.subgraph("artefact", "id = 1"), "starting is 'artefact'"),
    (lambda g: g.subgraph("artifact", 5), "filter is 5"),
    (lambda g: g.subgraph("artifact", "id = 1", max_hops="1"), "max_hops is '1'"),
    (lambda g: g.store.artifacts(ids=["1"]), "ids holds '1'"),
    (lambda g: g.store.artifact("1"), "ids holds '1'"),
]


@pytest.mark.parametrize(("read", "told"), READS)
def test_a_wrong_question_is_refused(graph, read, told):
    with pytest.raises(InvalidInput, match=told):
        read(graph)


WRITES = [
    (lambda g: g.put_artifacts([Artifact("Data", id="x")]), "id of an artifact is 'x'"),
    (lambda g: g.put_artifacts([Artifact("Data", id=True)]), "id of an artifact is True"),
    (lambda g: g.put_artifacts([Artifact("Data", type_id="x")]), "type_id of an artifact is 'x'"),
    (lambda g: g.put_artifacts([Artifact("Data", state=99)]), "state of an artifact is 99.*LIVE"),
    (lambda g: g.put_artifacts([Artifact("Data", state="LIVE")]), "state.*'LIVE'.*ArtifactState"),
    (
        lambda g: g.put_artifacts([Artifact("Data", state=ExecutionState.FAILED)]),
        "state of an artifact is <ExecutionState.FAILED",
    ),
    (lambda g: g.put_executions([Execution("Run", state=99)]), "state of an execution is 99"),
    (lambda g: g.put_artifacts([Artifact("Data", name=5)]), "name of an artifact is 5"),
    (lambda g: g.put_artifacts([Artifact("Data", uri=5)]), "uri of an artifact is 5"),
    (lambda g: g.put_artifacts([Artifact("Data", external_id=5)]), "external_id.* is 5"),
    (lambda g: g.put_artifacts([Artifact(None)]), "type of an artifact is None"),
    (lambda g: g.put_artifacts([Artifact(["x"])]), r"type of an artifact is \['x'\]"),
    (lambda g: g.put_artifacts([Artifact("Data", properties=["a"])]), r"properties.*\['a'\]"),
    (lambda g: g.put_artifacts([Artifact("Data", properties={5: 1})]), "name of a property is 5"),
    (
        lambda g: g.put_artifacts([Artifact("Data", custom_properties={5: 1})]),
        "name of a property is 5",
    ),
    (lambda g: g.put_artifacts([{"type": "Data"}]), "a dict.*where an Artifact is wanted"),
    (lambda g: g.put_artifacts(None), "artifacts is None; give a list"),
    (lambda g: g.put_artifacts([Execution("Run")]), "an Execution .*where an Artifact is wanted"),
    (lambda g: g.put_executions([Artifact("Data")]), "an Artifact .*where an Execution is wanted"),
    (lambda g: g.put_contexts([Artifact("Data")]), "an Artifact .*where a Context is wanted"),
    (lambda g: g.put_artifacts([Artifact("Data", id=1)], fields="uri"), r"fields is 'uri'.*\['uri"),
    (lambda g: g.put_artifacts([Artifact("Data", id=1)], fields=[5]), "fields holds 5"),
    (lambda g: g.put_types([ArtifactType("B", {"n": "INT"})]), "property 'n'.*'INT'.*PropertyType"),
    (lambda g: g.put_types([ArtifactType("B", {"n": 99})]), "property 'n'.* 99.*PropertyType"),
    (lambda g: g.put_types([ArtifactType("B", ["n"])]), r"properties.*\['n'\]"),
    (lambda g: g.put_types([ArtifactType("B", {5: PropertyType.INT})]), "name of a property is 5"),
    (lambda g: g.put_types([ArtifactType(5)]), "name of a type is 5"),
    (lambda g: g.put_types([ArtifactType("B", version=5)]), "version of a type is 5"),
    (lambda g: g.put_types(["B"]), "a str.*where an ArtifactType, .* is wanted"),
    (lambda g: g.put_types([NodeType("B")]), "a NodeType.*where an ArtifactType, .* is wanted"),
    (lambda g: g.put_events([Event(1, 1, "INPUT")]), "type of an event is 'INPUT'.*EventType"),
    (lambda g: g.put_events([Event(1, 1, 99)]), "type of an event is 99.*EventType"),
    (lambda g: g.put_events([Event(1, 1, ArtifactState.LIVE)]), "type of an event is <Art"),
    (lambda g: g.put_events([Event("1", 1, IN)]), "artifact_id of an event is '1'"),
    (lambda g: g.put_events([Event(1, 1.0, IN)]), r"execution_id of an event is 1\.0"),
    (lambda g: g.put_events([Event(1, 1, IN, "abc")]), "path of an event is 'abc'"),
    (lambda g: g.put_events([Event(1, 1, IN, (1.5,))]), r"step of an event's path is 1\.5"),
    (lambda g: g.put_events([Event(1, 1, IN, (True,))]), "step of an event's path is True"),
    (lambda g: g.put_events([Event(1, 1, IN, (2**63,))]), "path is 9223372036854775808.*64 bits"),
    (lambda g: g.put_events([(1, 1, IN)]), "a tuple.*where an Event is wanted"),
    (lambda g: g.put_events(None), "events is None"),
    (lambda g: g.put_links([(1, 1)]), "a tuple.*where an Attribution or Association is wanted"),
    (lambda g: g.put_links([Attribution("1", 1)]), "context_id.* is '1'"),
    (lambda g: g.put_parent_contexts([(1, 2)]), "a tuple.*where a ParentContext is wanted"),
    (lambda g: g.put_parent_contexts([ParentContext("1", 2)]), "child_id.* is '1'"),
    (lambda g: g.put_execution(None), "None was given where an Execution is wanted"),
    (lambda g: g.put_execution(Execution("Run"), contexts=[1]), "an int.*where a Context is"),
    (lambda g: g.put_execution(Execution("Run"), contexts=1), "contexts is 1; give a list"),
    (lambda g: g.put_execution(Execution("Run"), inputs=[1]), r"inputs is \[1\]"),
    (lambda g: g.put_execution(Execution("Run"), inputs={5: 1}), "key of inputs is 5"),
    (
        lambda g: g.put_execution(Execution("Run"), outputs={"k": "x"}),
        "outputs at 'k' is 'x'; give an Artifact",
    ),
    (
        lambda g: g.put_execution(Execution("Run"), outputs={"k": [Execution("Run")]}),
        "an Execution .* outputs at 'k'",
    ),
    (lambda g: g.put_lineage(artifacts=[1]), "an int.*where an Artifact is wanted"),
    (lambda g: g.put_lineage(parts=[1]), "an int.*where a Part is wanted"),
    (
        lambda g: g.put_lineage(
            artifacts=[Artifact("Data")], executions=[Execution("Run")], parts=[Part("0", 0, IN)]
        ),
        "execution of a part is '0'",
    ),
    (lambda g: g.load("artefact", None, type="Data"), "kind is 'artefact'"),
    (lambda g: g.load("artifact", [1], type="Data"), r"data is \[1\]"),
    (lambda g: g.load("artifact", None, type=5), "type is 5"),
]


@pytest.mark.parametrize(("write", "told"), WRITES)
def test_a_wrong_value_is_refused_and_nothing_is_stored(graph, write, told):
    before = rows(graph)
    with pytest.raises(InvalidInput, match=told):
        write(graph)
    assert rows(graph) == before


def test_numbers_and_own_enums_serve_as_states(graph):
    one, two = graph.put_artifacts(
        [Artifact("Data", state=2), Artifact("Data", state=ArtifactState.DELETED)]
    )
    found = graph.artifacts(ids=[one, two])
    assert [node.state for node in found] == [ArtifactState.LIVE, ArtifactState.DELETED]


def test_a_subclass_serves_as_its_node(graph):
    class Model(Artifact):
        pass

    (number,) = graph.put_artifacts([Model("Data", name="m")])
    assert names(graph.artifacts(ids=[number])) == ["m"]


def test_states_and_types_that_a_later_client_stored_are_read_as_unknown(graph):
    with graph.store._database.write() as connection:
        connection.execute(tables.artifact.update().values(state=77))
        connection.execute(tables.execution.update().values(last_known_state=77))
        event = {"artifact_id": 1, "execution_id": 1, "type": 77, "milliseconds_since_epoch": 1}
        connection.execute(tables.event.insert(), event)
        connection.execute(tables.type_property.update().values(data_type=77))
    for found in (graph.artifacts(ids=[1]), graph.store.artifacts(ids=[1])):
        assert [node.state for node in found] == [ArtifactState.UNKNOWN]
    for found in (graph.executions(ids=[1]), graph.store.executions(ids=[1])):
        assert [node.state for node in found] == [ExecutionState.UNKNOWN]
    for found in (graph.events(artifact_ids=[1]), graph.store.events(artifact_ids=[1])):
        assert [event.type for event in found] == [EventType.UNKNOWN]
    (kind,) = graph.types("artifact", name="Data")
    assert kind.properties == {"n": PropertyType.UNKNOWN}
    assert graph.table("artifact")["state"].to_pylist() == ["77", "77"]


def test_differing_types_are_told_in_the_words_of_the_api_that_was_called(graph):
    wider = ArtifactType("Data", {"n": PropertyType.INT, "z": PropertyType.INT})
    with pytest.raises(AlreadyExists, match="lacks the property 'z'; allow it with can_add,"):
        graph.put_types([wider])
    with pytest.raises(AlreadyExists, match=r"also has the property 'n'; .*with can_omit$"):
        graph.put_types([ArtifactType("Data")])
