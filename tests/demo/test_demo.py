"""The demonstration tells what it should, remembers it, and repeats nothing."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lineal.demo.faults import FAULTS
from lineal.demo.journey import incoming, journey
from lineal.metadata import ExecutionState

if TYPE_CHECKING:
    from lineal.workspace import Workspace

    from .conftest import Story

pytestmark = pytest.mark.timeout(900)  # the first test waits for three runs of the demo

MONTHS = range(1, 13)
STEPS = 55  # 3 reference loads, 12 months of weather; of flights 3 steps each; schema, model
FAULTY = 12


def test_a_killed_run_leaves_what_was_finished(story: Story) -> None:
    assert story.killed.code == -signal.SIGKILL or story.killed.code == 128 + signal.SIGKILL
    tables = {name for name in story.killed.versions if name.startswith(("ops.", "ref."))}
    assert tables == {"ref.airlines", "ref.airports", "ref.planes"}
    assert not [name for name in story.killed.versions if name.startswith("statistics/")]


def test_started_again_it_reuses_what_was_finished_and_ends_well(
    story: Story, ws: Workspace
) -> None:
    assert story.finished.code == 0, story.finished.err
    assert f"{STEPS} steps" in story.finished.out
    assert "3 cached" in story.finished.out
    assert f"{STEPS - 3} complete" in story.finished.out
    assert story.doctored == ["crashed execution"] * 2 + ["leftover bytes"] * (
        len(story.doctored) - 2
    )
    canceled = ws.store.executions(state=ExecutionState.CANCELED)
    assert [e.type for e in canceled] == ["lineal.demo.journey.describe", "lineal.statistics"]


def test_it_says_nothing_on_stderr_and_calls_nobody(story: Story) -> None:
    assert story.attempts == []
    assert story.finished.err == ""
    assert story.again.err == ""


@pytest.mark.parametrize(
    "told",
    [
        "tailnum: string   missing; did you rename it to 'tail_number'?",
        "+ tail_number: string   new",
        "nothing was loaded",
        "lineal schema rename ops.flights tailnum tail_number",
        "'ZZ' (563)",
        "the least is -",
        "above 5000",
        "checked for TRAINING: 5 anomalies",
        "checked for SERVING: 0 anomalies",
        "ops.flights@2",
        "ops.flights@12",
        "336776",
        "delay.model@1",
        "delay.training@1",
        "flights-2013-01.csv@1",
        "weather-2013-12.csv@1",
        "planes.csv@1",
        "PRESENT",
        "lineal log",
        "lineal lineage delay.model",
        "report.html",
    ],
)
def test_it_prints_what_was_found_where_the_model_came_from_and_what_to_try(
    story: Story, told: str
) -> None:
    assert told in story.finished.out


def test_every_fault_is_found(story: Story) -> None:
    findings = story.json["findings"]

    def paths(name: str) -> list[str]:
        return [each["path"] for each in findings[name]]

    assert sorted(paths("renamed")) == ["tail_number", "tailnum"]
    assert paths("carrier") == ["carrier"]
    assert paths("negative") == paths("kilometres") == ["distance"]
    known_later = ["air_time", "arr_delay", "arr_time", "dep_delay", "dep_time"]
    assert sorted(paths("to-predict-training")) == known_later
    assert paths("to-predict-serving") == []
    assert len(FAULTS) == 4


def test_the_second_run_reuses_everything_and_makes_no_version(story: Story) -> None:
    assert story.again.code == 0, story.again.err
    assert story.again.versions == story.finished.versions
    year = Counter(node["state"] for node in story.json["year"]["nodes"])
    assert year == {"CACHED": STEPS}
    faults = {node["node"]: node["state"] for node in story.json["faults"]["nodes"]}
    assert Counter(faults.values()) == {"CACHED": FAULTY - 1, "FAILED": 1}
    assert faults["load-renamed"] == "FAILED"
    assert all("equal code" in n["reason"] for n in story.json["year"]["nodes"])


def test_json_is_one_document_with_all_of_it(story: Story) -> None:
    document = story.json

    assert document["workspace"] == story.folder
    march, now = document["known"]
    assert (march["version"], march["flights"]) == ("ops.flights@2", 27_004 + 24_951)
    assert (now["version"], now["flights"]) == ("ops.flights@12", 336_776)
    assert march["january"] == now["january"] == 27_004
    metrics = document["metrics"]
    assert metrics["mean_absolute_error_minutes"] < metrics["of_the_mean_minutes"]
    labels = {node["label"] for node in document["lineage"]["nodes"]}
    assert {f"flights-2013-{month:02}.csv@1" for month in MONTHS} <= labels
    assert document["online"]["weather.temp"] == [30.02]


# What it left in the workspace


def test_each_month_is_known_since_the_first_of_the_next(ws: Workspace) -> None:
    firsts = [datetime(2013 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in MONTHS]

    for table in ("ops.flights", "ops.weather"):
        rows = ws.store.versions(table)
        assert [row.known_at for row in rows] == firsts
        assert all(row.claimed_by for row in rows)
    assert ws.at("2013-03-15").warehouse.newest("ops.weather").number == 2
    assert ws.at("2013-03-15").get("flights-2013-02.csv").known_at == firsts[1]


def test_the_steps_are_components_of_two_pipelines(ws: Workspace) -> None:
    for name in ("flights", "incoming"):
        (pipeline,) = ws.store.contexts(type="pipeline", name=name)
        states = Counter(e.state for e in ws.store.executions(context_id=pipeline.id))
        assert states[ExecutionState.CACHED] > 0
        assert states[ExecutionState.COMPLETE] > 0
    assert {journey.name, incoming.name} == {"flights", "incoming"}
    journeys = "lineal.demo.journey."
    steps = {e.type.removeprefix(journeys) for e in ws.store.executions() if journeys in e.type}
    assert steps == {"load", "describe", "curate", "check", "join", "train", "evaluate"}


def test_the_schema_is_curated_with_environments(ws: Workspace) -> None:
    schema = ws.read("flights.schema")

    assert schema.environments == ("TRAINING", "SERVING")
    assert schema.ref == "flights.schema@1"


def test_a_training_set_tells_the_tables_that_it_came_from(ws: Workspace) -> None:
    training = ws.read("delay.training")

    assert training.rows == 336_776
    assert training.snapshots == ("ops.flights@12", "ops.weather@12", "ref.planes@1")


def test_the_model_comes_from_every_raw_file_it_needed(ws: Workspace) -> None:
    names = {row.name for row in ws.lineage("delay.model").versions.values()}

    expected = {f"{what}-2013-{m:02}.csv" for what in ("flights", "weather") for m in MONTHS}
    assert expected | {"planes.csv"} <= names
    assert "airlines.csv" not in names
    assert ws.get("delay.model").artifact.type == "Model"
    assert len(ws.get("delay.model").read_bytes()) > 1000


def test_subjects_tell_their_owners(ws: Workspace) -> None:
    owners = {subject.name: subject.owner for subject in ws.warehouse.subjects()}

    assert owners == {"ops": "operations@example.org", "ref": "data@example.org"}


def test_the_workspace_is_in_order(ws: Workspace) -> None:
    assert ws.doctor(dry_run=True) == []
