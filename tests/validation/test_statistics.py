"""What the statistics of small tables are, and of what they can be taken."""

from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from tensorflow_metadata.proto.v0.statistics_pb2 import CustomStatistic

from lineal.engine import ArrowData, CsvFiles, EngineSettings, open_engine
from lineal.errors import Corrupt, InvalidInput, NotFound
from lineal.validation import (
    Schema,
    Slice,
    Statistics,
    StatisticsOptions,
    infer_schema,
    statistics,
)
from lineal.validation.stats.extra import Asked, Found

FLIGHTS = pa.table({"delay": [3, 1, 2, 4, None], "carrier": ["UA", "B6", "UA", None, "AA"]})


def test_numbers_have_moments_median_and_zeros():
    found = statistics(pa.table({"x": [0, 2, 4, 6]}))["x"]

    assert (found.type, found.count, found.missing) == ("INT", 4, 0)
    assert (found.mean, found.min, found.median, found.max, found.zeros) == (3, 0, 4, 6, 1)
    assert found.std_dev == pytest.approx(math.sqrt(5))


def test_missing_values_are_counted_apart():
    found = statistics(FLIGHTS)

    assert found.num_examples == 5
    assert (found["delay"].count, found["delay"].missing) == (4, 1)
    assert (found["carrier"].count, found["carrier"].missing) == (4, 1)


def test_texts_have_unique_top_values_and_length_in_bytes():
    found = statistics(pa.table({"x": ["é", "b", "b", "a", None]}))["x"]

    assert found.unique == 3
    assert [(each.value, each.count) for each in found.top_values] == [("b", 2), ("é", 1), ("a", 1)]
    assert found.avg_length == pytest.approx(5 / 4)
    assert found.mean is None
    assert found.standard_histogram is None


def test_nan_is_a_value_and_no_number():
    found = statistics(pa.table({"x": [math.nan, 1.0, None]}))["x"]

    assert (found.count, found.missing, found.num_nan, found.mean) == (2, 1, 1, 1.0)


def test_one_infinity_takes_mean_and_deviation():
    found = statistics(pa.table({"x": [math.inf, 1.0]}))["x"]

    assert math.isnan(found.mean)
    assert (found.std_dev, found.max) == (0.0, math.inf)


def test_times_count_as_days_or_microseconds_and_read_as_times():
    noon = datetime(2013, 1, 1, 12, tzinfo=UTC)
    table = pa.table(
        {
            "day": [date(2013, 1, 1), date(2013, 1, 3)],
            "moment": pa.array([noon, noon + timedelta(days=2)], pa.timestamp("ns", "Asia/Tokyo")),
            "clock": [time(1), time(2)],
            "span": [timedelta(seconds=1), timedelta(seconds=3)],
        }
    )  # fmt: skip

    found = statistics(table)

    assert (found["day"].min, found["day"].max) == (date(2013, 1, 1), date(2013, 1, 3))
    assert found["day"].proto.num_stats.min == (date(2013, 1, 1) - date(1970, 1, 1)).days
    assert found["moment"].mean == noon + timedelta(days=1)
    assert found["moment"].std_dev == timedelta(days=1)
    assert found["clock"].max == 2 * 3600 * 10**6
    assert found["span"].mean == 2 * 10**6
    schema = infer_schema(found)
    assert (schema["day"].domain, schema["moment"].domain) == ("time", "time")
    assert schema["clock"].domain is None


def test_a_time_without_zone_is_read_as_utc():
    found = statistics(pa.table({"x": pa.array([datetime(2013, 1, 1)], pa.timestamp("us"))}))  # noqa: DTZ001

    assert found["x"].min == datetime(2013, 1, 1, tzinfo=UTC)


def test_lists_count_their_lengths_and_their_values():
    found = statistics(pa.table({"x": [[1, 2], [], None, [3]]}))["x"]

    assert (found.count, found.missing, found.num_values) == (3, 1, 3)
    assert found.value_count == (0, 2)
    assert found.max == 3
    lengths = found.proto.num_stats.common_stats.num_values_histogram
    assert sum(bucket.sample_count for bucket in lengths.buckets) == pytest.approx(3)


