"""Ask TensorFlow Data Validation for the answers kept beside this file.

Run it in an environment of its own (Python 3.10, tensorflow-data-validation 1.16.1,
apache-beam 2.57.0): `python tests/validation/golden/make.py`. It rewrites statistics.jsonl, and
the answers in anomalies.jsonl.gz, whose questions (statistics and schemas) stay as they are.
"""

import base64
import gzip
import json
import pathlib
import runpy

import pyarrow as pa
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

HERE = pathlib.Path(__file__).parent


def listed(column):
    """Wrap each value in a list, as TFDV wants it; a null stays missing."""
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


def statistics():
    for name, table in runpy.run_path(str(HERE / "data.py"))["TABLES"].items():
        columns = [
            listed(
                column.combine_chunks().chunk(0)
                if isinstance(column.combine_chunks(), pa.ChunkedArray)
                else column.combine_chunks()
            )
            for column in table.columns
        ]
        batch = pa.RecordBatch.from_arrays(columns, names=table.schema.names)
        found = stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions())
        yield {
            "table": name,
            "statistics": one_line(found),
            "schema": one_line(tfdv.infer_schema(found)),
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


def main():
    lines = [json.dumps(each, ensure_ascii=False) for each in statistics()]
    (HERE / "statistics.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with gzip.open(HERE / "anomalies.jsonl.gz", "rt") as file:
        cases = [answered(json.loads(line)) for line in file]
    with (
        (HERE / "anomalies.jsonl.gz").open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file,
    ):
        for case in cases:
            file.write((json.dumps(case) + "\n").encode())


if __name__ == "__main__":
    main()
