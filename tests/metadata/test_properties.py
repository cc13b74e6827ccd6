"""Values of properties come back as they were written, or are refused before anything is."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineal.errors import AlreadyExists, InvalidInput
from lineal.metadata import ArtifactType, PropertyType, Store, Value

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
texts = text.filter(lambda t: not t.startswith(("mlmd-struct::", "__MLMD_NULL__")))
numbers = st.floats(allow_nan=False)
structs = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
values = (
    st.integers(-(2**63), 2**63 - 1)
    | numbers
    | texts
    | st.booleans()
    | st.dictionaries(texts, structs, max_size=4)
)


@given(properties=st.dictionaries(texts.filter(lambda t: not t.startswith("lineal_")), values))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_values_come_back_as_they_were(graph, properties: dict[str, Value]) -> None:
    plain = ArtifactType("test.Plain")  # which declares nothing
    artifact = graph.make(None, "a", type=plain, properties=properties).artifacts["out"]

    found = graph.store.artifact(artifact.id)

    assert {name: found.get(name) for name in properties} == properties
    kept = {name: type(found.get(name)) for name in properties}
    assert kept == {name: type(value) for name, value in properties.items()}


DECLARED = ArtifactType(
    "test.Declared",
    {
        "count": PropertyType.INT,
        "score": PropertyType.DOUBLE,
        "text": PropertyType.STRING,
        "detail": PropertyType.STRUCT,
        "flag": PropertyType.BOOLEAN,
    },
)


def test_declared_properties_are_told_from_custom_ones(graph) -> None:
    given: dict[str, Value] = {
        "count": 3,
        "score": 2,  # an integer is a good double
        "text": "t",
        "detail": {"a": [1]},
        "flag": False,
        "other": True,
    }

    artifact = graph.make(None, "a", type=DECLARED, properties=given).artifacts["out"]

    assert artifact.custom_properties == {"other": True}
    assert artifact.properties == {name: given[name] for name in DECLARED.properties}
    assert isinstance(artifact.properties["score"], float)


@pytest.mark.parametrize(
    ("name", "value"), [("count", 1.0), ("count", True), ("flag", 1), ("text", 1), ("detail", "x")]
)
def test_a_value_of_another_type_than_declared_is_refused(graph, name: str, value: Value) -> None:
    with pytest.raises(InvalidInput, match=f"'{name}' is declared"):
        graph.make("x", "a", type=DECLARED, properties={name: value})

    assert graph.store.versions("x") == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (2**63, "64 bits"),
        (math.nan, "NaN"),
        ("a\0b", "NUL"),
        ("\udc80", "broken text"),
        ("__MLMD_NULL__", "clients take for"),
        ("mlmd-struct::", "clients take for"),
        ({"a": math.nan}, "NaN"),
        ({"a": 2**53 + 1}, "would round"),
        ({"a": date(2013, 6, 30)}, "can't hold date"),
        ({1: "a"}, "must be text"),
        ({"a": "\udc80"}, "broken text"),
        (None, "can't hold NoneType"),
        (b"bytes", "can't hold bytes"),
        ([1, 2], "can't hold list"),
    ],
    ids=str,
)
def test_what_a_store_would_lose_is_refused(graph, value: Value, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        graph.make("x", "a", properties={"p": value})

    assert graph.store.versions("x") == []


def test_a_dict_is_kept_to_thirty_levels_and_refused_beyond(graph) -> None:
    deep: dict[str, object] = {}
    for _ in range(29):
        deep = {"a": deep}

    artifact = graph.make("x", "a", properties={"p": deep}).artifacts["out"]

    assert graph.store.artifact(artifact.id).get("p") == deep
    with pytest.raises(InvalidInput, match="deeper than 30 levels"):
        graph.make("x", "b", properties={"p": {"a": {"a": deep}}})


def test_a_type_grows_by_properties_and_never_changes_one(graph) -> None:
    first = ArtifactType("test.Growing", {"a": PropertyType.INT})
    wider = ArtifactType("test.Growing", {"b": PropertyType.STRING})
    other = ArtifactType("test.Growing", {"a": PropertyType.STRING})
    graph.make("x", "1", type=first, properties={"a": 1, "b": "custom"})

    after = graph.make("x", "2", type=wider, properties={"a": 2, "b": "declared"}).artifacts["out"]

    assert after.properties == {"a": 2, "b": "declared"}
    with pytest.raises(AlreadyExists, match="has the property 'a' as INT"):
        graph.make("x", "3", type=other)


def test_executions_and_contexts_carry_values_too(store: Store, graph) -> None:
    from lineal.metadata import Context, ContextType, ExecutionType

    detail: dict[str, object] = {"rate": 0.1, "names": ["a", None]}
    run = ContextType("test.Run", {"n": PropertyType.INT})
    with graph.recorder.run(
        ExecutionType("test.work"),
        parameters={"detail": detail},
        contexts=[(run, Context("test.Run", "one", {"n": 1, "note": "x"}))],
    ) as running:
        running.note(rows=5)

    execution = store.execution(running.execution_id)
    (context,) = store.contexts(execution_id=running.execution_id)

    assert (execution.get("detail"), execution.get("rows")) == (detail, 5)
    assert (context.properties, context.custom_properties) == ({"n": 1}, {"note": "x"})
