"""Statistics, schemas and validation, as a person types them."""

from tests.cli.conftest import InProcess


def test_files_are_read_alike_by_all_commands(workspace: InProcess) -> None:
    workspace.write("a.csv", "x,y\n1,a\nNA,b\n")
    workspace.ok("ingest", "ops.a", "a.csv")
    workspace.ok("schema", "infer", "ops.a")

    found = workspace.ok("stats", "a.csv", "--json").json["features"]

    assert [row["missing"] for row in found if row["feature"] == "x"] == [1]
    workspace.ok("validate", "a.csv", "-s", "schema/ops.a")


def test_how_a_csv_file_is_written_can_be_said(workspace: InProcess) -> None:
    workspace.write("a.csv", "x;y\n1;a\n-;b\n")
    said = ("--delimiter", ";", "--missing", "-")

    stats = workspace.ok("stats", "a.csv", *said, "--json").json
    schema = workspace.ok("schema", "infer", "a.csv", *said, "--name", "s", "--json").json

    assert [row["missing"] for row in stats["features"]] == [1, 0]
    assert [row["type"] for row in schema["features"]] == ["INT", "BYTES"]
    workspace.ok("validate", "a.csv", "-s", "s", *said)


def test_statistics_can_be_weighed_sliced_and_sampled(workspace: InProcess) -> None:
    workspace.write("a.csv", "c,x,w\nUA,1,2\nB6,2,1\nUA,20,1\n")
    said = ("--weight", "w", "--slice", "c", "--slice", "late: x > 15")

    told = workspace.ok("stats", "a.csv", *said, "--json").json

    assert {name: part["num_examples"] for name, part in told["slices"].items()} == {
        "c_UA": 2, "c_B6": 1, "late": 1,
    }  # fmt: skip
    assert workspace.ok("stats", "a.csv", "--sample", "1", "--json").json["num_examples"] == 3
    refused = workspace("stats", "a.csv", "--weight", "x_")
    assert (refused.code, "no weight column 'x_'" in refused.err) == (2, True), refused


def test_what_is_made_is_named_by_the_same_grammar(workspace: InProcess) -> None:
    workspace.write("a.csv", "x\n1\n")

    for command in (
        ("ingest", "ops.a@3", "a.csv"),
        ("add", "a.csv", "--name", "b:best"),
        ("save", "a.csv", "b@2013-01-01", "--type", "Model"),
        ("stats", "a.csv", "--name", "b@3"),
    ):
        done = workspace(*command)
        assert (done.code, "can't be written to" in done.err) == (2, True), done

    assert workspace.ok("ingest", '"a@3.t"', "a.csv").lines == ['"a@3.t"@1']
    assert workspace.ok("add", "a.csv", "--name", '"x@3"').lines == ['"x@3"@1']
    workspace.ok("schema", "rename", '"a@3.t"', "x", "y")
    workspace.ok("schema", "infer", '"a@3.t"')
    name = '"schema/a@3.t"'
    assert (
        workspace.ok("schema", "set", name, "y", "required=false").lines[-1].endswith(f"{name}@2")
    )


def test_a_rule_without_a_value_is_refused(workspace: InProcess) -> None:
    workspace.write("a.csv", "x\na\nb\n")
    workspace.ok("schema", "infer", "a.csv", "--name", "s")

    done = workspace("schema", "set", "s", "x", "domain=")

    assert done.code == 2
    assert "domain= has no value; write domain=none to lift the rule" in done.err
    assert workspace.ok("schema", "set", "s", "x", "domain=none").lines[-1] == "kept as s@2"


def test_a_misspelt_environment_is_told_before_anything_runs(workspace: InProcess) -> None:
    workspace.write("a.csv", "x\n1\n")
    workspace.ok("schema", "infer", "a.csv", "--name", "s")
    before = workspace.ok("log", "--json").json

    done = workspace("validate", "a.csv", "-s", "s", "-e", "TYPO", "-p", "a.csv")

    assert done.code == 2
    assert workspace.ok("log", "--json").json == before
