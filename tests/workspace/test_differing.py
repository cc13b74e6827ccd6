"""Comparing versions of tables: what Lineal keeps to find its data again is no difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from lineal import Workspace


def test_two_versions_of_a_table_differ_by_what_people_know_of_them(ws: Workspace) -> None:
    ws.save(pa.table({"distance": [1.0, 2.0]}), "ops.flights")
    ws.save(pa.table({"distance": [1.0, 2.0, 3.0]}), "ops.flights")

    found = ws.diff("ops.flights@1", "ops.flights@2")

    properties = {each.what for each in found.differences if each.kind == "property"}
    assert properties >= {"rows"}
    assert properties.isdisjoint({"load", "plan", "snapshot_id", "schema_id", "since", "read_by"})
