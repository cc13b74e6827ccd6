"""What `show` tells without opening a part is what the part's own handle tells."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from tests.cli.conftest import InProcess

import lineal
from lineal.cli import output


def test_show_of_a_table_is_what_its_handle_describes(tmp_path: Path) -> None:
    kinds = pa.table(
        {
            "whole": pa.array([1], pa.int32()),
            "small": pa.array([1.5], pa.float32()),
            "price": pa.array([Decimal("1.50")], pa.decimal128(9, 2)),
            "day": [date(2013, 1, 1)],
            "moment": [datetime(2013, 1, 1, tzinfo=UTC)],
            "word": ["ä"],
            "yes": [True],
            "bytes": [b"\x00"],
            "list": [[1, 2]],
            "nested": [{"a": 1, "b": [{"c": "x"}]}],
            "pairs": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
        }
    )
    with lineal.open(tmp_path) as ws:
        ws.save(kinds, "ops.kinds")
        told = output.plain(ws.get("ops.kinds").describe())

    assert InProcess(tmp_path).ok("show", "ops.kinds", "--json").json == told


def test_show_of_a_feature_view_is_what_its_handle_describes(tmp_path: Path) -> None:
    from lineal.features import entity, feature_view

    with lineal.open(tmp_path) as ws:
        ws.save(pa.table({"k": ["a"], "t": [datetime(2013, 1, 1, tzinfo=UTC)]}), "ops.t")
        ws.features.define(
            feature_view("v", of=entity("e", key="k"), table="ops.t", columns=["t"], event_time="t")
        )
        told = output.plain(ws.get("v").describe())

    assert InProcess(tmp_path).ok("show", "v", "--json").json == told
