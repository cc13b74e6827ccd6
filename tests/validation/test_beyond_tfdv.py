"""Where Lineal's own validation says more, or other, than TensorFlow Data Validation."""

from __future__ import annotations

import math
import time

import pyarrow as pa
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import statistics_pb2

from lineal.errors import InvalidInput, NotFound
from lineal.validation import (
    Constraint,
    CustomValidation,
    Quirks,
    Report,
    Schema,
    Severity,
    Statistics,
    ValidationOptions,
    add_constraint,
    constraints_of,
    infer_schema,
    remove_constraint,
    statistics,
    update_schema,
    validate,
)

TFDV = ValidationOptions(quirks=Quirks.TFDV)


def stats(**columns) -> Statistics:
    return statistics(pa.table(columns))


def found(report: Report) -> dict[str, tuple[str, ...]]:
    return {anomaly.path: anomaly.types for anomaly in report.anomalies}


def test_a_greatest_number_of_examples_counts_alone():
    current = stats(x=[1, 2])
    rules = infer_schema(current)
    rules.max_examples = 1

    assert found(validate(current, rules)) == {"": ("DATASET_HIGH_NUM_EXAMPLES",)}
    assert validate(current, rules, options=TFDV).ok


def test_an_unset_greatest_number_of_texts_is_no_limit():
    current = stats(x=["a", "b"])
    rules = infer_schema(current)
    rules["x"].proto.unique_constraints.min = 1

    assert validate(current, rules).ok
    assert found(validate(current, rules, options=TFDV)) == {"x": ("FEATURE_TYPE_HIGH_UNIQUE",)}


def test_nan_and_infinity_match_themselves():
    current = stats(x=[1.0, 2.0, math.nan, math.inf, -math.inf])
    rules = infer_schema(current)
    rules["x"].proto.drift_comparator.jensen_shannon_divergence.threshold = 0.0

    ours = validate(current, rules, previous=current)
    theirs = validate(current, rules, previous=current, options=TFDV)

    assert ours.drift[0].value == pytest.approx(0, abs=1e-12)
    assert theirs.drift[0].value > 0.2


def test_categories_of_a_bool_domain_are_checked_by_their_labels():
    current = Statistics.from_text("""
        datasets { num_examples: 3 features { path { step: "f" } type: INT string_stats {
          common_stats { num_non_missing: 3 min_num_values: 1 max_num_values: 1 tot_num_values: 3 }
          unique: 2 rank_histogram { buckets { label: "1" sample_count: 2 }
          buckets { label: "7" sample_count: 1 } } } } }""")
    rules = Schema.from_text('feature { name: "f" type: INT bool_domain {} }')

    report = validate(current, rules)

    assert found(report) == {"f": ("BOOL_TYPE_BIG_INT",)}
    assert (report.anomalies[0].value, report.anomalies[0].count) == (7, 1)
    assert validate(current, update_schema(rules, current)).ok


def test_values_survive_a_file_and_stay_out_of_the_proto_of_tfdv(tmp_path):
    rules, current = infer_schema(stats(x=["a", "b"])), stats(x=["a", "q"])

    report = validate(current, rules)
    loaded = Report.load(report.save(tmp_path / "SchemaDiff.pb"))

    assert loaded.anomalies == report.anomalies
    assert (loaded.anomalies[0].value, loaded.anomalies[0].count) == ("q", 1)
    assert loaded.to_rows()[0]["rule"] == "domain"
    assert validate(current, rules, options=TFDV).anomalies[0].value is None


def test_skew_is_measured_against_serving():
    rules = infer_schema(stats(x=["a", "b"]))
    rules["x"].proto.skew_comparator.infinity_norm.threshold = 0.2

    report = validate(stats(x=["a", "a", "b", "b"]), rules, serving=stats(x=["a"] * 9 + ["b"]))

    assert found(report) == {"x": ("COMPARATOR_L_INFTY_HIGH",)}
    assert (report.drift[0].against, report.drift[0].value) == ("serving", pytest.approx(0.4))
    assert "between training and serving" in report.anomalies[0].description


def test_comparators_that_cannot_work_are_warned_of(tmp_path):
    current = stats(x=[1, 2, 3])
    rules = infer_schema(current)
    rules["x"].proto.drift_comparator.infinity_norm.threshold = 0.2
    rules["x"].proto.drift_comparator.jensen_shannon_divergence.threshold = 1.0

    report = validate(current, rules, previous=current)

    texts = [warning.message for warning in report.warnings]
    assert report.ok
    assert "compares texts" in texts[0]
    assert "3 current values are few for 10 bins" in texts[1]
    assert {warning.path for warning in report.warnings} == {"x"}
    assert Report.load(report.save(tmp_path / "x.pb")).warnings == report.warnings


