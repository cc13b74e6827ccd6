"""Lineage through runs: what a verb inside of a run made came from what the run had taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lineal.metadata import ArtifactType, ExecutionType, Made, Output, Recorder, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.metadata import Artifact, Lineage

FILE = ArtifactType("File")


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    store = Store()
    yield Recorder(store)
    store.close()


def make(recorder: Recorder, name: str, *inputs: Artifact) -> Artifact:
    with recorder.run(
        ExecutionType("save"), inputs={"of": inputs}, outputs=[Output("made", FILE, name)]
    ) as running:
        running.made("made", Made(name, f"file:///{name}"))
    return running.artifacts["made"]


def names(lineage: Lineage) -> set[str]:
    return {row.name for row in lineage.versions.values()}


def walk(recorder: Recorder, artifact: Artifact, direction: str = "upstream") -> Lineage:
    from lineal.metadata import walk

    return walk(recorder.store, ("artifact", artifact.id or 0), direction=direction)


def test_what_a_verb_inside_made_came_from_the_runs_inputs(recorder: Recorder) -> None:
    raw = make(recorder, "raw")
    with recorder.run(ExecutionType("component"), inputs={"rows": [raw]}, tracks_reads=True):
        own = make(recorder, "own")
        clean = make(recorder, "clean", own)
    assert names(walk(recorder, clean)) == {"raw", "own", "clean"}
    assert names(walk(recorder, raw, "downstream")) == {"raw", "own", "clean"}
    text = walk(recorder, clean).to_text()
    assert [line.split("(")[0].strip("└├─│ ") for line in text.splitlines()] == [
        "clean@1  ← save",
        "own@1  ← save",
        "raw@1  ← save",
    ]


def test_only_what_was_read_before_counts(recorder: Recorder) -> None:
    early, late = make(recorder, "early"), make(recorder, "late")
    with recorder.run(ExecutionType("script"), tracks_reads=True):
        recorder.used(early)
        first = make(recorder, "first")
        recorder.used(late)
        second = make(recorder, "second")
    assert names(walk(recorder, first)) == {"early", "first"}
    assert names(walk(recorder, second)) == {"early", "late", "second"}
    assert names(walk(recorder, early, "downstream")) == {"early", "first", "second"}
    assert names(walk(recorder, late, "downstream")) == {"late", "second"}


def test_a_run_reached_twice_gives_the_more(recorder: Recorder) -> None:
    early, late = make(recorder, "early"), make(recorder, "late")
    with recorder.run(ExecutionType("script"), tracks_reads=True):
        recorder.used(early)
        first = make(recorder, "first")
        recorder.used(late)
        second = make(recorder, "second")
    both = make(recorder, "both", first, second)
    assert names(walk(recorder, both)) == {"early", "late", "first", "second", "both"}


def test_runs_inside_of_runs_are_passed_through(recorder: Recorder) -> None:
    raw = make(recorder, "raw")
    with recorder.run(ExecutionType("pipeline"), tracks_reads=True):
        recorder.used(raw)
        with recorder.run(ExecutionType("component"), tracks_reads=True):
            deep = make(recorder, "deep")
    assert names(walk(recorder, deep)) == {"raw", "deep"}
    assert names(walk(recorder, raw, "downstream")) == {"raw", "deep"}


def test_what_a_run_only_points_to_is_not_its_making(recorder: Recorder) -> None:
    raw, other = make(recorder, "raw"), make(recorder, "other")
    with recorder.run(
        ExecutionType("component"), inputs={"rows": [other]}, outputs=[Output("same", FILE)]
    ) as running:
        running.same("same", raw)
    assert names(walk(recorder, raw)) == {"raw"}
