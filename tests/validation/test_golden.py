"""Our answers against those that TensorFlow Data Validation gave (golden/README.md)."""

from __future__ import annotations

import base64
import gzip
import json
import math
import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from lineal.validation import (
    Quirks,
    Schema,
    Statistics,
    StatisticsOptions,
    ValidationOptions,
    infer_schema,
    statistics,
    update_schema,
    validate,
)

if TYPE_CHECKING:
    from google.protobuf.message import Message

GOLDEN = Path(__file__).parent / "golden"
_DATA = runpy.run_path(str(GOLDEN / "data.py"))
TABLES = _DATA["TABLES"]
STATISTICS = [
    json.loads(line) for line in (GOLDEN / "statistics.jsonl").read_text("utf-8").splitlines()
]
CASES = [
    json.loads(line)
    for line in gzip.decompress((GOLDEN / "anomalies.jsonl.gz").read_bytes()).splitlines()
]
TFDV_RULES = ValidationOptions(quirks=Quirks.TFDV)


@pytest.mark.parametrize("golden", STATISTICS, ids=[each["table"] for each in STATISTICS])
def test_statistics_are_those_of_tfdv(golden):
    expected = text_format.Parse(
        golden["statistics"], statistics_pb2.DatasetFeatureStatisticsList()
    ).datasets[0]

    ours = statistics(TABLES[golden["table"]], options=_options(golden["table"])).dataset

    assert ours.num_examples == expected.num_examples
    found = {tuple(each.path.step): each for each in ours.features}
    wanted = {tuple(each.path.step): each for each in expected.features}
    assert found.keys() == wanted.keys()
    differences = [
        difference
        for path, feature in wanted.items()
        for difference in _differences(found[path], feature, ".".join(path))
    ]
    assert differences == []


# From integers that are categories TFDV infers texts, which its own validation then refuses.
_INFERRED = [each for each in STATISTICS if each["table"] != "stated"]


@pytest.mark.parametrize("golden", _INFERRED, ids=[each["table"] for each in _INFERRED])
def test_the_inferred_schema_is_that_of_tfdv(golden):
    current = Statistics.from_text(golden["statistics"])

    assert infer_schema(current) == Schema.from_text(golden["schema"])


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_anomalies_are_those_of_tfdv(case):
    report = validate(
        _statistics(case["statistics"]),
        _schema(case),
        environment=case.get("environment"),
        previous=_statistics(case["previous"]) if "previous" in case else None,
        options=TFDV_RULES,
    )

    kind = type(report.proto.anomaly_info[""]).Type
    del report.proto.anomaly_info[""]
    assert {
        key: [kind.Name(reason.type) for reason in info.reason]
        for key, info in report.proto.anomaly_info.items()
    } == case["anomalies"]
    dataset = report.proto.dataset_anomaly_info.reason
    assert [kind.Name(reason.type) for reason in dataset] == case["dataset"]
    assert report.data_missing == case["data_missing"]
    assert [(list(d.path.split(".")), d.threshold) for d in report.drift] == [
        (path, threshold) for path, _, threshold in case["drift"]
    ]
    assert [d.value for d in report.drift] == pytest.approx([v for _, v, _ in case["drift"]])
    assert report.proto.baseline == _schema(case).proto


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_the_updated_schema_is_that_of_tfdv(case):
    updated = update_schema(_schema(case), _statistics(case["statistics"]), options=TFDV_RULES)

    assert updated == Schema.from_text(case["updated"])


def _options(table: str) -> StatisticsOptions:
    told = _DATA["OPTIONS"].get(table, {})
    schema = Schema.from_text(told["schema"]) if "schema" in told else None
    return StatisticsOptions(weight=told.get("weight"), schema=schema)


def _statistics(encoded: str) -> Statistics:
    proto = statistics_pb2.DatasetFeatureStatisticsList.FromString(base64.b64decode(encoded))
    return Statistics(proto)


def _schema(case) -> Schema:
    return Schema(schema_pb2.Schema.FromString(base64.b64decode(case["schema"])))


def _differences(ours: Message, theirs: Message, at: str) -> list[str]:
    """Compare field by field, numbers to a millionth."""
    names = {field.name for message in (ours, theirs) for field, _ in message.ListFields()}
    found = []
    for name in sorted(names):
        left, right = getattr(ours, name), getattr(theirs, name)
        field = ours.DESCRIPTOR.fields_by_name[name]
        if not field.is_repeated:
            left, right = [left], [right]
        if len(left) != len(right):
            found.append(f"{at}.{name}: {len(left)} against {len(right)}")
            continue
        for number, (one, other) in enumerate(zip(left, right, strict=True)):
            if field.message_type is not None:
                found += _differences(one, other, f"{at}.{name}[{number}]")
            elif not _same(one, other):
                found.append(f"{at}.{name}[{number}]: {one!r} against {other!r}")
    return found


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return one == pytest.approx(other, rel=1e-6, abs=1e-6)
    return one == other
