"""Lineage is walked both ways to any depth, and drawn so that it can be read."""

from __future__ import annotations

import contextvars
import os
import re
import shutil
import subprocess

import pytest

from lineal.errors import NotFound
from lineal.metadata import (
    Artifact,
    ArtifactState,
    ArtifactType,
    EnvironmentRecord,
    Event,
    EventType,
    Execution,
    ExecutionState,
    ExecutionType,
    Lineage,
    Made,
    Output,
    Recorder,
    Store,
    tables,
    walk,
)
from lineal.metadata import lineage as lineage_module

FILE, TABLE = ArtifactType("test.File"), ArtifactType("test.Table")
WORK = ExecutionType("lineal.work")


def add_step(transaction, *inputs: int, name: str | None = None) -> int:
    """Write one execution from `inputs` to a new artifact, without the recorder's ceremony."""
    execution = transaction.insert_execution(WORK, Execution(WORK.name))
    for place, artifact in enumerate(inputs):
        transaction.put_event(Event(artifact, execution, EventType.INPUT, ("in", place)))
    made = transaction.insert_artifact(FILE, Artifact(FILE.name, state=ArtifactState.LIVE))
    transaction.put_event(Event(made, execution, EventType.OUTPUT, ("out", 0)))
    if name is not None:
        transaction.versions.number_version(made, name, "")
    return made


def add_chain(store: Store, count: int, name: str | None) -> None:
    """Write `count` executions, each from the artifact of the one before to one of its own."""
    with store.write() as transaction:
        kind, verb = transaction.put_type(FILE), transaction.put_type(WORK)
        numbers = range(1, count + 1)
        events = [(n, n, EventType.OUTPUT) for n in numbers]
        events += [(n - 1, n, EventType.INPUT) for n in numbers[1:]]
        rows = {
            tables.artifact: [{"id": n, "type_id": kind} for n in numbers],
            tables.execution: [{"id": n, "type_id": verb} for n in numbers],
            tables.event: [{"artifact_id": a, "execution_id": e, "type": t} for a, e, t in events],
        }
        if name is not None:
            rows[tables.version] = [
                {"artifact_id": n, "name": name, "number": n, "content": "", "commit": 1}
                for n in numbers
            ]
        for table, values in rows.items():
            transaction.commit.insert(table, values)


def names(lineage: Lineage) -> set[str]:
    return {f"{row.name}@{row.number}" for row in lineage.versions.values()}


def lines(lineage: Lineage) -> list[str]:
    """Return the drawn lines, without the ids of the executions."""
    text = re.sub(r" \(execution/\d+\)", "", lineage.to_text())
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def test_upstream_is_what_led_here_and_downstream_what_came_of_it(graph) -> None:
    raw = graph.artifact("raw", "r")
    middle = graph.artifact("middle", "m", raw)
    end = graph.artifact("end", "e", middle)
    graph.artifact("aside", "a", raw)

    def walked(direction: str) -> set[str]:
        return names(walk(graph.store, ("artifact", middle.id), direction=direction))

    assert walked("upstream") == {"raw@1", "middle@1"}
    assert walked("downstream") == {"middle@1", "end@1"}
    assert walked("both") == {"raw@1", "middle@1", "end@1"}
    assert names(walk(graph.store, ("artifact", end.id))) == {"raw@1", "middle@1", "end@1"}


def test_edges_point_along_the_data_and_name_their_keys(graph) -> None:
    raw = graph.artifact("raw", "r")
    made = graph.make("made", "m", raw)

    lineage = walk(graph.store, ("execution", made.execution_id), direction="both")

    execution = ("execution", made.execution_id)
    edges = {(edge.source, edge.target, edge.key) for edge in lineage.edges}
    assert (("artifact", raw.id), execution, "source") in edges
    assert (execution, ("artifact", made.artifacts["out"].id), "out") in edges


def test_what_only_found_an_artifact_again_did_not_lead_to_it(graph) -> None:
    first = graph.make("thing", "same", graph.artifact("a", "a"))
    graph.make("thing", "same", graph.artifact("b", "b"))

    lineage = walk(graph.store, ("artifact", first.artifacts["out"].id))

    assert names(lineage) == {"thing@1", "a@1"}


def test_the_maker_is_who_closed_first_not_who_opened_first(graph) -> None:
    slow_source, fast_source = graph.artifact("slow", "s"), graph.artifact("fast", "f")
    with graph.recorder.run(
        WORK, inputs={"in": [slow_source]}, outputs=[Output("out", FILE, "thing")]
    ) as slow:
        # In a context of its own, as in another thread: no child of the slow one.
        fast = contextvars.Context().run(graph.make, "thing", "same", fast_source)
        slow.made("out", Made("same", ""))

    assert slow.versions == fast.versions
    lineage = walk(graph.store, ("artifact", fast.artifacts["out"].id))
    assert names(lineage) == {"thing@1", "fast@1"}


