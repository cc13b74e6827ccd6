"""Anomalies: what is found in data that breaks its schema, and how it is said."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from lineal.errors import Corrupt, NotFound
from lineal.validation import Report, Schema, infer_schema, statistics, update_schema, validate


def stats(**columns):
    return statistics(pa.table(columns))


def schema_of(**columns) -> Schema:
    return infer_schema(stats(**columns))


def found(report: Report) -> dict[str, tuple[str, ...]]:
    return {anomaly.path: anomaly.types for anomaly in report.anomalies}


def test_good_data_has_no_anomaly():
    report = validate(stats(x=[1, 2]), schema_of(x=[1, 2]))

    assert report
    assert report.ok
    assert report.anomalies == ()


def test_a_new_and_a_dropped_column():
    report = validate(stats(y=[1]), schema_of(x=[1]))

    assert not report
    assert found(report) == {"x": ("SCHEMA_MISSING_COLUMN",), "y": ("SCHEMA_NEW_COLUMN",)}
    assert [anomaly.short for anomaly in report.anomalies] == ["Column dropped", "New column"]
    assert all(anomaly.severity == "ERROR" for anomaly in report.anomalies)


def test_a_column_that_is_all_missing():
    report = validate(stats(x=pa.array([None, None], pa.int64())), schema_of(x=[1]))

    assert found(report) == {"x": ("FEATURE_TYPE_NOT_PRESENT",)}


def test_presence_says_share_limit_and_count():
    rules = schema_of(x=[1, None, 3])
    rules["x"].presence = 1.0
    values = [1] * 9999 + [None]

    (anomaly,) = validate(stats(x=values), rules).anomalies

    assert anomaly.types == ("FEATURE_TYPE_LOW_FRACTION_PRESENT",)
    assert "99.99%" in anomaly.description
    assert "(required 100%): missing in 1 of 10,000" in anomaly.description
    assert (anomaly.value, anomaly.limit, anomaly.count) == (0.9999, 1.0, 1)
    assert anomaly.rule == "presence.min_fraction"


def test_too_few_rows_with_a_value():
    rules = schema_of(x=[1, None, 3])
    rules["x"].proto.presence.min_count = 5

    report = validate(stats(x=[1, None]), rules)

    assert found(report) == {"x": ("FEATURE_TYPE_LOW_NUMBER_PRESENT",)}


def test_a_fixed_shape_that_varies():
    report = validate(stats(x=[[1], [1, 2]]), schema_of(x=[[1], [2]]))

    assert found(report) == {"x": ("INVALID_FEATURE_SHAPE",)}


def test_list_lengths_out_of_bounds():
    rules = schema_of(x=[[1], [1, 2]])
    rules["x"].proto.value_count.min = 2
    rules["x"].proto.value_count.max = 3

    report = validate(stats(x=[[1], [1, 2, 3, 4]]), rules)

    assert found(report) == {
        "x": ("FEATURE_TYPE_LOW_NUMBER_VALUES", "FEATURE_TYPE_HIGH_NUMBER_VALUES")
    }
    assert report.anomalies[0].short == "Multiple errors"


def test_another_type_and_what_follows_from_it():
    report = validate(stats(x=[1.5, 2.5]), schema_of(x=["a", "b"]))

    assert found(report) == {"x": ("UNEXPECTED_DATA_TYPE",)}
    assert "BYTES" in report.anomalies[0].description
    assert "FLOAT" in report.anomalies[0].description


def test_texts_outside_the_domain_are_named_with_counts():
    (anomaly,) = validate(stats(x=["a"] * 8 + ["q", "z"]), schema_of(x=["a", "b"])).anomalies

    assert anomaly.types == ("ENUM_TYPE_UNEXPECTED_STRING_VALUES",)
    assert "2 values (20%) outside the domain of 2 texts" in anomaly.description
    assert "'z' (1)" in anomaly.description


def test_the_mass_outside_a_domain_may_reach_its_limit_only():
    rules = schema_of(x=["a", "b"])
    current = stats(x=["a"] * 15 + ["z"] * 5)

    rules["x"].min_domain_mass = 0.75
    assert validate(current, rules).ok
    rules["x"].min_domain_mass = 0.76
    assert not validate(current, rules).ok


def test_bytes_that_are_no_text_in_a_domain():
    report = validate(stats(x=[b"a", b"\xff"]), schema_of(x=["a", "b"]))

    assert found(report) == {"x": ("ENUM_TYPE_INVALID_UTF8",)}


def test_whole_numbers_out_of_range_name_value_and_limit():
    rules = schema_of(x=[5, 6])
    rules["x"].domain = (0, 10)

    (anomaly,) = validate(stats(x=[-3, 12]), rules).anomalies

    assert anomaly.types == ("INT_TYPE_SMALL_INT", "INT_TYPE_BIG_INT")
    assert "the least is -3, below 0" in anomaly.description
    assert "the greatest is 12, above 10" in anomaly.description


def test_floats_out_of_range_nan_and_infinite():
    rules = schema_of(x=[0.5])
    rules["x"].domain = (0.0, 1.0)
    rules["x"].proto.float_domain.disallow_nan = True
    rules["x"].proto.float_domain.disallow_inf = True

    report = validate(stats(x=[-0.5, math.nan, math.inf]), rules)

    assert found(report)["x"] == (
        "FLOAT_TYPE_HAS_NAN",
        "FLOAT_TYPE_SMALL_FLOAT",
        "FLOAT_TYPE_BIG_FLOAT",
        "FLOAT_TYPE_HAS_INF",
    )


def test_float_bounds_are_compared_in_single_precision():
    rules = schema_of(x=[0.5])
    rules["x"].domain = (0.1, None)

    assert validate(stats(x=[0.1]), rules).ok


@pytest.mark.parametrize(
    ("good", "bad", "kind"),
    [
        ([0, 1], [0, 2], "BOOL_TYPE_BIG_INT"),
        ([0, 1], [-1, 2], "BOOL_TYPE_SMALL_INT"),
        (["true", "false"], ["true", "no"], "BOOL_TYPE_UNEXPECTED_STRING"),
        (["1", "22"], ["1", "x"], "INT_TYPE_NOT_INT_STRING"),
    ],
)
def test_domains_of_truth_and_of_numbers_in_text(good, bad, kind):
    assert found(validate(stats(x=bad), schema_of(x=good))) == {"x": (kind,)}


def test_truth_values_in_floats():
    rules = schema_of(x=[0.0, 1.0])
    rules["x"].proto.bool_domain.SetInParent()

    assert validate(stats(x=[0.0, 1.0]), rules).ok
    assert found(validate(stats(x=[0.0, 0.5, 1.0]), rules)) == {
        "x": ("BOOL_TYPE_UNEXPECTED_FLOAT",)
    }


def test_the_number_of_different_texts():
    rules = schema_of(x=["a", "b", "c"], n=[1, 2, 3])
    rules["x"].unique = (1, 2)
    rules["n"].unique = (1, 2)

    report = validate(stats(x=["a", "b", "c"], n=[1, 2, 3]), rules)

    assert found(report) == {"n": ("FEATURE_TYPE_NO_UNIQUE",), "x": ("FEATURE_TYPE_HIGH_UNIQUE",)}


def test_a_feature_outside_its_environment():
    rules = schema_of(x=[1], label=[1])
    rules.environments = ["TRAINING", "SERVING"]
    rules["label"].not_in("SERVING")

    assert validate(stats(x=[1]), rules, environment="SERVING").ok
    assert validate(stats(x=[1], label=[1]), rules, environment="TRAINING").ok
    assert found(validate(stats(x=[1]), rules, environment="TRAINING")) == {
        "label": ("SCHEMA_MISSING_COLUMN",)
    }
    report = validate(stats(x=[1], label=[1]), rules, environment="SERVING")
    assert report.anomalies[0].short == "Column missing in environment"
    with pytest.raises(NotFound, match="did you mean 'SERVING'"):
        validate(stats(x=[1]), rules, environment="SERVE")


def test_drift_of_texts_is_measured_and_judged():
    rules = schema_of(x=["a", "b"])
    rules["x"].drift_threshold(0.2)
    before = stats(x=["a"] * 5 + ["b"] * 5)

    near = validate(stats(x=["a"] * 6 + ["b"] * 4), rules, previous=before)
    far = validate(stats(x=["a"] * 9 + ["b"]), rules, previous=before)

    assert near.ok
    assert near.drift[0].value == pytest.approx(0.1)
    assert not near.drift[0].exceeded
    assert found(far) == {"x": ("COMPARATOR_L_INFTY_HIGH",)}
    assert "50% to 90%" in far.anomalies[0].description


def test_drift_without_the_feature_before():
    rules = schema_of(x=["a", "b"])
    rules["x"].drift_threshold(0.2)

    report = validate(stats(x=["a"]), rules, previous=stats(y=["a"]))

    assert found(report) == {"x": ("COMPARATOR_CONTROL_DATA_MISSING",)}


def test_the_number_of_examples():
    rules = schema_of(x=[3])
    rules.max_examples = 1

    report = validate(stats(x=[1, 2]), rules)

    assert found(report) == {"": ("DATASET_HIGH_NUM_EXAMPLES",)}
    rules.min_examples = 5
    rules.max_examples = None
    assert found(validate(stats(x=[1, 2]), rules)) == {"": ("DATASET_LOW_NUM_EXAMPLES",)}


def test_no_examples_are_no_good_data():
    report = validate(stats(x=pa.array([], pa.int64())), schema_of(x=[1]))

    assert report.data_missing
    assert not report.ok


def test_times_that_the_schema_does_not_know():
    rules = schema_of(x=pa.array([0], pa.date32()))
    rules["x"].domain = None

    report = validate(stats(x=pa.array([0], pa.date32())), rules)

    assert found(report) == {"x": ("SEMANTIC_DOMAIN_UPDATE",)}


def test_fields_of_structs_have_their_own_path():
    rules = schema_of(s=[{"a": "x"}, {"a": "y"}])

    report = validate(stats(s=[{"a": "x", "b": 1}, {"a": "q", "b": 2}]), rules)

    assert found(report) == {
        "s.a": ("ENUM_TYPE_UNEXPECTED_STRING_VALUES",),
        "s.b": ("SCHEMA_NEW_COLUMN",),
    }


def test_arguments_are_left_as_they_were():
    rules, current = schema_of(x=["a"]), stats(x=["b"], y=[1])
    kept = rules.copy()

    validate(current, rules)
    update_schema(rules, current)

    assert rules == kept


def test_an_updated_schema_takes_the_data():
    rules, current = schema_of(x=["a", "b"], gone=[1, 2]), stats(x=["a", "c"], new=[1, 2])

    updated = update_schema(rules, current)

    assert updated["x"].domain == ["a", "b", "c"]
    assert updated["gone"].deprecated
    assert validate(current, updated).ok


def test_a_report_survives_its_files(tmp_path):
    report = validate(stats(x=["q"]), schema_of(x=["a", "b"]))

    for name in ("SchemaDiff.pb", "anomalies.pbtxt"):
        assert Report.load(report.save(tmp_path / name)) == report
    assert report.to_rows()[0]["type"] == "ENUM_TYPE_UNEXPECTED_STRING_VALUES"
    (tmp_path / "broken.pb").write_bytes(b"\xff\xff")
    with pytest.raises(Corrupt):
        Report.load(tmp_path / "broken.pb")
