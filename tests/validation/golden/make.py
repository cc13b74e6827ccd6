"""Ask TensorFlow Data Validation for the answers kept beside this file.

Run it in an environment of its own (Python 3.10, tensorflow-data-validation 1.16.1,
apache-beam 2.57.0): `python tests/validation/golden/make.py`. It rewrites statistics.jsonl,
rules.jsonl.gz, and the answers in anomalies.jsonl.gz, whose questions stay as they are.
"""

import base64
import copy
import gzip
import json
import pathlib
import runpy

import pyarrow as pa
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.anomalies.proto import validation_config_pb2
from tensorflow_data_validation.api import validation_api, validation_options
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

HERE = pathlib.Path(__file__).parent


def listed(column):
    """Wrap each value in a list, as TFDV wants it; a null stays missing."""
    if pa.types.is_list(column.type) and pa.types.is_struct(column.type.value_type):
        names = [field.name for field in column.type.value_type]
        fields = [listed(column.values.field(name)) for name in names]
        inner = pa.StructArray.from_arrays(fields, names=names)
        offsets = [
            at if present else None
            for at, present in zip(
                column.offsets.to_pylist()[:-1], column.is_valid().to_pylist(), strict=True
            )
        ]
        offsets.append(column.offsets.to_pylist()[-1])
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), inner)
    if pa.types.is_list(column.type) or pa.types.is_null(column.type):
        return column
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    valid = column.is_valid().to_pylist()
    ends = [0]
    for present in valid:
        ends.append(ends[-1] + present)
    offsets = [
        at if present else None for at, present in zip(ends[:-1], valid, strict=True)
    ] + ends[-1:]
    values = column.take(pa.array([at for at, present in enumerate(valid) if present], pa.int64()))
    if pa.types.is_struct(column.type):
        names = [field.name for field in column.type]
        fields = [listed(values.field(at)) for at in range(len(names))]
        values = pa.StructArray.from_arrays(fields, names=names)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def one_line(message):
    return text_format.MessageToString(message, as_one_line=True, as_utf8=True)


def in_memory(table, *, weight=None, schema=None):
    """Return the statistics of a table, each column as lists."""
    columns = []
    for column in table.columns:
        whole = column.combine_chunks()
        columns.append(listed(whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole))
    batch = pa.RecordBatch.from_arrays(columns, names=table.schema.names)
    return stats_impl.generate_statistics_in_memory(
        batch,
        tfdv.StatsOptions(
            weight_feature=weight,
            schema=text_format.Parse(schema, schema_pb2.Schema()) if schema else None,
        ),
    )


def statistics():
    data = runpy.run_path(str(HERE / "data.py"))
    for name, table in data["TABLES"].items():
        found = in_memory(table, **data["OPTIONS"].get(name, {}))
        yield {
            "table": name,
            "statistics": one_line(found),
            "schema": one_line(tfdv.infer_schema(copy.deepcopy(found))),
        }


def answered(case):
    """Add what TFDV finds in a case, and the schema that it proposes."""

    def parsed(key, empty):
        return empty.FromString(base64.b64decode(case[key])) if case.get(key) else None

    def question():
        return parsed("schema", schema_pb2.Schema)

    current = parsed("statistics", statistics_pb2.DatasetFeatureStatisticsList)
    found = tfdv.validate_statistics(
        current,
        question(),
        environment=case.get("environment"),
        previous_statistics=parsed("previous", statistics_pb2.DatasetFeatureStatisticsList),
    )
    kind = anomalies_pb2.AnomalyInfo.Type
    case["anomalies"] = {
        key: [kind.Name(reason.type) for reason in info.reason]
        for key, info in sorted(found.anomaly_info.items())
    }
    case["dataset"] = [kind.Name(reason.type) for reason in found.dataset_anomaly_info.reason]
    case["data_missing"] = found.data_missing
    case["drift"] = [
        [list(info.path.step), measured.value, measured.threshold]
        for info in found.drift_skew_info
        for measured in info.drift_measurements
    ]
    case["updated"] = one_line(tfdv.update_schema(question(), current))
    return case


def rules():
    """Ask the questions of cases.py, those on rules and those of seeds."""
    cases = runpy.run_path(str(HERE / "cases.py"))
    for name, (statistics, schema, more) in cases["RULES"].items():
        given = {
            key: cases["statistics_of"](more[key])
            for key in ("previous", "serving", "previous_version")
            if key in more
        }
        current, expected = cases["statistics_of"](statistics), cases["schema_of"](schema)
        print("asking", name, flush=True)
        yield {"case": name, **answers(current, expected, given, more)}
    for seed in cases["SEEDS"]:
        weight = "weight" if seed in cases["WEIGHTED"] else None
        before, after = (in_memory(table, weight=weight) for table in cases["tables"](seed))
        expected = cases["with_comparators"](tfdv.infer_schema(before))
        given = {"previous": before, "serving": before}
        yield {
            "case": f"seed {seed}",
            "statistics": encoded(after),
            "before": encoded(before),
            "inferred": one_line(tfdv.infer_schema(before)),
            **answers(after, expected, given, {}),
        }


def answers(current, schema, given, more):
    """Return what TFDV finds: anomalies with severity and titles, measures, the new schema."""
    kind, levels = anomalies_pb2.AnomalyInfo.Type, anomalies_pb2.AnomalyInfo.Severity
    needed = {
        tfdv.FeaturePath([name]): [validation_options.ReasonFeatureNeeded(comment=reason)]
        for name, reason in more.get("features_needed", {}).items()
    }
    overrides = [
        validation_config_pb2.SeverityOverride(type=kind.Value(type_), severity=levels.Value(level))
        for type_, level in more.get("severity_overrides", {}).items()
    ]
    found = validation_api.validate_statistics_internal(
        current,
        schema,
        environment=more.get("environment"),
        previous_span_statistics=given.get("previous"),
        serving_statistics=given.get("serving"),
        previous_version_statistics=given.get("previous_version"),
        validation_options=validation_options.ValidationOptions(
            features_needed=needed,
            new_features_are_warnings=more.get("new_features_are_warnings", False),
            severity_overrides=overrides,
        ),
    )

    def told(info):
        return {
            "severity": levels.Name(info.severity),
            "short": info.short_description,
            "reasons": [[kind.Name(each.type), each.short_description] for each in info.reason],
        }

    whole = found.HasField("dataset_anomaly_info")
    return {
        "anomalies": {key: told(info) for key, info in sorted(found.anomaly_info.items())},
        "dataset": told(found.dataset_anomaly_info) if whole else None,
        "data_missing": found.data_missing,
        "drift_skew": [one_line(info) for info in found.drift_skew_info],
        "updated": one_line(tfdv.update_schema(schema, current)),
    }


def encoded(message):
    return base64.b64encode(message.SerializeToString()).decode()


def write_lines(name, lines):
    with (
        (HERE / name).open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file,
    ):
        for line in lines:
            file.write((json.dumps(line) + "\n").encode())


def main():
    lines = [json.dumps(each, ensure_ascii=False) for each in statistics()]
    (HERE / "statistics.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with gzip.open(HERE / "anomalies.jsonl.gz", "rt") as file:
        cases = [answered(json.loads(line)) for line in file]
    write_lines("anomalies.jsonl.gz", cases)
    write_lines("rules.jsonl.gz", list(rules()))


if __name__ == "__main__":
    main()
