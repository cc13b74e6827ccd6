"""What a schema is to the one before it holds for real data."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lineal.validation import Schema, infer_schema, statistics, update_schema, validate
from lineal.validation.evolution import (
    Compatibility,
    apply_proposals,
    compatibility,
    judged_changes,
    proposals,
)

if TYPE_CHECKING:
    from lineal.validation import Statistics

BASE = """
default_environment: "TRAINING" default_environment: "SERVING"
feature { name: "id" type: INT presence { min_fraction: 1 min_count: 1 } }
"""


def schema(*features: str, whole: str = "") -> Schema:
    return Schema.from_text(BASE + whole + "".join(f"feature {{ {each} }}" for each in features))


ONE = "value_count { min: 1 max: 1 }"
ALL = "presence { min_fraction: 1 min_count: 1 }"
AB, ABC = (
    "string_domain { " + " ".join(f"value: '{each}'" for each in values) + " }"
    for values in ("ab", "abc")
)


MASS = "distribution_constraints { min_domain_mass: 0.7 }"
SMALL, WIDE = "int_domain { min: 0 max: 5 }", "int_domain { min: 0 max: 9 }"
F = "feature { name: 'f' type: INT }"
NO_SERVING = "not_in_environment: 'SERVING'"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "INT", "backward"),
        ("", f"INT {ALL}", "breaking"),
        ("INT", "FLOAT", "breaking"),
        (f"INT {ALL}", "INT", "backward"),
        ("INT presence { min_fraction: 0.5 }", f"INT {ALL}", "forward"),
        ("INT", "INT lifecycle_stage: DEPRECATED", "backward"),
        ("INT", "INT annotation { comment: 'c' }", "full"),
        (f"INT {SMALL}", f"INT {WIDE}", "backward"),
        (f"INT {SMALL}", "INT int_domain { min: 1 max: 9 }", "breaking"),
        ("INT", f"INT {SMALL}", "forward"),
        ("INT bool_domain { }", "INT int_domain { min: 0 max: 1 }", "full"),
        ("FLOAT", "FLOAT float_domain { disallow_nan: true }", "forward"),
        ("FLOAT float_domain { }", "FLOAT float_domain { disallow_inf: true }", "forward"),
        (f"BYTES {AB}", f"BYTES {ABC}", "backward"),
        (f"BYTES {ABC}", f"BYTES {AB}", "forward"),
        (f"BYTES {AB}", "BYTES", "backward"),
        (f"BYTES {AB}", f"BYTES {AB} {MASS}", "backward"),
        (f"INT {ONE}", "INT value_count { min: 1 }", "backward"),
        ("INT shape { dim { size: 2 } }", "INT shape { dim { size: 1 } dim { size: 2 } }", "full"),
        (f"INT {ALL} {ONE}", f"INT {ALL} shape {{ dim {{ size: 1 }} }}", "backward"),
        (
            "BYTES unique_constraints { min: 1 max: 3 }",
            "BYTES unique_constraints { min: 1 max: 2 }",
            "forward",
        ),
        ("INT", f"INT {NO_SERVING}", "forward"),
        (f"INT {ALL}", f"INT {ALL} {NO_SERVING}", "breaking"),
        ("BYTES", "BYTES drift_comparator { infinity_norm { threshold: 0.1 } }", "forward"),
        (
            f"STRUCT struct_domain {{ {F} }}",
            f"STRUCT struct_domain {{ {F} feature {{ name: 'g' type: INT }} }}",
            "backward",
        ),
    ],
)
def test_each_change_has_its_class_both_ways(before, after, expected):
    first, second = (
        schema(*([f"name: 'x' type: {each}"] if each else [])) for each in (before, after)
    )
    opposite = {"backward": "forward", "forward": "backward"}

    assert compatibility(first, second).value == expected
    assert compatibility(second, first).value == opposite.get(expected, expected)
    assert compatibility(first, first) is Compatibility.FULL
    if before:
        judged = {each.value for _, each in judged_changes(first, second)}
        assert {expected} <= judged


def test_limits_on_examples_have_their_class():
    loose = schema(whole="dataset_constraints { min_examples_count: 1 }")
    tight = schema(whole="dataset_constraints { min_examples_count: 5 max_examples_count: 9 }")

    assert compatibility(loose, tight) is Compatibility.FORWARD
    assert compatibility(tight, loose) is Compatibility.BACKWARD


def test_a_shared_domain_counts_where_it_is_named():
    before = schema(
        "name: 'x' type: BYTES domain: 'd'", whole="string_domain { name: 'd' value: 'a' }"
    )
    after = schema(f"name: 'x' type: BYTES {AB}")

    assert compatibility(before, after) is Compatibility.BACKWARD


def test_what_contradicts_itself_promises_nothing():
    before = schema("name: 'x' type: INT int_domain { min: 0 max: 5 }")
    after = schema("name: 'x' type: INT int_domain { min: 0 max: 9 } presence { min_fraction: 2 }")

    assert compatibility(before, after) is not Compatibility.BACKWARD


# Against validation itself

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)

COLUMNS = [
    None,
    pa.array([None, None, None, None], pa.int64()),
    pa.array([1, 2, 3, 4]),
    pa.array([0, 1, 1, None]),
    pa.array([-3, 9, None, None]),
    pa.array([0.0, 1.0, 1.0, 0.0]),
    pa.array([0.5, float("nan"), float("inf"), None]),
    pa.array(["a", "b", "a", "a"]),
    pa.array(["a", "b", "c", "d"]),
    pa.array(["a", "a", "a", "z"]),
    pa.array(["1", "2", None, "3"]),
    pa.array([[1], [2, 3], [4], [5]]),
    pa.array([[1, 2], [3, 4], [5, 6], [7, 8]]),
    pa.array([[1, 2], [], None, [3]]),
    pa.array([{"f": 1}, {"f": 2}, {"f": None}, None]),
    pa.array([{"f": "a", "g": 1}] * 4),
]


@cache
def pool() -> list[Statistics]:
    found = []
    for column in COLUMNS:
        table = pa.table({"id": [1, 2, 3, 4]})
        found.append(statistics(table if column is None else table.append_column("x", column)))
    return found


def option(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(("", *texts))


PRESENCE = option(
    "presence { min_count: 1 }",
    "presence { min_count: 4 }",
    ALL,
    "presence { min_fraction: 0.5 }",
    "presence { min_fraction: 0.75 min_count: 2 }",
)
VALUES = option(
    ONE,
    "value_count { min: 1 }",
    "value_count { min: 1 max: 2 }",
    "value_count { max: 2 }",
    "shape { dim { size: 1 } }",
    "shape { dim { size: 2 } }",
    "shape { dim { size: 1 } dim { size: 2 } }",
    "value_counts { value_count { min: 1 } }",
    "value_counts { value_count { min: 1 } value_count { max: 2 } }",
)
DOMAINS = {
    "INT": option("bool_domain { }", "int_domain { }", "int_domain { min: 0 max: 1 }",
                  "int_domain { min: 0 max: 4 }", "int_domain { min: -5 }"),
    "FLOAT": option("float_domain { }", "float_domain { min: 0 max: 1 }", "bool_domain { }",
                    "float_domain { disallow_nan: true }", "float_domain { disallow_inf: true }"),
    "BYTES": option(AB, ABC, f"{AB} {MASS}", f"{ABC} {MASS}", "int_domain { min: 1 }",
                    'bool_domain { true_value: "a" false_value: "b" }', "url_domain { }",
                    'bool_domain { true_value: "a" }', "float_domain { }"),
    "STRUCT": st.sampled_from((
        "struct_domain { feature { name: 'f' type: INT } }",
        "struct_domain { feature { name: 'f' type: INT presence { min_count: 1 } } }",
        "struct_domain { feature { name: 'f' type: BYTES } feature { name: 'g' type: INT } }",
    )),
}  # fmt: skip
UNIQUE = option("unique_constraints { min: 1 max: 3 }", "unique_constraints { min: 2 max: 9 }")
STAGE = option("", "", "lifecycle_stage: DEPRECATED", "not_in_environment: 'SERVING'")


@st.composite
def features(draw: st.DrawFn, kind: str) -> str:
    parts = [draw(each) for each in (PRESENCE, VALUES, DOMAINS[kind], STAGE)]
    unique = draw(UNIQUE) if kind == "BYTES" else ""
    return f"name: 'x' type: {kind} {' '.join(parts)} {unique}"


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Schema, Schema]:
    kind = draw(st.sampled_from(sorted(DOMAINS)))
    first, second = draw(features(kind)), draw(st.one_of(st.just(""), features(kind)))
    return schema(first), schema(*([second] if second else []))


@settings(max_examples=60, deadline=None, phases=QUICK)
@given(pairs())
def test_what_is_promised_holds_for_data(pair):
    for old, new in (pair, pair[::-1]):
        promised = compatibility(old, new)
        if promised in {Compatibility.BACKWARD, Compatibility.FULL}:
            for data in pool():
                for environment in (None, "SERVING"):
                    if validate(data, old, environment=environment).ok:
                        report = validate(data, new, environment=environment)
                        assert report.ok, (promised, report.anomalies)
    assert {compatibility(*pair), compatibility(*pair[::-1])} in (
        {Compatibility.FULL}, {Compatibility.BREAKING},
        {Compatibility.BACKWARD, Compatibility.FORWARD},
    )  # fmt: skip


@settings(max_examples=30, deadline=None, phases=QUICK)
@given(pairs(), st.integers(0, len(COLUMNS) - 1))
def test_all_proposals_together_are_the_update(pair, number):
    data, old = pool()[number], pair[0]

    found = proposals(old, data)
    taken = apply_proposals(old, found)

    if not any(change.feature.startswith("x.") for each in found for change in each.changes):
        assert taken == update_schema(old, data)
    assert apply_proposals(old, []) == old


def test_proposals_are_taken_one_by_one():
    old = infer_schema(statistics(pa.table({"id": [1, 2], "x": ["a", "b"]})))
    data = statistics(pa.table({"id": [1, None], "x": ["a", "z"], "new": [1, 2]}))

    found = {each.name: each for each in proposals(old, data)}
    taken = apply_proposals(old, [found["x"], found["new"]])

    assert set(found) == {"id", "x", "new"}
    assert taken["x"].domain == ["a", "b", "z"]
    assert "new" in taken
    assert taken["id"].required
    assert [each.path for each in validate(data, taken).anomalies] == ["id"]
    assert "INVALID_FEATURE_SHAPE" in found["id"].types