def test_fields_of_structs_are_features_counted_within_their_struct():
    table = pa.table({"s": [{"a": 1, "b": "x"}, {"a": None, "b": "y"}, None]})

    found = statistics(table)

    assert list(found) == ["s", "s.a", "s.b"]
    assert (found["s"].type, found["s"].count, found["s"].missing) == ("STRUCT", 2, 1)
    assert (found["s.a"].count, found["s.a"].missing) == (1, 1)
    assert found[("s", "b")].unique == 2


@pytest.mark.parametrize(
    ("values", "type_", "kind"),
    [
        ([True, False], pa.bool_(), "INT"),
        ([1, 2**63], pa.uint64(), "INT"),
        ([1.5], pa.float32(), "FLOAT"),
        ([1.5], pa.float16(), "FLOAT"),
        ([Decimal("1.25")], pa.decimal128(9, 2), "FLOAT"),
        (["a"], pa.large_string(), "STRING"),
        (["a"], pa.string_view(), "STRING"),
        (["a", "b", "a"], pa.dictionary(pa.int8(), pa.string()), "STRING"),
        ([b"abc"], pa.binary(3), "STRING"),
        ([None], pa.null(), "STRING"),
        ([[1]], pa.large_list(pa.int8()), "INT"),
        ([[1, 2]], pa.list_(pa.int8(), 2), "INT"),
    ],
    ids=str,
)
def test_every_type_of_arrow_has_a_type_of_statistics(values, type_, kind):
    found = statistics(pa.table({"x": pa.array(values, type_)}))["x"]

    assert found.type == kind
    assert found.count == sum(value is not None for value in values)


def test_lists_of_lists_tell_presence_and_lengths_of_each_level():
    found = statistics(pa.table({"deep": [[[1, 2], []], [], None, [[3], None]]}))["deep"]

    assert (found.count, found.missing, found.num_values, found.value_count) == (3, 1, 3, (0, 2))
    outer, inner = found.proto.num_stats.common_stats.presence_and_valency_stats
    assert (outer.num_non_missing, outer.num_missing, outer.tot_num_values) == (3, 1, 4)
    assert (inner.num_non_missing, inner.num_missing, inner.max_num_values) == (3, 1, 2)


def test_structs_in_lists_and_maps_are_counted_by_parent_value():
    structs = pa.array([[{"a": 1}, {"a": None}], [], None, [{"a": 3}]])
    maps = pa.array([[("x", 1), ("y", None)], [], None, [("x", 3)]], pa.map_("string", "int64"))

    found = statistics(pa.table({"s": structs, "m": maps}))

    assert list(found) == ["s", "s.a", "m", "m.key", "m.value"]
    assert (found["s"].type, found["s"].num_values, found["s.a"].missing) == ("STRUCT", 3, 1)
    assert (found["m"].num_values, found["m.key"].unique, found["m.value"].missing) == (3, 2, 1)
    assert found["m.value"].max == 3


def test_weights_count_beside_the_plain_statistics():
    table = pa.table({"x": [1.0, 2.0, None], "s": ["a", "b", "b"], "w": [1, 3, 2]})

    found = statistics(table, options=StatisticsOptions(weight="w"))

    assert found.weighted_num_examples == 6
    assert found["x"].proto.num_stats.weighted_numeric_stats.mean == pytest.approx(7 / 4)
    assert found["x"].proto.num_stats.common_stats.weighted_common_stats.num_missing == 2
    weighted = found["s"].proto.string_stats.weighted_string_stats
    assert [(each.value, each.frequency) for each in weighted.top_values] == [("b", 5), ("a", 1)]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -1, -2], "'w' is below zero in 2 of 3 rows"),
        ([0, 0, 0], "'w' is zero in all 3 rows"),
        ([1, None, 1], "'w' has no finite number in 1 of 3 rows"),
    ],
)
def test_weights_that_weigh_nothing_are_refused_with_their_rows(weights, message):
    table = pa.table({"x": [1, 2, 3], "w": weights})

    with pytest.raises(InvalidInput, match=message):
        statistics(table, options=StatisticsOptions(weight="w"))


