"""Questions for TensorFlow Data Validation: statistics against schemas, rule by rule, and seeds.

Needs nothing but tensorflow-metadata and pyarrow, so that TFDV's own environment can read it too.
"""
# ruff: noqa: E501, UP031  # a case is a line; text protos are full of braces

import random

import pyarrow as pa
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

TEN = "num_non_missing: 10 min_num_values: 1 max_num_values: 1 tot_num_values: 10 avg_num_values: 1"


def numbers(name, low, high, kind="INT", common=TEN, nan=0, more="", buckets=None):
    """Write a feature of numbers; `buckets` are (low, high, count), one by default."""
    parts = buckets or [(low, high, 10 - nan)]
    text = " ".join(
        f"buckets {{ low_value: {a} high_value: {b} sample_count: {c} }}" for a, b, c in parts
    )
    histograms = "".join(
        f"histograms {{ num_nan: {nan} type: {each} {text} }} "
        for each in ("STANDARD", "QUANTILES")
    )
    return (
        f'features {{ path {{ step: "{name}" }} type: {kind} num_stats {{ common_stats {{ {common} }}'
        f" min: {low} max: {high} {histograms} }} {more} }}"
    )


def texts(name, counts, kind="STRING", common=TEN, more="", invalid=0):
    """Write a feature of texts with a rank histogram."""
    ranks = " ".join(
        f'buckets {{ low_rank: {at} high_rank: {at} label: "{label}" sample_count: {count} }}'
        for at, (label, count) in enumerate(counts.items())
    )
    return (
        f'features {{ path {{ step: "{name}" }} type: {kind} string_stats {{ common_stats'
        f" {{ {common} }} unique: {len(counts)} invalid_utf8_count: {invalid}"
        f" rank_histogram {{ {ranks} }} }} {more} }}"
    )


def custom(name, **values):
    """Write a feature that has only custom statistics: numbers, or counts by label."""
    parts = []
    for key, value in values.items():
        if isinstance(value, dict):
            ranks = " ".join(
                f'buckets {{ label: "{label}" sample_count: {count} }}'
                for label, count in value.items()
            )
            parts.append(f'custom_stats {{ name: "{key}" rank_histogram {{ {ranks} }} }}')
        else:
            parts.append(f'custom_stats {{ name: "{key}" num: {value} }}')
    return f'features {{ path {{ step: "{name}" }} {" ".join(parts)} }}'


def dataset(*features, examples=10, weighted=0):
    weight = f"weighted_num_examples: {weighted} " if weighted else ""
    return f"datasets {{ num_examples: {examples} {weight}{' '.join(features)} }}"


INT = 'feature { name: "f" type: INT %s }'
FLOAT = 'feature { name: "f" type: FLOAT %s }'
BYTES = 'feature { name: "f" type: BYTES %s }'
AB = texts("f", {"a": 6, "b": 4})
ONE = numbers("f", 1, 1)
LANGUAGE = (
    'custom_stats { name: "nl_statistics" any {'
    " [type.googleapis.com/tensorflow.metadata.v0.NaturalLanguageStatistics] {"
    " feature_coverage: 0.5 avg_token_length: 3.0 token_statistics {"
    ' string_token: "x" frequency: 5 fraction_of_sequences: 0.5 per_sequence_min_frequency: 1'
    " per_sequence_avg_frequency: 2 per_sequence_max_frequency: 3 } } } }"
)
PICTURES = (
    'custom_stats { name: "image_format_histogram" rank_histogram {'
    ' buckets { label: "png" sample_count: 6 } buckets { label: "UNKNOWN" sample_count: 4 } } }'
)
BINARY = (
    'features { path { step: "f" } type: BYTES bytes_stats { common_stats { %s }'
    " avg_num_bytes: 50 min_num_bytes: 10 max_num_bytes: 100 max_num_bytes_int: 100 } %s }"
)
SPARSE = 'sparse_feature { name: "s" index_feature { name: "i" } value_feature { name: "v" } }'
WEIGHTED = 'weighted_feature { name: "w" feature { step: "v" } weight_feature { step: "g" } }'
DOMAIN = 'string_domain { name: "d" value: "a" value: "c" }'
LESS = TEN.replace("num_non_missing: 10", "num_non_missing: 7 num_missing: 3")
NESTED = (
    "num_non_missing: 10 min_num_values: 2 max_num_values: 6 tot_num_values: 40"
    " presence_and_valency_stats { num_non_missing: 10 min_num_values: 1 max_num_values: 3"
    " tot_num_values: 20 }"
    " presence_and_valency_stats { num_non_missing: 20 min_num_values: 2 max_num_values: 2"
    " tot_num_values: 40 }"
)
STRUCT = (
    'features { path { step: "t" } type: STRUCT struct_stats { common_stats { %s } } }'
    ' features { path { step: "t" step: "x" } type: INT num_stats { common_stats { %s } max: 9'
    " histograms { buckets { high_value: 9 sample_count: 10 } } } }"
) % (TEN, TEN)