def test_severities_can_be_overridden():
    rules, current = infer_schema(stats(x=[1])), stats(x=[1], new=[1])

    softened = ValidationOptions(new_features_are_warnings=True)
    by_type = ValidationOptions(severity_overrides={"SCHEMA_NEW_COLUMN": Severity.WARNING})

    assert not validate(current, rules).ok
    for options in (softened, by_type):
        report = validate(current, rules, options=options)
        assert report.ok
        assert report.anomalies[0].severity == "WARNING"
    with pytest.raises(NotFound, match="did you mean 'SCHEMA_NEW_COLUMN'"):
        ValidationOptions(severity_overrides={"SCHEMA_NEW_COLUM": Severity.WARNING})


@pytest.mark.parametrize(
    "text",
    [
        "0 <= mean <= 60",
        "std_dev <= 2.5",
        "share('UA') >= 0.1",
        "quantile(0.9) <= 100",
        "correlation(dep_delay) >= 0.5; warning",
        "-1.5 <= min",
    ],
)
def test_constraints_read_what_they_write(text):
    constraint = Constraint.parse(text)

    assert Constraint.parse(str(constraint)) == constraint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("meen <= 5", "did you mean 'mean'"),
        ("mean", "is no constraint"),
        ("5 <= mean <= 1", "no value lies between"),
        ("quantile(1.5) <= 1", "from 0 to 1"),
        ("share <= 1", "takes an argument"),
        ("mean(3) <= 1", "takes no argument"),
    ],
)
def test_constraints_that_make_no_sense_are_refused(text, message):
    with pytest.raises((InvalidInput, NotFound), match=message):
        Constraint.parse(text)


def test_any_statistic_can_be_limited(tmp_path):
    current = stats(n=[1, 2, 3, 10], carrier=["UA", "UA", "B6", None])
    rules = infer_schema(current)
    add_constraint(rules, "n", "mean <= 3")
    add_constraint(rules, "n", "0 <= median <= 3")
    add_constraint(rules, "carrier", "share('UA') >= 0.9; warning")
    add_constraint(rules, "carrier", "missing_share <= 0.1")
    kept = Schema.load(rules.save(tmp_path / "schema.pbtxt"))

    report = validate(current, kept)

    assert constraints_of(kept) == constraints_of(rules)
    told = {
        reason.rule: (reason.value, reason.limit)
        for each in report.anomalies
        for reason in each.reasons
    }
    assert told == {
        "constraint mean <= 3": (4.0, 3.0),
        "constraint share('UA') >= 0.9; warning": (pytest.approx(2 / 3), 0.9),
        "constraint missing_share <= 0.1": (0.25, 0.1),
    }
    remove_constraint(kept, "n", "mean <= 3")
    assert "n" not in {each.path for each in validate(current, kept).anomalies}
    with pytest.raises(NotFound):
        remove_constraint(kept, "n", "mean <= 3")


def test_quantiles_and_correlations_can_be_limited():
    proto = stats(a=list(range(101)), b=list(range(101))).proto
    copy = statistics_pb2.DatasetFeatureStatisticsList()
    copy.CopyFrom(proto)
    text_format.Parse(
        'path_x { step: "a" } path_y { step: "b" } num_cross_stats { correlation: 0.25 }',
        copy.datasets[0].cross_features.add(),
    )
    current = Statistics(copy)
    rules = infer_schema(current)
    add_constraint(rules, "a", "quantile(0.9) <= 50")
    add_constraint(rules, "b", "correlation(a) >= 0.5")
    add_constraint(rules, "b", "correlation(c) >= 0.5")

    told = {each.path: each.reasons for each in validate(current, rules).anomalies}

    assert told["a"][0].value == pytest.approx(90, abs=1)
    assert [reason.type for reason in told["b"]] == ["CUSTOM_VALIDATION", "STATS_NOT_AVAILABLE"]