def test_slices_have_statistics_of_their_own():
    table = pa.table(
        {"c": ["UA", "B6", "UA", None], "o": [["J", "E", "J"], ["E"], [], ["J"]], "x": [1, 2, 3, 4]}
    )
    slices = (Slice.by("c"), Slice.by("o", "c"), Slice.where("late", "x > 2"))

    found = statistics(table, options=StatisticsOptions(slices=slices))

    assert found.num_examples == 4
    assert found.dataset.name == "All Examples"
    assert {name: [each.num_examples, each["x"].max] for name, each in found.slices.items()} == {
        "c_UA": [2, 3], "c_B6": [1, 2], "c_UA_o_J": [1, 1], "c_UA_o_E": [1, 1],
        "c_B6_o_E": [1, 2], "late": [2, 4],
    }  # fmt: skip


def test_slices_can_be_limited_to_values_or_named_by_a_column():
    table = pa.table({"c": ["UA", "B6", "UA"], "part": ["p", "q", "q"], "x": [1, 2, 3]})
    slices = (Slice.by("c", values={"c": ["UA"]}), Slice.named_by("part"))

    found = statistics(table, options=StatisticsOptions(slices=slices))

    assert {name: each["x"].mean for name, each in found.slices.items()} == {
        "c_UA": 2, "p": 1, "q": 2.5,
    }  # fmt: skip
    assert "part" not in found


def test_a_slice_by_what_is_not_there_is_refused():
    table = pa.table({"carrier": ["UA"], "x": [1.5]})

    with pytest.raises(NotFound, match="did you mean 'carrier'"):
        statistics(table, options=StatisticsOptions(slices=(Slice.by("carier"),)))
    with pytest.raises(InvalidInput, match="'x' holds float64"):
        statistics(table, options=StatisticsOptions(slices=(Slice.by("x"),)))


def test_a_sample_depends_on_rows_and_seed_alone():
    table = pa.table({"x": list(range(2000)), "c": ["a", "b"] * 1000})
    options = StatisticsOptions(sample_rate=0.25, seed=3)

    found = statistics(table, options=options)

    assert 400 < found.num_examples < 600
    assert statistics(table.take(list(range(1999, -1, -1))), options=options) == found
    other = statistics(table, options=StatisticsOptions(sample_rate=0.25, seed=4))
    assert other["x"].mean != found["x"].mean
    few = statistics(table.select(["c"]), options=options)
    assert few["c"].unique == 2
    assert 400 < few.num_examples < 600


def test_a_schema_says_what_is_counted_as_a_category_and_what_as_bytes():
    schema = Schema.from_text(
        """feature { name: "code" type: INT int_domain { is_categorical: true } }
        feature { name: "ratio" type: FLOAT float_domain { is_categorical: true } }
        feature { name: "picture" type: BYTES image_domain {} }"""
    )
    table = pa.table(
        {"code": [10, 9, 9], "ratio": [1.5, 10.0, 10.0], "picture": [b"abc", b"", b"x"]}
    )

    found = statistics(table, options=StatisticsOptions(schema=schema))

    assert (found["code"].type, found["code"].unique) == ("INT", 2)
    assert [each.value for each in found["code"].top_values] == ["9", "10"]
    assert [each.value for each in found["ratio"].top_values] == ["10", "1.5"]
    assert found["picture"].type == "BYTES"
    assert found["picture"].proto.bytes_stats.max_num_bytes_int == 3


def test_columns_can_be_chosen():
    table = pa.table({"deep": [[[1]]], "x": [1]})

    assert list(statistics(table, options=StatisticsOptions(columns=("x",)))) == ["x"]
    with pytest.raises(NotFound, match="did you mean 'deep'"):
        statistics(table, options=StatisticsOptions(columns=("dep",)))


def test_double_column_names_are_refused():
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])

    with pytest.raises(InvalidInput, match="'x'"):
        statistics(table)