def lists(low, high):
    return TEN.replace(
        "min_num_values: 1 max_num_values: 1", f"min_num_values: {low} max_num_values: {high}"
    )


def drifting(measure, threshold, kind=BYTES, rule="drift_comparator", more=""):
    return kind % f"{rule} {{ {measure} {{ threshold: {threshold} {more} }} }}"


JSD, NAD, LINF = "jensen_shannon_divergence", "normalized_abs_difference", "infinity_norm"
SPREAD = numbers("f", 0, 9, buckets=[(0, 3, 4), (3, 6, 2), (6, 9, 4)])
OTHER = numbers("f", 0, 12, buckets=[(0, 4, 1), (4, 4, 3), (4, 12, 6)])
ENDLESS = numbers("f", 0, "inf", "FLOAT", nan=1, buckets=[(0, 3, 5), (3, 6, 2), ("inf", "inf", 2)])
CD = texts("f", {"a": 2, "c": 7, "d": 1})

# name: (statistics, schema, further questions)
RULES = {
    "new column": (dataset(AB), "", {}),
    "new column as a warning": (dataset(AB), "", {"new_features_are_warnings": True}),
    "new column not needed": (dataset(AB), "", {"features_needed": {"g": "why"}}),
    "new column needed": (dataset(AB), "", {"features_needed": {"f": "why"}}),
    "new struct": (dataset(STRUCT), "", {}),
    "new field": (dataset(STRUCT), 'feature { name: "t" type: STRUCT struct_domain {} }', {}),
    "missing column": (dataset(AB), BYTES % "" + 'feature { name: "g" type: INT presence { min_count: 1 } }', {}),
    "missing in a missing struct": (
        dataset(AB),
        BYTES % "" + 'feature { name: "t" type: STRUCT struct_domain { feature { name: "x" type: INT presence { min_fraction: 1 } } } }',
        {},
    ),
    "missing column as a warning": (
        dataset(AB),
        BYTES % "" + 'feature { name: "g" type: INT presence { min_count: 1 } }',
        {"severity_overrides": {"SCHEMA_MISSING_COLUMN": "WARNING"}},
    ),
    "empty column": (dataset(numbers("f", 0, 0, common="num_missing: 10")), INT % "presence { min_count: 1 }", {}),
    "empty optional column": (dataset(numbers("f", 0, 0, common="num_missing: 10")), INT % "int_domain { min: 5 }", {}),
    "few rows": (dataset(numbers("f", 1, 1, common=LESS)), INT % "presence { min_count: 9 min_fraction: 0.9 }", {}),
    "all rows": (dataset(numbers("f", 1, 1, common=LESS)), INT % "presence { min_fraction: 1 }", {}),
    "few values": (dataset(numbers("f", 1, 1, common=lists(0, 5))), INT % "value_count { min: 1 max: 3 }", {}),
    "counts by level": (dataset(numbers("f", 1, 1, common=NESTED)), INT % "value_counts { value_count { min: 2 max: 2 } value_count { min: 3 max: 5 } }", {}),
    "flat count of nested": (dataset(numbers("f", 1, 1, common=NESTED)), INT % "value_count { min: 1 }", {}),
    "other depth": (dataset(ONE), INT % "value_counts { value_count { min: 1 } value_count { min: 1 } }", {}),
    "shape of varying": (dataset(numbers("f", 1, 1, common=lists(1, 2))), INT % "shape { dim { size: 2 } }", {}),
    "shape of missing": (dataset(numbers("f", 1, 1, common=LESS)), INT % "shape { dim { size: 1 } }", {}),
    "shape of another size": (dataset(numbers("f", 1, 1, common=lists(4, 4))), INT % "shape { dim { size: 2 } dim { size: 3 } }", {}),
    "shape that fits": (dataset(numbers("f", 1, 1, common=lists(6, 6))), INT % "shape { dim { size: 2 } dim { size: 3 } }", {}),
    "empty shape": (dataset(ONE), INT % "shape {}", {}),
    "another type": (dataset(AB), INT % "int_domain { min: 1 }", {}),
    "float for int": (dataset(numbers("f", 0.5, 2, "FLOAT")), INT % "presence { min_count: 11 }", {}),
    "texts for ints of a domain": (dataset(ONE), INT % 'string_domain { value: "a" }', {}),
    "int domain of floats": (dataset(numbers("f", 0.5, 2, "FLOAT")), FLOAT % "int_domain { min: 1 }", {}),
    "domain of bytes": (dataset(BINARY % (TEN, "")), BYTES % 'string_domain { value: "a" }', {}),
    "beyond int64": (dataset(numbers("f", 0, 1.8e19)), INT % "int_domain { max: 5 }", {}),
    "fraction below 0": (dataset(ONE), INT % "presence { min_fraction: -1 }", {}),
    "fraction above 1": (dataset(ONE), INT % "presence { min_fraction: 1.5 }", {}),
    "negative count": (dataset(ONE), INT % "value_count { min: -1 max: -2 }", {}),
    "max below min": (dataset(ONE), INT % "value_count { min: 1 max: 0 }", {}),
    "dimension of 0": (dataset(ONE), INT % "shape { dim { size: 0 } }", {}),
    "mass without domain": (dataset(ONE), INT % "distribution_constraints { min_domain_mass: 0.5 }", {}),
    "mass of an int domain": (dataset(ONE), INT % "int_domain { min: 0 } distribution_constraints { min_domain_mass: 0.5 }", {}),
    "mass of a float domain": (dataset(numbers("f", 1, 1, "FLOAT")), FLOAT % "float_domain { min: 0 } distribution_constraints { min_domain_mass: 0.5 }", {}),
    "mass of a bool domain": (dataset(ONE), INT % "bool_domain {} distribution_constraints { min_domain_mass: 0.5 }", {}),
    "mass of a language": (dataset(AB), BYTES % "natural_language_domain {} distribution_constraints { min_domain_mass: 0.5 }", {}),
    "two contradictions": (dataset(ONE), INT % "presence { min_fraction: -1 } value_count { min: -1 }", {}),
    "three contradictions and more": (dataset(numbers("f", 1, 7)), INT % "presence { min_fraction: -1 } int_domain { max: 5 } distribution_constraints { min_domain_mass: 0.5 }", {}),
    "no such domain": (dataset(AB), BYTES % 'domain: "nowhere"', {}),
    "time of day": (dataset(AB), BYTES % 'time_of_day_domain { string_format: "%H" }', {}),
    "no name": (dataset(AB), "feature { type: BYTES }", {}),
    "no type": (dataset(ONE), 'feature { name: "f" }', {}),
    "no type but a domain": (dataset(AB), DOMAIN + 'feature { name: "f" domain: "d" }', {}),
    "small and big int": (dataset(numbers("f", -5, 50)), INT % "int_domain { min: 0 max: 10 }", {}),
    "ints in texts": (dataset(texts("f", {"-5": 4, " 50": 6})), BYTES % "int_domain { min: 0 max: 10 }", {}),
    "no ints in texts": (dataset(texts("f", {"5": 4, "x": 6})), BYTES % "int_domain { min: 0 max: 10 }", {}),
    "ints as categories": (dataset(texts("f", {"5": 4, "50": 6}, "INT")), INT % "int_domain { min: 6 max: 10 is_categorical: true }", {}),
    "small and big float": (dataset(numbers("f", -5.5, 50.5, "FLOAT")), FLOAT % "float_domain { min: 0 max: 10 }", {}),
    "float32 bounds": (dataset(numbers("f", 0.1, 0.2, "FLOAT")), FLOAT % "float_domain { min: 0.1 max: 0.2 }", {}),
    "floats in texts": (dataset(texts("f", {"-5.5": 4, "1e3": 6})), BYTES % "float_domain { min: 0 max: 10 }", {}),
    "no floats in texts": (dataset(texts("f", {"5": 4, "x": 6})), BYTES % "float_domain { min: 0 }", {}),
    "NaN and infinity": (dataset(ENDLESS), FLOAT % "float_domain { disallow_nan: true disallow_inf: true }", {}),
    "bool below": (dataset(numbers("f", -3, 5)), INT % "bool_domain {}", {}),
    "bool above": (dataset(numbers("f", 0, 5)), INT % "bool_domain {}", {}),
    "bool of floats": (dataset(numbers("f", 0, 1, "FLOAT", buckets=[(0, 0.5, 3), (0.5, 1, 7)])), FLOAT % "bool_domain {}", {}),
    "bool of good floats": (dataset(numbers("f", 0, 1, "FLOAT", buckets=[(0, 0, 3), (1, 1, 7)])), FLOAT % "bool_domain {}", {}),
    "bool of texts": (dataset(AB), BYTES % 'bool_domain { true_value: "a" false_value: "c" }', {}),
    "outside the domain": (dataset(AB), DOMAIN + BYTES % 'domain: "d"', {}),
    "outside a little": (dataset(AB), DOMAIN + BYTES % 'domain: "d" distribution_constraints { min_domain_mass: 0.5 }', {}),
    "outside by the mass": (dataset(texts("f", {"a": 8, "x": 2})), DOMAIN + BYTES % 'domain: "d" distribution_constraints { min_domain_mass: 0.8 }', {}),
    "invalid text": (dataset(texts("f", {"a": 8}, invalid=2)), DOMAIN + BYTES % 'domain: "d"' + 'feature { name: "g" type: BYTES domain: "d" }', {}),
    "too few different": (dataset(AB), BYTES % "unique_constraints { min: 3 max: 5 }", {}),
    "too many different": (dataset(AB), BYTES % "unique_constraints { min: 1 max: 1 }", {}),
    "unset greatest unique": (dataset(AB), BYTES % "unique_constraints { min: 1 }", {}),
    "unique of numbers": (dataset(ONE), INT % "unique_constraints { min: 1 max: 5 }", {}),
    "few pictures": (dataset(BINARY % (TEN, PICTURES)), BYTES % "image_domain { minimum_supported_image_fraction: 0.9 }", {}),
    "large pictures": (dataset(BINARY % (TEN, PICTURES)), BYTES % "image_domain { minimum_supported_image_fraction: 0.5 max_image_byte_size: 50 }", {}),
    "no pictures counted": (dataset(BINARY % (TEN, "")), BYTES % "image_domain { minimum_supported_image_fraction: 0.9 }", {}),
    "low coverage": (dataset(texts("f", {"x": 10}, more=LANGUAGE)), BYTES % "natural_language_domain { coverage { min_coverage: 0.75 min_avg_token_length: 4 } }", {}),
    "rare token": (dataset(texts("f", {"x": 10}, more=LANGUAGE)), BYTES % 'natural_language_domain { token_constraints { string_value: "x" min_per_sequence: 2 max_per_sequence: 9 min_fraction_of_sequences: 0.75 max_fraction_of_sequences: 1 } }', {}),
    "frequent token": (dataset(texts("f", {"x": 10}, more=LANGUAGE)), BYTES % 'natural_language_domain { token_constraints { string_value: "x" min_per_sequence: 0 max_per_sequence: 2 min_fraction_of_sequences: 0 max_fraction_of_sequences: 0.25 } }', {}),
    "unknown token": (dataset(texts("f", {"x": 10}, more=LANGUAGE)), BYTES % 'natural_language_domain { token_constraints { string_value: "y" min_per_sequence: 2 } }', {}),
    "no language statistics": (dataset(AB), BYTES % "natural_language_domain { coverage { min_coverage: 0.5 } }", {}),
    "stated domain": (dataset(texts("f", {"a": 10}, more='custom_stats { name: "domain_info" str: "natural_language_domain {}" }')), BYTES % "", {}),
    "stated nonsense": (dataset(texts("f", {"a": 10}, more='custom_stats { name: "domain_info" str: "name: \'x\'" }')), BYTES % "", {}),
    "sparse without values": (dataset(custom("s", missing_value=2, missing_index={"i": 0}, max_length_diff={"i": 0}, min_length_diff={"i": 0})), SPARSE, {}),
    "sparse without index": (dataset(custom("s", missing_value=0, missing_index={"i": 3}, max_length_diff={"i": 2}, min_length_diff={"i": -1})), SPARSE, {}),
    "good sparse": (dataset(custom("s", missing_value=0, missing_index={"i": 0}, max_length_diff={"i": 0}, min_length_diff={"i": 0})), SPARSE, {}),
    "weighted without values": (dataset(custom("w", missing_value=2, missing_weight=0, min_weight_length_diff=0, max_weight_length_diff=0)), WEIGHTED, {}),
    "weighted without weights": (dataset(custom("w", missing_value=0, missing_weight=1, min_weight_length_diff=-2, max_weight_length_diff=3)), WEIGHTED, {}),
    "sparse named as a feature": (dataset(texts("s", {"a": 10})), SPARSE + 'feature { name: "s" type: BYTES }', {}),
    "weighted named as a feature": (dataset(texts("w", {"a": 10})), WEIGHTED + 'feature { name: "w" type: BYTES }', {}),
    "weighted named as a sparse one": (dataset(custom("s", missing_value=1)), SPARSE + WEIGHTED.replace('"w"', '"s"'), {}),
    "derived": (dataset(numbers("f", 1, 1, more='validation_derived_source { deriver_name: "d" }')), INT % "", {}),
    "derived in production": (dataset(numbers("f", 1, 1, more='validation_derived_source { deriver_name: "d" }')), INT % 'validation_derived_source { deriver_name: "d" } lifecycle_stage: PRODUCTION', {}),
    "derived as it should be": (dataset(numbers("f", 1, 1, more='validation_derived_source { deriver_name: "d" }')), INT % 'validation_derived_source { deriver_name: "d" } lifecycle_stage: VALIDATION_DERIVED', {}),
    "new derived": (dataset(numbers("f", 1, 1, more='validation_derived_source { deriver_name: "d" }')), "", {}),
    "few examples": (dataset(ONE), INT % "" + "dataset_constraints { min_examples_count: 11 max_examples_count: 5 }", {}),
    "greatest number alone": (dataset(ONE), INT % "" + "dataset_constraints { max_examples_count: 5 }", {}),
    "fewer than before": (dataset(ONE), INT % "" + "dataset_constraints { num_examples_drift_comparator { min_fraction_threshold: 0.9 } }", {"previous": dataset(ONE, examples=20)}),
    "more than the version before": (dataset(ONE), INT % "" + "dataset_constraints { num_examples_version_comparator { max_fraction_threshold: 1.5 } }", {"previous_version": dataset(ONE, examples=5)}),
    "nothing before": (dataset(ONE), INT % "" + "dataset_constraints { num_examples_version_comparator { min_fraction_threshold: 0.5 max_fraction_threshold: 1.5 } }", {"previous_version": dataset(ONE, examples=0)}),
    "all about examples": (dataset(ONE), INT % "" + "dataset_constraints { min_examples_count: 12 num_examples_version_comparator { min_fraction_threshold: 0.9 } num_examples_drift_comparator { min_fraction_threshold: 0.9 } }", {"previous_version": dataset(ONE, examples=20), "previous": dataset(ONE, examples=40)}),
    "no examples": (dataset(examples=0), INT % "", {}),
    "drift by shares": (dataset(AB), drifting(LINF, 0.1), {"previous": dataset(CD)}),
    "skew by shares": (dataset(AB), drifting(LINF, 0.1, rule="skew_comparator"), {"serving": dataset(CD)}),
    "drift below": (dataset(AB), drifting(LINF, 0.99), {"previous": dataset(CD)}),
    "drift of numbers by shares": (dataset(SPREAD), drifting(LINF, 0.1, INT), {"previous": dataset(OTHER)}),
    "drift by difference": (dataset(AB), drifting(NAD, 0.1), {"previous": dataset(CD)}),
    "skew by difference": (dataset(AB), drifting(NAD, 0.1, rule="skew_comparator"), {"serving": dataset(CD)}),
    "divergence of texts": (dataset(AB), drifting(JSD, 0.1), {"previous": dataset(CD)}),
    "divergence of numbers": (dataset(SPREAD), drifting(JSD, 0.1, INT), {"previous": dataset(OTHER)}),
    "divergence of quantiles": (dataset(SPREAD), drifting(JSD, 0.1, INT, more="source { type: QUANTILES }"), {"previous": dataset(OTHER)}),
    "divergence with infinities": (dataset(ENDLESS), drifting(JSD, 0.1, FLOAT), {"previous": dataset(ENDLESS)}),
    "divergence of the same": (dataset(SPREAD), drifting(JSD, 0.0, INT, rule="skew_comparator"), {"serving": dataset(SPREAD)}),
    "divergence of unlike kinds": (dataset(SPREAD), drifting(JSD, 0.1, INT), {"previous": dataset(texts("f", {"1": 10}, "INT"))}),
    "every measure": (
        dataset(AB),
        BYTES % "".join(
            f"{rule} {{ {' '.join(f'{each} {{ threshold: 0.01 }}' for each in (LINF, JSD, NAD))} }} "
            for rule in ("drift_comparator", "skew_comparator")
        ),
        {"previous": dataset(CD), "serving": dataset(texts("f", {"a": 1, "z": 9}))},
    ),
    "control lacks the feature": (dataset(AB), drifting(LINF, 0.1) , {"previous": dataset(ONE.replace('"f"', '"g"'))}),
    "both controls lack it": (
        dataset(AB),
        BYTES % "drift_comparator { infinity_norm { threshold: 0.1 } jensen_shannon_divergence { threshold: 0.1 } } skew_comparator { infinity_norm { threshold: 0.1 } }",
        {"previous": dataset(), "serving": dataset()},
    ),
    "outside the environment": (dataset(AB), 'default_environment: "T" default_environment: "S"' + BYTES % 'not_in_environment: "S"', {"environment": "S"}),
    "inside the environment": (dataset(AB), 'default_environment: "T" default_environment: "S"' + BYTES % 'in_environment: "S"' + 'feature { name: "g" type: INT presence { min_count: 1 } in_environment: "S" }', {"environment": "T"}),
    "not expected there": (dataset(AB), 'default_environment: "T" default_environment: "S"' + BYTES % "" + 'feature { name: "g" type: INT presence { min_count: 1 } not_in_environment: "S" }', {"environment": "S"}),
    "retired": (dataset(AB), INT % "lifecycle_stage: DEBUG_ONLY", {}),
    "a warning and an error": (
        dataset(numbers("f", -5, 50, common=LESS)),
        INT % "presence { min_fraction: 1 } int_domain { max: 10 }",
        {"severity_overrides": {"FEATURE_TYPE_LOW_FRACTION_PRESENT": "WARNING"}},
    ),
    "bad field": (dataset(STRUCT), 'feature { name: "t" type: STRUCT presence { min_count: 11 } struct_domain { feature { name: "x" type: INT int_domain { max: 5 } } } }', {}),
}  # fmt: skip


