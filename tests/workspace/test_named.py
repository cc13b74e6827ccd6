"""What is saved is read back, found, told of, labelled and traced by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import lineal
from lineal.errors import AlreadyExists, Corrupt, InvalidInput, NotFound
from lineal.features import FeatureDefinition, TrainingSet, entity, feature_view
from lineal.lake import LakeVersion
from lineal.metadata import ArtifactType, ExecutionType, Made, Output
from lineal.warehouse import TableVersion
from lineal.workspace import (
    FileVersion,
    RecordedReport,
    RecordedSchema,
    RecordedStatistics,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lineal.workspace import Workspace

ROWS = pa.table({"a": [1, 2]})


# Saving and reading


def test_each_value_is_saved_and_read_as_what_it_is(
    ws: Workspace, write: Callable[..., Path]
) -> None:
    path = write("notes.txt", "hello")
    stats = lineal.statistics(ROWS)
    schema = lineal.infer_schema(stats)
    report = lineal.validate(stats, schema)
    values = {
        "ops.t": (ROWS, TableVersion),
        "notes": (path, LakeVersion),
        "text": (str(path), LakeVersion),
        "folder": (write("folder/a.txt", "x").parent, LakeVersion),
        "stats": (stats, RecordedStatistics),
        "schema": (schema, RecordedSchema),
        "report": (report, RecordedReport),
    }

    for name, (value, kind) in values.items():
        saved = ws.save(value, name)
        assert type(saved) is kind
        assert saved.ref == f"{name}@1"
        assert type(ws.read(name)) is kind
        assert ws.save(value, name).ref == f"{name}@1", "equal content makes no new version"

    assert ws.read("ops.t").to_arrow() == ROWS
    assert ws.read("notes").read_bytes() == b"hello\n"
    assert (ws.read("stats"), ws.read("schema"), ws.read("report")) == (stats, schema, report)
    assert ws.doctor(dry_run=True) == []


def test_a_frame_replaces_and_with_append_adds(ws: Workspace) -> None:
    ws.save(ROWS, "ops.t")
    ws.save(pd.DataFrame({"a": [3]}), "ops.t", append=True)
    ws.save(pl.DataFrame({"a": [4]}), "ops.t")

    contents = [ws.read(f"ops.t@{n}").to_polars()["a"].to_list() for n in (1, 2, 3)]
    assert contents == [[1, 2], [1, 2, 3], [4]]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("no/such/file", "there is no file no/such/file"),
        (3, "int"),
        ({"a": 1}, "dict"),
        (None, "NoneType"),
    ],
)
def test_what_can_not_be_saved_is_refused(ws: Workspace, value: object, told: str) -> None:
    with pytest.raises(lineal.LinealError, match=told):
        ws.save(value, "ops.t")

    assert ws.store.names() == []


def test_only_tables_grow(ws: Workspace, write: Callable[..., Path]) -> None:
    for value in (write("a.txt", "a"), lineal.infer_schema(ROWS)):
        with pytest.raises(InvalidInput, match="append=True adds rows to a table"):
            ws.save(value, "name", append=True)


def test_a_name_keeps_its_kind(ws: Workspace, write: Callable[..., Path]) -> None:
    ws.save(write("a.txt", "a"), "name")

    with pytest.raises(AlreadyExists, match="another name"):
        ws.save(lineal.infer_schema(ROWS), "name")


def test_the_plain_words_use_the_workspace_found_upwards(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ws.root / "notebooks").mkdir()
    monkeypatch.chdir(ws.root / "notebooks")

    lineal.save(ROWS, "ops.t")

    assert lineal.read("ops.t").to_arrow() == ROWS
    assert ws.get("ops.t").ref == "ops.t@1"


def test_the_plain_words_outside_of_a_workspace_say_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(NotFound, match="lineal init"):
        lineal.read("ops.t")


# Files of a type of their own


def test_a_model_is_saved_under_its_own_type_and_read_back_verified(
    ws: Workspace, write: Callable[..., Path]
) -> None:
    path = write("model.pkl", "weights")

    saved = ws.save(path, "delay.model", type="Model")

    assert isinstance(saved, FileVersion)
    assert (saved.ref, saved.artifact.type) == ("delay.model@1", "Model")
    assert saved.read_bytes() == path.read_bytes()
    assert saved.path.name == "model.pkl"
    assert saved.describe()["files"] == ["model.pkl"]
    assert ws.save(path, "delay.model", type="Model").ref == "delay.model@1"
    assert ws.doctor(dry_run=True) == []

    saved.path.chmod(0o644)
    saved.path.write_text("tampered")
    with pytest.raises(Corrupt, match=r"delay\.model@1 is not what was kept"):
        saved.read_bytes()


def test_a_folder_is_saved_under_a_type_of_its_own(
    ws: Workspace, write: Callable[..., Path]
) -> None:
    write("net/weights.bin", "w")
    folder = write("net/deep/config.json", "{}").parents[1]

    saved = ws.save(folder, "net", type="Model")

    assert saved.files == ("deep/config.json", "weights.bin")
    assert saved.read_bytes("weights.bin") == b"w\n"
    with pytest.raises(InvalidInput, match="is a folder; name one of its files"):
        saved.read_bytes()
    with pytest.raises(NotFound, match=r"did you mean 'weights\.bin'"):
        saved.read_bytes("weight.bin")


@pytest.mark.parametrize("kind", ["lineal.Table", "Schema", "ExampleStatistics", "mlmd.Model"])
def test_types_that_verbs_make_are_not_faked(
    ws: Workspace, write: Callable[..., Path], kind: str
) -> None:
    with pytest.raises(InvalidInput, match="choose another type"):
        ws.save(write("a.bin", "a"), "name", type=kind)


def test_type_is_for_files(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="a frame becomes a table"):
        ws.save(ROWS, "ops.t", type="Model")


# Everything named


@pytest.fixture
def everything(ws: Workspace, write: Callable[..., Path]) -> dict[str, object]:
    """One of each kind, as its verb returned it, by its name."""
    raw = ws.lake.add(write("raw.csv", "a", "1", "2"))
    table = ws.warehouse.ingest("ops.t", raw)
    stats = ws.statistics(table)
    schema = ws.infer_schema(stats)
    times = pa.table({"k": [1], "at": pa.array([0], pa.timestamp("us", "UTC")), "v": [1.0]})
    ws.warehouse.save(times, "ops.times", event_time="at")
    view = feature_view(
        "view", of=entity("thing", key="k"), table="ops.times", event_time="at", columns=["v"]
    )
    defined = ws.features.define(view)
    return {
        "raw.csv": raw,
        "folder": ws.lake.add(write("folder/a.txt", "x").parent),
        "ops.t": table,
        "statistics/ops.t": stats,
        "schema/ops.t": schema,
        "validation/ops.t": ws.validate(stats, schema),
        "model": ws.save(write("model.pkl", "w"), "model", type="Model"),
        "view": defined.versions["view"],
        "thing": defined.versions["thing"],
        "training": ws.features.training_set(times, "view", at="at", name="training"),
    }


def test_everything_that_a_verb_returns_tells_of_itself(
    ws: Workspace, everything: dict[str, object]
) -> None:
    kinds = {"training": TrainingSet, "view": FeatureDefinition, "thing": FeatureDefinition}
    for name, returned in everything.items():
        found = ws.read(name)
        assert type(found) is kinds.get(name, type(returned)), name
        for each in (returned, found):
            assert each.ref == f"{name}@1"
            assert [row.number for row in each.versions] == [1]
            told = each.describe()
            assert (told["ref"], told["state"], told["versions"]) == (f"{name}@1", "LIVE", 1)
            assert told["known_at"] == told["committed"] is not None
            maker = each.lineage().edges[0].source
            assert told["made_by"] == f"execution/{maker[1]}"
        assert ws.lineage(returned).start == ws.lineage(f"{name}@1").start
        assert name in ws.lineage(returned).to_text()


def test_everything_takes_labels_and_is_found_by_them(
    ws: Workspace, everything: dict[str, object]
) -> None:
    for number, (name, returned) in enumerate(everything.items()):
        returned.label(team="ops", rank=number)
        assert ws.read(name).describe()["labels"] == {"team": "ops", "rank": number}

    assert set(ws.find(team="ops")["name"].to_pylist()) == set(everything)
    assert ws.find(team="ops", rank=2)["ref"].to_pylist() == ["ops.t@1"]
    assert ws.find(team="none").num_rows == 0
    with pytest.raises(InvalidInput, match="lineal_"):
        everything["ops.t"].label(lineal_version=3)


def test_a_table_without_a_version_tells_of_its_newest(
    ws: Workspace, everything: dict[str, object]
) -> None:
    table = ws.warehouse["ops.t"]

    assert table.describe()["rows"] == 2
    assert table.lineage().start == ws.lineage(table).start
    table.label(checked=True)
    assert ws.get("ops.t").describe()["labels"] == {"checked": True}


def test_find_takes_names_types_and_properties(
    ws: Workspace, everything: dict[str, object]
) -> None:
    def names(**fields: object) -> set[str | None]:
        return set(ws.find(**fields)["name"].to_pylist())

    assert names(type="lineal.Table") == {"ops.t", "ops.times"}
    assert names(name="ops.*") == {"ops.t", "ops.times"}
    assert names(name="ops.?") == {"ops.t"}
    assert names(type="lineal.Table", rows=2) == {"ops.t"}
    assert names(media_type="text/csv", state="live") == {"raw.csv"}
    with pytest.raises(InvalidInput, match="there is no state"):
        ws.find(state="alive")
    with pytest.raises(InvalidInput, match="must be text"):
        ws.find(name=3)


def test_find_gives_the_newest_version_as_a_typed_frame(ws: Workspace) -> None:
    ws.save(ROWS, "ops.t")
    ws.save(pa.table({"a": [9]}), "ops.t")

    found = ws.find(name="ops.t")

    assert found.schema.field("known_at").type == pa.timestamp("us", "UTC")
    (row,) = found.to_pylist()
    newest = ws.get("ops.t")
    assert (row["ref"], row["version"], row["content"]) == ("ops.t@2", 2, newest.content)
    assert ws.find(name="nothing").schema == found.schema


def test_an_alias_is_told_with_its_version(ws: Workspace) -> None:
    ws.save(ROWS, "ops.t")
    ws.save(pa.table({"a": [9]}), "ops.t")
    ws.alias("ops.t", "best", 1)

    assert ws.get("ops.t:best").describe()["aliases"] == ["best"]
    assert ws.get("ops.t").describe()["aliases"] == []
    assert ws.warehouse["ops.t:best"].rows == 2
    assert ws.sql('SELECT sum(a) AS s FROM "ops.t:best"').read_all().to_pylist() == [{"s": 3}]
    with pytest.raises(NotFound, match="no version 7"):
        ws.alias("ops.t", "best", 7)
    with pytest.raises(InvalidInput, match="can't be an alias"):
        ws.alias("ops.t", "a/b", 1)


def test_the_log_tells_newest_first_of_all_or_of_a_name(
    ws: Workspace, everything: dict[str, object]
) -> None:
    verbs = [row["verb"] for row in ws.log(limit=None)]
    of_table = ws.log("ops.t")

    assert verbs[-1] == "add"
    assert verbs[0] == "training_set"
    assert [row["verb"] for row in of_table] == ["statistics", "ingest"]
    assert (of_table[1]["inputs"], of_table[1]["outputs"]) == (["raw.csv@1"], ["ops.t@1"])
    assert len(ws.log(limit=3)) == 3
    with pytest.raises(NotFound, match=r"did you mean 'ops\.t'"):
        ws.log("ops.tt")


# Lineage


def test_lineage_goes_both_ways_and_draws_itself(
    ws: Workspace, everything: dict[str, object]
) -> None:
    upstream = ws.lineage("validation/ops.t")
    downstream = ws.lineage("raw.csv", "downstream")
    both = ws.lineage("schema/ops.t", "both")

    def names(lineage: lineal.metadata.Lineage) -> set[str]:  # type: ignore[name-defined]
        return {row.name for row in lineage.versions.values()}

    chain = {"raw.csv", "ops.t", "statistics/ops.t", "schema/ops.t", "validation/ops.t"}
    assert names(upstream) == names(downstream) == names(both) == chain
    assert all(name in upstream.to_text() for name in chain)
    dot, mermaid = upstream.to_dot(), upstream.to_mermaid()
    assert dot.startswith("digraph lineage {")
    assert mermaid.startswith("flowchart LR")
    assert dot.count("->") == mermaid.count("-->") == len(upstream.edges)
    assert 'label="ops.t@1"' in dot
    assert '"ops.t@1"' in mermaid


def test_lineage_starts_from_an_execution_too(ws: Workspace, everything: dict[str, object]) -> None:
    (execution,) = ws.store.executions(type="lineal.ingest")

    upstream = ws.lineage(f"execution/{execution.id}")

    assert {row.name for row in upstream.versions.values()} == {"raw.csv"}
    with pytest.raises(InvalidInput, match="has no lineage here"):
        ws.lineage(3)
    with pytest.raises(InvalidInput, match="no direction 'sideways'"):
        ws.lineage("raw.csv", "sideways")
    with pytest.raises(NotFound, match="execution/999"):
        ws.lineage("execution/999")
    with pytest.raises(InvalidInput, match="is an execution, not a version"):
        ws.get(f"execution/{execution.id}")


def test_what_never_came_to_be_can_be_shown_and_not_read(ws: Workspace) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        ws.recorder.run(
            ExecutionType("work"), outputs=[Output("schema", ArtifactType("Schema"), "schema")]
        ),
    ):
        1 / 0  # noqa: B018 -- the error is the point
    (abandoned,) = ws.store.artifacts(type="Schema")

    assert ws.get(f"artifact/{abandoned.id}").describe()["state"] == "ABANDONED"
    with pytest.raises(NotFound, match="is ABANDONED, there is nothing to read"):
        ws.read(f"artifact/{abandoned.id}")


def test_what_another_program_made_says_where_it_is(ws: Workspace) -> None:
    with ws.recorder.run(
        ExecutionType("work"), outputs=[Output("schema", ArtifactType("Schema"))]
    ) as running:
        running.made("schema", Made("", "/elsewhere/schema", {}))

    with pytest.raises(NotFound, match="kept it at /elsewhere/schema"):
        ws.read(f"artifact/{running.artifacts['schema'].id}")


def test_what_is_no_name_and_no_pipeline_is_refused(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="a int names nothing"):
        ws.get(3)
    with pytest.raises(InvalidInput, match="is no pipeline"):
        ws.run(len)


def test_versions_are_found_by_their_numbers(ws: Workspace) -> None:
    for value in (1, 2):
        ws.save(pa.table({"a": [value]}), "ops.t")
    first = ws.get("ops.t@1")

    assert ws.find(version=1, type="lineal.Table")["ref"].to_pylist() == ["ops.t@1"]
    assert ws.find(id=first.id)["ref"].to_pylist() == ["ops.t@1"]
    assert ws.find(version=3).num_rows == 0
    with pytest.raises(InvalidInput, match="version='x' must be a whole number"):
        ws.find(version="x")
    with pytest.raises(InvalidInput, match="'content' can't be searched for"):
        ws.find(content="abc")
