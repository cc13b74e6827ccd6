"""Each command at its work, on a handful of flights."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import InProcess

JANUARY = """\
flight_id,scheduled,carrier,origin,distance,dep_delay
1,2013-01-01T10:15:00Z,UA,EWR,1400,2
2,2013-01-01T10:29:00Z,UA,LGA,1416,4
3,2013-01-01T10:40:00Z,AA,JFK,1089,
4,2013-01-02T10:45:00Z,B6,JFK,1576,-1
"""
FEBRUARY = """\
flight_id,scheduled,carrier,origin,distance,dep_delay
5,2013-02-01T10:15:00Z,XX,EWR,1400,2
6,2013-02-02T10:29:00Z,UA,LGA,-1416,4
"""


@pytest.fixture
def flights(workspace: InProcess) -> InProcess:
    """A workspace with January's flights as `ops.flights@1`, known on the first of February."""
    workspace.write("january.csv", JANUARY)
    workspace.write("february.csv", FEBRUARY)
    workspace.ok(
        "ingest", "ops.flights", "january.csv",
        "--event-time", "scheduled", "--known-at", "2013-02-01",
    )  # fmt: skip
    return workspace


def test_init_leaves_a_workspace_as_it_is(workspace: InProcess) -> None:
    made = workspace.ok("init", ".", "--json").json

    assert made == {"workspace": str(workspace.directory), "made": False}


def test_added_file_comes_back_as_it_was(workspace: InProcess) -> None:
    raw = workspace.write("january.csv", JANUARY)
    added = workspace.ok("add", "january.csv", "--json").json

    workspace.ok("checkout", "january.csv@1", "back.csv")

    assert (added["ref"], added["new"]) == ("january.csv@1", True)
    assert (workspace.directory / "back.csv").read_bytes() == raw.read_bytes()


def test_checkout_refuses_to_replace_other_content_unless_told(workspace: InProcess) -> None:
    workspace.write("january.csv", JANUARY)
    workspace.ok("add", "january.csv")
    workspace.write("january.csv", "mine")

    refused = workspace("checkout", "january.csv")
    replaced = workspace.ok("checkout", "january.csv", "--overwrite", "--json").json

    assert refused.code == 2
    assert "january.csv" in refused.err
    assert replaced["ref"] == "january.csv@1"
    assert (workspace.directory / "january.csv").read_text() == JANUARY


def test_adding_the_same_again_makes_nothing_new(workspace: InProcess) -> None:
    workspace.write("january.csv", JANUARY)
    workspace.ok("add", "january.csv")

    assert workspace.ok("add", "january.csv").lines == ["january.csv@1 (as before: nothing new)"]


def test_several_paths_are_added_in_one_go(workspace: InProcess) -> None:
    workspace.write("january.csv", JANUARY)
    workspace.write("february.csv", FEBRUARY)

    added = workspace.ok("add", "january.csv", "february.csv", "--json").json

    assert [row["ref"] for row in added] == ["january.csv@1", "february.csv@1"]


def test_a_name_fits_one_path_only(workspace: InProcess) -> None:
    assert "--name" in workspace("add", "a", "b", "--name", "c").err


def test_missing_file_is_one_clear_message(workspace: InProcess) -> None:
    done = workspace("add", "nothing.csv")

    assert done.code == 2
    assert done.err.startswith("error: ")
    assert "nothing.csv" in done.err
    assert done.out == ""


def test_saved_model_has_the_type_it_is_given(workspace: InProcess) -> None:
    workspace.write("model.bin", "weights")

    saved = workspace.ok("save", "model.bin", "delay_model", "--type", "Model", "--json").json

    assert (saved["ref"], saved["type"]) == ("delay_model@1", "Model")


def test_sql_prints_a_list_of_row_objects(flights: InProcess) -> None:
    query = "select origin, count(*) as n from ops.flights group by origin order by origin"

    rows = flights.ok("sql", query, "--json").json

    assert rows == [
        {"origin": "EWR", "n": 1},
        {"origin": "JFK", "n": 2},
        {"origin": "LGA", "n": 1},
    ]


def test_sql_prints_an_empty_list_for_no_rows(flights: InProcess) -> None:
    assert flights.ok("sql", "select * from ops.flights where false", "--json").json == []


def test_sql_says_when_it_shows_a_part_only(flights: InProcess) -> None:
    done = flights.ok("sql", "select flight_id from ops.flights order by 1", "--limit", "2")

    assert done.lines == ["flight_id", "        1", "        2"]
    assert "first 2 rows" in done.err


