"""Which columns a column was made of, as its table's maker told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from lineal.cli.app import app
from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from lineal import Workspace

FLIGHTS = pa.table({"distance": [100.0, 300.0], "air_time": [1.0, 2.0]})
SPEED = pa.table({"speed": [100.0, 150.0], "note": ["a", "b"]})
FAST = pa.table({"fast": [False, True]})


@pytest.fixture
def tables(ws: Workspace) -> Workspace:
    """A workspace with a table, one made of its columns, and one made of that."""
    ws.save(FLIGHTS, "ops.flights")
    speed = {"speed": ["ops.flights.distance", "ops.flights@1.air_time"]}
    ws.save(SPEED, "ops.speed", columns=speed)
    ws.save(FAST, "ops.fast", columns={"fast": "ops.speed.speed"})
    return ws


def test_a_column_is_followed_back_through_every_table_whose_maker_told(tables: Workspace) -> None:
    steps = [str(step) for step in tables.columns("ops.fast", "fast")]

    assert steps == [
        "ops.fast@1.fast ← ops.speed@1.speed",
        "ops.speed@1.speed ← ops.flights@1.distance",
        "ops.speed@1.speed ← ops.flights@1.air_time",
    ]


def test_what_was_made_of_a_column_is_found_downstream(tables: Workspace) -> None:
    steps = [str(step) for step in tables.columns("ops.flights", "air_time", downstream=True)]

    assert steps == [
        "ops.speed@1.speed ← ops.flights@1.air_time",
        "ops.fast@1.fast ← ops.speed@1.speed",
    ]


def test_a_later_version_of_the_source_changes_nothing_of_what_was_made_before(
    tables: Workspace,
) -> None:
    tables.save(FLIGHTS.slice(0, 1), "ops.flights")

    assert tables.columns("ops.flights", "air_time", downstream=True) == []
    assert {step.source for step in tables.columns("ops.speed", "speed")} == {"ops.flights@1"}


def test_the_sources_of_columns_are_inputs_of_the_save(tables: Workspace) -> None:
    around = tables.lineage("ops.fast")

    assert {row.name for row in around.versions.values()} >= {"ops.flights", "ops.speed"}


def test_a_column_that_nobody_told_of_has_no_sources(tables: Workspace) -> None:
    assert tables.columns("ops.flights", "distance") == []


def test_a_column_that_the_maker_does_not_name_is_refused_with_the_likely_one(
    tables: Workspace,
) -> None:
    with pytest.raises(NotFound, match=r"ops\.speed@1 has no column 'sped'; did you mean 'speed'"):
        tables.columns("ops.speed", "sped")


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"sped": "ops.flights.distance"}, NotFound, "did you mean 'speed'"),
        ({"speed": "distance"}, InvalidInput, "write a version's name, a dot"),
        ({"speed": "ops.flihgts.distance"}, NotFound, "did you mean 'ops.flights'"),
        ({"speed": "ops.flights.distanc"}, NotFound, "ops.flights@1 has no column 'distanc'; did"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_saved(
    tables: Workspace, columns: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        tables.save(SPEED.slice(0, 1), "ops.speed", columns=columns)

    assert len(tables.store.versions("ops.speed")) == 1


def test_a_file_has_no_columns(tables: Workspace) -> None:
    with pytest.raises(InvalidInput, match="has no columns"):
        tables.save(__file__, "this.py", columns={"a": "ops.flights.distance"})


def test_the_command_tells_the_same(tables: Workspace) -> None:
    where = str(tables.root)
    done = CliRunner().invoke(app, ["columns", "ops.fast", "fast", "-w", where, "--json"])

    assert done.exit_code == 0, done.output
    assert [step["source_column"] for step in json.loads(done.stdout)] == [
        "speed",
        "distance",
        "air_time",
    ]
