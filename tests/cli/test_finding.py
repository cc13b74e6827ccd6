"""Finding, searching and following lineage from the shell."""

from pathlib import Path

import pytest
from tests.cli.conftest import InProcess

import lineal
from lineal.metadata import Artifact, ArtifactType


@pytest.fixture
def cli(tmp_path: Path) -> InProcess:
    """A workspace with two files, one of which was described."""
    (tmp_path / "flights.csv").write_text("carrier,delay\nUA,5\n")
    (tmp_path / "notes.txt").write_text("delay of carriers")
    with lineal.open(tmp_path) as ws:
        flights = ws.lake.add(tmp_path / "flights.csv")
        ws.lake.add(tmp_path / "notes.txt")
        flights.label(owner="Ann")
        lineal.infer_schema(lineal.statistics(flights))
    return InProcess(tmp_path)


def refs(done) -> list[str]:
    return [row["ref"] for row in done.json]


def test_find_takes_filters_fields_and_both(cli: InProcess) -> None:
    owned = "custom_properties.owner.string_value = 'Ann'"
    assert refs(cli.ok("find", owned, "--json")) == ["flights.csv@1"]
    assert refs(cli.ok("find", owned, "type=Schema", "--json")) == []
    assert refs(cli.ok("find", "name='notes.txt@1'", "--json")) == ["notes.txt@1"]
    assert refs(cli.ok("find", "name=notes.txt", "--json")) == ["notes.txt@1"]
    assert refs(cli.ok("find", owned, "id > 99999", "--json")) == []


def test_find_points_at_a_mistake_in_a_filter(cli: InProcess) -> None:
    done = cli("find", "nam = 'x'")
    assert done.code == 2
    assert "^" in done.err


def test_search_tells_where_the_words_were(cli: InProcess) -> None:
    (hit,) = cli.ok("search", "ann", "flights", "--json").json
    assert hit["ref"] == "flights.csv@1"
    assert hit["found_in"] == {"ann": "label", "flights": "name"}
    assert "ann: label, flights: name" in cli.ok("search", "ann", "flights").out
    assert len(cli.ok("search", "flights", "--limit", "1", "--json").json) == 1


def test_lineage_is_bounded_and_filtered(cli: InProcess) -> None:
    schema = next(row["ref"] for row in cli.ok("find", "type=Schema", "--json").json)
    whole = cli.ok("lineage", schema, "--json").json
    near = cli.ok("lineage", schema, "--depth", "1", "--json").json
    assert len(near["nodes"]) < len(whole["nodes"])
    only = cli.ok("lineage", schema, "--type", "lineal.File", "--json").json
    assert "flights.csv@1" in [node["label"] for node in only["nodes"]]
    assert only["matched"] == [n["id"] for n in only["nodes"] if n["type"] == "lineal.File"]
    nothing = cli.ok("lineage", schema, "--until", "2013-01-01", "--json").json
    assert [node["label"] for node in nothing["nodes"]] == [schema]
    assert cli("lineage", schema, "--depth", "0").code == 2


def test_find_and_search_call_what_has_no_version_as_other_commands_do(cli: InProcess) -> None:
    with lineal.open(cli.directory) as ws:
        ws.graph.put_types([ArtifactType("Kept")])
        (number,) = ws.graph.put_artifacts([Artifact("Kept", name="wheelwright")])
        assert ws.find("type = 'Kept'")["ref"].to_pylist() == [f"artifact/{number}"]

    (found,) = refs(cli.ok("find", "type=Kept", "--json"))
    (searched,) = refs(cli.ok("search", "wheelwright", "--json"))

    assert found == searched == f"artifact/{number}"
    assert cli.ok("show", found, "--json").json["type"] == "Kept"


def test_find_takes_a_condition_without_a_sign(cli: InProcess) -> None:
    assert refs(cli.ok("find", "has(labels.owner)", "--json")) == ["flights.csv@1"]
    assert refs(cli.ok("find", "labels.owner", "--json")) == []  # it holds text, not true
    assert "'flights.csv' is no name=value" in cli("find", "flights.csv").err
