"""The files of an export: what they look like, and what is told of damaged ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from tests.metadata.exchange.conftest import LAYOUTS
from tests.metadata.upgrade.conftest import execute

from lineal.errors import (
    AlreadyExists,
    Corrupt,
    IncompatibleVersion,
    InvalidInput,
    NotFound,
)
from lineal.metadata.exchange import export_store, import_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.metadata.conftest import Graph
    from tests.metadata.exchange.conftest import Open


def test_parquet_is_typed(filled: Graph, tmp_path: Path) -> None:
    export_store(filled.store, tmp_path / "out")

    schema = pq.read_schema(tmp_path / "out" / "ArtifactProperty.parquet")

    assert {field.name: str(field.type) for field in schema} == {
        "artifact_id": "int64",
        "name": "string",
        "is_custom_property": "bool",
        "int_value": "int64",
        "double_value": "double",
        "string_value": "string",
        "byte_value": "binary",
        "proto_value": "binary",
        "bool_value": "bool",
    }


def test_json_lines_are_whole_things(filled: Graph, tmp_path: Path) -> None:
    export_store(filled.store, tmp_path / "out", layout="jsonl")

    artifact = json.loads((tmp_path / "out" / "Artifact.jsonl").read_text().splitlines()[0])
    event = json.loads((tmp_path / "out" / "Event.jsonl").read_text().splitlines()[0])

    assert (artifact["type"], artifact["properties"]) == ("T", {"n": 7})
    assert event["path"] == ["z", 0, "a"]


def test_export_leaves_no_half_folder_and_overwrites_nothing(filled: Graph, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()

    with pytest.raises(AlreadyExists, match="export into a new folder"):
        export_store(filled.store, tmp_path / "out")
    execute(
        tmp_path / "filled.db",
        "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, proto_value) "
        "VALUES (3, 'bad', 1, 'no base64!')",
    )
    with pytest.raises(Corrupt, match="should be base64"):
        export_store(filled.store, tmp_path / "bad")

    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"out"}


@LAYOUTS
def test_cut_off_files_are_told_and_nothing_is_imported(
    filled: Graph, open_graph: Open, tmp_path: Path, layout: str
) -> None:
    export_store(filled.store, tmp_path / "out", layout=layout)
    place = tmp_path / "out" / f"Event.{layout}"
    content = place.read_bytes()
    other = open_graph(tmp_path / "other.db").store

    for left in (0, len(content) // 2, len(content) - 3):
        place.write_bytes(content[:left])
        with pytest.raises(Corrupt, match=r"Event|export again"):
            import_store(other, tmp_path / "out")
    place.unlink()
    with pytest.raises(Corrupt, match="0 of the 2 rows of Event"):
        import_store(other, tmp_path / "out")

    assert other.artifacts() == []


def test_what_is_no_export_is_told(filled: Graph, open_graph: Open, tmp_path: Path) -> None:
    other = open_graph(None).store
    with pytest.raises(NotFound, match="holds no export"):
        import_store(other, tmp_path)
    export_store(filled.store, tmp_path / "out")
    manifest = tmp_path / "out" / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(IncompatibleVersion, match="format 2, this Lineal reads 1"):
        import_store(other, tmp_path / "out")
    manifest.write_text("{")
    with pytest.raises(Corrupt, match="damaged"):
        import_store(other, tmp_path / "out")
    manifest.write_text(text)
    with pytest.raises(InvalidInput, match="this very store"):
        import_store(filled.store, tmp_path / "out")
    with pytest.raises(InvalidInput, match="no layout 'csv'"):
        export_store(filled.store, tmp_path / "csv", layout="csv")


def test_memory_does_not_grow_with_the_store(open_graph: Open, tmp_path: Path) -> None:
    """Twice the rows take the same memory, but for what an id map and SQLite's cache need."""
    peaks = []
    for count in (10_000, 50_000):
        path = tmp_path / f"{count}.db"
        store = open_graph(path).store
        store.close()
        execute(
            path,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
            f"WHERE i < {count}) INSERT INTO Artifact (type_id, uri) SELECT 1, 'u' || i FROM n",
            "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, string_value) "
            "SELECT id, 'p', 1, uri FROM Artifact",
        )
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, path, tmp_path / str(count)],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(done.stdout))
        shutil.rmtree(tmp_path / str(count))

    assert peaks[1] - peaks[0] < 30_000  # kB, for 40,000 artifacts more


SCRIPT = """
import resource, sys
from pathlib import Path
from lineal.metadata import Store
from lineal.metadata.exchange import export_store, import_store
source = Store(Path(sys.argv[1]))
export_store(source, Path(sys.argv[2]) / "out")
target = Store(Path(sys.argv[2]) / "copy.db")
import_store(target, Path(sys.argv[2]) / "out")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
