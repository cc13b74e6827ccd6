"""Rules of one's own, skew and severities, as a person types them."""

from tests.cli.conftest import InProcess


def test_constraints_conditions_skew_and_severities(workspace: InProcess) -> None:
    workspace.write("before.csv", "fare,carrier\n3,UA\n9,B6\n5,UA\n4,UA\n")
    workspace.write("now.csv", "fare,carrier,tip\n3,UA,1\n12,B6,1\n5,B6,1\n4,B6,1\n")
    workspace.ok("schema", "infer", "before.csv", "--name", "s")
    workspace.ok("schema", "set", "s", "fare", "constraint=3 <= mean <= 5.5")
    kept = workspace("validate", "now.csv", "-s", "s", "--severity", "SCHEMA_NEW_COLUMN=warning",
                     "--custom", "fare: feature.num_stats.max < 10", "--serving", "before.csv",
                     "--previous-version", "before.csv", "--json")  # fmt: skip

    assert kept.code == 1
    found = {(row["feature"], row["type"]): row for row in kept.json["anomalies"]}
    assert found["tip", "SCHEMA_NEW_COLUMN"]["severity"] == "WARNING"
    told = [row["rule"] for row in kept.json["anomalies"] if row["feature"] == "fare"]
    assert told == ["constraint 3 <= mean <= 5.5", "feature.num_stats.max < 10"]

    workspace.ok("schema", "set", "s", "fare", "constraint=none")
    workspace.ok("validate", "now.csv", "-s", "s", "--severity", "SCHEMA_NEW_COLUMN=warning")


def test_severities_and_conditions_that_make_no_sense_are_refused(workspace: InProcess) -> None:
    workspace.write("a.csv", "x\n1\n")
    workspace.ok("schema", "infer", "a.csv", "--name", "s")

    for options, message in (
        (("--severity", "SCHEMA_NEW_COLUMN=BAD"), "write TYPE=WARNING"),
        (("--severity", "SCHEMA_NEW_COLUM=ERROR"), "did you mean 'SCHEMA_NEW_COLUMN'"),
        (("--custom", "feature.x < 1"), "write FEATURE: SQL"),
        (("--custom", "x: feature.nope < 1"), "can't be evaluated"),
    ):
        done = workspace("validate", "a.csv", "-s", "s", *options)
        assert done.code == 2, done
        assert message in done.err, done