def statistics_of(text):
    return text_format.Parse(text, statistics_pb2.DatasetFeatureStatisticsList())


def schema_of(text):
    return text_format.Parse(text, schema_pb2.Schema())


SEEDS = range(50)
WEIGHTED = range(40, 50)
"""Those whose statistics are weighted by the column weight."""


def tables(seed):
    """Return a table, and a later one with faults planted by the seed."""
    chance = random.Random(seed)
    rows = chance.choice([30, 80, 200])
    words = [f"w{each}" for each in range(chance.choice([2, 5, 30]))]

    def drawn(shift, faults):
        def gap(value):
            return None if "gaps" in faults and chance.random() < 0.2 else value

        columns = {
            "count": [gap(chance.randint(0, 9 + shift)) for _ in range(rows)],
            "size": [gap(chance.gauss(shift, 1)) for _ in range(rows)],
            "word": [chance.choice(words[: len(words) - shift] or words) for _ in range(rows)],
            "flag": [chance.randint(0, 3 if "flag" in faults else 1) for _ in range(rows)],
            "tags": [
                [
                    chance.choice("xyz")
                    for _ in range(chance.randint(0 if "empty" in faults else 1, 3))
                ]
                for _ in range(rows)
            ],
        }
        columns["deep"] = [
            [
                [chance.randint(0, 5)] * chance.randint(1, 2)
                for _ in range(chance.randint(1, 2 + shift))
            ]
            for _ in range(rows)
        ]
        columns["trip"] = [
            None
            if "gaps" in faults and chance.random() < 0.1
            else {"x": chance.randint(0, 9 * (1 + shift)), "y": chance.choice(words)}
            for _ in range(rows)
        ]
        if seed in WEIGHTED:
            columns["weight"] = [chance.choice([0.5, 1.0, 2.5]) for _ in range(rows)]
        if "new word" in faults:
            columns["word"][0] = "unheard"
        if "type" in faults:
            columns["count"] = [str(each) for each in columns["count"]]
        if "dropped" in faults:
            del columns["flag"]
        if "new" in faults:
            columns["extra"] = [chance.choice(["p", "q"]) for _ in range(rows)]
        return pa.table(columns)

    kinds = ["gaps", "flag", "empty", "new word", "type", "dropped", "new"]
    faults = set(chance.sample(kinds, chance.randint(0, 4)))
    return drawn(0, set()), drawn(chance.choice([0, 1, 3]), faults)


def with_comparators(schema):
    """Ask for every measure that a feature may have, so low that some are exceeded."""
    for feature in schema.feature:
        for comparator in (feature.drift_comparator, feature.skew_comparator):
            comparator.jensen_shannon_divergence.threshold = 0.05
            if feature.type == schema_pb2.BYTES:
                comparator.infinity_norm.threshold = 0.1
                comparator.normalized_abs_difference.threshold = 0.05
    return schema
