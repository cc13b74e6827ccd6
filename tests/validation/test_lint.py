"""A schema is told what is wrong with it, with a remedy, before any data is."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lineal.validation import Schema, infer_schema, statistics
from lineal.validation.lint import lint


def found(text: str) -> list[tuple[str, str, str]]:
    return [(each.path, each.severity, each.rule) for each in lint(Schema.from_text(text))]


INT = "name: 'x' type: INT"
TWICE = "distribution_constraints { min_domain_mass: 2 }"
TEXT = "name: 'x' type: BYTES"


@pytest.mark.parametrize(
    ("feature", "severity", "rule"),
    [
        (f"{INT} int_domain {{ min: 2 max: 1 }}", "ERROR", "int_domain"),
        ("name: 'x' type: FLOAT float_domain { min: 2 max: 1 }", "ERROR", "float_domain"),
        ("name: 'x' type: FLOAT float_domain { min: nan }", "ERROR", "float_domain"),
        (f"{INT} string_domain {{ value: 'a' }}", "ERROR", "string_domain"),
        (f"{TEXT} string_domain {{ value: 'a' value: 'a' }}", "ERROR", "string_domain"),
        (f"{TEXT} string_domain {{ }}", "ERROR", "string_domain"),
        (f"{TEXT} bool_domain {{ true_value: 'y' false_value: 'y' }}", "ERROR", "bool_domain"),
        (f"{TEXT} bool_domain {{ }}", "ERROR", "bool_domain"),
        (f"{INT} bool_domain {{ true_value: 'y' }}", "WARNING", "bool_domain"),
        (f"{TEXT} domain: 'gone'", "ERROR", "domain"),
        (f"{TEXT} time_of_day_domain {{ }}", "ERROR", "time_of_day_domain"),
        (f"{TEXT} url_domain {{ }}", "WARNING", "url_domain"),
        (
            f"{INT} distribution_constraints {{ min_domain_mass: 0.5 }}",
            "ERROR",
            "distribution_constraints.min_domain_mass",
        ),
        (
            f"{TEXT} string_domain {{ value: 'a' }} {TWICE}",
            "ERROR",
            "distribution_constraints.min_domain_mass",
        ),
        (f"{INT} presence {{ min_fraction: 1.5 }}", "ERROR", "presence.min_fraction"),
        (f"{INT} group_presence {{ required: true }}", "WARNING", "group_presence"),
        (f"{INT} value_count {{ min: 3 max: 1 }}", "ERROR", "value_count.max"),
        (f"{INT} value_count {{ min: -1 }}", "ERROR", "value_count.min"),
        (f"{INT} value_counts {{ }}", "ERROR", "value_counts"),
        (f"{INT} shape {{ dim {{ size: 0 }} }}", "ERROR", "shape"),
        (f"{TEXT} unique_constraints {{ min: 1 }}", "ERROR", "unique_constraints.max"),
        (f"{TEXT} unique_constraints {{ min: 3 max: 1 }}", "ERROR", "unique_constraints"),
        (f"{INT} unique_constraints {{ min: 1 max: 2 }}", "ERROR", "unique_constraints"),
        (f"{INT} in_environment: 'NOWHERE'", "ERROR", "in_environment"),
        (f"{INT} drift_comparator {{ }}", "WARNING", "drift_comparator"),
        (
            f"{INT} drift_comparator {{ infinity_norm {{ threshold: 0.1 }} }}",
            "ERROR",
            "drift_comparator.infinity_norm",
        ),
        (
            f"{TEXT} skew_comparator {{ jensen_shannon_divergence {{ }} }}",
            "WARNING",
            "skew_comparator.jensen_shannon_divergence",
        ),
        (
            f"{TEXT} skew_comparator {{ jensen_shannon_divergence {{ threshold: 1 }} }}",
            "WARNING",
            "skew_comparator.jensen_shannon_divergence",
        ),
        (
            f"{INT} lifecycle_stage: DEPRECATED presence {{ min_count: 1 }}",
            "WARNING",
            "presence",
        ),
        ("name: 'x'", "ERROR", "type"),
        ("name: 'x' type: STRUCT", "WARNING", "struct_domain"),
    ],
)
def test_each_mistake_of_a_feature_is_told(feature, severity, rule):
    assert found(f"feature {{ {feature} }}") == [("x", severity, rule)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("dataset_constraints { max_examples_count: 3 }", "dataset_constraints.max_examples_count"),
        (
            "dataset_constraints { min_examples_count: 4 max_examples_count: 3 }",
            "dataset_constraints",
        ),
        (
            "dataset_constraints { num_examples_drift_comparator { } }",
            "dataset_constraints.num_examples_drift_comparator",
        ),
        ("string_domain { name: 'd' value: 'a' }", "string_domain 'd'"),
        ("int_domain { name: 'd' }", "int_domain"),
        ("default_environment: 'A' default_environment: 'A'", "default_environment"),
    ],
)
def test_each_mistake_of_the_whole_is_told(text, rule):
    assert [each[2] for each in found(text)] == [rule]


def test_an_environment_that_does_not_restrict_is_told_with_the_rule_that_does():
    schema = Schema.from_text(
        f"default_environment: 'A' default_environment: 'B' feature {{ {INT} in_environment: 'A' }}"
    )

    (problem,) = lint(schema)

    assert problem.remedy == "say only_in=A instead"
    schema["x"].only_in("A")
    assert lint(schema) == []


def test_names_taken_twice_and_parts_that_are_not_there_are_told():
    assert found(f"feature {{ {INT} }} feature {{ {INT} }}") == [("x", "ERROR", "name")]
    assert found(
        f"feature {{ {INT} }} sparse_feature {{ name: 's' value_feature {{ name: 'x' }} "
        "index_feature { name: 'i' } }"
    ) == [("s", "ERROR", "sparse_feature")]
    assert found(
        f"feature {{ {INT} }} weighted_feature {{ name: 'x' feature {{ step: 'x' }} "
        "weight_feature { step: 'x' } }"
    ) == [("x", "ERROR", "weighted_feature")]


def test_what_is_inferred_is_without_a_mistake():
    table = pa.table({"x": [1, 2], "y": ["a", "b"], "z": [{"q": [1.5]}, {"q": [2.5]}]})

    assert lint(infer_schema(statistics(table))) == []
