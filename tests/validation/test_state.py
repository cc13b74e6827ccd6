"""States of shards merge into that of the whole, survive their file, and stay small."""

from __future__ import annotations

import math
import random

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import Corrupt, IncompatibleVersion, InvalidInput, NotFound, Unavailable
from lineal.validation import (
    Slice,
    StatisticsOptions,
    StatisticsState,
    statistics,
    statistics_state,
)
from lineal.validation.stats.histograms import Ranks
from lineal.validation.stats.ranks import merged_ranks, thinned_ranks

ROW = st.fixed_dictionaries(
    {
        "i": st.one_of(st.none(), st.integers(-3, 3)),
        "f": st.one_of(st.none(), st.sampled_from([0.5, 1.5, math.nan, math.inf])),
        "s": st.one_of(st.none(), st.sampled_from(["a", "b", "é", ""])),
        "l": st.one_of(st.none(), st.lists(st.lists(st.integers(0, 2), max_size=2), max_size=2)),
        "w": st.sampled_from([0.5, 1.0, 2.0]),
    }
)
SCHEMA = pa.schema(
    {
        "i": pa.int64(),
        "f": pa.float64(),
        "s": pa.string(),
        "l": pa.list_(pa.list_(pa.int64())),
        "w": pa.float64(),
    }
)


def _close(ours, theirs):
    """Compare two protos, sums of floats to a billionth."""
    for field in {f.name: f for m in (ours, theirs) for f, _ in m.ListFields()}.values():
        left, right = getattr(ours, field.name), getattr(theirs, field.name)
        if not field.is_repeated:
            left, right = [left], [right]
        assert len(left) == len(right), field.name
        for one, other in zip(left, right, strict=True):
            if field.message_type is not None:
                _close(one, other)
            elif isinstance(one, float):
                assert one == pytest.approx(other, rel=1e-6, abs=1e-9, nan_ok=True), field.name
            else:
                assert one == other, field.name


@settings(max_examples=6, deadline=None)
@given(st.lists(st.lists(ROW, min_size=1, max_size=8), min_size=2, max_size=3))
def test_merged_shards_are_the_whole(shards):
    options = StatisticsOptions(weight="w", slices=(Slice.by("s"),))
    tables = [pa.Table.from_pylist(rows, schema=SCHEMA) for rows in shards]

    first, *others = [statistics_state(table, options=options) for table in tables]
    merged = first.merge(*others).statistics()
    whole = statistics(pa.concat_tables(tables), options=options)

    assert merged.slices.keys() == whole.slices.keys()
    _close(merged.dataset, whole.dataset)
    for name, part in whole.slices.items():
        _close(merged.slices[name].dataset, part.dataset)


def test_a_day_is_added_to_a_year_without_reading_it(tmp_path):
    year = pa.table({"x": list(range(5000)), "s": ["a"] * 5000})
    day = pa.table({"x": [7, None], "s": ["b", "a"]})
    statistics_state(year).save(tmp_path / "year.parquet")

    found = StatisticsState.load(tmp_path / "year.parquet").merge(statistics_state(day))

    assert statistics(found) == found.statistics()
    _close(found.statistics().dataset, statistics(pa.concat_tables([year, day])).dataset)


def test_ranks_stay_within_one_percent_beyond_what_is_kept():
    chance = random.Random(5)
    days = [[chance.gauss(day / 10, 1 + day % 3) for day in [day] * 9000] for day in range(8)]
    merged = StatisticsState.merge(*(statistics_state(pa.table({"x": day})) for day in days))
    values = sorted(value for day in days for value in day)

    found = merged.statistics()["x"]

    assert found.mean == pytest.approx(sum(values) / len(values))
    assert (found.min, found.max, found.count) == (values[0], values[-1], len(values))
    rank = sum(value <= found.median for value in values) / len(values)
    assert rank == pytest.approx(0.5, abs=0.01)
    for place, bucket in enumerate(found.quantiles_histogram.buckets, start=1):
        rank = sum(value <= bucket.high for value in values) / len(values)
        assert rank == pytest.approx(place / 10, abs=0.01)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 300), min_size=1, max_size=200), min_size=2, max_size=6))
def test_bounds_of_ranks_hold_however_often_they_are_merged_and_thinned(shards):
    together = Ranks([], [])
    for shard in shards:
        distinct = sorted(set(shard))
        exact = Ranks(
            distinct,
            [float(sum(value <= one for value in shard)) for one in distinct],
            own=[float(shard.count(one)) for one in distinct],
        )
        together = thinned_ranks(merged_ranks(together, exact), 5)

    every = [value for shard in shards for value in shard]
    assert together.total == len(every)
    upper = together.cumulative if together.upper is None else together.upper
    for value, low, high in zip(together.values, together.cumulative, upper, strict=True):
        assert low <= sum(each <= value for each in every) <= high


