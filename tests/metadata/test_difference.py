"""Why two artifacts differ: what is told of them and of their ancestries, and what began it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lineal.errors import NotFound
from lineal.metadata import (
    Artifact,
    ArtifactType,
    EnvironmentRecord,
    ExecutionType,
    Made,
    Output,
    Recorder,
)
from lineal.metadata.difference import Difference, compare

if TYPE_CHECKING:
    from conftest import Graph

FILE = ArtifactType("test.File")


def make(
    graph: Graph,
    name: str | None,
    content: str,
    *inputs: Artifact,
    verb: str = "test.make",
    code: str = "v1",
    depth: int = 1,
    rows: int | None = None,
    environment: str = "env-1",
) -> Artifact:
    """Record one execution of `verb`, and return what it made."""
    record = EnvironmentRecord(ArtifactType("test.Environment"), environment, f"/{environment}")
    recorder = Recorder(graph.store, environment=lambda: record)
    with recorder.run(
        ExecutionType(verb),
        inputs={"data": list(inputs)},
        parameters={"depth": depth},
        outputs=[Output("out", FILE, name)],
        code=code,
    ) as running:
        running.made("out", Made(content, f"/{content}", {} if rows is None else {"rows": rows}))
    return running.artifacts["out"]


def told(differences: tuple[Difference, ...]) -> set[tuple[object, ...]]:
    """Return what differs, without where."""
    return {(each.kind, each.what, each.before, each.after) for each in differences}


def ids(*artifacts: Artifact) -> list[int]:
    """Return the ids of stored artifacts."""
    return [artifact.id or 0 for artifact in artifacts]


def test_an_artifact_does_not_differ_from_itself(graph: Graph) -> None:
    model = make(graph, "model", "m1", make(graph, "raw", "r1"))

    found = compare(graph.store, *ids(model, model))

    assert not found
    assert "do not differ" in str(found)


def test_another_parameter_is_the_cause_and_the_content_follows(graph: Graph) -> None:
    raw = make(graph, "raw", "r1")
    first = make(graph, "model", "m1", raw, depth=6)
    second = make(graph, "model", "m2", raw, depth=8)

    found = compare(graph.store, *ids(first, second))

    assert told(found.causes) == {("parameter", "depth", 6, 8)}
    assert ("content", "", "m1", "m2") in told(found.differences)
    assert found.differences[0].where == "model@1"


def test_other_raw_bytes_far_up_are_the_cause(graph: Graph) -> None:
    models = []
    for number in (1, 2):
        raw = make(graph, "raw", f"r{number}")
        clean = make(graph, "clean", f"c{number}", raw)
        models.append(make(graph, "model", f"m{number}", clean))

    found = compare(graph.store, *ids(*models))

    assert told(found.causes) == {("content", "", "r1", "r2")}
    assert [each.where for each in found.differences] == ["model@1", "clean@1", "raw@1"]


def test_other_code_is_a_cause_though_the_input_differs_too(graph: Graph) -> None:
    first = make(graph, "model", "m1", make(graph, "raw", "r1"), code="v1")
    second = make(graph, "model", "m2", make(graph, "raw", "r2"), code="v2")

    found = compare(graph.store, *ids(first, second))

    assert told(found.causes) == {("code", "code", "v1", "v2"), ("content", "", "r1", "r2")}


def test_another_environment_is_told_from_inside_if_it_can_be_looked_into(graph: Graph) -> None:
    raw = make(graph, "raw", "r1")
    first = make(graph, "model", "m1", raw)
    second = make(graph, "model", "m2", raw, environment="env-2")

    plain = compare(graph.store, *ids(first, second))
    inside = compare(
        graph.store,
        *ids(first, second),
        environments=lambda one, other: [("numpy", f"{one.uri}", f"{other.uri}")],
    )

    assert [each.kind for each in plain.causes] == ["environment"]
    assert told(inside.causes) == {("environment", "numpy", "/env-1", "/env-2")}


def test_an_input_that_one_side_lacks_is_told(graph: Graph) -> None:
    raw, more = make(graph, "raw", "r1"), make(graph, "more", "x1")
    first = make(graph, "model", "m1", raw)
    second = make(graph, "model", "m2", raw, more)

    found = compare(graph.store, *ids(first, second))

    assert told(found.causes) == {("input", "data", None, "more@1")}


def test_a_table_that_grows_differs_by_what_was_added_alone(graph: Graph) -> None:
    tables: list[Artifact] = []
    for month in range(1, 7):
        raw = make(graph, f"raw-{month}", f"r{month}")
        tables.append(make(graph, "table", f"t{month}", *tables[-1:], raw))

    found = compare(graph.store, *ids(tables[-2], tables[-1]))

    assert told(found.causes) == {
        ("input", "data", "table@4", "table@5"),
        ("input", "data", None, "raw-6@1"),
    }


def test_the_same_content_made_in_another_way_still_tells_the_other_way(graph: Graph) -> None:
    raw = make(graph, "raw", "r1")
    first = make(graph, "one", "same", raw, depth=1)
    second = make(graph, "two", "same", raw, depth=2)

    found = compare(graph.store, *ids(first, second))

    assert told(found.differences) == {("parameter", "depth", 1, 2)}


def test_properties_differ_where_the_content_is_equal(graph: Graph) -> None:
    raw = make(graph, "raw", "r1")
    first = make(graph, "one", "same", raw, rows=3)
    second = make(graph, "two", "same", raw, rows=4)

    found = compare(graph.store, *ids(first, second))

    assert told(found.causes) == {("property", "rows", 3, 4)}


def test_a_diamond_of_many_steps_is_compared_pair_by_pair(graph: Graph) -> None:
    tops = []
    for side in ("a", "b"):
        left, right = make(graph, None, f"{side}-l"), make(graph, None, f"{side}-r")
        for step in range(30):
            left, right = (
                make(graph, None, f"{side}-l{step}", left, right),
                make(graph, None, f"{side}-r{step}", left, right),
            )
        tops.append(make(graph, "top", f"{side}-top", left, right))

    found = compare(graph.store, *ids(*tops))

    assert len(found.differences) == 1 + 2 * 31
    assert {each.before for each in found.causes} == {"/a-l", "/a-r"}


def test_an_unknown_artifact_is_refused(graph: Graph) -> None:
    raw = make(graph, "raw", "r1")

    with pytest.raises(NotFound, match="artifact/999"):
        compare(graph.store, raw.id or 0, 999)
