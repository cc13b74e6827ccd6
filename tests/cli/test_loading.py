"""`lineal metadata load`."""

import pyarrow as pa
import pytest
from pyarrow import feather, parquet
from tests.cli.conftest import InProcess

TABLE = pa.table({"uri": ["s3://a", "s3://b"], "auc": [0.5, 0.75], "state": ["LIVE", None]})


@pytest.mark.parametrize("name", ["models.parquet", "models.arrow", "models.csv"])
def test_rows_of_a_file_become_artifacts_of_a_type_made_of_its_columns(
    workspace: InProcess, name: str
) -> None:
    if name.endswith(".parquet"):
        parquet.write_table(TABLE, workspace.directory / name)
    elif name.endswith(".arrow"):
        feather.write_feather(TABLE, workspace.directory / name, compression="uncompressed")
    else:
        workspace.write(name, "uri,auc,state\ns3://a,0.5,LIVE\ns3://b,0.75,LIVE\n")

    refused = workspace("metadata", "load", name, "--type", "Model")
    done = workspace.ok("metadata", "load", name, "--type", "Model", "--make-type", "--json")

    assert (refused.code, "no artifact type 'Model'" in refused.err) == (2, True)
    told = done.json
    assert (told["loaded"], told["last"] - told["first"]) == (2, 1)
    found = workspace.ok("find", "properties.auc.double_value > 0.6", "--json").json
    assert [row["uri"] for row in found] == ["s3://b"]


def test_a_file_that_can_not_be_loaded_is_told(workspace: InProcess) -> None:
    workspace.write("rows.txt", "")
    workspace.write("torn.parquet", "PAR1")

    missing = workspace("metadata", "load", "missing.csv", "--type", "Model")
    unknown = workspace("metadata", "load", "rows.txt", "--type", "Model")
    torn = workspace("metadata", "load", "torn.parquet", "--type", "Model")

    assert "no file missing.csv" in missing.err
    assert "give a .parquet" in unknown.err
    assert "torn.parquet can't be read" in torn.err
    assert {missing.code, unknown.code, torn.code} == {2}


def test_a_database_is_named_by_its_place(workspace: InProcess) -> None:
    workspace.write("groups.csv", "name\nautumn\nwinter\n")

    done = workspace.ok(
        "metadata",
        "load",
        "groups.csv",
        "-t",
        "Group",
        "--kind",
        "context",
        "--make-type",
        "--store",
        "other.db",
    )

    assert done.lines == ["loaded 2 contexts: context/1 to context/2"]
