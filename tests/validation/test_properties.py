"""What holds for any data."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.engine import CsvFiles, embedded
from lineal.validation import infer_schema, statistics, validate

if TYPE_CHECKING:
    import random

_CELLS = {
    pa.int64(): st.integers(-5, 5),
    pa.float64(): st.floats(allow_nan=True, allow_infinity=True, width=32),
    pa.string(): st.sampled_from(["a", "b", "", "é", "true", "1"]),
    pa.bool_(): st.booleans(),
    pa.list_(pa.int64()): st.lists(st.integers(0, 3), max_size=3),
}


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 25))
    types = draw(st.lists(st.sampled_from(list(_CELLS)), min_size=1, max_size=4))
    columns = {}
    for place, type_ in enumerate(types):
        cells = st.one_of(st.none(), _CELLS[type_]) if draw(st.booleans()) else _CELLS[type_]
        values = draw(st.lists(cells, min_size=rows, max_size=rows))
        columns[f"c{place}"] = pa.array(values, type_)
    return pa.table(columns)


@settings(max_examples=15, deadline=None)
@given(tables())
def test_data_satisfies_the_schema_inferred_from_it(table):
    found = statistics(table)

    assert validate(found, infer_schema(found)).anomalies == ()
    assert validate(found, infer_schema(found, ranges=True)).anomalies == ()


@settings(max_examples=12, deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(table, chance: random.Random):
    order = list(range(table.num_rows))
    chance.shuffle(order)

    shuffled, ordered = statistics(table.take(order)), statistics(table)

    for name, feature in ordered.features.items():
        other = shuffled[name]
        assert other.to_row() == {
            key: pytest.approx(value, nan_ok=True) if isinstance(value, float) else value
            for key, value in feature.to_row().items()
        }
        assert other.ranks == feature.ranks
        assert other.quantiles_histogram == feature.quantiles_histogram


@settings(max_examples=12, deadline=None)
@given(tables())
def test_every_value_is_counted_once(table):
    for name, feature in statistics(table).features.items():
        column = table[name]
        assert feature.count + feature.missing == table.num_rows
        assert feature.missing == column.null_count
        for histogram in (feature.standard_histogram, feature.quantiles_histogram):
            if histogram is not None and histogram.buckets:
                counted = sum(bucket.count for bucket in histogram.buckets)
                assert counted + histogram.num_nan == pytest.approx(feature.num_values)
        if feature.unique is not None:
            assert sum(each.count for each in feature.ranks) == feature.count


_NUMBERS = ["0", "1", "-7", "007", "1.5", "-0.0", "1e3", "1_000", "9007199254740993", "9" * 20]
_WORDS = ["nan", "inf", "-Infinity", "true", "False", "x", "é", "05:00:00", "5:00"]
_DATES = ["2013-01-01", "2013-1-1", "2013-02-30"]
_MOMENTS = [
    f"2013-01-01T05:00:00{end}" for end in ("", "Z", ".1234567", "+02:00", "+02", ".5-0330")
]
_TEXTS = st.sampled_from(_NUMBERS + _WORDS + _DATES + _MOMENTS)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.just(""), _TEXTS), min_size=1, max_size=4))
def test_types_of_csv_are_those_of_the_engine(cells):
    engine = embedded()
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "x.csv"
        path.write_text("".join(f"{cell},y\n" for cell in ["x", *cells]))
        types = {each.name: each.type for each in engine.schema(CsvFiles((str(path),)))}

        untyped, typed = statistics(path), statistics(CsvFiles((str(path),), columns=types))

    assert str(untyped.proto) == str(typed.proto)
