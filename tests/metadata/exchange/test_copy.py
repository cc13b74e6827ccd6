"""An export in an empty store: the same ids, times and history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.metadata.exchange.conftest import LAYOUTS, rows
from tests.metadata.upgrade.conftest import execute

from lineal.metadata.exchange import export_store, import_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.metadata.conftest import Graph, Wheel
    from tests.metadata.exchange.conftest import Open


@LAYOUTS
def test_empty_store_becomes_the_same_with_its_history(
    recorded: Graph, open_graph: Open, tmp_path: Path, layout: str
) -> None:
    moments = [time for _, time in recorded.store.commits()]
    export_store(recorded.store, tmp_path / "out", layout=layout)
    copy = open_graph(tmp_path / "copy.db").store

    imported = import_store(copy, tmp_path / "out")

    assert imported.copied
    assert rows(tmp_path / "copy.db") == rows(tmp_path / "recorded.db")
    assert copy.uuid != recorded.store.uuid
    for moment in moments:
        then, now = copy.as_of(moment), recorded.store.as_of(moment)
        assert then.aliases("thing") == now.aliases("thing")
        assert then.artifacts() == now.artifacts()
        assert then.executions() == now.executions()


@LAYOUTS
def test_copy_goes_on_with_new_ids(
    filled: Graph, open_graph: Open, tmp_path: Path, layout: str
) -> None:
    execute(tmp_path / "filled.db", "DELETE FROM Artifact WHERE id = 8")
    export_store(filled.store, tmp_path / "out", layout=layout)
    copy = open_graph(tmp_path / "copy.db")
    import_store(copy.store, tmp_path / "out")

    made = copy.artifact("new", "a")

    assert made.id == 9


@LAYOUTS
def test_copy_has_the_indexes_of_any_store(
    filled: Graph, open_graph: Open, tmp_path: Path, layout: str
) -> None:
    export_store(filled.store, tmp_path / "out", layout=layout)
    open_graph(tmp_path / "copy.db")
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name"
    before = execute(tmp_path / "copy.db", query)

    import_store(open_graph(tmp_path / "copy.db").store, tmp_path / "out")

    assert execute(tmp_path / "copy.db", query) == before


@LAYOUTS
def test_store_of_the_wheel_is_copied_and_read_by_it(
    wheel: Wheel, open_graph: Open, tmp_path: Path, layout: str
) -> None:
    wheel("write", tmp_path / "theirs.db")
    before = wheel("read", tmp_path / "theirs.db")
    theirs = open_graph(tmp_path / "theirs.db").store
    export_store(theirs, tmp_path / "out", layout=layout)
    theirs.close()
    copy = open_graph(tmp_path / "copy.db").store

    import_store(copy, tmp_path / "out")
    copy.close()

    assert wheel("read", tmp_path / "copy.db") == before