def test_texts_beyond_what_is_kept_are_estimated_and_the_frequent_ones_kept(monkeypatch):
    monkeypatch.setattr("lineal.validation.stats.merge.KEPT_TEXTS", 1000)
    monkeypatch.setattr("lineal.validation.stats.merge.KEPT_DIGESTS", 500)
    shards = [
        pa.table({"s": [f"k{number}" for number in range(start, start + 3000)] + ["often"] * 500})
        for start in (0, 2000)
    ]

    found = StatisticsState.merge(*map(statistics_state, shards)).statistics()["s"]

    assert found.unique == pytest.approx(5001, rel=0.15)
    assert (found.top_values[0].value, found.top_values[0].count) == ("often", 1000)
    assert found.count == 7000


def test_whole_numbers_of_one_shard_and_fractions_of_another_are_fractions(tmp_path):
    for name, cells in (("a", "1,\n2,"), ("b", "1.5,x\n3,"), ("c", ",y")):
        (tmp_path / f"{name}.csv").write_text(f"n,s\n{cells}\n")

    states = [statistics_state(tmp_path / f"{name}.csv") for name in "abc"]
    found = states[2].merge(*states[:2]).statistics()

    assert (found["n"].type, found["n"].count, found["n"].missing) == ("FLOAT", 4, 1)
    assert [each.value for each in found["s"].top_values] == ["y", "x"]


def test_columns_of_one_shard_are_missing_from_the_other():
    found = statistics_state(pa.table({"a": [1]})).merge(statistics_state(pa.table({"b": ["x"]})))

    told = found.statistics()
    assert [(each.name, each.count, each.missing) for each in told.features.values()] == [
        ("a", 1, 1), ("b", 1, 1),
    ]  # fmt: skip


def test_a_feature_of_two_types_is_refused_naming_both():
    with pytest.raises(InvalidInput, match="'a' is INT in one state and STRING"):
        statistics_state(pa.table({"a": [1]})).merge(statistics_state(pa.table({"a": ["x"]})))


def test_a_state_that_cant_be_written_leaves_what_was_there(tmp_path):
    state = statistics_state(pa.table({"x": [1, 2]}))
    state.save(tmp_path / "day")
    broken = statistics_state(pa.table({"x": [3]}))
    broken.parts[None].numbers[0].ranks.values.append("no number")

    with pytest.raises(pa.ArrowException):
        broken.save(tmp_path / "day")

    assert StatisticsState.load(tmp_path / "day").statistics() == state.statistics()
    assert [each.name for each in tmp_path.iterdir()] == ["day"]
    with pytest.raises(Unavailable, match="can't be written"):
        state.save(tmp_path / "no" / "folder" / "day")


def test_foreign_and_damaged_files_are_refused(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("nothing of the kind")
    saved = statistics_state(pa.table({"a": [1]})).save(tmp_path / "state.parquet")
    table = pq.read_table(saved)
    newer = table.schema.metadata[b"lineal.statistics_state"].replace(
        b'"version": 1', b'"version": 9'
    )
    later = table.replace_schema_metadata({b"lineal.statistics_state": newer})
    pq.write_table(later, tmp_path / "later.parquet")
    (tmp_path / "cut.parquet").write_bytes(saved.read_bytes()[:-40])

    with pytest.raises(NotFound, match="gone"):
        StatisticsState.load(tmp_path / "gone.parquet")
    for name in ("other", "text", "cut"):
        with pytest.raises(Corrupt, match=name):
            StatisticsState.load(tmp_path / f"{name}.parquet")
    with pytest.raises(IncompatibleVersion, match="version 9"):
        StatisticsState.load(tmp_path / "later.parquet")
    assert pc.sum(table["series"].is_valid()).as_py() == 1


def test_numbers_that_are_all_different_are_sorted_with_the_same_result(monkeypatch):
    chance = random.Random(3)
    values = [chance.gauss(0, 1) for _ in range(40_000)]
    mixed = [*values, *[math.inf, -math.inf, math.nan, None, 0.0, 0.0]]
    table = pa.table({"x": values + [None] * 6, "y": mixed, "few": [1] * len(mixed)})
    counted = statistics(table)
    monkeypatch.setattr("lineal.validation.stats.ordered._SMALL", 1000)

    ordered = statistics(table)

    for name in table.column_names:
        _close(ordered[name].proto, counted[name].proto)