@pytest.mark.parametrize("name", ["it's", 'a "quote"', "🙂", "a.b", "select", " ", "x;--"])
def test_any_column_name_will_do(name):
    assert statistics(pa.table({name: [1, 2]}))[name].max == 2


def test_no_rows_give_a_feature_for_each_column():
    found = statistics(pa.table({"x": pa.array([], pa.int64()), "s": pa.array([], pa.string())}))

    assert (found.num_examples, list(found)) == (0, ["x", "s"])
    assert (found["x"].count, found["x"].min, found["s"].unique) == (0, None, 0)


@pytest.mark.parametrize(
    "frame",
    [
        FLIGHTS,
        FLIGHTS.to_batches()[0],
        pa.RecordBatchReader.from_batches(FLIGHTS.schema, FLIGHTS.to_batches()),
        FLIGHTS.to_pandas(types_mapper=pd.ArrowDtype),
        pl.from_arrow(FLIGHTS),
        ArrowData(FLIGHTS),
    ],
    ids=["table", "batch", "reader", "pandas", "polars", "source"],
)
def test_frames_of_all_kinds_give_the_same(frame):
    assert statistics(frame) == statistics(FLIGHTS)


def test_a_missing_number_of_pandas_is_missing():
    found = statistics(pd.DataFrame({"x": [1.0, math.nan]}))["x"]

    assert (found.count, found.missing, found.num_nan) == (1, 1, 0)


def test_what_is_no_table_is_refused():
    with pytest.raises(InvalidInput, match="dict"):
        statistics({"x": [1]})


def _written(path, kind):
    match kind:
        case "csv":
            path.write_text("delay,carrier\n3,UA\n1,B6\n2,UA\n4,\n,AA\n")
        case "csv.gz":
            path.write_bytes(gzip.compress(b"delay,carrier\n3,UA\n1,B6\n2,UA\n4,\n,AA\n"))
        case "tsv":
            path.write_text("delay\tcarrier\n3\tUA\n1\tB6\n2\tUA\n4\t\n\tAA\n")
        case "jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in FLIGHTS.to_pylist()))
        case "parquet":
            pyarrow.parquet.write_table(FLIGHTS, path)
        case "feather":
            pyarrow.feather.write_feather(FLIGHTS, path)
        case "arrows":
            with pa.ipc.new_stream(path, FLIGHTS.schema) as writer:
                writer.write_table(FLIGHTS)
    return path


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "tsv", "jsonl", "parquet", "feather", "arrows"])
def test_files_of_all_kinds_give_the_same(tmp_path, kind):
    path = _written(tmp_path / f"flights.{kind}", kind)

    assert statistics(path) == statistics(FLIGHTS)
    assert statistics(str(path)) == statistics(FLIGHTS)


def test_csv_types_are_told_from_every_value(tmp_path):
    path = tmp_path / "x.csv"
    rows = ["int,float,truth,day,moment,text,code,nothing"]
    rows += ["1,1,true,2013-01-01,2013-01-01T05:00:00Z,1,007,"] * 30_000
    rows += ["2,2.5,false,2013-01-02,2013-01-01T06:00:00Z,x,008,"]
    path.write_text("\n".join(rows) + "\n")

    found = statistics(path)

    assert {name: feature.type for name, feature in found.features.items()} == {
        "int": "INT", "float": "FLOAT", "truth": "INT", "day": "INT", "moment": "INT",
        "text": "STRING", "code": "STRING", "nothing": "STRING",
    }  # fmt: skip
    assert found["float"].max == 2.5
    assert found["day"].max == date(2013, 1, 2)
    assert found["moment"].max == datetime(2013, 1, 1, 6, tzinfo=UTC)
    assert found["nothing"].missing == 30_001


def test_csv_without_types_gives_what_the_engine_types_give(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "a,b,c,d,e,f\n1,true,2013-01-01,05:00:00,2013-01-01 05:00:00,x\n"
        "-7,false,2012-02-29,06:30:00,2013-01-01 06:00:00.5,1\n,,,,,\n"
    )
    engine = open_engine(EngineSettings())
    schema = engine.schema(CsvFiles((str(path),)))
    typed = CsvFiles((str(path),), columns={field.name: field.type for field in schema})

    assert statistics(path, engine=engine) == statistics(typed, engine=engine)
    engine.close()


