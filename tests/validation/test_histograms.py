"""Quantiles and histograms, against answers worked out by hand from the rules."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.validation.stats.histograms import (
    Ranks,
    quantile_buckets,
    quantiles,
    standard_buckets,
)


def ranks(*values: float) -> Ranks:
    distinct = sorted(set(values))
    return Ranks(distinct, [sum(each <= value for each in values) for value in distinct])


def deciles(*values: float):
    return quantile_buckets(quantiles(ranks(*values), 1000).every(100))


def standard(*values: float, buckets: int = 10):
    finite = [value for value in values if math.isfinite(value)]
    return standard_buckets(
        quantiles(ranks(*values), 1000),
        buckets=buckets,
        greatest_finite=max(finite, default=None),
        positive_infinities=values.count(math.inf),
    )


def test_a_quantile_is_the_value_at_the_floor_of_its_rank():
    answers = quantiles(ranks(1, 2, 3, 4), 4)

    assert list(answers.values) == [1, 2, 3, 4, 4]
    assert list(answers.cumulative) == [1, 2, 3, 4, 4]


def test_the_median_is_the_upper_one():
    assert quantiles(ranks(1, 2, 3, 4), 1000).values[500] == 3


def test_a_constant_spreads_evenly_over_ten_points():
    buckets = deciles(7, 7, 7)

    assert [(each.low, each.high) for each in buckets] == [(7, 7)] * 10
    assert [each.count for each in buckets] == pytest.approx([0.3] * 10)


def test_buckets_of_equal_upper_bound_share_and_the_first_gets_the_minimum():
    buckets = deciles(0, 1, 2, 3, 10)

    assert [(each.low, each.high) for each in buckets] == [
        (0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 10), (10, 10), (10, 10),
    ]  # fmt: skip
    assert [each.count for each in buckets] == pytest.approx([1] + [0.5] * 6 + [1 / 3] * 3)


def test_a_hundred_numbers_fill_deciles():
    buckets = deciles(*range(100))

    assert (buckets[0].low, buckets[0].high, buckets[0].count) == (0, 10, 11)
    assert [each.count for each in buckets[1:]] == [10] * 8 + [9]
    assert (buckets[-1].low, buckets[-1].high) == (90, 99)


def test_the_standard_histogram_smears_each_jump_over_one_fine_interval():
    counts = [each.count for each in standard(1, 2, 3, 4)]

    assert counts[:4] == pytest.approx([1.0012, 0.0012, 0.0012, 0.9972], abs=1e-3)
    assert sum(counts) == pytest.approx(4)


def test_infinities_have_buckets_of_their_own():
    buckets = standard(-math.inf, -math.inf, 1.0, 2.0, 3.0, math.inf)

    assert (buckets[0].low, buckets[0].high, buckets[0].count) == (-math.inf, -math.inf, 2)
    assert (buckets[-1].low, buckets[-1].high, buckets[-1].count) == (math.inf, math.inf, 1)
    assert (buckets[1].low, buckets[-2].high) == (1.0, 3.0)
    assert sum(each.count for each in buckets[1:-1]) == pytest.approx(3)


def test_nothing_finite_is_one_inverted_bucket():
    (bucket,) = standard(math.inf, -math.inf, math.inf)

    assert (bucket.low, bucket.high, bucket.count) == (math.inf, -math.inf, 3)


def test_one_finite_value_is_one_point():
    (bucket,) = standard(5.0, 5.0)

    assert (bucket.low, bucket.high) == (5.0, 5.0)
    assert bucket.count == pytest.approx(2)


def test_a_range_wider_than_a_double_has_no_buckets():
    assert standard(-1.7e308, 1.7e308) == []


def test_a_value_on_an_edge_counts_to_the_left():
    buckets = standard(*([0.0] * 500 + [5.0] * 400 + [10.0] * 100), buckets=2)

    assert [(each.low, each.high) for each in buckets] == [(0, 5), (5, 10)]
    assert [each.count for each in buckets] == pytest.approx([900, 100], abs=2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.integers(-5, 5), st.floats(-1e6, 1e6)), min_size=1, max_size=200))
def test_counts_sum_to_the_number_of_values(values):
    assert sum(each.count for each in deciles(*values)) == pytest.approx(len(values))
    assert sum(each.count for each in standard(*values)) == pytest.approx(len(values))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=200), st.integers(1, 50))
def test_quantiles_agree_with_their_definition(values, intervals):
    answers = quantiles(ranks(*values), intervals)

    ordered, count = sorted(values), len(values)
    by_definition = [
        ordered[min(int(rank * count / intervals), count - 1)] for rank in range(intervals + 1)
    ]
    assert list(answers.values) == by_definition
