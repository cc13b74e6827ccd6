"""Pipelines over the real workspace: tables, frames, statistics, schemas, reports, models."""

# ruff: noqa: TC001 - a component's annotations are read while running
from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import lineal
from lineal.pipeline import Input, component, pipeline
from lineal.warehouse import TableVersion
from lineal.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.pipeline.conftest import Project

    from lineal.pipeline import RunResult

FLOW = """
    from __future__ import annotations

    from pathlib import Path
    from typing import Annotated

    import pandas as pd
    import polars as pl
    import pyarrow as pa
    import pyarrow.compute as pc

    import lineal
    from lineal import Workspace
    from lineal.pipeline import Model, Named, component, pipeline
    from lineal.validation import Report, Schema, Statistics
    from lineal.warehouse import TableVersion

    LIMIT = 0

    @component
    def load(ws: Workspace, path: Path) -> TableVersion:
        return ws.warehouse.ingest("ops.flights", path)

    @component
    def late(table: pa.Table) -> Annotated[pa.Table, Named("ops.late")]:
        return table.filter(pc.greater(table["delay"], LIMIT))

    @component
    def doubled(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.with_columns(pl.col("delay") * 2)

    @component
    def describe(table: TableVersion) -> Statistics:
        return lineal.statistics(table)

    @component
    def infer(statistics: Statistics) -> Schema:
        return lineal.infer_schema(statistics)

    @component
    def check(statistics: Statistics, schema: Schema) -> Report:
        return lineal.validate(statistics, schema)

    @component
    def train(rows: pd.DataFrame, report: Report) -> Annotated[Model, Named("delays")]:
        return Model(str(int(rows["delay"].sum())).encode(), name="sum.txt")

    @pipeline
    def flow(folder: Path, months: int = 1) -> None:
        for month in range(1, months + 1):
            table = load.with_id(f"load_{month}")(folder / f"{month}.csv")
        statistics = describe(table)
        train(doubled(late(table)), check(statistics, infer(statistics)))
    """


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Workspace]:
    with lineal.open(tmp_path / "flights") as workspace:
        yield workspace


def states(run: RunResult) -> dict[str, str]:
    return {name: node.state.value for name, node in run.check().nodes.items()}


def test_a_journey_runs_is_reused_and_grows(
    real: Workspace, project: Project, tmp_path: Path
) -> None:
    for month, delay in ((1, 5), (2, 7)):
        (tmp_path / f"{month}.csv").write_text(f"month,delay\n{month},{delay}\n{month},-3\n")

    first = real.run(project.load(FLOW), {"folder": tmp_path})
    again = real.run(project.load(FLOW), {"folder": tmp_path})
    grown = real.run(project.load(FLOW), {"folder": tmp_path, "months": 2})
    edited = project.load(FLOW.replace("LIMIT = 0", "LIMIT = 6"))
    raised = real.run(edited, {"folder": tmp_path, "months": 2})

    names = ["load_1", "describe", "late", "doubled", "infer", "check", "train"]
    assert states(first) == dict.fromkeys(names, "COMPLETE")
    assert states(again) == dict.fromkeys(names, "CACHED")
    assert states(grown)["load_1"] == "CACHED"
    assert states(grown)["load_2"] == "COMPLETE"
    assert "input table: ops.flights@1 → ops.flights@2" in grown["describe"].reason
    assert states(raised) == {
        **dict.fromkeys(["load_1", "load_2", "describe", "infer", "check"], "CACHED"),
        **dict.fromkeys(["late", "doubled", "train"], "COMPLETE"),
    }
    assert raised["late"].reason.startswith("constant LIMIT changed (since")

    sums = [(path_of(run), run["train"].output.ref) for run in (first, grown, raised)]
    assert sums == [("10", "delays@1"), ("24", "delays@2"), ("14", "delays@3")]
    assert raised["doubled"].output.ref == "flow.doubled@3"
    assert real.warehouse["ops.flights"].to_arrow().num_rows == 4
    upstream = raised["train"].output.lineage().versions.values()
    assert {"ops.flights", "ops.late", "flow.doubled"} <= {row.name for row in upstream}


def test_what_a_component_sees_beside_the_rows_counts(real: Workspace, tmp_path: Path) -> None:
    @component
    def told(flights: TableVersion) -> str:
        return f"{flights.name} by {flights.event_time}"

    @pipeline
    def flow(flights: Input[TableVersion]) -> None:
        told(flights)

    file = tmp_path / "f.csv"
    file.write_text("t,delay\n2013-01-01,1\n")
    first = real.warehouse.ingest("p.q", file)
    timed = real.warehouse.ingest("p.r", file, event_time="t")
    saved = [real.warehouse.save(rows, "p.s") for rows in (first.to_arrow(), timed.to_arrow()[:0])]
    saved.append(real.warehouse.save(first.to_arrow(), "p.s"))

    states = [flow.run(real, table)["told"].state for table in (first, timed, timed, *saved)]

    assert states == ["COMPLETE", "COMPLETE", "CACHED", "COMPLETE", "COMPLETE", "CACHED"]


@pytest.mark.parametrize("also_newest", [False, True], ids=["pinned only", "also the newest"])
def test_a_version_read_by_its_number_does_not_change(real: Workspace, also_newest: bool) -> None:
    @component
    def look(ws: Workspace, also_newest: bool) -> int:
        first = ws.read("p.q@1")
        rows: int = first.to_arrow().num_rows  # type: ignore[union-attr]
        return rows + (ws.warehouse["p.q"].to_arrow().num_rows if also_newest else 0)

    @pipeline
    def flow(also_newest: bool) -> None:
        look(also_newest=also_newest)

    found = []
    for number in (1, 2, 3):
        real.warehouse.save(pa.table({"a": list(range(number))}), "p.q")
        node = flow.run(real, also_newest).check()["look"]
        found.append(node.state.value)

    assert found == ["COMPLETE", *["COMPLETE" if also_newest else "CACHED"] * 2]


def path_of(run: RunResult) -> str:
    from pathlib import Path

    return (Path(run["train"].output.artifact.uri) / "sum.txt").read_text()
