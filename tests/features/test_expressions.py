"""Expressions are written down as plain JSON and built again, without running anybody's code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import ibis
import pytest

from lineal.errors import Corrupt, IncompatibleVersion, InvalidInput, NotFound
from lineal.features.expressions import build_expression, columns_of, write_expression

FLIGHTS = ibis.table(
    {
        "carrier": "string",
        "time": "timestamp('UTC', 6)",
        "delay": "float64",
        "distance": "int32",
        "stops": "array<string>",
    },
    name="ops.flights",
)
F = FLIGHTS

EXPRESSIONS = {
    "column": F.delay,
    "arithmetic": ((F.delay * 2.5 + F.distance).abs().fill_null(0)).cast("float32").round(2),
    "texts": F.carrier.isin(["AA", "UA"]).ifelse("big", F.carrier.upper()) + "x",
    "cases": ibis.cases((F.delay > 60, "late"), (F.delay > 0, "some"), else_="none"),
    "times": (F.time - ibis.interval(hours=2)).truncate("D"),
    "instants": F.time < datetime(2013, 6, 1, tzinfo=UTC),
    "parts of times": F.time.hour() + F.time.day_of_week.index(),
    "decimals": F.distance * Decimal("1.50"),
    "not a number": F.delay.isin([float("nan"), 1.5]),
    "lists": F.stops.contains("JFK") & (F.stops.length() > 1),
    "constants": ibis.literal(3),
    "structs": ibis.struct({"late": F.delay > 0}),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_is_read_back_is_the_same_computation(name):
    expression = EXPRESSIONS[name]
    text = json.dumps(write_expression(expression, F, owner="v.f"), allow_nan=False)
    built = build_expression(json.loads(text), F, owner="v.f")

    def sql(value):
        return ibis.to_sql(F.select(value=value), dialect="duckdb")

    assert sql(built) == sql(expression)
    assert built.type() == expression.type()


def test_the_name_of_an_expression_is_not_part_of_it():
    trees = [write_expression(one, F, owner="v.f") for one in (F.delay, F.delay.name("x"))]
    assert trees[0] == trees[1] == {"column": "delay"}


def test_the_columns_that_it_reads_are_told():
    tree = write_expression((F.delay > 0).ifelse(F.carrier, "x"), F, owner="v.f")
    assert columns_of(tree) == {"delay", "carrier"}


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (F.delay.mean(), "later ones too"),
        (F.count(), "later ones too"),
        (F.delay.lag(), "other rows"),
        (F.delay.mean().over(ibis.window(group_by="carrier")), "other rows"),
        (F.delay.isin(F.filter(F.delay > 0).delay), "other rows"),
        (ibis.now(), "run to run"),
        (ibis.random(), "run to run"),
        (F.stops.unnest(), "can't be made of"),
        (F.stops.map(lambda stop: stop.upper()), "can't be made of"),
        (F.filter(F.delay > 0).delay, "another table"),
    ],
)
def test_what_could_leak_or_not_be_computed_again_is_refused(expression, words):
    with pytest.raises(InvalidInput, match=words):
        write_expression(expression, F, owner="feature v.f")


def test_a_function_of_python_is_refused():
    @ibis.udf.scalar.python
    def doubled(x: float) -> float:
        return x * 2

    with pytest.raises(InvalidInput, match="runs a function"):
        write_expression(doubled(F.delay), F, owner="feature v.f")


def test_a_column_that_is_gone_is_named():
    tree = write_expression(F.delay + 1, F, owner="v.f")
    renamed = ibis.table({"late": "float64"}, name="ops.flights")
    with pytest.raises(NotFound, match=r"feature v.f reads a column .* .delay."):
        build_expression(tree, renamed, owner="feature v.f")


def test_a_column_that_became_another_type_is_told():
    tree = write_expression(F.carrier.upper(), F, owner="v.f")
    other = ibis.table({"carrier": "int64"}, name="ops.flights")
    with pytest.raises(IncompatibleVersion, match="define it again"):
        build_expression(tree, other, owner="v.f")


@pytest.mark.parametrize(
    "tree",
    [
        {"op": "Mean", "args": {"arg": {"column": "delay"}, "where": None}},
        {"op": "ScalarUDF"},
        {"op": "os.system"},
        {"code": "x"},
        3,
    ],
)
def test_a_record_that_was_tampered_with_runs_nothing(tree):
    with pytest.raises(Corrupt):
        build_expression(tree, F, owner="v.f")
