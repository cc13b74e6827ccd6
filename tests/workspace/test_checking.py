"""Statistics, schemas and reports of data in a workspace stand in its graph."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

import lineal
from lineal import validation
from lineal.errors import InvalidInput, NotFound
from lineal.features import entity, feature_view
from lineal.metadata import EventType, ExecutionState
from lineal.validation import Report, Schema, Statistics, StatisticsOptions
from lineal.workspace import RecordedReport, RecordedSchema, RecordedStatistics, checking

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineal.workspace import Workspace

ROWS = {"delay": [3, 5, 40], "carrier": ["UA", "B6", "UA"]}
LINES = ("delay,carrier", "3,UA", "5,B6", "40,UA")


def inputs(ws: Workspace, of: object) -> dict[str, list[str]]:
    """Return the inputs of the execution that made a version: by key, their references."""
    made = next(
        event
        for event in ws.store.events(artifact_ids=[getattr(of, "version", of).id])
        if event.type == EventType.OUTPUT
    )
    found: dict[str, list[str]] = {}
    for event in ws.store.events(execution_ids=[made.execution_id]):
        if event.type == EventType.INPUT:
            ref = ws.get(f"artifact/{event.artifact_id}").ref
            found.setdefault(str(event.path[0]), []).append(ref)
    return found


# Statistics of everything that holds data


def zipped(path: Path, text: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inside.csv", text)


def arrow_file(path: Path) -> None:
    table = pa.table(ROWS)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
        out.write_table(table)


CSV = "\n".join(LINES) + "\n"
FILES: dict[str, Callable[[Path], object]] = {
    "flights.csv": lambda path: path.write_text(CSV),
    "flights.csv.gz": lambda path: path.write_bytes(gzip.compress(CSV.encode())),
    "flights.zip": lambda path: zipped(path, CSV),
    "flights.jsonl": lambda path: path.write_text(
        pl.DataFrame(ROWS).write_ndjson()  # one object a line
    ),
    "flights.parquet": lambda path: pq.write_table(pa.table(ROWS), path),
    "flights.arrow": arrow_file,
}
FRAMES = {"arrow": pa.table(ROWS), "pandas": pd.DataFrame(ROWS), "polars": pl.DataFrame(ROWS)}


def check(stats: Statistics) -> None:
    assert stats.num_examples == 3
    assert stats["delay"].mean == 16
    assert [(top.value, top.count) for top in stats["carrier"].top_values] == [("UA", 2), ("B6", 1)]


@pytest.mark.parametrize("name", FILES)
def test_files_of_the_lake_have_recorded_statistics(
    ws: Workspace, tmp_path: Path, name: str
) -> None:
    FILES[name](tmp_path / name)
    raw = ws.lake.add(tmp_path / name)

    stats = lineal.statistics(raw)

    check(stats)
    assert isinstance(stats, RecordedStatistics)
    assert stats.ref == f"statistics/{name}@1"
    assert inputs(ws, stats) == {"examples": [f"{name}@1"]}


def test_a_path_is_stored_by_content_first(ws: Workspace, write: Callable[..., Path]) -> None:
    path = write("flights.csv", *LINES)

    first, again = ws.statistics(path), ws.statistics(str(path))

    check(first)
    assert first.version.name is None
    (stored,) = inputs(ws, first)["examples"]
    assert ws.get(stored).read_bytes() == path.read_bytes()
    assert inputs(ws, again)["examples"] == [stored]
    assert ws.lake.names() == []


@pytest.mark.parametrize("library", FRAMES)
def test_a_frame_is_stored_by_content_first(ws: Workspace, library: str) -> None:
    stats = ws.statistics(FRAMES[library], name="my flights")

    check(stats)
    assert stats.ref == "my flights@1"
    (stored,) = inputs(ws, stats)["examples"]
    assert pq.read_table(ws.get(stored).path).to_pydict() == ROWS


def test_equal_frames_of_all_libraries_are_one_input(ws: Workspace) -> None:
    stored = {inputs(ws, ws.statistics(frame))["examples"][0] for frame in FRAMES.values()}

    assert len(stored) == 1


def test_a_table_and_its_versions_have_recorded_statistics(ws: Workspace) -> None:
    first = ws.warehouse.ingest("ops.flights", pa.table(ROWS))
    ws.warehouse.ingest("ops.flights", pa.table({"delay": [0], "carrier": ["AA"]}))

    old, new = lineal.statistics(first), lineal.statistics(ws.warehouse["ops.flights"])

    check(old)
    assert new.num_examples == 4
    assert (old.ref, new.ref) == ("statistics/ops.flights@1", "statistics/ops.flights@2")
    assert inputs(ws, old) == {"examples": ["ops.flights@1"]}
    assert inputs(ws, new) == {"examples": ["ops.flights@2"]}
    check(ws.statistics("ops.flights@1"))


def test_training_sets_and_files_of_components_have_statistics_too(
    ws: Workspace, write: Callable[..., Path]
) -> None:
    rows = pa.table({"k": [1], "at": pa.array([0], pa.timestamp("us", "UTC")), "v": [1.5]})
    ws.warehouse.save(rows, "ops.t", event_time="at")
    view = feature_view(
        "view", of=entity("thing", key="k"), table="ops.t", event_time="at", columns=["v"]
    )
    ws.features.define(view)
    training = ws.features.training_set(rows.select(["k", "at"]), view, at="at", name="training")
    kept = ws.save(write("rows.csv", *LINES), "rows", type="Rows")

    assert ws.statistics(training)["view.v"].mean == 1.5
    assert lineal.statistics(training).ref == "statistics/training@1"
    check(ws.statistics(kept))
    check(ws.statistics("rows"))
    folder = ws.save(write("many/1.csv", *LINES).parent, "many", type="Rows")
    with pytest.raises(InvalidInput, match="many holds several files"):
        ws.statistics(folder)


def test_what_holds_no_rows_has_no_statistics(ws: Workspace) -> None:
    ws.infer_schema(pa.table(ROWS), name="schema")

    with pytest.raises(InvalidInput, match="schema is a Schema; give a table, a file or a frame"):
        ws.statistics("schema")
    with pytest.raises(InvalidInput, match="int"):
        ws.statistics(3)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", r"bad\.csv is empty"),
        (b"a,b\n1,2\n\xff,3\n", r"bad\.csv, line 3, column 'a': the text is not UTF-8"),
        (b"a,b\n1,2\n1,2,3\n", r"bad\.csv, line 3: 2 columns expected"),
        (b"a,a\n1,2\n", r"bad\.csv, line 1: .*'a', 'a'"),
    ],
)
def test_bad_files_are_named_with_the_place(
    ws: Workspace, tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "bad.csv").write_bytes(content)

    for given in (tmp_path / "bad.csv", ws.lake.add(tmp_path / "bad.csv")):
        with pytest.raises(InvalidInput, match=told) as caught:
            ws.statistics(given)
        assert "objects" not in str(caught.value)

    errors = [e.get("lineal_error") for e in ws.store.executions(type="lineal.statistics")]
    assert not any("objects" in str(error) for error in errors)


def test_options_are_kept_with_the_execution(ws: Workspace, write: Callable[..., Path]) -> None:
    raw = ws.lake.add(write("a.csv", "delay;carrier", "3;UA", "NA;B6"))

    stats = ws.statistics(raw, options=StatisticsOptions(delimiter=";", na_values=("NA",)))

    assert stats["delay"].missing == 1
    (execution,) = ws.store.executions(type="lineal.statistics")
    assert "delimiter=';'" in str(execution.get("options"))


def test_a_folder_has_no_statistics(ws: Workspace, write: Callable[..., Path]) -> None:
    folder = ws.lake.add(write("months/1.csv", *LINES).parent)

    with pytest.raises(InvalidInput, match="months is a folder"):
        ws.statistics(folder)


def test_text_that_names_nothing_is_refused(ws: Workspace) -> None:
    ws.warehouse.ingest("ops.flights", pa.table(ROWS))

    with pytest.raises(NotFound, match=r"did you mean 'ops\.flights'"):
        ws.statistics("ops.flight")


def test_plain_data_is_computed_and_recorded_nowhere(
    ws: Workspace, write: Callable[..., Path]
) -> None:
    before = ws.store.commits()

    stats = lineal.statistics(pa.table(ROWS))
    schema = lineal.infer_schema(stats)
    report = lineal.validate(lineal.statistics(write("a.csv", *LINES)), schema)

    check(stats)
    assert (type(stats), type(schema), type(report)) == (Statistics, Schema, Report)
    assert report
    assert ws.store.commits() == before


# Schemas


def test_a_schema_is_inferred_of_statistics_or_of_data(ws: Workspace) -> None:
    flights = ws.warehouse.ingest("ops.flights", pa.table(ROWS))

    of_statistics = lineal.infer_schema(lineal.statistics(flights))
    of_data = lineal.infer_schema(flights)

    assert of_statistics.ref == of_data.ref == "schema/ops.flights@1"
    assert of_statistics["delay"].type == "INT"
    assert inputs(ws, of_data) == {"statistics": ["statistics/ops.flights@1"]}


def test_an_edited_schema_is_saved_as_the_next_version_made_from_the_old(ws: Workspace) -> None:
    inferred = ws.infer_schema(pa.table(ROWS), name="flights.schema")
    inferred["delay"].domain = (0, 30)

    saved = lineal.save(inferred, "flights.schema")

    assert saved.ref == "flights.schema@2"
    assert inputs(ws, saved) == {"origin": ["flights.schema@1"]}
    assert ws.read("flights.schema@1")["delay"].domain is None
    assert ws.read("flights.schema")["delay"].domain is not None


def test_an_edited_schema_validates_as_what_it_is(ws: Workspace) -> None:
    stats = ws.statistics(pa.table(ROWS), name="stats")
    schema = ws.infer_schema(stats, name="flights.schema")
    schema["delay"].domain = (0, 30)

    report = lineal.validate(stats, schema)

    assert not report
    assert [anomaly.path for anomaly in report.anomalies] == ["delay"]
    (used,) = inputs(ws, report)["schema"]
    assert used.startswith("artifact/")  # kept without a name, and made from the first version
    assert inputs(ws, ws.get(used)) == {"origin": ["flights.schema@1"]}
    assert ws.lineage(report).versions.keys() >= {schema.version.id, stats.version.id}


def test_a_schema_written_by_hand_is_kept_once(ws: Workspace) -> None:
    stats = ws.statistics(pa.table(ROWS), name="stats")
    schema = lineal.infer_schema(pa.table(ROWS))
    assert not isinstance(schema, RecordedSchema)

    first, second = ws.validate(stats, schema), ws.validate(stats, schema)

    assert inputs(ws, first)["schema"] == inputs(ws, second)["schema"]


# Reports


def test_a_report_with_findings_is_false_and_resolves_everywhere(ws: Workspace) -> None:
    schema = ws.infer_schema(pa.table(ROWS), name="flights.schema")
    bad = ws.warehouse.ingest("ops.flights", pa.table({"delay": [1.5], "origin": ["JFK"]}))

    report = lineal.validate(bad, schema)

    assert not report
    assert isinstance(report, RecordedReport)
    assert report.ref == "validation/ops.flights@1"
    read = ws.read(report.ref)
    assert isinstance(read, RecordedReport)
    assert (bool(read), read.ref, read) == (False, report.ref, report)
    assert ws.get("validation/ops.flights").describe()["type"] == "ExampleAnomalies"
    assert lineal.save(report, "kept").ref == "kept@1"
    assert ws.lineage(report).start == ws.lineage(report.ref).start
    assert read.lineage().start == ("artifact", report.version.id)
    (row,) = ws.find(type="ExampleAnomalies", name="validation/*").to_pylist()
    assert row["ref"] == report.ref


def test_environments_and_previous_statistics_count(ws: Workspace) -> None:
    schema = ws.infer_schema(pa.table(ROWS), name="flights.schema")
    schema.environments = ("TRAINING", "SERVING")
    schema["delay"].not_in("SERVING")
    schema["carrier"].drift_threshold(0.1)
    before = ws.statistics(pa.table(ROWS), name="before")
    asked = ws.statistics(pa.table({"carrier": ["UA", "UA", "UA"]}), name="asked")

    training = lineal.validate(asked, schema, environment="TRAINING")
    serving = lineal.validate(asked, schema, environment="SERVING")
    drifted = lineal.validate(asked, schema, environment="SERVING", previous=before)

    assert [anomaly.path for anomaly in training.anomalies] == ["delay"]
    assert serving
    assert [drift.value for drift in drifted.drift] == [pytest.approx(1 / 3)]
    assert not drifted
    assert inputs(ws, drifted)["previous"] == ["before@1"]
    environments = [e.get("environment") for e in ws.store.executions(type="lineal.validate")]
    assert environments == ["TRAINING", "SERVING", "SERVING"]


def test_names_stand_for_what_is_recorded(ws: Workspace) -> None:
    ws.warehouse.ingest("ops.flights", pa.table(ROWS))
    ws.statistics("ops.flights", name="before")
    ws.infer_schema("before", name="flights.schema")

    report = ws.validate("ops.flights@1", "flights.schema@1", previous="before")

    assert report
    assert inputs(ws, report) == {
        "statistics": ["statistics/ops.flights@1"],
        "schema": ["flights.schema@1"],
        "previous": ["before@1"],
    }
    with pytest.raises(InvalidInput, match="before@1 is no schema"):
        ws.validate("ops.flights", "before")
    with pytest.raises(InvalidInput, match=r"flights\.schema@1 is not statistics"):
        ws.validate("ops.flights", "flights.schema", previous="flights.schema")


def test_equal_results_make_no_new_versions_and_leave_nothing(ws: Workspace) -> None:
    flights = ws.warehouse.ingest("ops.flights", pa.table(ROWS))

    def all_three() -> list[str]:
        stats = lineal.statistics(flights)
        schema = lineal.infer_schema(stats)
        return [made.ref for made in (stats, schema, lineal.validate(stats, schema))]

    assert all_three() == all_three()
    assert len(ws.store.executions(type="lineal.statistics")) == 2
    assert ws.doctor(dry_run=True) == []


# For TFX's readers


def test_tfx_reads_what_lies_under_the_uris(ws: Workspace) -> None:
    stats = ws.statistics(pa.table(ROWS), name="stats")
    schema = ws.infer_schema(stats, name="schema")
    schema["delay"].domain = (0, 30)
    report = ws.validate(stats, schema, name="report")

    folder = Path(stats.version.artifact.uri)
    read = statistics_pb2.DatasetFeatureStatisticsList()
    read.ParseFromString((folder / "Split-all" / "FeatureStats.pb").read_bytes())
    assert read == stats.proto
    assert stats.version.artifact.properties["split_names"] == '["all"]'

    written = (Path(ws.get("schema").artifact.uri) / "schema.pbtxt").read_text()
    assert text_format.Parse(written, schema_pb2.Schema()) == ws.read("schema").proto

    folder = Path(report.version.artifact.uri)
    anomalies = anomalies_pb2.Anomalies()
    anomalies.ParseFromString((folder / "Split-all" / "SchemaDiff.pb").read_bytes())
    assert list(anomalies.anomaly_info) == ["delay"]
    assert report.version.artifact.get("blessed") == '{"all": 0}'
    assert all(Path(ws.get(n).artifact.uri).is_absolute() for n in ("stats", "schema", "report"))


# Two workspaces


def test_what_belongs_to_another_workspace_is_refused(ws: Workspace, tmp_path: Path) -> None:
    with lineal.open(tmp_path / "other") as other:
        theirs = other.statistics(pa.table(ROWS), name="stats")
        table = other.warehouse.ingest("ops.flights", pa.table(ROWS))
        schema = ws.infer_schema(pa.table(ROWS), name="schema")

        with pytest.raises(InvalidInput, match="another workspace"):
            ws.validate(theirs, schema)
        with pytest.raises(InvalidInput, match="another workspace"):
            ws.statistics(table)
        with pytest.raises(InvalidInput, match="another workspace"):
            ws.warehouse.ingest("ops.flights", table)
        with pytest.raises(InvalidInput, match="another workspace"):
            ws.lineage(table)
        copied = ws.save(theirs, "copied")

    assert ws.validate(copied, schema)
    assert inputs(ws, copied) == {}


# What means no value in a CSV file


def test_a_path_is_read_as_a_load_reads_it(ws: Workspace, write: Callable[..., Path]) -> None:
    path = write("flights.csv", "delay,carrier", "3,UA", "NA,B6", "40,NA")
    schema = ws.infer_schema(ws.warehouse.ingest("ops.flights", path))

    stats = ws.statistics(path)

    assert (stats["delay"].missing, stats["carrier"].missing) == (1, 1)
    assert ws.validate(path, schema)
    assert ws.infer_schema(path)["delay"].type == "INT"


def test_marks_between_texts_alone_are_texts(ws: Workspace, write: Callable[..., Path]) -> None:
    found = ws.statistics(write("a.csv", "n,country", "1,NA", "2,DE", "3,"))["country"]

    assert (found.missing, {top.value for top in found.top_values}) == (1, {"NA", "DE"})


def test_options_say_how_data_is_read_for_schemas_and_reports(
    ws: Workspace, write: Callable[..., Path]
) -> None:
    path = write("a.csv", "delay;carrier", "3;UA", "-;B6")
    options = StatisticsOptions(delimiter=";", na_values=("-",))

    schema = ws.infer_schema(path, options=options)

    assert schema["delay"].type == "INT"
    assert ws.validate(path, schema, options=options)


# Statistics that are there already


def test_statistics_of_the_same_version_are_reused(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ws.warehouse.ingest("ops.flights", pa.table(ROWS))
    second = ws.warehouse.ingest("ops.flights", pa.table({"delay": [0], "carrier": ["AA"]}))
    made = [ws.statistics(version).ref for version in (first, second)]
    schema = ws.infer_schema(second)
    monkeypatch.setattr(validation, "statistics", None)  # nothing is computed from here on

    again = [ws.statistics(version) for version in (first, second)]

    assert [stats.ref for stats in again] == made
    check(again[0])
    assert ws.validate("ops.flights", schema, previous=again[0])
    states = [str(e.state.name) for e in ws.store.executions(type="lineal.statistics") if e.state]
    assert states == ["COMPLETE"] * 2 + ["CACHED"] * 4
    assert len(ws.store.versions("statistics/ops.flights")) == 2
    assert ws.doctor(dry_run=True) == []


def test_other_options_or_another_name_make_statistics_anew(ws: Workspace) -> None:
    flights = ws.warehouse.ingest("ops.flights", pa.table(ROWS))
    ws.statistics(flights)

    fewer = ws.statistics(flights, options=StatisticsOptions(columns=("delay",)))
    named = ws.statistics(flights, name="mine")

    assert list(fewer) == ["delay"]
    assert (named.ref, named.num_examples) == ("mine@1", 3)
    assert {e.state for e in ws.store.executions(type="lineal.statistics")} == {
        ExecutionState.COMPLETE
    }


def test_another_release_makes_statistics_anew(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    flights = ws.warehouse.ingest("ops.flights", pa.table(ROWS))
    ws.statistics(flights)
    monkeypatch.setattr(checking, "_STATISTICS_CODE", "lineal 99 lineal.statistics")

    ws.statistics(flights)

    last = ws.store.executions(type="lineal.statistics")[-1]
    assert last.state == ExecutionState.COMPLETE
