from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lineal.engine import ArrowData, Engine
from lineal.errors import InvalidInput

TABLE = pa.table({"n": [1, 2, None], "t": ["a", "b", "c"]})


class OnlyOnce:
    """A stream of another library: it has nothing but the capsule, and gives it once."""

    def __init__(self) -> None:
        self.left = [TABLE]

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.left.pop().__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "make",
    [
        lambda: TABLE,
        lambda: TABLE.to_batches()[0],
        lambda: TABLE.to_reader(max_chunksize=1),
        lambda: pl.from_arrow(TABLE),
        lambda: TABLE.to_pandas(types_mapper=pd.ArrowDtype),
        lambda: pd.DataFrame({"n": [1, 2, float("nan")], "t": ["a", "b", "c"]}, index=[7, 8, 9]),
        OnlyOnce,
    ],
)
def test_a_table_of_any_library_can_be_read_more_than_once(engine: Engine, make: object) -> None:
    query = "SELECT n, t, (SELECT count(*) FROM t) AS rows FROM t ORDER BY t"
    found = engine.sql(query, {"t": ArrowData(make())}).read_all()  # type: ignore[operator]
    assert found.to_pylist() == [
        {"n": 1, "t": "a", "rows": 3},
        {"n": 2, "t": "b", "rows": 3},
        {"n": None, "t": "c", "rows": 3},
    ]


def test_an_index_with_a_name_is_a_column(engine: Engine) -> None:
    frame = pd.DataFrame({"n": [1]}, index=pd.Index(["x"], name="key"))
    assert set(engine.schema(ArrowData(frame)).names) == {"n", "key"}


def test_the_schema_is_that_of_the_data_and_reads_none(engine: Engine) -> None:
    schema = pa.schema({"u": pa.uint64(), "d": pa.dictionary(pa.int8(), pa.string())})
    reader = schema.empty_table().to_reader()
    assert engine.schema(ArrowData(reader)) == schema
    assert reader.read_all().num_rows == 0


def test_every_type_comes_back(engine: Engine) -> None:
    values = {
        "half": pa.array([1.5, None], pa.float16()),
        "large": pa.array(["a", None], pa.large_string()),
        "dictionary": pa.array(["a", None]).dictionary_encode(),
        "fixed": pa.array([b"ab", None], pa.binary(2)),
        "decimal": pa.array([1, None], pa.decimal128(38, 2)),
        "moment": pa.array([1, None], pa.timestamp("ns", "Asia/Tokyo")),
        "list": pa.array([[1, None], None], pa.list_(pa.int8())),
        "struct": pa.array([{"a b": 1}, None]),
        "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
        "nothing": pa.nulls(2),
    }
    found = engine.sql("SELECT * FROM t", {"t": ArrowData(pa.table(values))}).read_all()
    assert found.to_pylist() == pa.table(values).to_pylist()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([{"n": 1}], "builtins.list is no table"),
        (pa.table([[1], [2]], names=["a", "A"]), "'a', 'A'; rename"),
        (pa.table([[1]], names=[""]), "empty name"),
        (pd.DataFrame({"mixed": [1, "x"]}), "mixed"),
        (pa.table({"d": pa.array([1], pa.decimal256(60, 0))}), "d|decimal"),
    ],
)
def test_what_is_no_table_is_refused(engine: Engine, data: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        engine.sql("SELECT * FROM t", {"t": ArrowData(data)}).read_all()
