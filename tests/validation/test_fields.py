"""Every field of the proto can be set by its name, from values and from text."""

from __future__ import annotations

import pytest
from tensorflow_metadata.proto.v0 import schema_pb2

from lineal.errors import AlreadyExists, InvalidInput, LinealError, NotFound
from lineal.validation import Schema
from lineal.validation.fields import set_field


@pytest.fixture
def schema() -> Schema:
    schema = Schema()
    schema.add("x", "FLOAT")
    schema.add("t", "BYTES")
    return schema


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("float_domain.disallow_nan", "true", "float_domain { disallow_nan: true }"),
        ("float_domain.max", "1.5", "float_domain { max: 1.5 }"),
        ("lifecycle_stage", "beta", "lifecycle_stage: BETA"),
        ("annotation.tag", "pii,raw", "annotation { tag: 'pii' tag: 'raw' }"),
        (
            "value_counts",
            "{value_count {min: 1} value_count {max: 2}}",
            "value_counts { value_count { min: 1 } value_count { max: 2 } }",
        ),
        (
            "skew_comparator.jensen_shannon_divergence.threshold",
            0.25,
            "skew_comparator { jensen_shannon_divergence { threshold: 0.25 } }",
        ),
        ("unique_constraints.max", 9, "unique_constraints { max: 9 }"),
        ("in_environment", ["A", "B"], "in_environment: 'A' in_environment: 'B'"),
        ("image_domain", "{}", "image_domain { }"),
    ],
)
def test_fields_are_set_by_name(schema, field, value, text):
    expected = Schema.from_text(f"feature {{ name: 'x' type: FLOAT {text} }}").proto.feature[0]

    assert schema["x"].set(field, value).proto == expected


def test_none_clears(schema):
    schema["x"].set("float_domain.max", 2).set("float_domain.max", "none")
    assert not schema["x"].proto.float_domain.HasField("max")
    before = schema.copy()
    schema["t"].set("float_domain.max", None)
    assert schema == before


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("float_domain.dissallow_nan", True, "did you mean 'disallow_nan'"),
        ("float_domain", "1", "float_domain is a FloatDomain.*disallow_nan"),
        ("float_domain.disallow_nan", "yes", "write true or false"),
        ("float_domain.max", "high", "high"),
        ("lifecycle_stage", "OLD", "choose one of .*BETA"),
        ("shape", "{dim {sise: 1}}", "sise"),
        ("unique_constraints.max", str(2**70), "unique_constraints.max"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(schema, field, value, said):
    schema["x"].set("float_domain.max", 3)
    before = schema.copy()

    with pytest.raises((InvalidInput, NotFound), match=said):
        schema["x"].set(field, value)

    assert schema["x"].proto.float_domain.max == before["x"].proto.float_domain.max


def test_each_field_of_a_feature_can_be_reached():
    for field in schema_pb2.Feature.DESCRIPTOR.fields:
        feature = schema_pb2.Feature()
        value = "{}" if field.message_type else "BYTES" if field.name == "type" else "true"
        value = "BETA" if field.name == "lifecycle_stage" else value
        set_field(feature, field.name, value)
        assert [each.name for each, _ in feature.ListFields()] == [field.name]


def test_shared_domains_sparse_and_weighted_features(schema):
    schema.share_domain("letters", ["a", "b", "a"])
    schema["t"].use_domain("letters")
    schema.add("i", "INT")
    schema.add_sparse("s", indices=["i"], values="x")
    schema.add_weighted("w", feature="t", weight="x")

    assert schema["t"].domain == ["a", "b"]
    assert schema.lint() == []
    for wrong in (
        lambda: schema["t"].use_domain("leters"),
        lambda: schema.add_sparse("z", indices=["nothing"], values="x"),
        lambda: schema.add_weighted("z", feature="t", weight="nothing"),
    ):
        with pytest.raises(LinealError):
            wrong()
    with pytest.raises(AlreadyExists):
        schema.add_weighted("s", feature="t", weight="x")


def test_measures_and_stages(schema):
    schema["x"].measure(jensen_shannon=0.1).measure(jensen_shannon=0.2, drift=False)
    schema["x"].stage = "BETA"

    assert schema["x"].stage == "BETA"
    assert schema["x"].proto.drift_comparator.jensen_shannon_divergence.threshold == 0.1
    assert schema["x"].proto.skew_comparator.jensen_shannon_divergence.threshold == 0.2
    schema["x"].measure(jensen_shannon=None)
    assert not schema["x"].proto.drift_comparator.HasField("jensen_shannon_divergence")
    with pytest.raises(NotFound, match="did you mean 'jensen_shannon'"):
        schema["x"].measure(jensen_shanon=1)
    with pytest.raises(InvalidInput, match="always 0"):
        schema["x"].measure(l_infinity=0.1)