def test_conditions_in_sql_on_the_statistics():
    current, before = stats(n=[1, 2, 9], t=["a", "b", "b"]), stats(n=[1, 2, 3], t=["a", "b", "b"])
    rules = infer_schema(current)
    custom = [
        CustomValidation(feature="n", sql="feature.num_stats.max < 5", description="small"),
        CustomValidation(
            feature="n",
            base_feature="n",
            sql="feature_test.num_stats.mean < feature_base.num_stats.mean * 1.5",
            severity=Severity.WARNING,
        ),
        CustomValidation.parse("t: feature.string_stats.rank_histogram.buckets[1].label = 'b'"),
        CustomValidation(feature="n", sql="false", environments=("OTHER",)),
    ]

    report = validate(current, rules, previous=before, custom=custom)

    (anomaly,) = report.anomalies
    assert anomaly.types == ("CUSTOM_VALIDATION", "CUSTOM_VALIDATION")
    assert anomaly.severity == "ERROR"
    assert anomaly.reasons[0].short == "small"
    assert anomaly.rule == "feature.num_stats.max < 5"
    for wrong in ("feature.nope > 1", "feature.num_stats.max <"):
        with pytest.raises(InvalidInput, match="can't be evaluated") as caught:
            validate(current, rules, custom=[CustomValidation(feature="n", sql=wrong)])
        assert "CAST(" not in str(caught.value)
    with pytest.raises(NotFound, match="have no feature 'm'"):
        validate(current, rules, custom=[CustomValidation(feature="m", sql="true")])


def test_ranges_are_suggested_when_asked_for():
    current = stats(n=[3, 9], x=[0.5, math.inf], t=["a", "b"])

    rules = infer_schema(current, ranges=True)

    assert infer_schema(current)["n"].domain is None
    assert rules["n"].domain == (3, 9)
    assert rules["x"].domain == (0.5, None)
    assert validate(current, rules).ok
    assert found(validate(stats(n=[3, 10], x=[0.5, 1.0], t=["a", "b"]), rules)) == {
        "n": ("INT_TYPE_BIG_INT",)
    }


def test_transformations_finish_an_inferred_schema():
    def retire(schema: Schema, current: Statistics) -> Schema:
        assert current.num_examples == 1
        schema.remove("x")
        return schema

    assert list(infer_schema(stats(x=[1], y=[1]), transformations=[retire])) == ["y"]


def test_a_thousand_features_are_validated_at_once():
    one = stats(n=[1, 2], t=["a", "b"]).proto.datasets[0]
    many = statistics_pb2.DatasetFeatureStatisticsList()
    dataset = many.datasets.add(num_examples=2)
    for number in range(500):
        for feature in one.features:
            copy = dataset.features.add()
            copy.CopyFrom(feature)
            copy.path.step[0] += str(number)
    current = Statistics(many)
    rules = infer_schema(current)

    took = []
    for _ in range(3):
        start = time.process_time()
        assert validate(current, rules).ok
        took.append(time.process_time() - start)

    assert min(took) < 0.2


def test_categories_of_whole_numbers_satisfy_the_schema_inferred_from_them():
    current = Statistics.from_text("""
        datasets { num_examples: 3 features { path { step: "f" } type: INT string_stats {
          common_stats { num_non_missing: 3 min_num_values: 1 max_num_values: 1 tot_num_values: 3 }
          unique: 2 rank_histogram { buckets { label: "1" sample_count: 2 }
          buckets { label: "7" sample_count: 1 } } } }
          features { path { step: "s" } custom_stats { name: "missing_value" num: 1 } } }""")
    kept = Statistics.from_text(str(current.proto))

    rules = infer_schema(current)

    assert rules["f"].proto.int_domain.is_categorical
    assert "s" not in rules
    assert current == kept  # TFDV takes the sparse feature out of its argument


def test_a_bound_of_quantiles_between_false_and_true_is_no_truth_value():
    ends = "buckets { low_value: 0 high_value: 0.5 sample_count: 3 }"
    current = Statistics.from_text(f"""
        datasets {{ num_examples: 3 features {{ path {{ step: "f" }} type: FLOAT num_stats {{
          common_stats {{ num_non_missing: 3 min_num_values: 1 max_num_values: 1
            tot_num_values: 3 }} max: 1
          histograms {{ type: QUANTILES {ends}
            buckets {{ low_value: 0.5 high_value: 1 sample_count: 1 }} }} }} }} }}""")
    rules = Schema.from_text('feature { name: "f" type: FLOAT bool_domain {} }')

    assert found(validate(current, rules)) == {"f": ("BOOL_TYPE_UNEXPECTED_FLOAT",)}
    assert validate(current, rules, options=TFDV).ok


def test_a_retired_sparse_feature_is_not_checked():
    current = Statistics.from_text("""datasets { num_examples: 3 features { path { step: "s" }
        custom_stats { name: "missing_value" num: 1 } } }""")
    rules = Schema.from_text('sparse_feature { name: "s" lifecycle_stage: DEPRECATED }')

    assert validate(current, rules).ok