def test_sql_refuses_row_objects_with_two_equal_keys(flights: InProcess) -> None:
    done = flights("sql", "select 1 as a, 2 as a", "--json")

    assert (done.code, done.out) == (2, "")
    assert "'a'" in done.err


def test_wrong_sql_is_one_clear_message(flights: InProcess) -> None:
    done = flights("sql", "select dep_dely from ops.flights")

    assert done.code == 2
    assert "dep_delay" in done.err


def test_table_is_seen_as_it_was_known(flights: InProcess) -> None:
    flights.ok("ingest", "ops.flights", "february.csv", "--known-at", "2013-03-01")
    count = "select count(*) as n from ops.flights"

    assert flights.ok("sql", count, "--json").json == [{"n": 6}]
    assert flights.ok("sql", count, "--json", "--at", "2013-02-15").json == [{"n": 4}]


def test_same_file_is_not_loaded_twice_unless_told(flights: InProcess) -> None:
    skipped = flights.ok("ingest", "ops.flights", "january.csv", "--json").json
    again = flights.ok("ingest", "ops.flights", "january.csv", "--again", "--json").json

    assert (skipped["ref"], skipped["new"]) == ("ops.flights@1", False)
    assert (again["ref"], again["new"]) == ("ops.flights@2", True)


def test_new_column_is_refused_until_schema_adds_it(flights: InProcess) -> None:
    text = "\n".join(
        f"{line},{'gate' if n == 0 else 'A1'}" for n, line in enumerate(FEBRUARY.splitlines())
    )
    flights.write("wide.csv", text + "\n")

    refused = flights("ingest", "ops.flights", "wide.csv")
    flights.ok("schema", "add", "ops.flights", "gate", "string")
    loaded = flights.ok("ingest", "ops.flights", "wide.csv", "--json").json

    assert refused.code == 2
    assert "gate" in refused.err
    assert loaded["ref"] == "ops.flights@3"


def test_renamed_column_keeps_its_values(flights: InProcess) -> None:
    flights.ok("schema", "rename", "ops.flights", "carrier", "airline")

    rows = flights.ok("sql", "select distinct airline from ops.flights order by 1", "--json").json

    assert rows == [{"airline": "AA"}, {"airline": "B6"}, {"airline": "UA"}]


def test_dropped_column_is_gone_from_the_newest_version_only(flights: InProcess) -> None:
    flights.ok("schema", "drop", "ops.flights", "carrier")

    assert "carrier" not in flights.ok("show", "ops.flights", "--json").json["columns"]
    assert "carrier" in flights.ok("show", "ops.flights@1", "--json").json["columns"]


def test_column_gets_a_type_while_it_is_empty(flights: InProcess) -> None:
    flights.ok("schema", "add", "ops.flights", "gate", "int")

    flights.ok("schema", "type", "ops.flights", "gate", "string")

    assert flights.ok("show", "ops.flights", "--json").json["columns"]["gate"] == "string"


def test_statistics_tell_of_every_column(flights: InProcess) -> None:
    told = flights.ok("stats", "ops.flights", "--json").json

    by_name = {row["feature"]: row for row in told["features"]}
    assert told["num_examples"] == 4
    assert (by_name["dep_delay"]["count"], by_name["dep_delay"]["missing"]) == (3, 1)
    assert by_name["carrier"]["unique"] == 3


def test_failing_validation_exits_1_and_keeps_its_report(flights: InProcess) -> None:
    flights.ok("schema", "infer", "ops.flights", "--name", "flights-schema")
    flights.ok("schema", "set", "flights-schema", "distance", "domain=1..5000")

    fine = flights("validate", "ops.flights", "--schema", "flights-schema", "--json")
    wrong = flights("validate", "february.csv", "--schema", "flights-schema", "--json")

    assert (fine.code, fine.json["ok"]) == (0, True)
    assert (wrong.code, wrong.json["ok"]) == (1, False)
    assert {row["feature"] for row in wrong.json["anomalies"]} == {"carrier", "distance"}
    assert flights.ok("show", wrong.json["ref"], "--json").json["type"] == "ExampleAnomalies"


def test_label_is_not_expected_where_it_is_served(flights: InProcess) -> None:
    flights.ok("schema", "infer", "ops.flights", "--name", "flights-schema")
    flights.ok("schema", "set", "flights-schema", "environments=TRAINING,SERVING")
    flights.ok("schema", "set", "flights-schema", "dep_delay", "not_in=SERVING")
    served = "\n".join(line.rpartition(",")[0] for line in JANUARY.splitlines())
    flights.write("served.csv", served + "\n")
    against = ("validate", "served.csv", "--schema", "flights-schema", "--environment")

    assert flights(*against, "SERVING").code == 0
    assert flights(*against, "TRAINING").code == 1