def test_environments_are_inputs_only_when_asked_for(graph) -> None:
    kind = ArtifactType("test.Environment")
    recorder = Recorder(graph.store, environment=lambda: EnvironmentRecord(kind, "e", ""))
    with recorder.run(WORK, outputs=[Output("out", FILE, "thing")]) as running:
        running.made("out", Made("a", ""))
    start = ("artifact", running.artifacts["out"].id)

    def types(**options: bool) -> set[str]:
        return {a.type for a in walk(graph.store, start, **options).artifacts.values()}

    assert types() == {"test.File"}
    assert types(internal=True) == {"test.File", "test.Environment"}


def test_a_start_that_does_not_exist_is_not_found(graph) -> None:
    graph.make("thing", "a")

    with pytest.raises(NotFound, match="artifact/4711"):
        walk(graph.store, ("artifact", 4711))
    with pytest.raises(NotFound, match="execution/4711"):
        walk(graph.store, ("execution", 4711), direction="both")
    with pytest.raises(NotFound, match="artifact/1"):
        walk(graph.store.as_of("2013-01-01"), ("artifact", 1))


def test_twenty_diamonds_with_a_million_paths_are_walked_once_a_node(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store()
    with store.write() as transaction:
        top = add_step(transaction)
        for _ in range(20):
            top = add_step(transaction, add_step(transaction, top), add_step(transaction, top))

    steps = []
    step = lineage_module._Walk._upstream

    def counted(self, node, extent):
        steps.append(node)
        return step(self, node, extent)

    monkeypatch.setattr(lineage_module._Walk, "_upstream", counted)
    lineage = walk(store, ("artifact", top))
    text = lineage.to_text()

    assert len(lineage.artifacts) == len(lineage.executions) == 61
    assert len(text.splitlines()) < 150
    assert len(steps) == len(set(steps)) == 122
    assert len(lineage.edges) == 61 + 80
    store.close()


@pytest.mark.parametrize("name", [None, "table"], ids=["unnamed", "versions of one name"])
def test_a_chain_of_two_thousand_executions_is_walked_and_drawn(name: str | None) -> None:
    store = Store()
    add_chain(store, 2000, name)

    for start, direction, executions in ((2000, "upstream", 2000), (1, "downstream", 1999)):
        lineage = walk(store, ("artifact", start), direction=direction)
        assert len(lineage.artifacts) == 2000
        assert len(lineage.executions) == executions
        assert lineage.to_text()
        assert lineage.to_dot().count("->") == lineage.to_mermaid().count("-->")
    store.close()


def test_an_artifact_that_is_input_and_output_of_one_execution_is_walked_once(graph) -> None:
    there = graph.artifact("thing", "a")
    with graph.recorder.run(
        WORK, inputs={"in": [there]}, outputs=[Output("out", FILE, "thing")]
    ) as running:
        running.same("out", there)

    for direction in ("upstream", "downstream", "both"):
        lineage = walk(graph.store, ("artifact", there.id), direction=direction)
        assert set(lineage.artifacts) == {there.id}
        assert "thing@1" in lineage.to_text()


def test_two_artifacts_made_of_each_other_do_not_loop() -> None:
    store = Store()
    with store.write() as transaction:  # as another client may write it
        one, two = add_step(transaction), add_step(transaction)
        for used, made in ((one, two), (two, one)):
            execution = transaction.insert_execution(WORK, Execution(WORK.name))
            transaction.put_event(Event(used, execution, EventType.INPUT))
            transaction.put_event(Event(made, execution, EventType.OUTPUT))

    lineage = walk(store, ("artifact", one), direction="both")

    assert set(lineage.artifacts) == {one, two}
    assert lineage.to_text()
    store.close()


# The tree


def load(graph, source: Artifact, before: Artifact | None) -> Artifact:
    previous = [] if before is None else [before]
    with graph.recorder.run(
        ExecutionType("lineal.ingest"),
        inputs={"source": [source], "previous": previous},
        outputs=[Output("table", TABLE, "ops.flights")],
    ) as running:
        running.made("table", Made(f"rows of {source.id}", ""))
    return running.artifacts["table"]


def test_a_table_loaded_many_times_stands_beside_its_sources_on_one_level(graph) -> None:
    table = None
    for month in range(1, 5):
        source = graph.artifact(f"{month:02}.csv", f"{month}", verb="lineal.add")
        table = load(graph, source, table)

    assert lines(walk(graph.store, ("artifact", table.id))) == [
        "ops.flights@4  ← ingest and 3 more",
        "├── 04.csv@1  ← add",
        "├── 03.csv@1  ← add",
        "├── 02.csv@1  ← add",
        "└── 01.csv@1  ← add",
    ]


def test_what_was_drawn_already_is_referred_to(graph) -> None:
    raw = graph.artifact("raw", "r", verb="lineal.add")
    left = graph.artifact("left", "l", raw)
    right = graph.artifact("right", "x", left)
    end = graph.artifact("end", "e", left, right)

    assert lines(walk(graph.store, ("artifact", end.id))) == [
        "end@1  ← test.make",
        "├── left@1  ← test.make",
        "│   └── raw@1  ← add",
        "└── right@1  ← test.make  (of what is shown above)",
    ]


def test_the_tree_stops_where_it_would_leave_the_screen_and_tells_how_much_is_left() -> None:
    store = Store()
    add_chain(store, 100, None)

    drawn = lines(walk(store, ("artifact", 100)))

    assert len(drawn) == 17
    assert drawn[-1].endswith("└── … and 84 more artifacts behind; the exports hold all")
    assert max(map(len, drawn)) < 120
    store.close()


def test_both_directions_are_drawn_apart(graph) -> None:
    raw = graph.artifact("raw", "r", verb="lineal.add")
    middle = graph.artifact("middle", "m", raw)
    graph.artifact("end", "e", middle)

    assert lines(walk(graph.store, ("artifact", middle.id), direction="both")) == [
        "middle@1  ← test.make",
        "├── raw@1  ← add",
        "└── led to",
        "    └── end@1  ← test.make",
    ]


def test_a_failed_execution_is_marked_and_what_it_did_not_make_is_left_out(graph) -> None:
    raw = graph.artifact("raw", "r")
    with (
        pytest.raises(ZeroDivisionError),
        graph.recorder.run(WORK, inputs={"in": [raw]}, outputs=[Output("out", FILE, "thing")]),
    ):
        1 / 0  # noqa: B018 -- the error is the point

    text = walk(graph.store, ("artifact", raw.id), direction="downstream").to_text()

    assert "work (execution/2, failed)" in text
    assert "artifact/2" not in text


def test_show_prints_the_tree(graph, capsys) -> None:
    thing = graph.artifact("thing", "a")

    walk(graph.store, ("artifact", thing.id)).show()

    assert capsys.readouterr().out.startswith("thing@1")


# Export


HOSTILE = ['say "hi"', "back\\slash", "a#quot;b", "<img src=x>", "`md`", "[bold]x[/bold]", "🎈 é"]


@pytest.fixture
def hostile(graph) -> Lineage:
    """A lineage of names that mean something to the languages that it is written in."""
    made = None
    for name in HOSTILE:
        made = graph.artifact(name, name, *([] if made is None else [made]))
    return walk(graph.store, ("artifact", made.id))


def test_the_tree_tells_hostile_names_as_they_are(hostile: Lineage) -> None:
    text = hostile.to_text()

    for name in HOSTILE:
        assert name.replace('"', '""') in text


def test_dot_quotes_hostile_names(hostile: Lineage) -> None:
    dot = hostile.to_dot()

    labels = re.findall(r'label="((?:[^"\\]|\\.)*)"\];$', dot, re.MULTILINE)
    assert len(labels) == len(hostile.artifacts) + len(hostile.executions) + len(hostile.edges)
    told = {re.sub(r"\\(.)", r"\1", label) for label in labels}
    assert {'"say ""hi"""@1', "back\\slash@1", "<img src=x>@1"} <= told


@pytest.mark.skipif(
    shutil.which("dot") is None and "CI" not in os.environ,
    reason="install Graphviz to have it read our DOT",
)
def test_graphviz_reads_what_we_write(hostile: Lineage) -> None:
    subprocess.run(["dot", "-Tsvg"], input=hostile.to_dot(), text=True, check=True)


def test_mermaid_text_holds_nothing_special(hostile: Lineage) -> None:
    mermaid = hostile.to_mermaid()

    labels = re.findall(r'"(.*)"', mermaid)
    assert len(labels) == len(hostile.artifacts) + len(hostile.executions)
    for label in labels:
        assert not set('"<>`\\') & set(label)
        assert re.sub(r"#\d+;", "", label).count("#") == 0
    told = {re.sub(r"#(\d+);", lambda m: chr(int(m[1])), label) for label in labels}
    assert {"a#quot;b@1", "<img src=x>@1", '"say ""hi"""@1'} <= told


def test_plain_values_tell_the_same(graph) -> None:
    raw = graph.artifact("raw", "r", verb="lineal.add")
    made = graph.artifact("made", "m", raw)

    told = walk(graph.store, ("artifact", made.id)).to_dict()

    assert told["start"] == f"artifact/{made.id}"
    assert {node["label"] for node in told["nodes"]} == {
        "raw@1",
        "made@1",
        "add (execution/1)",
        "test.make (execution/2)",
    }
    assert {(e["source"], e["target"]) for e in told["edges"]} == {
        ("execution/1", "artifact/1"),
        ("artifact/1", "execution/2"),
        ("execution/2", "artifact/2"),
    }


def test_the_names_of_another_clients_types_cannot_play_with_the_terminal(graph) -> None:
    with graph.store.write() as transaction:
        kind = ArtifactType("evil\x1b[2J\nname")
        artifact = transaction.insert_artifact(kind, Artifact(kind.name))
        work = ExecutionType("verb\x1b[2J")
        execution = transaction.insert_execution(
            work, Execution(work.name, state=ExecutionState.COMPLETE)
        )
        transaction.put_event(Event(artifact, execution, EventType.OUTPUT))

    lineage = walk(graph.store, ("artifact", artifact))

    for text in (lineage.to_text(), lineage.to_dot(), lineage.to_mermaid()):
        assert "\x1b" not in text
