"""Things are found by filters, and by words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lineal.errors import InvalidInput
from lineal.metadata import (
    ArtifactState,
    ArtifactType,
    PropertyType,
    format_name,
)
from lineal.metadata.search import find
from lineal.metadata.words import search

TABLE = ArtifactType("test.Table", {"rows": PropertyType.INT})


def refs(found):
    return [
        f"artifact/{artifact.id}" if row is None else format_name(row.name, row.number)
        for artifact, row, *_ in found
    ]


@pytest.fixture
def filled(graph):
    """A raw file, three versions of a table with ever more rows, and one labelled so."""
    raw = graph.artifact("raw/flights.csv", "r")
    for number in (1, 2, 3):
        graph.make("ops.flights", f"t{number}", raw, type=TABLE, properties={"rows": number * 100})
    other = graph.artifact("ops.carriers", "c")
    graph.recorder.label(other.id, {"owner": "Delay Team", "stage": "draft"})
    return graph


def test_filter_finds_of_each_name_the_newest_version_that_fits(filled):
    store = filled.store
    assert refs(find(store, "properties.rows.int_value >= 200")) == ["ops.flights@3"]
    assert refs(find(store, "properties.rows.int_value < 300")) == ["ops.flights@2"]
    assert refs(find(store, "properties.rows.int_value > 0", all_versions=True)) == [
        "ops.flights@3",
        "ops.flights@2",
        "ops.flights@1",
    ]


def test_filter_and_fields_both_hold(filled):
    wanted = "properties.rows.int_value > 0 OR custom_properties.stage.string_value = 'draft'"
    assert refs(find(filled.store, wanted)) == ["ops.carriers@1", "ops.flights@3"]
    assert refs(find(filled.store, wanted, type="test.Table")) == ["ops.flights@3"]
    assert refs(find(filled.store, wanted, name="ops.c*")) == ["ops.carriers@1"]


def test_filter_follows_lineage(filled):
    found = find(filled.store, "upstream(name = 'raw/flights.csv@1')")
    assert refs(found) == ["ops.flights@3"]


def test_what_is_pending_shows_only_when_states_are_asked_for(filled):
    with filled.store.write() as transaction:
        row = filled.store.newest("ops.carriers")
        columns = {"state": int(ArtifactState.ABANDONED)}
        transaction.update("artifact", row.artifact_id, columns=columns)
    by_label = "custom_properties.stage.string_value = 'draft'"
    assert refs(find(filled.store, by_label)) == []
    assert refs(find(filled.store, f"{by_label} AND state = ABANDONED")) == ["ops.carriers@1"]


def test_past_is_filtered_by_what_was_so_then(filled):
    then = datetime.now(tz=UTC)
    row = filled.store.newest("ops.carriers")
    filled.recorder.label(row.artifact_id, {"stage": "final"})
    draft = "custom_properties.stage.string_value = 'draft'"
    assert refs(find(filled.store, draft)) == []
    assert refs(find(filled.store.as_of(then), draft)) == ["ops.carriers@1"]


def test_mistake_in_a_filter_is_pointed_at(filled):
    with pytest.raises(InvalidInput, match=r"column 8"):
        find(filled.store, "name = 'a")


def test_words_are_ranked_by_where_they_stand(filled):
    filled.artifact("delay", "d")
    assert refs(search(filled.store, "DELAY")) == ["delay@1", "ops.carriers@1"]
    (first, second) = search(filled.store, "delay")
    assert (first.found_in, second.found_in) == ({"delay": "name"}, {"delay": "label"})
    assert first.score > second.score


def test_every_word_must_be_there(filled):
    assert refs(search(filled.store, "carrier draft")) == ["ops.carriers@1"]
    assert refs(search(filled.store, "carrier nothing")) == []
    assert refs(search(filled.store, "test.table 300")) == ["ops.flights@3"]
    assert refs(search(filled.store, "flights", limit=1)) == ["ops.flights@3"]


def test_only_newest_versions_are_searched(filled):
    assert refs(search(filled.store, "ops.flights")) == ["ops.flights@3"]
    assert refs(search(filled.store, "test.table 100")) == []


def test_signs_that_patterns_use_are_searched_for_as_they_are(filled):
    filled.artifact("a_b%c", "x")
    assert refs(search(filled.store, "a_b%")) == ["a_b%c@1"]
    assert refs(search(filled.store, "o_s")) == []


def test_words_of_any_script_are_found_whatever_their_case(filled):
    filled.artifact("Flüge/Zürich", "z")
    assert refs(search(filled.store, "ZÜRICH flüge")) == ["Flüge/Zürich@1"]


def test_past_is_searched_by_the_words_of_then(filled):
    then = datetime.now(tz=UTC)
    row = filled.store.newest("ops.carriers")
    filled.recorder.label(row.artifact_id, {"stage": "final"})
    assert refs(search(filled.store, "draft")) == []
    assert refs(search(filled.store.as_of(then), "draft")) == ["ops.carriers@1"]


def test_search_for_nothing_is_refused(store):
    with pytest.raises(InvalidInput, match="nothing to search for"):
        search(store, "  ")