def test_drift_is_measured_against_what_came_before(flights: InProcess) -> None:
    flights.ok("schema", "infer", "ops.flights", "--name", "flights-schema")
    flights.ok("schema", "set", "flights-schema", "origin", "drift=0.01")
    flights.write("drifted.csv", JANUARY.replace("LGA", "EWR"))

    done = flights("validate", "drifted.csv", "-s", "flights-schema", "-p", "ops.flights", "--json")

    assert done.code == 1
    assert [drift["path"] for drift in done.json["drift"]] == ["origin"]


def test_schema_in_a_file_is_edited_in_place(flights: InProcess) -> None:
    flights.ok("schema", "infer", "ops.flights", "--output", "schema.pbtxt")

    flights.ok("schema", "set", "./schema.pbtxt", "distance", "domain=1..9", "required=false")

    features = flights.ok("schema", "show", "./schema.pbtxt", "--json").json["features"]
    distance = next(one for one in features if one["feature"] == "distance")
    assert (distance["domain"], distance["required"]) == ([1, 9], False)


def test_schema_diff_tells_what_an_edit_changed(flights: InProcess) -> None:
    flights.ok("schema", "infer", "ops.flights", "--name", "s")
    flights.ok("schema", "set", "s", "carrier", "domain=AA,UA")

    changes = flights.ok("schema", "diff", "s@1", "s@2", "--json").json

    assert [(one["feature"], one["rule"]) for one in changes] == [("carrier", "domain")]


def test_misspelt_rule_suggests_the_right_one(flights: InProcess) -> None:
    flights.ok("schema", "infer", "ops.flights", "--name", "s")

    done = flights("schema", "set", "s", "carrier", "domian=AA")

    assert done.code == 2
    assert "did you mean 'domain'" in done.err


def test_edited_schema_tells_what_it_was_made_from(flights: InProcess) -> None:
    flights.ok("schema", "infer", "ops.flights", "--name", "s")
    flights.ok("schema", "set", "s", "carrier", "required=false")

    lineage = flights.ok("lineage", "s@2", "--json").json

    assert "ops.flights@1" in {node["label"] for node in lineage["nodes"]}


def test_log_lists_the_newest_first(flights: InProcess) -> None:
    flights.ok("stats", "ops.flights")

    everything = flights.ok("log", "--json").json
    newest = flights.ok("log", "--limit", "1", "--json").json

    assert newest == everything[:1]
    assert "statistics" in json.dumps(newest)


def test_find_lists_what_fits(flights: InProcess) -> None:
    found = flights.ok("find", "type=lineal.Table", "--json").json

    assert [row["ref"] for row in found] == ["ops.flights@1"]


def test_find_refuses_what_is_no_condition(flights: InProcess) -> None:
    assert "name=value" in flights("find", "ops.flights").err


def test_show_tells_of_a_version_and_of_what_made_it(flights: InProcess) -> None:
    version = flights.ok("show", "ops.flights", "--json").json

    execution = flights.ok("show", version["made_by"], "--json").json

    assert version["known_at"] == "2013-02-01T00:00:00Z"
    assert execution["state"] == "COMPLETE"
    assert ["ops.flights@1"] in execution["outputs"].values()


def test_misspelt_name_suggests_the_right_one(flights: InProcess) -> None:
    done = flights("show", "ops.flihgts")

    assert done.code == 2
    assert "did you mean 'ops.flights'" in done.err


def test_alias_moves(flights: InProcess) -> None:
    flights.ok("ingest", "ops.flights", "february.csv")
    flights.ok("alias", "ops.flights", "good", "2")

    moved = flights.ok("alias", "ops.flights", "good", "1", "--json").json

    assert moved["ref"] == "ops.flights@1"
    assert flights.ok("show", "ops.flights:good", "--json").json["ref"] == "ops.flights@1"


def test_lineage_goes_both_ways(flights: InProcess) -> None:
    flights.ok("add", "february.csv")
    flights.ok("ingest", "ops.flights", "february.csv@1")

    up = flights.ok("lineage", "ops.flights", "--json").json
    down = flights.ok("lineage", "february.csv", "--downstream", "--json").json

    assert "february.csv@1" in {node["label"] for node in up["nodes"]}
    assert "ops.flights@2" in {node["label"] for node in down["nodes"]}


