"""Every rule, and drift and skew of seeded tables, against TensorFlow Data Validation's answers.

golden/make.py asked for them, with the questions of golden/cases.py.
"""

from __future__ import annotations

import base64
import gzip
import json
import runpy
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

from lineal.validation import (
    Quirks,
    Report,
    Schema,
    Severity,
    Statistics,
    ValidationOptions,
    infer_schema,
    update_schema,
    validate,
)

GOLDEN = Path(__file__).parent / "golden"
QUESTIONS = runpy.run_path(str(GOLDEN / "cases.py"))
RULES = QUESTIONS["RULES"]
CASES = [
    json.loads(line)
    for line in gzip.decompress((GOLDEN / "rules.jsonl.gz").read_bytes()).splitlines()
]
ASKED = [case for case in CASES if case["case"] in RULES]
SEEDED = [case for case in CASES if case["case"] not in RULES]
TFDV_RULES = ValidationOptions(quirks=Quirks.TFDV)
_LEVELS = anomalies_pb2.AnomalyInfo.Severity
_TYPES = anomalies_pb2.AnomalyInfo.Type


def test_there_are_enough_cases():
    assert len(ASKED) == len(RULES)
    assert len(CASES) >= 100


@pytest.mark.parametrize("case", ASKED, ids=[case["case"] for case in ASKED])
def test_a_rule_finds_what_tfdv_finds(case):
    statistics, schema, more = RULES[case["case"]]
    current, expected = _statistics(statistics), Schema(QUESTIONS["schema_of"](schema))
    controls = {
        key: _statistics(more[key])
        for key in ("previous", "serving", "previous_version")
        if key in more
    }
    options = ValidationOptions(
        features_needed=more.get("features_needed", {}),
        new_features_are_warnings=more.get("new_features_are_warnings", False),
        severity_overrides={
            kind: Severity(level) for kind, level in more.get("severity_overrides", {}).items()
        },
        quirks=Quirks.TFDV,
    )

    report = validate(
        current, expected, environment=more.get("environment"), options=options, **controls
    )

    _agrees(report, case)
    assert update_schema(expected, current, options=TFDV_RULES) == Schema.from_text(case["updated"])


@pytest.mark.parametrize("case", SEEDED, ids=[case["case"] for case in SEEDED])
def test_planted_faults_are_found_as_by_tfdv(case):
    before, after = (_decoded(case[key]) for key in ("before", "statistics"))
    inferred = infer_schema(before)
    assert inferred == Schema.from_text(case["inferred"])
    expected = Schema(QUESTIONS["with_comparators"](inferred.copy().proto))
    options = ValidationOptions(quirks=Quirks.TFDV)

    report = validate(after, expected, previous=before, serving=before, options=options)

    _agrees(report, case)
    assert update_schema(expected, after, options=options) == Schema.from_text(case["updated"])


def _agrees(report: Report, case) -> None:
    found = {key: _told(info) for key, info in report.proto.anomaly_info.items()}
    assert found == case["anomalies"]
    whole = report.proto.dataset_anomaly_info
    assert (_told(whole) if whole.reason else None) == case["dataset"]
    assert report.data_missing == case["data_missing"]
    wanted = [text_format.Parse(each, anomalies_pb2.DriftSkewInfo()) for each in case["drift_skew"]]
    assert [_measured(info) for info in report.proto.drift_skew_info] == [
        _measured(info) for info in wanted
    ]


def _told(info):
    return {
        "severity": _LEVELS.Name(info.severity),
        "short": info.short_description,
        "reasons": [[_TYPES.Name(each.type), each.short_description] for each in info.reason],
    }


def _measured(info):
    return [
        (
            list(info.path.step),
            each.type,
            pytest.approx(each.value, rel=1e-9, abs=1e-9),
            each.threshold,
        )
        for each in [*info.drift_measurements, *info.skew_measurements]
    ]


def _statistics(text: str) -> Statistics:
    return Statistics(QUESTIONS["statistics_of"](text))


def _decoded(encoded: str) -> Statistics:
    return Statistics(
        statistics_pb2.DatasetFeatureStatisticsList.FromString(base64.b64decode(encoded))
    )