def test_na_values_are_missing(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("x\n1\nNA\n")

    assert statistics(path)["x"].type == "STRING"
    found = statistics(path, options=StatisticsOptions(na_values=("", "NA")))["x"]
    assert (found.type, found.missing) == ("INT", 1)


def test_a_csv_of_a_header_alone_has_no_examples(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n")

    assert statistics(path).num_examples == 0


def test_a_ragged_csv_is_refused_with_file_and_line(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n3\n")

    with pytest.raises(InvalidInput, match=r"x\.csv.*line 3"):
        statistics(path)


def test_a_csv_of_another_encoding_is_refused_by_file(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes("a,b\n1,é\n".encode("latin-1"))

    with pytest.raises(InvalidInput, match=r"x\.csv"):
        statistics(path)


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("none.csv", None, NotFound, "none.csv"),
        ("empty.csv", b"", InvalidInput, "empty"),
        ("double.csv", b"a,a\n1,2\n", InvalidInput, "'a'"),
        ("x.xlsx", b"x", InvalidInput, r"\.parquet"),
        ("x.parquet", b"not parquet at all", Corrupt, r"x\.parquet"),
        ("x.arrow", b"not arrow at all", Corrupt, r"x\.arrow"),
    ],
)
def test_unreadable_files_are_refused_by_name(tmp_path, name, content, error, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(error, match=message):
        statistics(path)


def test_statistics_survive_their_files(tmp_path):
    found = statistics(FLIGHTS)

    for name in ("FeatureStats.pb", "statistics.pbtxt"):
        assert Statistics.load(found.save(tmp_path / name)) == found
    with pytest.raises(NotFound, match="did you mean 'delay'"):
        found["delai"]
    (tmp_path / "broken.pb").write_bytes(b"\xff\xff\xff")
    with pytest.raises(Corrupt, match=r"broken\.pb"):
        Statistics.load(tmp_path / "broken.pb")
    with pytest.raises(NotFound, match=r"gone\.pb"):
        Statistics.load(tmp_path / "gone.pb")


def test_rows_for_tables_name_every_feature():
    rows = statistics(FLIGHTS).to_rows()

    assert [row["feature"] for row in rows] == ["delay", "carrier"]
    assert rows[0]["median"] == 3
    assert rows[1]["top"] == "UA"


def test_a_histogram_without_buckets_is_refused():
    with pytest.raises(InvalidInput, match="num_histogram_buckets"):
        StatisticsOptions(num_histogram_buckets=0)


@pytest.mark.parametrize("kind", ["table", "reader", "csv"])
def test_a_wide_table_gives_what_its_columns_give_alone(monkeypatch, tmp_path, kind):
    monkeypatch.setattr("lineal.validation.compute._GROUP", 2)
    table = pa.table({"a": [1, 2], "b": ["x", None], "c": [0.5, 1.5], "d": ["y", "y"], "e": [3, 4]})
    data = {
        "table": table,
        "reader": pa.RecordBatchReader.from_batches(table.schema, table.to_batches()),
        "csv": tmp_path / "x.csv",
    }[kind]
    (tmp_path / "x.csv").write_text("a,b,c,d,e\n1,x,0.5,y,3\n2,,1.5,y,4\n")

    found = statistics(data)

    assert list(found) == table.schema.names
    for name in found:
        assert found[name].to_row() == statistics(table.select([name]))[name].to_row()


def test_further_statistics_join_the_usual_ones():
    def longest(asked: Asked) -> Found:
        added = CustomStatistic(name="features", num=len(asked.plans))
        return Found(features={("x",): [added], ("all",): [added]})

    table = pa.table({"x": [1], "y": ["a"]})
    found = statistics(table, options=StatisticsOptions(generators=(longest,)))

    assert list(found) == ["x", "y", "all"]
    assert [(each.name, each.num) for each in found["x"].proto.custom_stats] == [("features", 2)]