@pytest.mark.parametrize(("form", "first"), [("--dot", "digraph"), ("--mermaid", "flowchart")])
def test_lineage_is_exported(flights: InProcess, form: str, first: str) -> None:
    assert flights.ok("lineage", "ops.flights", form).out.startswith(first)


def test_lineage_takes_one_form_at_a_time(flights: InProcess) -> None:
    assert flights("lineage", "ops.flights", "--dot", "--json").code == 2


PIPELINE = """
from lineal import component, pipeline
from lineal.warehouse import TableVersion

@component
def late(flights: TableVersion, minutes: int) -> int:
    if minutes < 0:
        raise ValueError("minutes are not negative")
    delays = flights.to_arrow()["dep_delay"].to_pylist()
    return sum(1 for delay in delays if delay is not None and delay > minutes)

@pipeline
def delays(flights: TableVersion, minutes: int = 1):
    late(flights, minutes)
"""


def test_unchanged_pipeline_is_reused_and_says_why(flights: InProcess) -> None:
    flights.write("delays.py", PIPELINE)
    run = ("run", "delays.py:delays", "flights=ops.flights", "--json")

    first, second = flights.ok(*run).json, flights.ok(*run).json
    forced = flights.ok(*run, "--no-cache", "late").json

    assert [one["nodes"][0]["state"] for one in (first, second, forced)] == [
        "COMPLETE",
        "CACHED",
        "COMPLETE",
    ]
    assert second["nodes"][0]["reason"]


def test_failing_node_exits_1_and_tells_its_error(flights: InProcess) -> None:
    flights.write("delays.py", PIPELINE)

    done = flights("run", "delays.py:delays", "flights=ops.flights", "minutes=-5")

    assert done.code == 1
    assert "minutes are not negative" in done.out


FEATURES = """
from datetime import timedelta
from lineal.features import entity, feature_view, mean, service

origin = entity("origin", key="origin")

@feature_view(of=origin, table="ops.flights", event_time="scheduled",
              available_after=timedelta(hours=6))
def delays(flights):
    return {"delay": mean(flights.dep_delay)}

delay_model = service("delay_model", [delays])
"""


def test_features_go_from_definition_to_an_online_answer(flights: InProcess) -> None:
    flights.write("features.py", FEATURES)
    flights.write("rows.csv", "origin,time\nLGA,2013-01-01T10:30:00Z\nLGA,2013-01-03T00:00:00Z\n")

    planned = flights.ok("features", "define", "features.py", "--dry-run", "--json").json
    flights.ok("features", "define", "features.py")
    listed = flights.ok("features", "list", "--json").json
    made = flights.ok(
        "features", "training-set", "rows.csv", "delay_model", "--at", "time",
        "--name", "training", "--output", "training.parquet", "--json",
    ).json  # fmt: skip
    flights.ok("features", "materialize", "delay_model")
    got = flights.ok("features", "get", "delay_model", "origin=LGA,XXX", "--json").json

    assert {change["kind"] for change in planned["changes"]} == {"added"}
    assert [row["kind"] for row in listed] == ["entity", "view", "service"]
    assert (made["ref"], made["rows"]) == ("training@1", 2)
    assert made["views"]["delays"]["missed"] == 1
    assert (flights.directory / "training.parquet").read_bytes()[:4] == b"PAR1"
    assert [row["features"]["delays.delay"] for row in got] == [
        {"value": 4.0, "status": "PRESENT"},
        {"value": None, "status": "MISSING"},
    ]


def test_file_that_defines_nothing_is_refused(flights: InProcess) -> None:
    flights.write("features.py", "x = 1")

    assert "defines nothing" in flights("features", "define", "features.py").err


def test_healthy_workspace_gives_the_doctor_nothing_to_do(flights: InProcess) -> None:
    flights.ok("stats", "ops.flights")
    flights.ok("stats", "ops.flights")

    assert flights.ok("doctor", "--dry-run", "--json").json["findings"] == []
    assert flights.ok("doctor").lines == ["everything is in order"]


def test_doctor_exits_1_on_a_dry_run_with_findings(flights: InProcess) -> None:
    stray = flights.directory / ".lineal" / "objects" / "ab" / "cd" / f"abcd{'0' * 60}"
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"nobody refers to this")

    assert flights("doctor", "--dry-run").code == 1
    assert stray.exists()
    assert flights("doctor").code == 0
    assert not stray.exists()
    assert flights("doctor", "--dry-run").code == 0


def test_workspace_option_must_name_a_workspace(flights: InProcess) -> None:
    done = flights("log", "--workspace", str(Path("no") / "where"))

    assert done.code == 2
    assert "is no workspace" in done.err
