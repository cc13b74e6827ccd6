"""An export in a store with things of its own: the union of both, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.metadata.exchange.conftest import LAYOUTS, rows, sizes
from tests.metadata.upgrade.conftest import execute

from lineal.errors import Conflict
from lineal.metadata.exchange import export_store, import_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.metadata.conftest import Graph
    from tests.metadata.exchange.conftest import Open


@LAYOUTS
def test_merge_gives_new_ids_and_keeps_every_tie(
    filled: Graph, open_graph: Open, tmp_path: Path, layout: str
) -> None:
    export_store(filled.store, tmp_path / "out", layout=layout)
    other = open_graph(tmp_path / "other.db")
    own = other.artifact("thing", "a")
    before = sizes(tmp_path / "other.db")

    imported = import_store(other.store, tmp_path / "out")

    assert not imported.copied
    after = sizes(tmp_path / "other.db")
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert {name: grown[name] for name in ("Artifact", "Execution", "Context", "Event")} == {
        "Artifact": 3,
        "Execution": 1,
        "Context": 2,
        "Event": 2,
    }
    store = other.store
    (execution,) = store.executions(type="E")
    used, made = store.events(execution_ids=[execution.id or 0])
    assert used.path == ("z", 0, "a")
    assert store.artifact(used.artifact_id).properties == {"n": 7}
    assert store.artifact(made.artifact_id).uri == "b"
    (group,) = store.contexts(name="group")
    assert {one.uri for one in store.artifacts(context_id=group.id)} == {"a", "b"}
    assert [one.name for one in store.parent_contexts(group.id or 0)] == ["above"]
    assert store.artifact(own.id or 0) == own


@LAYOUTS
def test_second_merge_adds_nothing_and_makes_no_commit(
    filled: Graph, open_graph: Open, tmp_path: Path, layout: str
) -> None:
    export_store(filled.store, tmp_path / "out", layout=layout)
    other = open_graph(tmp_path / "other.db")
    other.artifact("thing", "a")
    import_store(other.store, tmp_path / "out")
    before = rows(tmp_path / "other.db")

    again = import_store(other.store, tmp_path / "out")

    assert again.added == {}
    assert rows(tmp_path / "other.db") == before


def test_later_export_adds_what_is_new(filled: Graph, open_graph: Open, tmp_path: Path) -> None:
    other = open_graph(tmp_path / "other.db")
    other.artifact("thing", "a")
    export_store(filled.store, tmp_path / "first")
    import_store(other.store, tmp_path / "first")
    execute(
        tmp_path / "filled.db",
        "INSERT INTO Artifact (id, type_id, uri) VALUES (9, 30, 'late')",
        "INSERT INTO Event (artifact_id, execution_id, type) VALUES (9, 2, 4)",
        "INSERT INTO EventPath VALUES (6, 0, NULL, 'late')",
    )
    export_store(filled.store, tmp_path / "second")

    imported = import_store(other.store, tmp_path / "second")

    assert imported.added == {"Artifact": 1, "Event": 1, "EventPath": 1}
    (late,) = other.store.artifacts(uri="late")
    (event,) = other.store.events(artifact_ids=[late.id or 0])
    assert event.path == ("late",)


def test_union_is_the_same_by_whatever_way(open_graph: Open, tmp_path: Path) -> None:
    """What A and B both have from C, or from each other, is one thing."""
    a, b, c = (open_graph(tmp_path / f"{name}.db") for name in "abc")
    for name, graph in (("a", a), ("b", b), ("c", c)):
        graph.artifact(None, f"content {name}")
    for number, (source, target) in enumerate([(c, a), (c, b), (a, b), (b, a), (a, c), (b, c)]):
        export_store(source.store, tmp_path / str(number))
        import_store(target.store, tmp_path / str(number))

    for graph in (a, b, c):
        assert sorted(one.uri for one in graph.store.artifacts()) == [
            f"file:///content {name}" for name in "abc"
        ]
        assert len(graph.store.executions()) == 3


def test_what_is_here_is_found_by_external_id_name_and_place(
    filled: Graph, open_graph: Open, tmp_path: Path
) -> None:
    export_store(filled.store, tmp_path / "out")
    other = open_graph(tmp_path / "other.db").store
    execute(
        tmp_path / "other.db",
        "INSERT INTO Type (id, name, type_kind) VALUES (50, 'T', 1), (51, 'E', 0), (52, 'C', 2)",
        "INSERT INTO Artifact (type_id, uri, external_id) VALUES (50, 'mine', 'outside')",
        "INSERT INTO Artifact (type_id, uri, name) VALUES (50, 'a', 'x')",
        "INSERT INTO Execution (type_id, name) VALUES (51, 'run')",
        "INSERT INTO Context (type_id, name) VALUES (52, 'group')",
    )

    imported = import_store(other, tmp_path / "out")

    assert imported.matched == {"artifact": 2, "context": 1}
    assert imported.renamed == 1  # of two executions that are called alike, none is the other
    assert sorted(one.uri for one in other.artifacts()) == ["a", "b", "mine"]
    names = sorted(one.name or "" for one in other.executions())
    assert names == ["run", f"run (from {filled.store.uuid[:8]}, execution 2)"]


def test_artifact_of_the_same_name_elsewhere_gets_another_name(
    filled: Graph, open_graph: Open, tmp_path: Path
) -> None:
    export_store(filled.store, tmp_path / "out")
    other = open_graph(tmp_path / "other.db").store
    execute(
        tmp_path / "other.db",
        "INSERT INTO Type (id, name, type_kind) VALUES (50, 'T', 1)",
        "INSERT INTO Artifact (type_id, uri, name) VALUES (50, 'elsewhere', 'x')",
    )

    import_store(other, tmp_path / "out")

    assert {one.uri: one.name for one in other.artifacts() if one.name} == {
        "elsewhere": "x",
        "a": f"x (from {filled.store.uuid[:8]}, artifact 3)",
    }


def test_new_name_keeps_its_numbers_and_aliases(
    recorded: Graph, open_graph: Open, tmp_path: Path
) -> None:
    export_store(recorded.store, tmp_path / "out")
    other = open_graph(tmp_path / "other.db")
    other.artifact("else", "x")

    import_store(other.store, tmp_path / "out")

    assert [(row.number, row.content) for row in other.store.versions("thing")] == [
        (1, "a"),
        (2, "b"),
    ]
    assert other.store.aliases("thing") == {"best": 2}
    assert {one.name for one in other.store.artifacts()} >= {"thing@1", "thing@2"}


def test_known_name_is_numbered_on_but_for_the_same_content(
    recorded: Graph, open_graph: Open, tmp_path: Path
) -> None:
    export_store(recorded.store, tmp_path / "out")
    other = open_graph(tmp_path / "other.db")
    for content in ("x", "b", "y"):
        other.artifact("thing", content)

    import_store(other.store, tmp_path / "out")

    versions = other.store.versions("thing")
    assert [(row.number, row.content) for row in versions] == [
        (1, "x"),
        (2, "b"),
        (3, "y"),
        (4, "a"),
    ]
    assert other.store.artifact(versions[-1].artifact_id).name == "thing@4"
    assert other.store.aliases("thing") == {"best": 2}  # theirs, too, has the number 2 here


def test_claims_come_along(open_graph: Open, tmp_path: Path) -> None:
    source, other = open_graph(tmp_path / "a.db"), open_graph(tmp_path / "b.db")
    source.make("thing", "a", known_at="2020-01-01")
    other.artifact("else", "x")
    export_store(source.store, tmp_path / "out")

    import_store(other.store, tmp_path / "out")

    assert [row.name for row in other.store.as_of("2020-02-01").newest_versions()] == ["thing"]


def test_merged_things_are_known_from_the_import_on(
    filled: Graph, open_graph: Open, tmp_path: Path
) -> None:
    export_store(filled.store, tmp_path / "out")
    other = open_graph(tmp_path / "other.db")
    other.artifact("thing", "a")
    before = other.store.commits()[0][1]

    import_store(other.store, tmp_path / "out")

    assert len(other.store.as_of(before).artifacts()) == 1
    assert len(other.store.artifacts()) == 4


def test_types_are_joined_and_a_clash_is_told(
    filled: Graph, open_graph: Open, tmp_path: Path
) -> None:
    export_store(filled.store, tmp_path / "out")
    other = open_graph(tmp_path / "other.db").store
    execute(
        tmp_path / "other.db",
        "INSERT INTO Type (id, name, type_kind) VALUES (50, 'T', 1)",
        "INSERT INTO TypeProperty VALUES (50, 'own', 3)",
        "INSERT INTO Artifact (type_id, uri) VALUES (50, 'mine')",
    )
    import_store(other, tmp_path / "out")
    joined = execute(tmp_path / "other.db", "SELECT * FROM TypeProperty ORDER BY name")

    clashing = open_graph(tmp_path / "clashing.db").store
    execute(
        tmp_path / "clashing.db",
        "INSERT INTO Type (id, name, type_kind) VALUES (50, 'T', 1)",
        "INSERT INTO TypeProperty VALUES (50, 'n', 3)",
        "INSERT INTO Artifact (type_id, uri) VALUES (50, 'mine')",
    )
    before = rows(tmp_path / "clashing.db")

    assert joined == [(50, "n", 1), (50, "own", 3)]
    with pytest.raises(Conflict, match="'T' has the property 'n' as STRING here and as INT"):
        import_store(clashing, tmp_path / "out")
    assert rows(tmp_path / "clashing.db") == before  # all or nothing


def test_contexts_that_would_hold_themselves_are_refused(
    filled: Graph, open_graph: Open, tmp_path: Path
) -> None:
    export_store(filled.store, tmp_path / "out")
    other = open_graph(tmp_path / "other.db").store
    execute(
        tmp_path / "other.db",
        "INSERT INTO Type (id, name, type_kind) VALUES (50, 'C', 2)",
        "INSERT INTO Context (id, type_id, name) VALUES (5, 50, 'group'), (6, 50, 'above')",
        "INSERT INTO ParentContext VALUES (6, 5)",
    )

    with pytest.raises(Conflict, match="would form a cycle"):
        import_store(other, tmp_path / "out")


def test_recording_goes_on_after_a_merge(recorded: Graph, open_graph: Open, tmp_path: Path) -> None:
    other = open_graph(tmp_path / "other.db")
    other.artifact("thing", "z")
    export_store(recorded.store, tmp_path / "out")
    import_store(other.store, tmp_path / "out")

    made = other.artifact("thing", "new")

    assert made.name == "thing@4"
