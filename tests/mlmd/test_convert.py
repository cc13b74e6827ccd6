"""Messages become forms and messages again, and nothing is lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal import mlmd
from lineal.mlmd import convert, errors
from lineal.mlmd.proto import metadata_store_pb2 as pb

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
INT64 = st.integers(-(2**63), 2**63 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def struct(content: dict[str, object]) -> pb.Value:
    value = pb.Value()
    value.struct_value.update(content)
    return value


def packed(message: pb.Artifact) -> pb.Value:
    value = pb.Value()
    value.proto_value.Pack(message)
    return value


VALUES = st.one_of(
    st.builds(lambda each: pb.Value(int_value=each), INT64),
    st.builds(lambda each: pb.Value(double_value=each), st.floats(allow_nan=False)),
    st.builds(lambda each: pb.Value(string_value=each), TEXT),
    st.builds(lambda each: pb.Value(bool_value=each), st.booleans()),
    st.builds(struct, st.dictionaries(TEXT, JSON, max_size=3)),
    st.builds(lambda name: packed(pb.Artifact(name=name)), TEXT),
)
MAPS = st.dictionaries(TEXT, VALUES, max_size=5)


def optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


COMMON = {
    "id": INT64,
    "type_id": INT64,
    "name": optional(TEXT),
    "type": optional(TEXT),
    "external_id": optional(TEXT),
    "properties": MAPS,
    "custom_properties": MAPS,
    "create_time_since_epoch": INT64,
    "last_update_time_since_epoch": INT64,
}
NODES = {
    "artifact": st.builds(
        pb.Artifact, **COMMON, uri=optional(TEXT), state=optional(st.integers(0, 6))
    ),
    "execution": st.builds(pb.Execution, **COMMON, last_known_state=optional(st.integers(0, 6))),
    "context": st.builds(pb.Context, **COMMON),
}


@pytest.mark.parametrize("kind", NODES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_node_is_the_same_after_both_ways(kind, data):
    sent = data.draw(NODES[kind])
    again = type(sent)()
    convert.FILLERS[kind](again, convert.forms_of(kind, [sent])[0])
    assert again == sent


@settings(max_examples=40, deadline=None)
@given(
    ends=st.tuples(INT64, INT64),
    kind=st.integers(0, 7),
    steps=st.lists(st.integers(-(2**63), 2**63 - 1) | TEXT, max_size=4),
    time=optional(INT64),
)
def test_an_event_is_the_same_after_both_ways(ends, kind, steps, time):
    sent = pb.Event(
        artifact_id=ends[0], execution_id=ends[1], type=kind, milliseconds_since_epoch=time
    )
    for step in steps:
        sent.path.steps.add(**({"index": step} if isinstance(step, int) else {"key": step}))
    again = pb.Event()
    convert.fill_event(again, convert.event_form(sent))
    assert again == sent


def test_zero_and_unset_are_two():
    unset = convert.forms_of("artifact", [pb.Artifact()])[0]
    zero = convert.forms_of(
        "artifact", [pb.Artifact(id=0, type_id=0, name="", uri="", state=0, external_id="")]
    )[0]
    assert (unset.id, unset.name, unset.uri, unset.state) == (None, None, None, None)
    assert (zero.id, zero.name, zero.uri, zero.state) == (0, "", "", 0)


def test_a_value_that_is_unset_is_none():
    sent = pb.Artifact(properties={"a": pb.Value(), "b": pb.Value(int_value=0)})
    assert convert.forms_of("artifact", [sent])[0].properties == {"a": None, "b": 0}


# Text that a database would cut


@pytest.mark.parametrize("field", ["name", "uri", "external_id", "properties", "the key"])
def test_a_nul_character_is_refused_by_the_name_of_its_field(field):
    store = mlmd.MetadataStore(pb.ConnectionConfig(fake_database={}))
    kind = store.put_artifact_type(pb.ArtifactType(name="A", properties={"s": pb.STRING}))
    wrong = pb.Artifact(type_id=kind)
    if field == "properties":
        wrong.properties["s"].string_value = "a\0b"
    elif field == "the key":
        wrong.custom_properties["a\0b"].int_value = 1
    else:
        setattr(wrong, field, "a\0b")
    told = {"properties": "'s'", "the key": "custom property"}.get(field, field)
    with pytest.raises(errors.InvalidArgumentError, match=f"{told}.*NUL"):
        store.put_artifacts([wrong])
    assert store.get_artifacts() == []
